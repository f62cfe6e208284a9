import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { type Config, loadConfig } from './config.ts';
import type { OperatorSettings } from './context.ts';
import { completeSettings, type DingTalkSettings } from './dingtalk/settings.ts';
import { createLogger, type Logger } from './log.ts';
import { refuseSandboxData } from './sandbox-data.ts';
import { startSandboxMode, takeSandboxPlace } from './sandbox-mode.ts';
import { type Service, startService } from './service.ts';
import { readStartOptions, type StartOptions } from './start-options.ts';
import { openDatabase } from './store/database.ts';
import { startEmbeddedPostgres } from './store/embedded-postgres.ts';
import { migrateToLatest } from './store/migrator.ts';
import { failureText } from './tell-failure.ts';

const STOP_WITHIN_MS = 10_000;

/** A running program: stops what it started, the last first. */
class Program {
  readonly #stops: (() => Promise<void>)[] = [];

  onStop(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** @returns what to tell the person who started it */
function start(config: Config, options: StartOptions, logger: Logger, program: Program): Promise<string[]> {
  return config.dingtalk
    ? startWithDingTalk(config, config.dingtalk, logger, program)
    : startWithSandbox(config, options, logger, program);
}

async function startWithDingTalk(
  config: Config,
  dingtalk: NonNullable<Config['dingtalk']>,
  logger: Logger,
  program: Program,
): Promise<string[]> {
  if (config.database.url === null) await refuseSandboxData(config.dataDir);
  const databaseUrl = await startDatabase(config, logger, program);
  const settings = completeSettings({ ...dingtalk, clientSecret: dingtalk.clientSecret.reveal() });
  const service = await startServiceWith(config, databaseUrl, settings, config.operator, logger, program);
  return [`SMS Steward is ready. Gateways report usage at ${service.url}; the bot connects to ${settings.apiBase}.`];
}

/** Without a DingTalk app the bot talks to the sandbox. */
async function startWithSandbox(
  config: Config,
  options: StartOptions,
  logger: Logger,
  program: Program,
): Promise<string[]> {
  const place = await takeSandboxPlace(config.dataDir, options.world);
  program.onStop(async () => place.release());
  const databaseUrl = await startDatabase(config, logger, program);
  return startSandboxMode({
    config,
    databaseUrl,
    world: place.world,
    logger,
    startService: (settings, clock, operator) =>
      startServiceWith(config, databaseUrl, settings, operator, logger, program, clock),
    onStop: (stop) => program.onStop(stop),
  });
}

/** The database of the settings, or else one of our own; migrated. */
async function startDatabase(config: Config, logger: Logger, program: Program): Promise<string> {
  let url = config.database.url?.reveal();
  if (url === undefined) {
    await mkdir(config.dataDir, { recursive: true });
    const server = await startEmbeddedPostgres({ dataDir: join(config.dataDir, 'postgres'), logger });
    program.onStop(() => server.stop());
    server.failed.then((error) => {
      logger.fatal({ code: error.code }, error.message);
      process.exit(1);
    });
    url = server.url;
  }
  const db = openDatabase({ url, maxConnections: 1, logger });
  try {
    await migrateToLatest(db);
  } finally {
    await db.close();
  }
  return url;
}

async function startServiceWith(
  config: Config,
  databaseUrl: string,
  dingtalk: DingTalkSettings,
  operator: OperatorSettings,
  logger: Logger,
  program: Program,
  clock?: Clock,
): Promise<Service> {
  const { maxConnections } = config.database;
  const { http, billWait, limits, timeZone } = config;
  const options = { databaseUrl, maxConnections, dingtalk, http, logger, billWait, operator, limits, timeZone };
  const service = await startService({ ...options, ...(clock && { clock }) });
  program.onStop(() => service.stop());
  return service;
}

const program = new Program();
let stopping = false;

async function stop(signal: string, logger: Logger): Promise<void> {
  if (stopping) return;
  stopping = true;
  logger.info({ signal }, 'stopping');
  const deadline = setTimeout(() => {
    logger.error(`not everything stopped within ${STOP_WITHIN_MS / 1000} s`);
    process.exit(1);
  }, STOP_WITHIN_MS);
  deadline.unref();
  await program.stop();
  process.exit(0);
}

try {
  const config = loadConfig();
  const options = readStartOptions(process.argv.slice(2), config);
  const logger = createLogger({ level: config.logLevel, name: 'sms-steward' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(signal, logger));
  for (const line of await start(config, options, logger, program)) console.log(line);
} catch (error) {
  console.error(failureText(error, process.env));
  await program.stop();
  process.exit(1);
}

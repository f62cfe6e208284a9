import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type OffsetClock, SystemClock } from './clock.ts';
import { type Config, loadConfig } from './config.ts';
import { createContext } from './context.ts';
import { completeSettings, type DingTalkSettings } from './dingtalk/settings.ts';
import { parseMoney } from './domain/money.ts';
import { createLogger, type Logger } from './log.ts';
import type { SandboxBackend, SandboxClock } from './sandbox/backend.ts';
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts';
import { loadWorld } from './sandbox/world.ts';
import { readSandboxClock, writeSandboxClock } from './sandbox-clock.ts';
import { type Service, startService } from './service.ts';
import { recharge } from './services/accounts.ts';
import { rotateApiKey } from './services/api-keys.ts';
import { setUpWorld } from './services/world.ts';
import { listAccounts } from './store/accounts.ts';
import { inTransaction, openDatabase } from './store/database.ts';
import { startEmbeddedPostgres } from './store/embedded-postgres.ts';
import { migrateToLatest } from './store/migrator.ts';
import { readTemplateCodes } from './store/template-codes.ts';

const WORLD = join(import.meta.dirname, '..', 'worlds', 'first-start.json');
/** The calendar in which the sandbox adds days and months to its clock. */
const SANDBOX_TIME_ZONE = 'Asia/Shanghai';
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

async function start(config: Config, logger: Logger, program: Program): Promise<string[]> {
  const databaseUrl = await startDatabase(config, logger, program);
  return config.dingtalk
    ? startWithDingTalk(config, databaseUrl, logger, program)
    : startWithSandbox(config, databaseUrl, logger, program);
}

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

async function startWithDingTalk(
  config: Config,
  databaseUrl: string,
  logger: Logger,
  program: Program,
): Promise<string[]> {
  const { dingtalk } = config;
  if (!dingtalk) throw new TypeError('no DingTalk app is configured');
  const settings = completeSettings({ ...dingtalk, clientSecret: dingtalk.clientSecret.reveal() });
  const service = await startServiceWith(config, databaseUrl, settings, new SystemClock(), logger, program);
  return [`SMS Steward is ready. Gateways report usage at ${service.url}; the bot connects to ${settings.apiBase}.`];
}

/** Without a DingTalk app the bot talks to the sandbox, on a world that is set up on the first start. */
async function startWithSandbox(
  config: Config,
  databaseUrl: string,
  logger: Logger,
  program: Program,
): Promise<string[]> {
  await mkdir(config.dataDir, { recursive: true });
  const clock = await readSandboxClock(config.dataDir);
  await setUp(clock, databaseUrl, logger);

  const running = Promise.withResolvers<Service>();
  running.promise.catch(() => undefined);
  const sandbox = await startSandbox({
    port: config.sandbox.port,
    world: await loadWorld(WORLD),
    statePath: join(config.dataDir, 'sandbox.jsonl'),
    clock: sandboxClock(clock, config.dataDir, running.promise),
    backend: sandboxBackend(running.promise),
  });
  program.onStop(() => sandbox.stop());
  const settings = await sandboxSettings(sandbox);
  const service = await startServiceWith(config, databaseUrl, settings, clock, logger, program);
  running.resolve(service);
  await service.connected;
  return [
    'SMS Steward is ready, in the sandbox: no DingTalk app is set, so it talks to a DingTalk of its own.',
    `  Open  ${sandbox.url}  and say 余额 or help in the group, or send messages at the right.`,
    `  Gateways report usage at ${service.url}. Data is in ${config.dataDir}. Stop with Ctrl+C.`,
  ];
}

async function startServiceWith(
  config: Config,
  databaseUrl: string,
  dingtalk: DingTalkSettings,
  clock: Clock,
  logger: Logger,
  program: Program,
): Promise<Service> {
  const { maxConnections } = config.database;
  const { http } = config;
  const service = await startService({ databaseUrl, maxConnections, dingtalk, http, clock, logger });
  program.onStop(() => service.stop());
  return service;
}

async function setUp(clock: OffsetClock, databaseUrl: string, logger: Logger): Promise<void> {
  const db = openDatabase({ url: databaseUrl, maxConnections: 2, logger });
  try {
    await setUpWorld(createContext(clock), db, JSON.parse(await readFile(WORLD, 'utf8')));
  } finally {
    await db.close();
  }
}

async function sandboxSettings(sandbox: Sandbox): Promise<DingTalkSettings> {
  const { app } = await loadWorld(WORLD);
  return completeSettings({ ...app, apiBase: sandbox.url, oapiBase: sandbox.url });
}

/** Moves the one clock; the jobs that are due in between run in between. One move at a time. */
function sandboxClock(clock: OffsetClock, dataDir: string, running: Promise<Service>): SandboxClock {
  let last: Promise<void> = Promise.resolve();
  const advance = async (by: string) => {
    const { scheduler } = await running;
    const target = clock.now().toZonedDateTimeISO(SANDBOX_TIME_ZONE).add(by).toInstant();
    await scheduler.advanceTo(clock, target);
    await writeSandboxClock(dataDir, clock);
  };
  return {
    now: () => clock.now().epochMilliseconds,
    advance: (by) => {
      const move = last.then(() => advance(by));
      last = move.catch(() => undefined);
      return move;
    },
  };
}

function sandboxBackend(running: Promise<Service>): SandboxBackend {
  const keys = new Map<string, Promise<string>>();
  const keyOf = async (accountId: string): Promise<string> => {
    const { db, context } = await running;
    let key = keys.get(accountId);
    if (!key) {
      key = inTransaction(db, (tx) => rotateApiKey(context, tx, accountId, 'sandbox'));
      keys.set(accountId, key);
      key.catch(() => keys.delete(accountId));
    }
    return key;
  };
  return {
    accounts: async () => {
      const { db } = await running;
      return (await listAccounts(db.kysely)).map(({ id, name }) => ({ id, name }));
    },
    intake: async (accountId) => {
      const { url, db } = await running;
      const codes = await readTemplateCodes(db.kysely, accountId);
      return {
        baseUrl: url,
        key: await keyOf(accountId),
        templateCodes: Object.fromEntries(codes.map(({ code, templateType }) => [templateType, code])),
      };
    },
    recharge: async (accountId, amount) => {
      const { db, context, scheduler } = await running;
      const recharged = { accountId, amount: parseMoney(amount), key: randomUUID(), by: 'sandbox' };
      await inTransaction(db, (tx) => recharge(context, tx, recharged));
      await scheduler.tick();
    },
  };
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
  const logger = createLogger({ level: config.logLevel, name: 'sms-steward' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(signal, logger));
  for (const line of await start(config, logger, program)) console.log(line);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await program.stop();
  process.exit(1);
}

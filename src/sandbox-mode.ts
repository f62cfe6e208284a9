import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, OffsetClock } from './clock.ts';
import type { Config } from './config.ts';
import { createContext, type OperatorSettings } from './context.ts';
import { completeSettings, type DingTalkSettings } from './dingtalk/settings.ts';
import { RuleError } from './domain/errors.ts';
import { parseMoney } from './domain/money.ts';
import { asListenError } from './listen-error.ts';
import type { Logger } from './log.ts';
import type { SandboxBackend, SandboxClock } from './sandbox/backend.ts';
import { startSandbox } from './sandbox/sandbox.ts';
import { keptSandboxClock } from './sandbox-clock.ts';
import { lockSandbox, SANDBOX_FILES, SandboxModeError, writeWorldRecord } from './sandbox-data.ts';
import { chooseWorld, type WorldFile } from './sandbox-world.ts';
import type { Service } from './service.ts';
import { recharge } from './services/accounts.ts';
import { rotateApiKey } from './services/api-keys.ts';
import { setUpWorld } from './services/world.ts';
import { readWorldView } from './services/world-view.ts';
import { listAccounts } from './store/accounts.ts';
import { inTransaction, openDatabase } from './store/database.ts';
import { readTemplateCodes } from './store/template-codes.ts';

/** The calendar in which the sandbox adds days and months to its clock. */
const TIME_ZONE = 'Asia/Shanghai';

/** The data folder of a sandbox, which nobody else uses meanwhile, and the world that belongs there. */
export interface SandboxPlace {
  readonly world: WorldFile;
  /** Lets others use the folder. */
  release(): void;
}

/**
 * Takes DATA_DIR for a sandbox with a world, before anything is started: what is wrong with either is said at once.
 *
 * @param worldFile a path; without it the world that is there, or else that of the first start
 * @throws SandboxModeError `sandbox_in_use`, and what `chooseWorld` refuses
 */
export async function takeSandboxPlace(dataDir: string, worldFile: string | undefined): Promise<SandboxPlace> {
  const world = await chooseWorld(dataDir, worldFile);
  await mkdir(dataDir, { recursive: true });
  const lock = lockSandbox(dataDir);
  if (!lock) {
    throw new SandboxModeError(
      'sandbox_in_use',
      `A sandbox runs on ${dataDir} already. Use that one, stop it, or give this one a DATA_DIR of its own.`,
    );
  }
  const { id, file, digest, isChanged } = world;
  // The digest stays that of the file which the accounts were set up from.
  if (!isChanged) await writeWorldRecord(dataDir, { id, file, digest });
  return { world, release: () => lock.release() };
}

export interface SandboxModeOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly world: WorldFile;
  readonly logger: Logger;
  /** Starts the service that is tried, as this app, on this clock and with this channel to the operator. */
  readonly startService: (dingtalk: DingTalkSettings, clock: Clock, operator: OperatorSettings) => Promise<Service>;
  /** What has to be stopped at the end, the last first. */
  readonly onStop: (stop: () => Promise<void>) => void;
}

/**
 * Runs the service in a DingTalk of its own, on a world that is set up when it is not there yet.
 *
 * @returns what to tell the person who started it
 */
export async function startSandboxMode(options: SandboxModeOptions): Promise<string[]> {
  const { config, world, onStop } = options;
  const { dataDir } = config;
  const clock = await keptSandboxClock(dataDir);
  await setUp(clock, options);

  const running = Promise.withResolvers<Service>();
  running.promise.catch(() => undefined);
  const sandbox = await startSandbox({
    port: config.sandbox.port,
    world: world.dingtalk,
    statePath: join(dataDir, SANDBOX_FILES.state),
    clock: sandboxClock(clock, running.promise),
    backend: sandboxBackend(running.promise),
  }).catch((error: unknown) => {
    throw asListenError(error, 'SANDBOX_PORT');
  });
  onStop(() => sandbox.stop());
  const settings = completeSettings({ ...world.dingtalk.app, apiBase: sandbox.url, oapiBase: sandbox.url });
  // What the settings say of the operator is of another DingTalk.
  const operator = { ...config.operator, conversationId: world.operatorConversationId, staffIds: [] };
  const service = await options.startService(settings, clock, operator);
  running.resolve(service);
  await service.connected;
  const note = `  ${world.file} has changed since: accounts stay as they are. "npm run sandbox:reset" begins anew.`;
  return [
    'SMS Steward is ready, in the sandbox: no DingTalk app is set, so it talks to a DingTalk of its own.',
    `  Open  ${sandbox.url}  and say 余额 or help in the group, or send messages at the right.`,
    `  Gateways report usage at ${service.url}. The world "${world.id}" is in ${dataDir}. Stop with Ctrl+C.`,
    ...(world.isChanged ? [note] : []),
  ];
}

async function setUp(clock: OffsetClock, { databaseUrl, world, logger }: SandboxModeOptions): Promise<void> {
  const db = openDatabase({ url: databaseUrl, maxConnections: 2, logger });
  try {
    await setUpWorld(createContext(clock), db, world.content);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new SandboxModeError(
      'world_refused',
      `The world ${world.file} cannot be set up: ${error.message} Mend the file and start again.`,
      { cause: error },
    );
  } finally {
    await db.close();
  }
}

/** Moves the one clock; the jobs that are due in between run in between. One move at a time. */
function sandboxClock(clock: OffsetClock, running: Promise<Service>): SandboxClock {
  let last: Promise<void> = Promise.resolve();
  const advance = async (by: string) => {
    const { scheduler } = await running;
    const target = clock.now().toZonedDateTimeISO(TIME_ZONE).add(by).toInstant();
    await scheduler.advanceTo(clock, target);
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
    world: async () => {
      const { db, context, scheduler } = await running;
      const view = await readWorldView(context, db);
      return { ...view, nextEventAt: (await scheduler.nextEventAt())?.toString() ?? null };
    },
  };
}

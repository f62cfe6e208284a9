import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { createContext } from '../context.ts';
import { DatabaseClock } from '../database-clock.ts';
import type { Logger } from '../log.ts';
import { readSandboxClock } from '../sandbox-clock.ts';
import type { ServiceContext } from '../services/context.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { type FileLock, tryLock } from '../store/embedded/lock.ts';
import { startEmbeddedPostgres } from '../store/embedded-postgres.ts';
import { migrateToLatest, pendingMigrations } from '../store/migrator.ts';
import { CliError } from './errors.ts';

const CONNECTIONS = 2;
const WAIT_FOR_OTHERS_MS = 60_000;

/** What commands work with. */
export interface Session {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly config: Config;
  readonly logger: Logger;
}

/**
 * Runs `work` on the database of the settings. Without DATABASE_URL that is the embedded one: the server of a service that runs on the
 * same data, or else one that runs for this long. The time is the database's, in the sandbox the sandbox's.
 *
 * @throws CliError `migrations_pending`, `cli_busy`; StoreError
 */
export async function withSession<T>(
  config: Config,
  logger: Logger,
  options: { readonly beforeMigration: boolean },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const server = await findServer(config, logger);
  try {
    const db = openDatabase({ url: server.url, maxConnections: CONNECTIONS, logger });
    try {
      if (!options.beforeMigration) await prepareSchema(config, db);
      const clock = config.dingtalk ? await databaseClock(db, logger) : await readSandboxClock(config.dataDir);
      const context = { ...createContext(clock, config), source: { via: 'cli' } } as const;
      return await work({ db, context, config, logger });
    } finally {
      await db.close();
    }
  } finally {
    await server.stop();
  }
}

async function databaseClock(db: Database, logger: Logger): Promise<DatabaseClock> {
  const clock = new DatabaseClock({ db, logger });
  await clock.look();
  return clock;
}

async function findServer(config: Config, logger: Logger): Promise<{ url: string; stop(): Promise<void> }> {
  const url = config.database.url?.reveal();
  if (url !== undefined) return { url, stop: async () => {} };
  await mkdir(config.dataDir, { recursive: true });
  const lock = await takeTurn(config.dataDir);
  try {
    const server = await startEmbeddedPostgres({ dataDir: join(config.dataDir, 'postgres'), logger, share: true });
    return {
      url: server.url,
      stop: async () => {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** One command at a time: a second one would share the server of the first, which ends with the first. */
async function takeTurn(dataDir: string): Promise<FileLock> {
  for (let waited = 0; waited < WAIT_FOR_OTHERS_MS; waited += 50) {
    const lock = tryLock(join(dataDir, 'cli.lock'));
    if (lock) return lock;
    await pause(50);
  }
  throw new CliError('cli_busy', `Another command is still at work on ${dataDir}. Wait for it to end, and try again.`, {
    folder: dataDir,
  });
}

/** The embedded database is this program's own, and so is its schema; that of another server is for its operator to change. */
async function prepareSchema(config: Config, db: Database): Promise<void> {
  if (config.database.url === null) {
    await migrateToLatest(db);
    return;
  }
  const pending = await pendingMigrations(db);
  if (pending.length === 0) return;
  throw new CliError(
    'migrations_pending',
    `The database lacks ${pending.join(', ')}. Run "npm run cli -- migrate" first, or start the service, which does the same.`,
    { migrations: pending.join(', ') },
  );
}

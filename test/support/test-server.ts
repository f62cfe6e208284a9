import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { createLogger } from '../../src/log.ts';
import { openDatabase } from '../../src/store/database.ts';
import { tryLock } from '../../src/store/embedded/lock.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { memoryFolder, SCRATCH_PREFIX, temporaryFolders } from './memory-folder.ts';

/** What a test needs to make a database of its own. */
export interface TestServer {
  /** The server's maintenance database. */
  readonly url: string;
  /** The migrated database that each test file clones. */
  readonly template: string;
  /** How the names of this run's databases begin. */
  readonly prefix: string;
}

const FOLDER_PREFIX = 'sms-steward-test-';
const DATABASE_PREFIX = 'sms_steward_test_';
const JUST_MADE_MS = 60_000;
const LONGER_THAN_A_TEST_MS = 3 * 3_600_000;
const logger = createLogger({ level: 'error', name: 'test-server' });

/**
 * The database server of one test run, with a migrated template: the one that TEST_DATABASE_URL names, or an embedded one
 * in a temporary folder. What killed runs left behind is removed first.
 */
export async function startTestServer(): Promise<TestServer & { stop(): Promise<void> }> {
  const server = process.env.TEST_DATABASE_URL
    ? { url: process.env.TEST_DATABASE_URL, stop: async () => {} }
    : await startTemporaryServer();
  const run = `${DATABASE_PREFIX}${randomBytes(4).toString('hex')}_`;
  const session = new pg.Client({ connectionString: server.url });
  await session.connect();
  try {
    await claim(session, run);
    await dropLeftovers(session);
    const template = `${run}template`;
    await makeTemplate(session, server.url, template);
    return {
      url: server.url,
      template,
      prefix: run,
      stop: async () => {
        await dropDatabasesOf(session, run);
        await session.end();
        await server.stop();
      },
    };
  } catch (error) {
    await session.end();
    await server.stop();
    throw error;
  }
}

/** `url` with another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function startTemporaryServer(): Promise<{ url: string; stop(): Promise<void> }> {
  await removeLeftoverFolders();
  const folder = await mkdtemp(join(memoryFolder(), FOLDER_PREFIX));
  // As root the server runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  const settings = {
    // A test's data need not survive the machine. All else, `synchronous_commit` included, is as in service.
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: '200',
    // Written-ahead logs of earlier tests need no room in memory.
    max_wal_size: '128MB',
  };
  const server = await startEmbeddedPostgres({ dataDir, logger, settings });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await removeFolder(folder);
    },
  };
}

/** The folders of servers that nobody runs any more, and those of tests that were killed. */
async function removeLeftoverFolders(): Promise<void> {
  for (const { folder, ageMs } of await ownFolders(FOLDER_PREFIX)) {
    // A run that begins at this moment has made its folder and not yet locked it.
    if (ageMs < JUST_MADE_MS) continue;
    const lock = await realpath(join(folder, 'data', 'lock')).then(tryLock, () => ({ release: () => {} }));
    if (!lock) continue;
    await removeFolder(folder);
    lock.release();
  }
  for (const { folder, ageMs } of await ownFolders(SCRATCH_PREFIX)) {
    if (ageMs > LONGER_THAN_A_TEST_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** The temporary folders of this user whose names begin so. */
async function ownFolders(prefix: string): Promise<{ folder: string; ageMs: number }[]> {
  const own: { folder: string; ageMs: number }[] = [];
  for (const root of temporaryFolders()) {
    for (const name of (await readdir(root)).filter((each) => each.startsWith(prefix))) {
      const folder = join(root, name);
      const made = await stat(folder).catch(() => undefined);
      if (made && made.uid === process.geteuid?.()) own.push({ folder, ageMs: Date.now() - made.mtimeMs });
    }
  }
  return own;
}

async function removeFolder(folder: string): Promise<void> {
  // The data is a link to another place when only root may enter the temporary folder.
  const home = await realpath(join(folder, 'data')).catch(() => undefined);
  if (home) await rm(home, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

/** While the session of a run lives, the run holds its lock; so a lock that is free belongs to a run that was killed. */
async function claim(session: pg.Client, run: string): Promise<boolean> {
  const { rows } = await session.query<{ got: boolean }>('select pg_try_advisory_lock(hashtext($1)) as got', [run]);
  return rows[0]?.got ?? false;
}

async function dropLeftovers(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ run: string }>(
    `select distinct substring(datname from '^${DATABASE_PREFIX}[0-9a-f]{8}_') as run from pg_database
     where datname ~ '^${DATABASE_PREFIX}[0-9a-f]{8}_'`,
  );
  for (const { run } of rows) {
    if (!(await claim(session, run))) continue;
    await dropDatabasesOf(session, run);
    await session.query('select pg_advisory_unlock(hashtext($1))', [run]);
  }
}

async function dropDatabasesOf(session: pg.Client, run: string): Promise<void> {
  const { rows } = await session.query<{ name: string; is_template: boolean }>(
    'select datname as name, datistemplate as is_template from pg_database where starts_with(datname, $1)',
    [run],
  );
  for (const { name, is_template } of rows) {
    if (is_template) await session.query(`alter database ${name} is_template false`);
    await session.query(`drop database ${name} with (force)`);
  }
}

async function makeTemplate(session: pg.Client, url: string, template: string): Promise<void> {
  await session.query(`create database ${template} template template0 encoding 'UTF8'`);
  const db = openDatabase({ url: withDatabase(url, template), logger });
  try {
    await migrateToLatest(db);
  } finally {
    await db.close();
  }
  // Nobody may connect any more: PostgreSQL clones only a database that is not in use.
  await session.query(`alter database ${template} is_template true allow_connections false`);
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Kysely, sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import type { Database } from './database.ts';
import { StoreError } from './errors.ts';

const OLDEST_SERVER = 15;
const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));

export interface MigrationOptions {
  /** Where the migrations are, `NNNN-name.ts` each. Default: `migrations/` of this checkout. */
  readonly folder?: string;
}

/**
 * Brings the database to the newest version that this program knows, and answers the names of the migrations it ran.
 *
 * All pending migrations run in one transaction: one that fails leaves nothing behind. Two programs may do this at once, the
 * second waits for the first and then finds nothing to do. There is no way back, only a further migration.
 *
 * @throws StoreError `postgres_too_old`, `database_newer` (made by a newer version of this program), `migrations_disordered`,
 *   `migration_failed`
 */
export async function migrateToLatest<S>(db: Database<S>, options: MigrationOptions = {}): Promise<string[]> {
  // A migration may rewrite a large table, and another migrator may be doing that right now.
  const patient = db.patient();
  try {
    await checkServer(patient.kysely);
    const migrations = await loadMigrations(options.folder ?? MIGRATIONS_FOLDER);
    await checkHistory(patient.kysely, Object.keys(migrations));
    const migrator = new Migrator({ db: patient.kysely, provider: { getMigrations: async () => migrations } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return results.map(({ migrationName }) => migrationName);

    const failed = results.find(({ status }) => status === 'Error')?.migrationName;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      'migration_failed',
      `${failed ? `The migration ${failed}` : 'Migrating the database'} failed, and nothing was changed: ${reason}. ` +
        'Mend the cause and start again.',
      { cause: error },
    );
  } finally {
    await patient.close();
  }
}

/**
 * The names of the migrations that {@link migrateToLatest} would run, oldest first.
 *
 * @throws StoreError `postgres_too_old`, `database_newer`, `migrations_disordered`
 */
export async function pendingMigrations<S>(db: Database<S>, options: MigrationOptions = {}): Promise<string[]> {
  await checkServer(db.kysely);
  const migrations = await loadMigrations(options.folder ?? MIGRATIONS_FOLDER);
  return await checkHistory(db.kysely, Object.keys(migrations));
}

async function checkServer<S>(db: Kysely<S>): Promise<void> {
  const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(db);
  const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  if (version >= OLDEST_SERVER) return;
  throw new StoreError(
    'postgres_too_old',
    `The database server is PostgreSQL ${version}; ${OLDEST_SERVER} or later is needed. Upgrade it, or leave DATABASE_URL empty.`,
  );
}

async function loadMigrations(folder: string): Promise<Record<string, Migration>> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-.+\.ts$/.test(name)).sort();
  const migrations: Record<string, Migration> = {};
  for (const name of names) {
    const module: unknown = await import(pathToFileURL(join(folder, name)).href);
    if (!isMigration(module)) throw new TypeError(`${join(folder, name)} exports no function up(db)`);
    migrations[name.replace(/\.ts$/, '')] = { up: module.up };
  }
  return migrations;
}

function isMigration(module: unknown): module is Migration {
  return typeof module === 'object' && module !== null && 'up' in module && typeof module.up === 'function';
}

/** Refuses a history that these migrations cannot continue, and answers what is pending. */
async function checkHistory<S>(db: Kysely<S>, known: readonly string[]): Promise<string[]> {
  const executed = await executedMigrations(db);
  const unknown = executed.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new StoreError(
      'database_newer',
      `The database was made by a newer version of this program (it has ${unknown.join(', ')}). Use that version or a later one.`,
    );
  }
  const pending = known.filter((name) => !executed.includes(name));
  const [first] = pending;
  const overtaken = executed.find((name) => first !== undefined && name > first);
  if (overtaken !== undefined) {
    throw new StoreError(
      'migrations_disordered',
      `The migration ${first} comes before ${overtaken}, which the database already has. Give it a number after the last one.`,
    );
  }
  return pending;
}

async function executedMigrations<S>(db: Kysely<S>): Promise<string[]> {
  const table = await sql<{
    found: string | null;
  }>`select to_regclass(${DEFAULT_MIGRATION_TABLE})::text as found`.execute(db);
  if (!table.rows[0]?.found) return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db);
  return rows.map(({ name }) => name);
}

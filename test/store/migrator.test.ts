import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { migrateToLatest, pendingMigrations } from '../../src/store/migrator.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });
const migrated = await createTestDatabase();

beforeEach(async () => {
  await sql`drop schema public cascade`.execute(db.kysely);
  await sql`create schema public`.execute(db.kysely);
});

test('given the migrations of this program, when they have run, then the next run finds nothing to do', async () => {
  const names = (await readdir(fileURLToPath(new URL('../../migrations', import.meta.url))))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replace('.ts', ''))
    .sort();
  expect(await pendingMigrations(db)).toEqual(names);
  expect(await migrateToLatest(db)).toEqual(names);
  expect(await migrateToLatest(db)).toEqual([]);
  expect(await pendingMigrations(db)).toEqual([]);
  expect(await pendingMigrations(migrated.db)).toEqual([]);
});

test('given two migrators at once, then every migration runs once and both succeed', async () => {
  const folder = await migrations({ '0001-one': 'create table one ()', '0002-two': 'create table two ()' });
  const ran = await Promise.all([1, 2, 3].map(() => migrateToLatest(db, { folder })));
  expect(ran.flat()).toEqual(['0001-one', '0002-two']);
});

test('given a migration that breaks, then nothing of it and of those before it is left, and mended it runs', async () => {
  const broken = { '0001-one': 'create table one ()', '0002-two': 'create table two (); select 1/0' };
  const failure = migrateToLatest(db, { folder: await migrations(broken) });
  await expect(failure).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringMatching(/0002-two.*division by zero/),
  });
  expect(await tables()).toEqual([]);

  const mended = { ...broken, '0002-two': 'create table two ()' };
  expect(await migrateToLatest(db, { folder: await migrations(mended) })).toEqual(['0001-one', '0002-two']);
  expect(await tables()).toEqual(['one', 'two']);
});

test('given a database that a newer version made, then an older one refuses it and says which it needs', async () => {
  const newer = await migrations({ '0001-one': 'create table one ()', '0002-two': 'create table two ()' });
  const older = await migrations({ '0001-one': 'create table one ()' });
  await migrateToLatest(db, { folder: newer });
  const refusal = { code: 'database_newer', message: expect.stringContaining('0002-two') };
  await expect(migrateToLatest(db, { folder: older })).rejects.toMatchObject(refusal);
  await expect(pendingMigrations(db, { folder: older })).rejects.toMatchObject(refusal);
});

test('given a migration numbered before one that has run, then it is refused', async () => {
  await migrateToLatest(db, { folder: await migrations({ '0002-two': 'create table two ()' }) });
  const folder = await migrations({ '0001-one': 'create table one ()', '0002-two': 'create table two ()' });
  await expect(migrateToLatest(db, { folder })).rejects.toMatchObject({ code: 'migrations_disordered' });
  expect(await tables()).toEqual(['two']);
});

test('given no migrations yet, then there is nothing to do', async () => {
  expect(await migrateToLatest(db, { folder: await migrations({}) })).toEqual([]);
});

/** A folder with one migration per entry: its name, and the SQL it runs. */
async function migrations(statements: Record<string, string>): Promise<string> {
  const folder = join(await scratchFolder(), 'migrations');
  await mkdir(folder);
  for (const [name, statement] of Object.entries(statements)) {
    const source = `
      import type { Kysely } from 'kysely';
      export async function up(db: Kysely<unknown>): Promise<void> {
        for (const sql of ${JSON.stringify(statement.split(';'))}) {
          await db.executeQuery({ sql, parameters: [] } as never);
        }
      }`;
    await writeFile(join(folder, `${name}.ts`), source);
  }
  return folder;
}

async function tables(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
    where schemaname = 'public' and tablename not like 'kysely%' order by 1`.execute(db.kysely);
  return rows.map(({ name }) => name);
}

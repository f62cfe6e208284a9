import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { scratchFolder } from './scratch-folder.ts';

const FOLDER = new URL('../../migrations/', import.meta.url);

/** Brings an empty database to the version that it had after the migration of this number, such as `0003`. */
export async function migrateTo(db: Database, number: string): Promise<void> {
  const folder = await scratchFolder();
  for (const name of await readdir(fileURLToPath(FOLDER))) {
    if (!/^\d{4}-.+\.ts$/.test(name) || name.slice(0, 4) > number) continue;
    await writeFile(join(folder, name), `export * from ${JSON.stringify(new URL(name, FOLDER).href)};\n`);
  }
  await migrateToLatest(db, { folder });
}

/** An account as databases had it since bills came (`0004`). @returns its id */
export async function insertOldAccount(db: Database): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at,
      first_month, open_month, month_ends_at)
    values (${id}, '旧账户', 'CNY', 'Asia/Shanghai', 't', 'notification', now(), now(), '2026-03', '2026-03', now())`.execute(
    db.kysely,
  );
  return id;
}

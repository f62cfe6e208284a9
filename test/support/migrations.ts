import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

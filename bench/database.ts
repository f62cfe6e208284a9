import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../src/log.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { migrateToLatest } from '../src/store/migrator.ts';

export interface BenchDatabase {
  readonly url: string;
  readonly db: Database;
  stop(): Promise<void>;
}

/** A fresh, migrated database on a server of its own, durable as in service (`fsync` on). `settings` are PostgreSQL's. */
export async function openBenchDatabase(
  maxConnections: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchDatabase> {
  const logger = createLogger({ level: 'warn', name: 'bench' });
  const folder = await mkdtemp(join(tmpdir(), 'sms-steward-bench-'));
  // As root the server runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), logger, settings });
  const db = openDatabase({ url: server.url, maxConnections, logger });
  await migrateToLatest(db);
  return {
    url: server.url,
    db,
    stop: async () => {
      await db.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

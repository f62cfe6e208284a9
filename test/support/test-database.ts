import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { withDatabase } from './test-server.ts';

export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
}

export interface TestDatabaseOptions {
  /** A database without tables, for tests that migrate it themselves. Default: false. */
  readonly empty?: boolean;
}

const logger = createLogger({ level: 'warn', name: 'test' });

/** A migrated database for one test file; call it at the top of the file. It is dropped after the file's last test. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { drop, ...database } = await openTestDatabase(options);
  afterAll(drop);
  return database;
}

/** A migrated database for one test, which drops it. */
export async function openTestDatabase({
  empty = false,
}: TestDatabaseOptions = {}): Promise<TestDatabase & { drop(): Promise<void> }> {
  const server = inject('testServer');
  const name = `${server.prefix}${randomBytes(4).toString('hex')}`;
  // The files are copied: writing each page to the log as well takes twice as long.
  const template = empty ? 'template0' : server.template;
  await administer(server.url, `create database ${name} template ${template} strategy file_copy`);
  const url = withDatabase(server.url, name);
  const db = openDatabase({ url, logger });
  const drop = async () => {
    await db.close();
    await administer(server.url, `drop database ${name} with (force)`);
  };
  return { url, db, drop };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

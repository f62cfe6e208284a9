import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { eventually } from './eventually.ts';

/** Resolves when so many connections of this database wait for a lock that another one holds. */
export async function waitForBlocked(db: Database, count: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await sql<{ blocked: bigint }>`
      select count(*) as blocked from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db.kysely);
    expect(Number(rows[0]?.blocked)).toBeGreaterThanOrEqual(count);
  });
}

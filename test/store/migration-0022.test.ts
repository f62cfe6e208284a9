import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { NO_ACCOUNT } from '../../src/store/notices.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given notices that wait, then those that were tried count from when they could first be said, and no other does', async () => {
  await migrateTo(db, '0021');
  const insert = (key: string, state: string, attempts: number, heldUntil: string | null) =>
    sql`
      insert into notices (account_id, notice_id, key, reason, recipient, target, content, out_track_id, state, attempts, next_attempt_at,
        held_until, queued_at, ordinal)
      values (${NO_ACCOUNT}, ${randomUUID()}, ${key}, 'quota_low', 'corp/group', '{}', '{}', null, ${state}, ${attempts}, now(),
        ${heldUntil}, '2026-03-10T00:00Z', 1)`.execute(db.kysely);
  await insert('failed', 'waiting', 5, null);
  await insert('failed later', 'waiting', 1, '2026-03-11T00:00Z');
  await insert('new', 'waiting', 0, null);
  await insert('said', 'delivered', 2, null);

  await migrateToLatest(db);

  const rows = await db.kysely.selectFrom('notices').select(['key', 'tried_since']).orderBy('key').execute();
  expect(rows.map(({ key, tried_since }) => [key, tried_since?.toString() ?? null])).toEqual([
    ['failed', '2026-03-10T00:00:00Z'],
    ['failed later', '2026-03-11T00:00:00Z'],
    ['new', null],
    ['said', null],
  ]);
});

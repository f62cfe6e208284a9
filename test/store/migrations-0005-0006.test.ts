import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readAccount } from '../../src/store/accounts.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given usage from before, then what was used in each day and month of the account is known, and who is suspended is not told anew', async () => {
  await migrateTo(db, '0003');
  const [account, owing] = [randomUUID(), randomUUID()];
  await sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at,
      balance, overdue_since)
    values (${account}, '旧账户', 'CNY', 'Asia/Shanghai', 't', 'notification', now(), now(), 0, null),
      (${owing}, '欠费', 'CNY', 'Asia/Shanghai', 't', 'notification', now(), now(), -1, now() - interval '1 hour')`.execute(
    db.kysely,
  );
  await sql`create table usage_2026_02 partition of usage_records for values from ('2026-02-01Z') to ('2026-03-01Z')`.execute(
    db.kysely,
  );
  await sql`
    insert into usage_records (account_id, record_id, at, destination, country, template_type, segments, status, billing,
      batch_id, received_at)
    values
      (${account}, 'a', '2026-02-10T15:59:59Z', 'mainland', null, 'notification', 2, 'delivered', 'charged', ${account}, now()),
      (${account}, 'b', '2026-02-10T16:00:00Z', 'mainland', null, 'notification', 3, 'delivered', 'charged', ${account}, now()),
      (${account}, 'c', '2026-02-10T16:00:00Z', 'mainland', null, 'notification', 9, 'failed', 'free', ${account}, now()),
      (${account}, 'd', '2026-02-10T16:00:00Z', 'international', 'JP', 'notification', 1, 'submitted', 'unpriced', ${account}, now())`.execute(
    db.kysely,
  );
  await sql`
    insert into hourly_usage (account_id, hour, destination, template_type, plan_segments, payg_segments, amount)
    values (${account}, '2026-02-10T15:00:00Z', 'mainland', 'notification', 0, 2, 90000),
      (${account}, '2026-02-10T16:00:00Z', 'mainland', 'notification', 1, 2, 80000)`.execute(db.kysely);

  await migrateToLatest(db);

  const { rows } = await sql`
    select period, segments, amount from period_use where account_id = ${account} order by period`.execute(db.kysely);
  expect(rows).toEqual([
    { period: '2026-02', segments: 6n, amount: 170_000n },
    { period: '2026-02-10', segments: 2n, amount: 90_000n },
    { period: '2026-02-11', segments: 4n, amount: 80_000n },
  ]);
  expect(await readAccount(db.kysely, account)).toMatchObject({ pause: null, sendingTold: 'clear:' });
  expect(await readAccount(db.kysely, owing)).toMatchObject({ sendingTold: 'overdue:suspended' });
});

test.each([
  ['a cap without a value', { stop_at: null, warn_at: null }],
  ['a stop of nothing', { stop_at: 0n, warn_at: null }],
  ['a warning that is not below the stop', { stop_at: 10n, warn_at: 10n }],
])('given %s, then the database refuses it', async (_, values) => {
  const account = await db.kysely.selectFrom('accounts').select('account_id').executeTakeFirstOrThrow();
  const now = Temporal.Instant.from('2026-03-10T04:00:00Z');
  const insert = db.kysely.insertInto('account_limits').values({
    ...account,
    ...values,
    period: 'day',
    unit: 'segments',
    reached_at: null,
    reached_in: null,
    changed_at: now,
    changed_by: 'x',
  });
  await expect(insert.execute()).rejects.toThrow(/check constraint/);
});

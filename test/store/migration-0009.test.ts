import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readAccount } from '../../src/store/accounts.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { readRecentPlans } from '../../src/store/plan-history.ts';
import { at } from '../support/builders.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given plans from before, then it is known since when nothing is left of them, and an account has no levels of an hour yet', async () => {
  await migrateTo(db, '0003');
  const [account, full, usedUp, expired] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at)
    values (${account}, '旧账户', 'CNY', 'Asia/Shanghai', 't', 'notification', now(), now())`.execute(db.kysely);
  const plans = [
    [full, 100, '2026-01-01', '2027-01-01', null],
    [usedUp, 0, '2026-01-02', '2027-01-01', null],
    [expired, 0, '2025-03-01', '2026-03-01', '2026-03-01T00:05:00Z'],
  ] as const;
  for (const [id, remaining, from, until, expiredAt] of plans) {
    await sql`
      insert into plans (account_id, plan_id, key, source, title, total, remaining, price, effective_at, expires_at, expired_at)
      values (${account}, ${id}, ${id}, 'purchase', '一百条', 100, ${remaining}, 0, ${from}::date, ${until}::date, ${expiredAt})`.execute(
      db.kysely,
    );
  }
  for (const [plan, time] of [
    [usedUp, '2026-02-01T10:00:00Z'],
    [usedUp, '2026-02-03T10:00:00Z'],
    [expired, '2026-02-20T10:00:00Z'],
  ] as const) {
    await sql`
      insert into charges (account_id, charge_id, batch_id, kind, month, destination, template_type, tariff_version, plan_id, segments, amount, at)
      values (${account}, ${randomUUID()}, ${randomUUID()}, 'plan', '2026-02', 'mainland', 'notification', 1, ${plan}, 10, 0, ${time})`.execute(
      db.kysely,
    );
  }

  await migrateToLatest(db);

  const known = await readRecentPlans(db.kysely, account, at('2026-01-15'));
  expect(known.map(({ id, emptyAt }) => [id, emptyAt?.toString() ?? null])).toEqual([
    [expired, '2026-03-01T00:05:00Z'],
    [full, null],
    [usedUp, '2026-02-03T10:00:00Z'],
  ]);
  expect((await readRecentPlans(db.kysely, account, at('2026-02-15'))).map(({ id }) => id)).toEqual([expired, full]);
  expect((await readAccount(db.kysely, account)).hourWatermarks).toEqual([]);
});

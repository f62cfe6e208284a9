import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensurePartitions } from '../../src/store/usage.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { at, NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();

describe('partitions of usage', () => {
  async function partitions(): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'usage_records'::regclass order by 1`.execute(db.kysely);
    return rows.map(({ name }) => name);
  }

  test('given a span of months, then each has its partition, in UTC, over the end of a year', async () => {
    await ensurePartitions(db.kysely, at('2025-12-31T23:00'), at('2026-02-01T08:00'));
    expect(await partitions()).toEqual(
      expect.arrayContaining(['usage_records_2025_12', 'usage_records_2026_01', 'usage_records_2026_02']),
    );
  });

  test('given many who need the same month at once, then it is made once and nobody fails', async () => {
    const month = Temporal.Instant.from('2031-07-15T00:00:00Z');
    await Promise.all(Array.from({ length: 10 }, () => ensurePartitions(db.kysely, month, month)));
    expect((await partitions()).filter((name) => name.endsWith('2031_07'))).toHaveLength(1);
  });

  test('given a partition that exists, then nothing happens, also while it is written to', async () => {
    await ensurePartitions(db.kysely, NOW, NOW);
    await db.kysely.transaction().execute(async (tx) => {
      await sql`lock table usage_records in row exclusive mode`.execute(tx);
      await ensurePartitions(db.kysely, NOW, NOW);
    });
  });
});

describe('what the database refuses whatever the program does', () => {
  let world: BillingWorld;
  let accountId: string;
  let planId: string;

  beforeAll(async () => {
    world = await BillingWorld.on(db);
    const account = await world.openAccount();
    accountId = account.id;
    planId = (await account.grant('sms-100')).id;
    await account.renewal({});
    await account.use(101);
    await account.review();
  });

  const id = randomUUID();
  test.each([
    ['more left in a plan than it had', () => sql`update plans set remaining = total + 1 where plan_id = ${planId}`],
    ['less than nothing left in a plan', () => sql`update plans set remaining = -1 where plan_id = ${planId}`],
    [
      'an expired plan with something left',
      () => sql`update plans set remaining = 1, expired_at = now() where plan_id = ${planId}`,
    ],
    [
      'a plan that ends before it begins',
      () => sql`update plans set expires_at = effective_at where plan_id = ${planId}`,
    ],
    ['a negative credit limit', () => sql`update accounts set credit_limit = -1 where account_id = ${accountId}`],
    ['a threshold above 200,000,000', () => sql`update renewal_policies set threshold = 200000001`],
    ['auto-renewal on without an offer', () => sql`update renewal_policies set enabled = true, offer_id = null`],
    ['no purchase a day', () => sql`update renewal_policies set purchases_per_day = 0`],
    [
      'a second open episode of a renewal',
      () => sql`insert into renewals (account_id, renewal_id, trigger, state, offer_id, price, opened_at)
        select ${accountId}, gen_random_uuid(), 'threshold', 'failed', 'sms-100', 1, now() from generate_series(1, 2)`,
    ],
    [
      'a second open episode of an alert',
      () => sql`insert into alerts (account_id, alert_id, kind, subject, level, opened_at, level_since)
        select ${accountId}, gen_random_uuid(), 'twin', '', 1, now(), now() from generate_series(1, 2)`,
    ],
    [
      'two pending requests with one code',
      () => sql`insert into approvals
        (account_id, approval_id, code, action, requested_by, requested_at, expires_at, state)
        select ${accountId}, gen_random_uuid(), 'ABCD', '{}', 'x', now(), now(), 'pending' from generate_series(1, 2)`,
    ],
    [
      'a message abroad without a country',
      () => sql`insert into usage_records (account_id, record_id, at, destination, country, template_type, segments,
        status, billing, batch_id, received_at)
        values (${accountId}, 'x', ${NOW}, 'international', null, 'promotion', 1, 'failed', 'free', ${id}, ${NOW})`,
    ],
    [
      'a message of no segment',
      () => sql`insert into usage_records (account_id, record_id, at, destination, country, template_type, segments,
        status, billing, batch_id, received_at)
        values (${accountId}, 'x', ${NOW}, 'mainland', null, 'promotion', 0, 'failed', 'free', ${id}, ${NOW})`,
    ],
    [
      'an entry of an account that does not exist',
      () => sql`insert into transfers (account_id, transfer_id, key, kind, unit, from_book, to_book, amount, at, month)
        values (${id}, ${id}, 'k', 'recharge', 'CNY', 'funding', 'cash', 1, ${NOW}, '2026-03')`,
    ],
    [
      'a charge to a plan that names none',
      () => sql`insert into charges (account_id, charge_id, batch_id, kind, month, destination, template_type,
        tariff_version, segments, amount, at)
        values (${accountId}, ${id}, ${id}, 'plan', '2026-03', 'mainland', 'promotion', 1, 1, 0, ${NOW})`,
    ],
  ])('given %s, then it is refused', async (_, statement) => {
    await expect(statement().execute(db.kysely)).rejects.toThrow(
      /violates (check|unique|foreign key) constraint|duplicate key value/,
    );
  });
});

import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { recharge } from '../../src/services/accounts.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { readOverview } from '../../src/services/overview.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { setUpWorld } from '../../src/services/world.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import { readAdministrators, readGroupsOfAccount } from '../../src/store/groups.ts';
import { readTemplateCodes } from '../../src/store/template-codes.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { createTestDatabase } from '../support/test-database.ts';

const ACCOUNT = '5a3e7c10-0000-4000-8000-000000000001';
const YUAN = 1_000_000n;
const NOW = '2026-03-10T12:34:56.789+08:00';
const world: unknown = JSON.parse(await readFile(new URL('../../worlds/first-start.json', import.meta.url), 'utf8'));

const { db } = await createTestDatabase();
const clock = new ManualClock(NOW);
const context: ServiceContext = {
  clock,
  compose: ({ kind }) => ({ title: kind, markdown: '', buttons: [], hint: '', mentions: [] }),
};

/** Every row of every table that an account owns, as text. */
async function everything(database: Database): Promise<unknown[]> {
  const tables = ['accounts', 'transfers', 'plans', 'charges', 'monthly_volumes', 'hourly_usage', 'template_codes'];
  tables.push('renewal_policies', 'groups', 'group_administrators', 'notices', 'tariffs', 'plan_offers');
  const rows: unknown[] = [];
  for (const table of tables) {
    const result =
      await sql`select ${table}::text as name, t::text as row from ${sql.table(table)} t order by 2`.execute(
        database.kysely,
      );
    rows.push(...result.rows);
  }
  const usage = await sql`select count(*), sum(segments) from usage_records`.execute(database.kysely);
  return [...rows, ...usage.rows];
}

/** What was told; not how cards change afterwards. */
async function told(): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom('notices')
    .select(['reason', 'target'])
    .orderBy('queued_at')
    .orderBy('ordinal')
    .execute();
  return rows.flatMap(({ reason, target }) => ('type' in target && target.type === 'card' ? [] : [reason]));
}

/** What has been told since; the clock moves so that the order is plain. */
async function toldBy(action: () => Promise<unknown>): Promise<string[]> {
  const before = (await told()).length;
  clock.set(clock.now().add({ seconds: 1 }));
  await action();
  return (await told()).slice(before);
}

const review = () => inTransaction(db, (tx) => reviewAccount(context, tx, ACCOUNT));

let sent = 0;

/** Messages that are delivered now, reported a thousand at a time; the account is looked at where that makes it due. */
async function send(count: number): Promise<void> {
  await ensurePartitions(db.kysely, clock.now(), clock.now());
  for (let left = count; left > 0; left -= 1_000) {
    const reports = Array.from({ length: Math.min(left, 1_000) }, () => {
      sent += 1;
      const at = Temporal.Instant.fromEpochMilliseconds(clock.now().epochMilliseconds);
      const kind = { destination: 'mainland', country: null, templateType: 'verification' } as const;
      return { id: `sent-${sent}`, ...kind, segments: 1, status: 'delivered' as const, at };
    });
    const { reviewDue } = await inTransaction(db, (tx) => meterUsage(context, tx, ACCOUNT, reports));
    if (reviewDue) await review();
  }
}

beforeAll(() => setUpWorld(context, db, world));

// One story, told in order: each test goes on from where the one before it left the world.
describe('given the world of the first start', () => {
  test('then the account stands as the file says, in the middle of its plan', async () => {
    const overview = await readOverview(context, db.kysely, ACCOUNT);
    expect(overview).toMatchObject({
      account: { name: '示例科技', currency: 'CNY', money: { balance: 5_000n * YUAN } },
      available: 5_000n * YUAN,
      quota: 14_200n,
      sending: 'allowed',
      standing: 'clear',
      policy: { enabled: true, threshold: 10_000n, offerId: 'sample-50000', purchasesPerDay: 3 },
    });
    expect(overview.plans).toMatchObject([{ total: 50_000n, remaining: 14_200n, price: 2_150n * YUAN }]);
    // 35,800 segments in 20 days, so the plan lasts for about a week more.
    expect(Number(overview.forecast.segmentsPerDay)).toBeGreaterThan(1_600);
    expect(Number(overview.forecast.segmentsPerDay)).toBeLessThan(2_000);
    expect(overview.forecast.quotaDays).toBeGreaterThan(6);
  });

  test('then its figures follow from entries: books, records and hours add up', async () => {
    const { rows: books } = await sql`
      select unit, book, sum(amount)::bigint as total from (
        select unit, to_book as book, amount from transfers union all select unit, from_book, -amount from transfers
      ) entries group by unit, book`.execute(db.kysely);
    expect(books).toContainEqual({ unit: 'CNY', book: 'cash', total: 5_000n * YUAN });
    expect(books).toContainEqual({ unit: 'segment', book: 'consumed', total: 35_800n });
    const { rows: usage } = await sql`
      select template_type, sum(segments)::bigint as segments from usage_records group by 1 order by 1`.execute(
      db.kysely,
    );
    expect(usage).toEqual([
      { template_type: 'notification', segments: 16_000n },
      { template_type: 'promotion', segments: 11_800n },
      { template_type: 'verification', segments: 8_000n },
    ]);
    const { rows: hours } = await sql`
      select sum(plan_segments)::bigint as plan, sum(payg_segments)::bigint as payg from hourly_usage`.execute(
      db.kysely,
    );
    expect(hours).toEqual([{ plan: 35_800n, payg: 0n }]);
  });

  test('then its past lies in the past, in order', async () => {
    const { rows } = await sql<{ kind: string; first: Temporal.Instant; last: Temporal.Instant }>`
      select kind, min(at) as first, max(at) as last from transfers group by kind order by min(at)`.execute(db.kysely);
    expect(rows.map((row) => row.kind)).toEqual(['recharge', 'purchase', 'usage']);
    expect(rows[0]?.first.toString()).toBe('2026-02-17T04:34:56.789Z');
    expect(rows[2]?.last.toString()).toBe('2026-03-10T04:34:56.789Z');
  });

  test('then its group has its administrator, and its templates their types', async () => {
    const [group, ...others] = await readGroupsOfAccount(db.kysely, ACCOUNT);
    expect(others).toEqual([]);
    expect(group).toMatchObject({ corpId: 'dingsandboxcorp', conversationId: 'cidOpsGroup', title: '短信运维群' });
    expect(group && (await readAdministrators(db.kysely, group))).toEqual([{ staffId: 'zhangwei', name: '张伟' }]);
    expect((await readTemplateCodes(db.kysely, ACCOUNT)).map(({ templateType }) => templateType).sort()).toEqual([
      'notification',
      'promotion',
      'verification',
    ]);
  });

  test('when it is set up again, also later and from a changed file, then nothing changes', async () => {
    const before = await everything(db);
    await setUpWorld(context, db, world);
    const later = { ...context, clock: new ManualClock('2026-05-01T00:00:00Z') };
    const changed = structuredClone(world) as { offers: { price: string }[]; accounts: { name: string }[] };
    for (const offer of changed.offers) offer.price = '1.00';
    for (const account of changed.accounts) account.name = 'another';
    await setUpWorld(later, db, changed);
    expect(await everything(db)).toEqual(before);
  });

  test('when it is looked at for the first time, then nobody is told of anything, of the past least of all', async () => {
    expect(await toldBy(review)).toEqual([]);
    expect(await db.kysely.selectFrom('alerts').selectAll().execute()).toEqual([]);
    expect(await db.kysely.selectFrom('renewals').selectAll().execute()).toEqual([]);
  });

  test('when 4,000 messages are sent at once, which is far more than usual, then that is all that is told', async () => {
    expect(await toldBy(() => send(4_000))).toEqual(['spending_spike']);
  });

  test('when 1,000 more are sent, then the threshold is crossed: it is told, and the next plan bought at a discount', async () => {
    expect(await toldBy(() => send(1_000))).toEqual(['quota_low', 'renewed']);
    const { quota, account } = await readOverview(context, db.kysely, ACCOUNT);
    expect(quota).toBe(59_200n);
    expect(account.money.balance).toBe(5_000n * YUAN - 2_042_500_000n);
  });

  test('when far more is sent, then a second plan is bought, for the third the money is short, and it ends overdue', async () => {
    expect(await toldBy(() => send(130_000))).toEqual([
      'quota_low',
      'renewed',
      'quota_low',
      'overdue_expected',
      'renewal_failed',
      'quota_low',
      'quota_exhausted',
      'overdue',
    ]);
    const { quota, sending, available } = await readOverview(context, db.kysely, ACCOUNT);
    expect(quota).toBe(0n);
    expect(sending).toBe('suspended');
    // What was sent beyond the quota, at the first tier's price.
    expect(available).toBe(5_000n * YUAN - 2n * 2_042_500_000n - 20_800n * 45_000n);
  });

  test('when it is recharged with enough, then sending goes on and the plan is bought after all', async () => {
    const pay = () =>
      inTransaction(db, (tx) =>
        recharge(context, tx, { accountId: ACCOUNT, amount: 5_000n * YUAN, key: 'k', by: 'test' }),
      );
    expect(await toldBy(async () => [await pay(), await review()])).toEqual(['recharged', 'restored', 'renewed']);
  });
});

describe('given another world', () => {
  const other = (past: unknown[], overrides: object = {}) => ({
    ...(world as object),
    accounts: [
      {
        id: crypto.randomUUID(),
        name: 'Other',
        tariff: 'sample',
        defaultTemplateType: 'notification',
        past,
        ...overrides,
      },
    ],
  });

  test('when its past is written out of order, then it is lived in order: a plan covers nothing from before it', async () => {
    const file = other([
      { type: 'usage', daysAgo: 4, segments: { verification: 4_000, notification: 0, promotion: 0 } },
      { type: 'purchase', daysAgo: 2, offer: 'sample-5000' },
      { type: 'recharge', daysAgo: 4, amount: '1000' },
    ]);
    await setUpWorld({ ...context, clock: new ManualClock(NOW) }, db, file);
    const { rows } = await sql`
      select sum(plan_segments)::bigint as plan, sum(payg_segments)::bigint as payg from hourly_usage
      where account_id = ${file.accounts[0]?.id}`.execute(db.kysely);
    expect(rows).toEqual([{ plan: 2_000n, payg: 2_000n }]);
  });

  test('when it names what is not there, then it is refused, and nothing of the account is set up', async () => {
    const file = other([{ type: 'purchase', daysAgo: 2, offer: 'none' }]);
    await expect(setUpWorld(context, db, file)).rejects.toMatchObject({ code: 'offer_unknown' });
    const rows = await db.kysely.selectFrom('accounts').select('name').where('name', '=', 'Other').execute();
    expect(rows).toHaveLength(1);
  });

  test('when it is malformed, then all that is wrong is said', async () => {
    const file = other([{ type: 'recharge', daysAgo: -1, amount: 5 }], { groups: [{ corpId: '' }], nmae: 'x' });
    await expect(setUpWorld(context, db, { ...file, tariffs: [{ id: 'x' }] })).rejects.toMatchObject({
      code: 'file_invalid',
      message: expect.stringContaining('tariffs.0.version'),
    });
    await expect(setUpWorld(context, db, file)).rejects.toThrow(/past\.0\.daysAgo[\s\S]*groups\.0\.corpId[\s\S]*nmae/);
  });
});

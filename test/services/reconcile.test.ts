import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { reconcile } from '../../src/services/reconcile.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { differencesAfter, differencesAfterChange } from '../support/damage.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let account: TestAccount;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  account = await world.openAccount({ name: 'Damaged' });
  const other = await world.openAccount({ name: 'Other' });
  await other.grant('sms-100');
  await other.use(7);
  await ensurePartitions(db.kysely, NOW.subtract({ hours: 24 * 30 }), NOW);
  await account.recharge('1000');
  await account.grant('sms-100');
  await account.use(150);
  await account.use(600);
  await account.use(3, { destination: 'international', country: 'HK' });
  await account.use(2, { destination: 'international', country: 'XX' });
});

const of = (table: string) => sql`${sql.table(table)}`;

describe('reconcile (rule 8)', () => {
  test('given a history that nobody touched, then nothing differs, of one account as of all', async () => {
    expect(await reconcile(db, null)).toEqual([]);
    expect(await reconcile(db, account.id)).toEqual([]);
  });

  test('given a stored balance that is wrong, then it is named with the account and both figures', async () => {
    const { money } = await account.read();
    const found = await differencesAfter(world, (tx) =>
      sql`update accounts set balance = balance + 7 where account_id = ${account.id}`.execute(tx),
    );
    const [plain] = found;
    expect(found).toHaveLength(1);
    expect(plain).toEqual({
      accountId: account.id,
      accountName: 'Damaged',
      figure: 'balance',
      subject: '',
      unit: 'CNY',
      stored: money.balance + 7n,
      derived: money.balance,
    });
  });

  const month = '2026-03 mainland verification tariff version 1';
  test.each([
    ['an account that counts as overdue', 'accounts', sql`overdue_since = ${NOW}`, sql`true`, [['overdue', '']]],
    ["a plan's total", 'plans', sql`total = total + 1`, sql`true`, [['plan_total', 'PLAN']]],
    ['what a plan has left', 'plans', sql`remaining = 1`, sql`true`, [['plan_remaining', 'PLAN']]],
    [
      "a month's plan segments",
      'monthly_volumes',
      sql`plan_segments = plan_segments - 1`,
      sql`destination = 'mainland'`,
      [
        ['month_plan_segments', month],
        ['month_records', '2026-03 mainland verification'],
      ],
    ],
    [
      "a month's pay-as-you-go segments",
      'monthly_volumes',
      sql`payg_segments = payg_segments + 1`,
      sql`destination = 'mainland'`,
      [
        ['month_payg_segments', month],
        ['month_records', '2026-03 mainland verification'],
      ],
    ],
    [
      'what a month was charged',
      'monthly_volumes',
      sql`charged = 0`,
      sql`country = 'HK'`,
      [['month_charged', '2026-03 international HK verification tariff version 1']],
    ],
    [
      'the segments of an hour',
      'hourly_usage',
      sql`payg_segments = payg_segments + 1`,
      sql`destination = 'mainland'`,
      [['hour_segments', '2026-03-10T04:00Z mainland verification']],
    ],
    [
      'the money of an hour',
      'hourly_usage',
      sql`amount = amount + 1`,
      sql`destination = 'mainland'`,
      [['hours_amount', 'mainland verification']],
    ],
    [
      'a record that was charged and says that it was not',
      'usage_records',
      sql`billing = 'free'`,
      sql`country = 'HK'`,
      [
        ['hour_segments', '2026-03-10T04:00Z international verification'],
        ['month_records', '2026-03 international HK verification'],
        ['period_segments', '2026-03'],
        ['period_segments', '2026-03-10'],
      ],
    ],
    [
      'what counts against the caps of a day',
      'period_use',
      sql`segments = segments - 1, amount = amount + 1`,
      sql`period = '2026-03-10'`,
      [
        ['period_segments', '2026-03-10'],
        ['periods_amount', 'days'],
      ],
    ],
    [
      'a record that moved to another hour of another month',
      'usage_records',
      sql`at = '2026-02-28T15:59:59.999Z'`,
      sql`country = 'HK'`,
      [
        ['hour_segments', '2026-02-28T15:00Z international verification'],
        ['hour_segments', '2026-03-10T04:00Z international verification'],
        ['month_records', '2026-02 international HK verification'],
        ['month_records', '2026-03 international HK verification'],
        ['period_segments', '2026-02'],
        ['period_segments', '2026-02-28'],
        ['period_segments', '2026-03'],
        ['period_segments', '2026-03-10'],
      ],
    ],
  ] as const)('given %s that was changed, then just that is named', async (_, table, change, where, expected) => {
    const [plan] = await account.plans();
    const found = await differencesAfterChange(world, account, { table, change, where });
    expect(found.map(({ figure, subject }) => [figure, subject.replace(plan?.plan_id ?? '', 'PLAN')])).toEqual(
      expected,
    );
  });

  test.each([
    ['a volume', 'monthly_volumes', ['month_charged', 'month_payg_segments', 'month_records']],
    ['an hour', 'hourly_usage', ['hour_segments', 'hours_amount']],
    [
      'a charge',
      'charges',
      ['charge', 'hours_amount', 'month_charged', 'month_payg_segments', 'periods_amount', 'periods_amount'],
    ],
  ])('given %s that is gone, then what it came to is named', async (_, table, figures) => {
    const international = sql`account_id = ${account.id} and destination = 'international'`;
    const found = await differencesAfter(world, (tx) =>
      sql`delete from ${of(table)} where ${international}`.execute(tx),
    );
    expect(found.map(({ figure }) => figure)).toEqual(figures);
  });

  test('given a transfer that is gone, or says another amount, then its charge and its books are named', async () => {
    const ofUsage = sql`account_id = ${account.id} and kind = 'usage'`;
    const gone = await differencesAfter(world, (tx) => sql`delete from transfers where ${ofUsage}`.execute(tx));
    expect(gone.map(({ figure, stored, derived }) => [figure, stored, derived])).toEqual([
      ['charge', 0n, 100n],
      ['plan_remaining', 0n, 100n],
    ]);
    const ofRecharge = sql`account_id = ${account.id} and kind = 'recharge'`;
    const more = await differencesAfter(world, (tx) =>
      sql`update transfers set amount = amount + 1 where ${ofRecharge}`.execute(tx),
    );
    expect(more.map(({ figure, stored, derived }) => [figure, derived - stored])).toEqual([['balance', 1n]]);
  });

  test('given a transfer that nothing explains, then it is named', async () => {
    const forge = (kind: string, unit: string, from: string, to: string) =>
      differencesAfter(world, (tx) =>
        sql`insert into transfers (account_id, transfer_id, key, kind, unit, from_book, to_book, amount, at, month)
          values (${account.id}, gen_random_uuid(), 'charge/none', ${kind}, ${unit}, ${from}, ${to}, 5, ${NOW}, '2026-03')`.execute(
          tx,
        ),
      );
    expect((await forge('payg', 'CNY', 'cash', 'payg')).map(({ figure }) => figure)).toEqual(['balance', 'charge']);
    expect((await forge('usage', 'segment', 'plan:none', 'consumed')).map((d) => [d.figure, d.subject])).toEqual([
      ['charge', 'none'],
      ['plan_remaining', 'none'],
    ]);
    expect((await forge('recharge', 'USD', 'funding', 'cash')).map(({ figure, unit }) => [figure, unit])).toEqual([
      ['foreign_cash', 'USD'],
    ]);
  });

  test('given damage elsewhere, then an account that is looked at alone is right', async () => {
    await world.run(async (tx) => {
      await sql`update accounts set balance = balance + 1 where account_id = ${account.id}`.execute(tx);
      const [other] = await tx.selectFrom('accounts').select('account_id').where('name', '=', 'Other').execute();
      expect(await findDifferences(tx, other?.account_id ?? '')).toEqual([]);
      expect(await findDifferences(tx, account.id)).toHaveLength(1);
      await sql`update accounts set balance = balance - 1 where account_id = ${account.id}`.execute(tx);
    });
  });
});

import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { Bills } from '../support/bills.ts';
import { aReport, at } from '../support/builders.ts';
import { differencesAfter, differencesAfterChange } from '../support/damage.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let account: TestAccount;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  const bills = new Bills(world);
  const other = await bills.openAccount('2026-02-10', { name: 'Other' });
  await other.use(5);
  account = await bills.openAccount('2026-02-10', { name: 'Damaged' });
  await account.recharge('100', 'in');
  await account.grant('sms-100');
  await account.use(101);
  await bills.closeAt(account, '2026-03-02');
  await account.meter([aReport({ segments: 3, destination: 'international', country: 'HK', at: at('2026-02-20') })]);
  await bills.closeAt(account, '2026-04-02');
  await bills.closeAt(other, '2026-04-02');
  await account.use(1);
});

describe('reconcile, bills (rules 6 and 10)', () => {
  test('given bills that nobody touched, with late usage and rounding, then nothing differs', async () => {
    expect(await findDifferences(db.kysely, null)).toEqual([]);
    expect(await findDifferences(db.kysely, account.id)).toEqual([]);
  });

  const ofBill = (month: string) => sql`month = ${month}`;
  const first = 'usage mainland verification plan PLAN';
  const late = 'payg international HK verification version 1 tier 0 at 300000 late';
  test.each<[string, string, ReturnType<typeof sql>, ReturnType<typeof sql>, [string, string][]]>([
    [
      'a closing balance that was raised, with its opening',
      'bills',
      sql`opening = opening + 5, closing = closing + 5`,
      ofBill('2026-02'),
      [
        ['bill_closing', '2026-02'],
        ['bill_opening', '2026-02'],
        ['bill_opening', '2026-03'],
      ],
    ],
    [
      'figures that were exchanged',
      'bills',
      sql`recharges = recharges - 7, purchases = purchases + 7`,
      ofBill('2026-02'),
      [
        ['bill_figure', '2026-02 purchases'],
        ['bill_figure', '2026-02 recharges'],
      ],
    ],
    [
      'the segments of a line',
      'bill_lines',
      sql`segments = segments + 1`,
      sql`kind = 'usage'`,
      [['bill_segments', `2026-02 ${first}`]],
    ],
    [
      'the amount of a line',
      'bill_lines',
      sql`amount = amount - 1`,
      sql`late`,
      [
        ['bill_amount', `2026-03 ${late}`],
        ['bill_figure', '2026-03 payg'],
      ],
    ],
    [
      'a line that is no more late',
      'bill_lines',
      sql`late = false`,
      sql`late`,
      [
        ['bill_amount', `2026-03 ${late}`],
        ['bill_amount', `2026-03 ${late.replace(' late', '')}`],
        ['bill_segments', `2026-03 ${late}`],
        ['bill_segments', `2026-03 ${late.replace(' late', '')}`],
      ],
    ],
    [
      'a transfer that was moved into a closed month',
      'transfers',
      sql`month = '2026-02'`,
      sql`month = '2026-04'`,
      [
        ['bill_closing', '2026-02'],
        ['bill_closing', '2026-03'],
        ['charge', 'CHARGE'],
      ],
    ],
    [
      'a recharge that moved to the next month',
      'transfers',
      sql`month = '2026-03'`,
      sql`kind = 'recharge'`,
      [
        ['bill_amount', '2026-02 recharge'],
        ['bill_amount', '2026-03 recharge'],
        ['bill_closing', '2026-02'],
      ],
    ],
    [
      'a record that is no more late',
      'usage_records',
      sql`late_month = null`,
      sql`late_month is not null`,
      [
        ['late_segments', '2026-03 international HK verification'],
        ['month_records', '2026-02 international HK verification'],
        ['month_records', '2026-03 international HK verification'],
      ],
    ],
  ])('given %s, then just that is named', async (_, table, change, where, expected) => {
    const [plan] = await account.plans();
    const found = await differencesAfterChange(world, account, { table, change, where });
    const named = found.map(({ figure, subject }) => [
      figure,
      figure === 'charge' ? 'CHARGE' : subject.replace(plan?.plan_id ?? '', 'PLAN'),
    ]);
    expect(named.toSorted()).toEqual(expected.toSorted());
  });

  test('given a bill that is gone, then it is missing, and the next one begins nowhere', async () => {
    const found = await differencesAfter(world, async (tx) => {
      await sql`delete from bill_lines where account_id = ${account.id} and month = '2026-02'`.execute(tx);
      await sql`delete from bills where account_id = ${account.id} and month = '2026-02'`.execute(tx);
    });
    expect(found.map(({ figure, subject, stored, derived }) => [figure, subject, stored, derived])).toEqual(
      expect.arrayContaining([
        ['bill', '2026-02', 0n, 1n],
        ['bill_opening', '2026-03', expect.any(BigInt), 0n],
        ['bill_amount', '2026-02 recharge', 0n, 100_000_000n],
      ]),
    );
  });

  test('given a bill of a month that is not over, then it is named', async () => {
    const found = await differencesAfter(world, (tx) =>
      sql`insert into bills select account_id, '2026-07', closing, 0, 0, 0, 0, 0, 0, 0, closing, closed_at, 0 from bills
        where account_id = ${account.id} and month = '2026-03'`.execute(tx),
    );
    expect(found.map(({ figure, subject }) => [figure, subject])).toContainEqual(['bill', '2026-07']);
  });
});

import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { UsageReport } from '../../src/domain/usage.ts';
import { addTariffs } from '../../src/services/catalogue.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer } from '../support/builders.ts';
import { Oracle } from '../support/oracle.ts';
import { documentOf, monthsOf, oracleTariff } from '../support/oracle-tariffs.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cut, HISTORY_START, histories } from '../support/usage-histories.ts';

const { db } = await createTestDatabase();

/** A plan is granted before the batch with this number. One of a month that is granted before the history expires within it. */
interface Grant {
  readonly beforeBatch: number;
  readonly day: number;
  readonly segments: number;
}

interface Case {
  readonly reports: readonly UsageReport[];
  readonly points: readonly number[];
  readonly grants: readonly Grant[];
  readonly mode: 'volume' | 'graduated';
  readonly planUsageCounts: boolean;
  /** Days from the start of the history at which another version of the price list begins. */
  readonly newPricesOn: number | null;
}

const SEGMENTS = [3, 7, 15];

const cases: fc.Arbitrary<Case> = fc.record({
  reports: histories(),
  points: fc.array(fc.nat(80), { maxLength: 6 }),
  grants: fc.array(
    fc.record({
      beforeBatch: fc.nat(3),
      day: fc.integer({ min: -29, max: 12 }),
      segments: fc.constantFrom(...SEGMENTS),
    }),
    { maxLength: 4 },
  ),
  mode: fc.constantFrom('volume', 'graduated'),
  planUsageCounts: fc.boolean(),
  newPricesOn: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 2 }),
});

describe('metering against the oracle (rules 1 to 5, 7 and 8)', () => {
  let world: BillingWorld;

  beforeAll(async () => {
    world = await BillingWorld.on(db);
    await world.run((tx) =>
      insertOffers(
        tx,
        SEGMENTS.map((segments) => anOffer({ id: `small-${segments}`, segments: BigInt(segments), validityMonths: 1 })),
      ),
    );
  });

  async function play(history: Case): Promise<{ account: TestAccount; oracle: Oracle }> {
    const tariffId = `t-${randomUUID()}`;
    const starts = [Temporal.Instant.from('2020-01-01T00:00:00Z')];
    if (history.newPricesOn !== null) starts.push(HISTORY_START.add({ hours: 24 * history.newPricesOn }));
    const tariffs = starts.map((from, index) =>
      oracleTariff(history.mode, history.planUsageCounts, from, 1_000 * index),
    );
    await world.run(async (tx) => {
      for (const [index, tariff] of tariffs.entries()) {
        await insertTariff(tx, documentOf(tariff, tariffId, index + 1), HISTORY_START);
      }
    });
    const account = await world.openAccount({ tariffId });
    await account.recharge('1000');
    const oracle = new Oracle({ timeZone: 'Asia/Shanghai', defaultTemplateType: 'notification', tariffs });

    const batches = cut(history.reports, history.points);
    for (const [number, batch] of batches.entries()) {
      for (const { beforeBatch, day, segments } of history.grants) {
        if (beforeBatch !== number) continue;
        world.clock.set(HISTORY_START.add({ hours: 24 * day }));
        const plan = await account.grant(`small-${segments}`);
        oracle.addPlan({ id: plan.id, segments, from: plan.effectiveAt, until: plan.expiresAt });
      }
      await account.meter(batch);
      for (const report of batch) oracle.report(report, world.clock.now());
    }
    return { account, oracle };
  }

  test('property: whatever is sent, in whatever batches, the account comes to what the oracle says, to the micro-unit', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (history) => {
        const { account, oracle } = await play(history);
        const expected = oracle.result;
        const { money } = await account.read();
        expect(money.balance).toBe(1_000_000_000n - BigInt(expected.micro));
        const plans = await account.plans();
        expect(new Map(plans.map((plan) => [plan.plan_id, Number(plan.remaining)]))).toEqual(expected.left);
        expect(await monthsOf(db, account.id)).toEqual(expected.months);
        expect(await recordsOf(account)).toEqual({ records: expected.records, unpriced: expected.unpriced });
        await expectBooksRight(db, account.id);
        expect(await findDifferences(db.kysely, account.id)).toEqual([]);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test('property, rule 5: whenever a price comes for what had none, and whatever comes after it, the account comes to what the oracle says', async () => {
    const lateCases = fc.record({
      reports: histories(),
      points: fc.array(fc.nat(80), { maxLength: 4 }),
      importedBefore: fc.nat(4),
      pricedFrom: fc.integer({ min: -3, max: 13 }),
      mode: fc.constantFrom('volume', 'graduated'),
    });
    await fc.assert(
      fc.asyncProperty(lateCases, async ({ reports, points, importedBefore, pricedFrom, mode }) => {
        world.clock.set(HISTORY_START.add({ hours: 24 * 14 }));
        const tariffId = `t-${randomUUID()}`;
        const first = oracleTariff(mode, false, Temporal.Instant.from('2020-01-01T00:00:00Z'), 0);
        const later = oracleTariff(mode, false, HISTORY_START.add({ hours: 24 * pricedFrom }), 1_000);
        later.international.XX = 700_000;
        await world.run((tx) => addTariffs(world.context, tx, [documentOf(first, tariffId, 1)]));
        const account = await world.openAccount({ tariffId });
        await account.recharge('1000');
        const oracle = new Oracle({ timeZone: 'Asia/Shanghai', defaultTemplateType: 'notification', tariffs: [first] });
        const settle = async () => {
          while (await account.review());
          oracle.priceWaiting(world.clock.now());
        };
        await settle();

        const batches = cut(reports, points);
        for (let number = 0; number <= Math.max(batches.length, importedBefore); number += 1) {
          if (number === importedBefore) {
            await world.run((tx) => addTariffs(world.context, tx, [documentOf(later, tariffId, 2)]));
            oracle.addTariff(later);
            await settle();
          }
          const batch = batches[number] ?? [];
          await account.meter(batch);
          for (const report of batch) oracle.report(report);
          await settle();
        }

        const expected = oracle.result;
        expect(expected.unpriced).toBe(0);
        expect(await recordsOf(account)).toEqual({ records: expected.records, unpriced: 0 });
        expect(await monthsOf(db, account.id)).toEqual(expected.months);
        const { money } = await account.read();
        expect(money.balance).toBe(1_000_000_000n - BigInt(expected.micro));
        await expectBooksRight(db, account.id);
        expect(await findDifferences(db.kysely, account.id)).toEqual([]);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  test('property, rule 1: the outcome of a batch counts what the oracle counts', async () => {
    await fc.assert(
      fc.asyncProperty(histories(), async (reports) => {
        const tariff = oracleTariff('volume', false, Temporal.Instant.from('2020-01-01T00:00:00Z'), 0);
        const oracle = new Oracle({
          timeZone: 'Asia/Shanghai',
          defaultTemplateType: 'notification',
          tariffs: [tariff],
        });
        for (const report of reports) oracle.report(report);
        const account = await world.openAccount();
        const outcome = await account.meter(reports);
        const { duplicates, conflicts, records, unpriced } = oracle.result;
        expect(outcome.duplicates).toBe(duplicates);
        expect(outcome.conflicts).toHaveLength(conflicts);
        expect(outcome.accepted).toBe(records);
        expect(outcome.unpriced).toBe(unpriced);
        expect(outcome.reports.filter((what) => what === 'conflict')).toHaveLength(conflicts);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});

async function recordsOf(account: TestAccount): Promise<{ records: number; unpriced: number }> {
  const { rows } = await sql<{ records: bigint; unpriced: bigint }>`
    select count(*) as records, count(*) filter (where billing = 'unpriced') as unpriced
    from usage_records where account_id = ${account.id}`.execute(db.kysely);
  return { records: Number(rows[0]?.records), unpriced: Number(rows[0]?.unpriced) };
}

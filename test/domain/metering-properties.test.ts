import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import type { Tariff } from '../../src/domain/tariff.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { aPlan, at } from '../support/builders.ts';
import { MeteringState } from '../support/metering-state.ts';
import {
  cut,
  HISTORY_START,
  histories,
  messages,
  plans,
  shuffled,
  smallTariff,
  tariffs,
} from '../support/usage-histories.ts';

const RUNS = { numRuns: 250 };
const points = fc.array(fc.nat(60), { maxLength: 8 });
const keys = fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 });

function stateOf(tariffList: readonly Tariff[], planList: readonly Plan[] = []): MeteringState {
  return new MeteringState({
    timeZone: 'Asia/Shanghai',
    defaultTemplateType: 'notification',
    tariffs: tariffList,
    plans: planList,
  });
}

function metered(state: MeteringState, batches: readonly (readonly UsageReport[])[]): MeteringState {
  for (const batch of batches) state.meter(batch);
  return state;
}

describe('metering, properties', () => {
  test('property: however the same reports in the same order are cut into batches, the result is the same', () => {
    fc.assert(
      fc.property(histories(), plans, tariffs(), points, (reports, planList, tariffList, at) => {
        const whole = metered(stateOf(tariffList, planList), [reports]);
        const inBatches = metered(stateOf(tariffList, planList), cut(reports, at));
        const oneByOne = metered(
          stateOf(tariffList, planList),
          reports.map((report) => [report]),
        );
        expect(inBatches.snapshot()).toEqual(whole.snapshot());
        expect(oneByOne.snapshot()).toEqual(whole.snapshot());
      }),
      RUNS,
    );
  });

  test('property, rule 1: everything that was accepted, sent once more, changes nothing', () => {
    fc.assert(
      fc.property(histories(), plans, tariffs(), points, (reports, planList, tariffList, at) => {
        const state = metered(stateOf(tariffList, planList), [reports]);
        const { conflicts: _, duplicates: __, ...before } = state.snapshot() as Record<string, unknown>;
        const seen = state.duplicates + state.conflicts.length;
        for (const batch of cut(reports, at)) {
          const again = state.meter(batch);
          expect(again).toMatchObject({ created: [], progressed: [], charges: [], volumes: [], hours: [] });
          expect(again.consumed.size).toBe(0);
        }
        expect(state.snapshot()).toMatchObject(before);
        expect(state.duplicates + state.conflicts.length).toBe(seen + reports.length);
      }),
      RUNS,
    );
  });

  test('property, rule 1: a conflict is never billed', () => {
    fc.assert(
      fc.property(histories(), plans, tariffs(), (reports, planList, tariffList) => {
        const state = stateOf(tariffList, planList);
        const accepted: UsageReport[] = [];
        for (const report of reports) {
          const { conflicts } = state.meter([report]);
          if (conflicts.length === 0) accepted.push(report);
        }
        const without = metered(stateOf(tariffList, planList), [accepted]);
        expect({ ...without.snapshot(), conflicts: [] }).toEqual({ ...state.snapshot(), conflicts: [] });
      }),
      RUNS,
    );
  });

  test('property, rules 2, 3 and 4: each segment is billed once, to a plan that may cover it or as pay-as-you-go, and all sums agree', () => {
    fc.assert(
      fc.property(histories(), plans, tariffs(), points, (reports, planList, tariffList, at) => {
        const state = metered(stateOf(tariffList, planList), cut(reports, at));
        const charged = [...state.records.values()].filter((record) => record.billing === 'charged');
        const billed = charged.reduce((sum, record) => sum + BigInt(record.segments), 0n);
        const { plan, payg } = state.segments;
        expect(plan + payg).toBe(billed);

        const consumed = planList.reduce(
          (sum, { id, remaining }) => sum + remaining - (state.remaining.get(id) ?? 0n),
          0n,
        );
        expect(consumed).toBe(plan);
        for (const left of state.remaining.values()) expect(left >= 0n).toBe(true);

        const sums = { plan: 0n, payg: 0n, money: 0n };
        for (const charge of state.charges) {
          if (charge.kind === 'plan') {
            expect(charge.destination).toBe('mainland');
            sums.plan += charge.segments;
          } else {
            sums.payg += charge.segments;
            sums.money += charge.amount;
          }
        }
        const ofVolumes = [...state.volumes.values()].reduce((sum, volume) => sum + volume.charged, 0n);
        const ofHours = [...state.hours.values()].reduce((sum, hour) => sum + hour.amount, 0n);
        expect(sums).toEqual({ plan, payg, money: ofVolumes });
        expect(ofHours).toBe(ofVolumes);

        for (const record of state.records.values()) {
          const isFree = record.destination === 'mainland' && record.status !== 'delivered';
          const priced = tariffList.findLast(
            ({ effectiveFrom }, index) => index === 0 || Temporal.Instant.compare(effectiveFrom, record.at) <= 0,
          );
          const isUnpriced = record.country !== null && priced?.international[record.country] === undefined;
          expect(record.billing).toBe(isFree ? 'free' : isUnpriced ? 'unpriced' : 'charged');
        }
      }),
      RUNS,
    );
  });

  test('property, rule 3: a plan never covers more than was sent to the mainland while it was effective', () => {
    fc.assert(
      fc.property(histories(), plans, tariffs(), (reports, planList, tariffList) => {
        const state = metered(stateOf(tariffList, planList), [reports]);
        for (const plan of planList) {
          let coverable = 0n;
          for (const record of state.records.values()) {
            const isInTime =
              Temporal.Instant.compare(plan.effectiveAt, record.at) <= 0 &&
              Temporal.Instant.compare(record.at, plan.expiresAt) < 0;
            if (record.destination === 'mainland' && record.status === 'delivered' && isInTime) {
              coverable += BigInt(record.segments);
            }
          }
          const taken = plan.remaining - (state.remaining.get(plan.id) ?? 0n);
          expect(taken <= coverable).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test('property: another order bills the same segments', () => {
    fc.assert(
      fc.property(messages(), plans, tariffs(), keys, (reports, planList, tariffList, order) => {
        const one = metered(stateOf(tariffList, planList), [reports]);
        const other = metered(stateOf(tariffList, planList), [shuffled(reports, order)]);
        expect(other.segments.plan + other.segments.payg).toBe(one.segments.plan + one.segments.payg);
        const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
        expect([...other.records.values()].toSorted(byId)).toEqual([...one.records.values()].toSorted(byId));
      }),
      RUNS,
    );
  });

  test('property, rule 2: the order of a message’s own reports changes nothing', () => {
    fc.assert(
      fc.property(messages(), plans, tariffs(), fc.array(fc.boolean()), (reports, planList, tariffList, early) => {
        const one = metered(stateOf(tariffList, planList), [reports]);
        const submittedToo = reports.flatMap((report, index) => {
          const submitted = { ...report, status: 'submitted' as const };
          return early[index] ? [submitted, report] : [report, submitted];
        });
        const other = metered(stateOf(tariffList, planList), [submittedToo]);
        expect(other.money).toBe(one.money);
        expect(other.remaining).toEqual(one.remaining);
      }),
      RUNS,
    );
  });

  test('property, rule 4, volume: without quota another order costs the same, over months, kinds and tariff versions', () => {
    fc.assert(
      fc.property(messages(), tariffs(['volume']), keys, points, (reports, tariffList, order, at) => {
        const one = metered(stateOf(tariffList), [reports]);
        const other = metered(stateOf(tariffList), cut(shuffled(reports, order), at));
        expect(other.money).toBe(one.money);
      }),
      RUNS,
    );
  });

  test('property, rule 4, graduated: without quota another order costs the same within one tariff version', () => {
    fc.assert(
      fc.property(messages(), keys, points, (reports, order, at) => {
        const list = [smallTariff({ mode: 'graduated' })];
        const one = metered(stateOf(list), [reports]);
        const other = metered(stateOf(list), cut(shuffled(reports, order), at));
        expect(other.money).toBe(one.money);
      }),
      RUNS,
    );
  });

  test('property, rules 3 and 4: where only records of one price compete for quota, another order costs the same', () => {
    const oneKind = messages({ international: false, templateTypes: ['verification'] }).map((reports) =>
      reports.map((report) => ({ ...report, at: at('2026-01-05T10:00') })),
    );
    const quota = fc
      .bigInt({ min: 1n, max: 30n })
      .map((remaining) => [aPlan({ id: 'p', remaining, effectiveAt: HISTORY_START, expiresAt: at('2027-01-01') })]);
    fc.assert(
      fc.property(oneKind, quota, tariffs(), keys, points, (reports, planList, tariffList, order, at) => {
        const one = metered(stateOf(tariffList, planList), [reports]);
        const other = metered(stateOf(tariffList, planList), cut(shuffled(reports, order), at));
        expect(other.money).toBe(one.money);
        expect(other.remaining).toEqual(one.remaining);
      }),
      RUNS,
    );
  });

  test('property, rule 4, volume: each month has cost its volume times the price of the tier reached', () => {
    fc.assert(
      fc.property(histories(), plans, fc.boolean(), points, (reports, planList, planUsageCounts, at) => {
        const tariff = smallTariff({ planUsageCounts });
        const state = metered(stateOf([tariff], planList), cut(reports, at));
        for (const volume of state.volumes.values()) {
          if (volume.destination !== 'mainland') continue;
          const reached = volume.paygSegments + (planUsageCounts ? volume.planSegments : 0n);
          const steps = tariff.mainland[volume.templateType];
          const price = steps.find((tier) => tier.upTo === null || reached <= tier.upTo)?.price ?? 0n;
          expect(volume.charged).toBe(volume.paygSegments * price);
        }
      }),
      RUNS,
    );
  });

  test('property, rule 5: each message abroad costs its country’s price, whatever its status', () => {
    fc.assert(
      fc.property(histories(), (reports) => {
        const state = metered(stateOf([smallTariff()]), [reports]);
        for (const volume of state.volumes.values()) {
          if (volume.destination !== 'international') continue;
          expect(volume.charged).toBe(volume.paygSegments * (volume.country === 'HK' ? 300_000n : 50_000n));
        }
      }),
      RUNS,
    );
  });
});

test('the generated histories reach what they are for', () => {
  const seen = { progressed: 0, conflicts: 0, duplicates: 0, corrections: 0, plans: 0, months: new Set<string>() };
  const property = fc.property(histories(), plans, tariffs(), (reports, planList, tariffList) => {
    const state = stateOf(tariffList, planList);
    for (const report of reports) seen.progressed += state.meter([report]).progressed.length;
    seen.conflicts += state.conflicts.length;
    seen.duplicates += state.duplicates;
    seen.corrections += state.charges.filter((charge) => charge.kind === 'correction').length;
    seen.plans += state.charges.filter((charge) => charge.kind === 'plan').length;
    for (const volume of state.volumes.values()) seen.months.add(volume.month);
  });
  fc.assert(property, { numRuns: 200, seed: 1 });
  for (const count of [seen.progressed, seen.conflicts, seen.duplicates, seen.corrections, seen.plans]) {
    expect(count).toBeGreaterThan(50);
  }
  expect([...seen.months].toSorted()).toEqual(['2025-12', '2026-01']);
});

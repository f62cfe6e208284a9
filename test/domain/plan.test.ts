import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activePlans, consumptionOrder, coversTime, expiryOf, quotaOf, renewalPrice } from '../../src/domain/plan.ts';
import { anOffer, aPlan, at, NOW, yuan } from '../support/builders.ts';

const NANOSECOND = { nanoseconds: 1 };

describe('coversTime (rule 3)', () => {
  const plan = aPlan({ effectiveAt: at('2026-03-01'), expiresAt: at('2026-04-01') });

  test.each([
    ['a moment before it was bought', plan.effectiveAt.subtract(NANOSECOND), false],
    ['the moment in which it was bought', plan.effectiveAt, true],
    ['the last moment before it expires', plan.expiresAt.subtract(NANOSECOND), true],
    ['the moment in which it expires', plan.expiresAt, false],
  ])('given a message of %s (%s), then it is covered: %s', (_, moment, covered) => {
    expect(coversTime(plan, moment)).toBe(covered);
  });
});

describe('consumptionOrder (rule 3)', () => {
  test('given several plans, then the one that expires first goes first, then the older one, then the id', () => {
    const late = aPlan({ id: 'late', effectiveAt: at('2026-01-01'), expiresAt: at('2026-12-01') });
    const early = aPlan({ id: 'early', effectiveAt: at('2026-02-01'), expiresAt: at('2026-06-01') });
    const older = aPlan({ id: 'older', effectiveAt: at('2026-01-15'), expiresAt: at('2026-06-01') });
    const twin = aPlan({ id: 'a-twin', effectiveAt: at('2026-02-01'), expiresAt: at('2026-06-01') });
    const order = [late, early, older, twin].toSorted(consumptionOrder).map((plan) => plan.id);
    expect(order).toEqual(['older', 'a-twin', 'early', 'late']);
  });

  test('property, rule 3: the order does not depend on how the plans were listed', () => {
    const day = fc.integer({ min: 0, max: 3 });
    const plans = fc.uniqueArray(fc.tuple(day, day, fc.uuid()), { selector: ([, , id]) => id, maxLength: 8 });
    fc.assert(
      fc.property(plans, fc.infiniteStream(fc.nat()), (drawn, random) => {
        const list = drawn.map(([from, to, id]) =>
          aPlan({
            id,
            effectiveAt: NOW.add({ hours: 24 * from }),
            expiresAt: NOW.add({ hours: 24 * (to + 10) }),
          }),
        );
        const shuffled = list
          .map((plan) => ({ plan, key: random.next().value }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ plan }) => plan);
        expect(shuffled.toSorted(consumptionOrder)).toEqual(list.toSorted(consumptionOrder));
      }),
    );
  });
});

describe('quotaOf', () => {
  test('given plans that are used up, not yet effective, expired and active, then only the active ones count', () => {
    const active = aPlan({ remaining: 300n, total: 1_000n });
    const other = aPlan({ remaining: 7n });
    const plans = [
      active,
      other,
      aPlan({ remaining: 0n, total: 10n }),
      aPlan({ effectiveAt: NOW.add(NANOSECOND) }),
      aPlan({ expiresAt: NOW }),
    ];
    expect(activePlans(plans, NOW)).toEqual([active, other]);
    expect(quotaOf(plans, NOW)).toBe(307n);
  });

  test('given no plan, then the quota is zero', () => {
    expect(quotaOf([], NOW)).toBe(0n);
  });
});

describe('renewalPrice (rule 15)', () => {
  test.each([
    [0, '170', '170'],
    [500, '170', '161.5'],
    [10_000, '170', '0'],
    [333, '1677', '1621.16'],
    // 0.25 × 0.9 = 0.225: the half goes to the even fen.
    [1_000, '0.25', '0.22'],
    [1_000, '0.35', '0.32'],
  ])('given a discount of %s hundredths of a per cent on %s, then a renewal costs %s', (discount, price, renewed) => {
    expect(renewalPrice(anOffer({ price: yuan(price), renewalDiscountBp: discount }))).toBe(yuan(renewed));
  });
});

describe('expiryOf', () => {
  test.each([
    ['2026-03-10T12:00', 12, '2027-03-10T12:00'],
    ['2026-01-31T08:00', 1, '2026-02-28T08:00'],
    ['2027-11-30T08:00', 3, '2028-02-29T08:00'],
    ['2026-12-31T23:30', 6, '2027-06-30T23:30'],
  ])('given a plan bought on %s for %s months, then it expires on %s', (bought, validityMonths, expires) => {
    expect(expiryOf({ validityMonths }, at(bought), 'Asia/Shanghai')).toEqual(at(expires));
  });

  test('given a zone with summer time, then the plan expires at the same time of day', () => {
    const bought = Temporal.Instant.from('2026-01-15T09:00:00+01:00');
    expect(expiryOf({ validityMonths: 6 }, bought, 'Europe/Berlin').toString()).toBe('2026-07-15T07:00:00Z');
  });
});

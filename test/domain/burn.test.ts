import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BurnHistory,
  burnOf,
  burnWindow,
  NOTHING_USED,
  PART,
  segmentsPerDay,
  type UsageSum,
} from '../../src/domain/burn.ts';
import { at, NOW, yuan } from '../support/builders.ts';

const ZONE = 'Asia/Shanghai';
const LONG_AGO = at('2025-01-01');

function used(verification: bigint, rest: Partial<UsageSum> = {}): UsageSum {
  return { ...NOTHING_USED, mainland: { ...NOTHING_USED.mainland, verification }, ...rest };
}

function history(overrides: Partial<BurnHistory> = {}): BurnHistory {
  return {
    lastDays: NOTHING_USED,
    byWeekday: Array.from({ length: 7 }, () => NOTHING_USED),
    firstUsedAt: LONG_AGO,
    ...overrides,
  };
}

function needs(of: BurnHistory, now = NOW, zone = ZONE): bigint[] {
  return burnOf(of, now, zone).days.map((day) => day.mainland.verification / PART);
}

describe('burn', () => {
  test('given four whole weeks, then the last week is spread over the days of the week as they were', () => {
    // NOW is a Tuesday: 40 on Tuesdays, 80 on each other weekday, 0 at the weekend, over four weeks.
    const byWeekday = [40n, 80n, 80n, 80n, 0n, 0n, 80n].map((segments) => used(segments));
    const of = history({ lastDays: used(180n), byWeekday });
    expect(burnOf(of, NOW, ZONE).basis).toBe('weekday');
    expect(needs(of)).toEqual([20n, 40n, 40n, 40n, 0n, 0n, 40n]);
    expect(segmentsPerDay(burnOf(of, NOW, ZONE))).toBe(25n);
  });

  test('given the account is younger than four weeks and the rest of a day, then all days are alike', () => {
    const byWeekday = [40n, 80n, 80n, 80n, 0n, 0n, 80n].map((segments) => used(segments));
    const lastDays = used(140n);
    const youngest = at('2026-02-10T00:00');
    expect(burnOf(history({ lastDays, byWeekday, firstUsedAt: youngest }), NOW, ZONE).basis).toBe('weekday');
    const younger = history({ lastDays, byWeekday, firstUsedAt: youngest.add({ hours: 1 }) });
    expect(burnOf(younger, NOW, ZONE).basis).toBe('average');
    expect(needs(younger)).toEqual([20n, 20n, 20n, 20n, 20n, 20n, 20n]);
  });

  test('given a history of hours, then it counts as a day; given one of two days, then as two', () => {
    const since = (hours: number) => history({ lastDays: used(100n), firstUsedAt: NOW.subtract({ hours }) });
    expect(segmentsPerDay(burnOf(since(2), NOW, ZONE))).toBe(100n);
    expect(segmentsPerDay(burnOf(since(48), NOW, ZONE))).toBe(50n);
    expect(segmentsPerDay(burnOf(since(24 * 20), NOW, ZONE))).toBe(14n);
  });

  test('given less than one segment a day, then it is not nothing', () => {
    expect(segmentsPerDay(burnOf(history({ lastDays: used(3n) }), NOW, ZONE))).toBe(1n);
    expect(segmentsPerDay(burnOf(history(), NOW, ZONE))).toBe(0n);
  });

  test('given nothing in the four weeks but something since, then it is spread evenly', () => {
    expect(needs(history({ lastDays: used(70n) }))).toEqual([10n, 10n, 10n, 10n, 10n, 10n, 10n]);
  });

  test('given any history, then a week of it uses what the last seven days used, less what dividing loses', () => {
    const amounts = fc.array(fc.bigInt(0n, 1_000_000n), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(amounts, fc.bigInt(0n, 10_000_000n), fc.bigInt(0n, 10n ** 12n), (weekdays, last, cost) => {
        const byWeekday = weekdays.map((segments) => used(segments, { internationalCost: segments * 7n }));
        const burn = burnOf(history({ lastDays: used(last, { internationalCost: cost }), byWeekday }), NOW, ZONE);
        const week = burn.days.reduce((sum, day) => sum + day.mainland.verification, 0n);
        expect(week).toBeLessThanOrEqual(last * PART);
        expect(week).toBeGreaterThan(last * PART - 7n);
        const costs = burn.days.reduce((sum, day) => sum + day.internationalCost, 0n);
        expect(costs).toBeLessThanOrEqual(cost);
        expect(costs).toBeGreaterThan(cost - 7n);
      }),
    );
  });

  test('given a change of the clocks, then days are those of the calendar', () => {
    // In Berlin 2026-03-29 has 23 hours.
    const now = Temporal.Instant.from('2026-04-02T10:00:00Z');
    const { midnights, since } = burnWindow(now, 'Europe/Berlin');
    expect(midnights).toHaveLength(29);
    expect(midnights.at(-1)).toEqual(Temporal.Instant.from('2026-04-01T22:00:00Z'));
    expect(
      midnights
        .at(-5)
        ?.until(midnights.at(-4) ?? now)
        .total('hours'),
    ).toBe(23);
    expect(since).toEqual(Temporal.Instant.from('2026-03-26T11:00:00Z'));
  });

  test('given international messages, then their cost has days of the week too', () => {
    const byWeekday = [1n, 0n, 0n, 0n, 0n, 0n, 3n].map((share) => used(0n, { internationalCost: share * yuan('1') }));
    const burn = burnOf(history({ lastDays: used(0n, { internationalCost: yuan('8') }), byWeekday }), NOW, ZONE);
    expect(burn.days.map((day) => day.internationalCost)).toEqual([yuan('2'), 0n, 0n, 0n, 0n, 0n, yuan('6')]);
  });
});

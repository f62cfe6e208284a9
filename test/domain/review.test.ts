import { describe, expect, test } from 'vitest';
import type { Forecast } from '../../src/domain/forecast.ts';
import type { OpenRenewal } from '../../src/domain/renewal.ts';
import { expiredPlans, forfeitedAt, nextReview } from '../../src/domain/review.ts';
import { anAlertInput, aPlan, CLEAR, NOW, noSpike, QUIET, yuan } from '../support/builders.ts';

const BUSY: Forecast = { ...QUIET, segmentsPerDay: 100n, quotaDays: 50, paygPerDay: yuan('4'), runwayDays: 30 };

function failed(nextAttemptAt: Temporal.Instant | null): OpenRenewal {
  return { id: 'r', trigger: 'threshold', state: 'failed', reason: null, attemptedAt: NOW, nextAttemptAt };
}

describe('when an account is looked at next', () => {
  test('given an idle account, then in a day; given a busy one, then in an hour', () => {
    expect(nextReview(anAlertInput(), null).at).toEqual(NOW.add({ hours: 24 }));
    expect(nextReview(anAlertInput({ forecast: BUSY }), null).at).toEqual(NOW.add({ hours: 1 }));
    expect(nextReview(anAlertInput({ forecast: { ...QUIET, paygPerDay: 1n } }), null).at).toEqual(
      NOW.add({ hours: 1 }),
    );
  });

  test('rule 15: given a plan that expires sooner, then in the moment in which it expires', () => {
    const plans = [aPlan({ expiresAt: NOW.add({ minutes: 30 }) }), aPlan()];
    expect(nextReview(anAlertInput({ plans }), null).at).toEqual(NOW.add({ minutes: 30 }));
  });

  test.each([30, 10, 3, 1])('rule 20: given a plan of which %s days are told, then in that moment', (days) => {
    const plans = [aPlan({ expiresAt: NOW.add({ hours: 24 * days, minutes: 7 }) }), aPlan()];
    expect(nextReview(anAlertInput({ plans }), null).at).toEqual(NOW.add({ minutes: 7 }));
  });

  test('rule 12: given the last plan, then ten days before it expires', () => {
    const plans = [aPlan({ expiresAt: NOW.add({ hours: 240, minutes: 7 }) })];
    expect(nextReview(anAlertInput({ plans }), null).at).toEqual(NOW.add({ minutes: 7 }));
  });

  test('rule 14: given a renewal that is tried again, then at its next attempt; one that waits for a decision has none', () => {
    const attempt = NOW.add({ minutes: 5 });
    expect(nextReview(anAlertInput(), failed(attempt)).at).toEqual(attempt);
    expect(nextReview(anAlertInput(), failed(null)).at).toEqual(NOW.add({ hours: 24 }));
  });

  test('rule 9: given an overdue account with a grace, then when the grace ends', () => {
    const money = { ...CLEAR, balance: -1n, overdueSince: NOW.subtract({ hours: 1 }), overdueGraceHours: 2 };
    expect(nextReview(anAlertInput({ money }), null).at).toEqual(NOW.add({ hours: 1 }));
  });

  test('given moments that are over, or now, then the next one is later than now', () => {
    const money = { ...CLEAR, balance: -1n, overdueSince: NOW, overdueGraceHours: 0 };
    const plans = [aPlan({ expiresAt: NOW.add({ hours: 240 }) })];
    expect(nextReview(anAlertInput({ money, plans }), failed(NOW)).at).toEqual(NOW.add({ hours: 24 }));
  });
});

describe('watermarks', () => {
  test.each([
    [5_000n, 1_000n, 1_000n],
    [1_001n, 1_000n, 1_000n],
    [1_000n, 1_000n, 500n],
    [501n, 1_000n, 500n],
    [500n, 1_000n, 0n],
    [1n, 1_000n, 0n],
    [0n, 1_000n, null],
    [5n, 0n, 0n],
    [1n, 1n, 0n],
    [2n, 1n, 1n],
  ])(
    'rule 19: given %s segments left and a threshold of %s, then the next level below is %s',
    (remaining, threshold, mark) => {
      const plans = [aPlan({ total: 10_000n, remaining })];
      expect(nextReview(anAlertInput({ plans, threshold, forecast: BUSY }), null).quotaWatermark).toBe(mark);
    },
  );

  test.each([
    ['plenty', '100', yuan('50')],
    ['enough for more than three days', '23.99', yuan('12')],
    ['exactly three days', '12', yuan('12')],
    ['less than three days', '11.99', 0n],
    ['nothing', '0', 0n],
    ['a debt', '-0.01', null],
  ])('rule 20: given %s, then available of %s is watched below %s', (_, balance, mark) => {
    const money = { ...CLEAR, balance: yuan(balance) };
    expect(nextReview(anAlertInput({ money, forecast: BUSY }), null).availableWatermark).toBe(mark);
  });

  test.each([
    ['above both', '100', '50', yuan('50')],
    ['above both, and half of it comes first', '100', '40', yuan('50')],
    ['above both, and the days begin first', '20', '5', yuan('12')],
    ['exactly the amount', '50', '50', yuan('50')],
    ['below the amount', '49.98', '50', yuan('24.99')],
    ['below both', '4', '5', 0n],
  ])(
    'rule 20: given %s, with %s available and an amount of %s, then the next level below is watched: %s',
    (_, balance, below, mark) => {
      const money = { ...CLEAR, balance: yuan(balance) };
      const balanceAlert = { below: yuan(below), setAt: NOW };
      expect(nextReview(anAlertInput({ money, balanceAlert, forecast: BUSY }), null).availableWatermark).toBe(mark);
    },
  );

  test('rule 20: given an idle account, then the first use of it makes it due, because its burn is not known yet', () => {
    const plans = [aPlan({ total: 10_000n, remaining: 5_000n })];
    expect(nextReview(anAlertInput({ plans }), null)).toMatchObject({
      quotaWatermark: 4_999n,
      availableWatermark: yuan('100'),
    });
    const overdue = { ...CLEAR, balance: -1n, overdueSince: NOW };
    expect(nextReview(anAlertInput({ plans: [], money: overdue }), null)).toMatchObject({
      quotaWatermark: null,
      availableWatermark: null,
    });
  });
});

test('rule 15: given plans, then those are over whose time has come, in that very moment', () => {
  const over = aPlan({ expiresAt: NOW });
  const plans = [over, aPlan({ expiresAt: NOW.add({ nanoseconds: 1 }) })];
  expect(expiredPlans(plans, NOW)).toEqual([over]);
  expect(forfeitedAt(over, Temporal.Duration.from({ hours: 24 }))).toEqual(NOW.add({ hours: 24 }));
});

describe('spikes and the next look (rule 20)', () => {
  const firstUsedAt = NOW.subtract({ hours: 24 * 30 });

  test('given an account in use, then each of the hours around now has a level that makes it due', () => {
    const spike = { ...noSpike(NOW), firstUsedAt };
    const { hourWatermarks } = nextReview(anAlertInput({ forecast: BUSY, spike }), null);
    expect(hourWatermarks.map(({ hour }) => hour.toString())).toEqual([
      '2026-03-10T03:00:00Z',
      '2026-03-10T04:00:00Z',
      '2026-03-10T05:00:00Z',
    ]);
    expect(hourWatermarks.map(({ above }) => above)).toEqual(
      Array.from({ length: 3 }, () => ({ mainland: 500n, international: 100n })),
    );
  });

  test('given a spike was told, then it is looked at after the hour, and no more usage of its kind makes the account due', () => {
    const open = [
      { id: 'a', kind: 'spending_spike' as const, subject: 'mainland', level: 1, openedAt: NOW, levelSince: NOW },
    ];
    const late = NOW.add({ minutes: 30 });
    const next = nextReview(
      anAlertInput({ now: late, forecast: BUSY, spike: { ...noSpike(late), firstUsedAt }, open }),
      null,
    );
    expect(next.at).toEqual(NOW.add({ minutes: 65 }));
    expect(next.hourWatermarks[0]?.above).toEqual({ mainland: null, international: 100n });
  });

  test('given an account that is too young to say what is usual, then it has no such level', () => {
    expect(nextReview(anAlertInput({ spike: { ...noSpike(NOW), firstUsedAt: NOW } }), null).hourWatermarks).toEqual([]);
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Burn, type DayBurn, PART } from '../../src/domain/burn.ts';
import { type ForecastInput, forecast, HORIZON_DAYS, quotaByDay } from '../../src/domain/forecast.ts';
import type { TemplateType } from '../../src/domain/usage.ts';
import { aPlan, aTariff, at, NOW, yuan } from '../support/builders.ts';

const NOTHING = { verification: 0n, notification: 0n, promotion: 0n };
const PLAN_END = at('2030-01-01');

/** A burn of so much a day; `weekdays` are factors for the days from today on. */
function burn(
  mainland: Partial<Record<TemplateType, bigint>>,
  { international = '0', weekdays }: { international?: string; weekdays?: readonly bigint[] } = {},
): Burn {
  const day = (factor: bigint): DayBurn => ({
    mainland: {
      verification: (mainland.verification ?? 0n) * PART * factor,
      notification: (mainland.notification ?? 0n) * PART * factor,
      promotion: (mainland.promotion ?? 0n) * PART * factor,
    },
    internationalCost: yuan(international) * factor,
  });
  return {
    basis: weekdays ? 'weekday' : 'average',
    days: (weekdays ?? [1n, 1n, 1n, 1n, 1n, 1n, 1n]).map(day),
    average: day(1n),
    perHour: { mainland: 0n, international: 0n },
  };
}

function forecastOf(input: {
  burn?: Burn;
  mainland?: Partial<Record<TemplateType, bigint>>;
  international?: string;
  quota?: bigint;
  plans?: ForecastInput['plans'];
  available?: string;
  tierVolumes?: Partial<typeof NOTHING>;
  now?: Temporal.Instant;
  timeZone?: string;
}) {
  return forecast(inputOf(input));
}

function inputOf(input: Parameters<typeof forecastOf>[0]): ForecastInput {
  const quota = input.quota ?? 0n;
  return {
    now: input.now ?? NOW,
    timeZone: input.timeZone ?? 'Asia/Shanghai',
    burn: input.burn ?? burn(input.mainland ?? {}, { international: input.international ?? '0' }),
    plans: input.plans ?? (quota === 0n ? [] : [aPlan({ remaining: quota, expiresAt: PLAN_END })]),
    available: yuan(input.available ?? '0'),
    tariff: aTariff(),
    tierVolumes: { ...NOTHING, ...input.tierVolumes },
  };
}

describe('forecast', () => {
  test('given a day without a midnight, then a plan that ends at a later midnight ends there', () => {
    // Clocks in Cairo go from midnight to one o'clock on this day.
    const cairo = (time: string) => Temporal.ZonedDateTime.from(`${time}[Africa/Cairo]`).toInstant();
    const end = cairo('2026-04-28T00:00');
    const told = forecastOf({
      ...{ now: cairo('2026-04-24T12:00'), timeZone: 'Africa/Cairo' },
      mainland: { verification: 10n },
      plans: [aPlan({ remaining: 10_000n, expiresAt: end })],
    });
    expect(told.quotaEndsBy).toBe('expiry');
    expect(told.quotaEndsAt).toEqual(end);
    // 11 of 23 hours have passed.
    expect(told.quotaDays).toBe(3.5);
  });

  test('given nothing was used, then there is no end in sight', () => {
    expect(forecastOf({ quota: 500n, available: '10' })).toEqual({
      segmentsPerDay: 0n,
      quotaDays: null,
      quotaEndsAt: null,
      quotaEndsBy: null,
      paygPerDay: 0n,
      runwayDays: null,
      overdueAt: null,
      basis: 'average',
    });
  });

  test('given 40 segments a day and 500 left, then the quota lasts 12.5 days', () => {
    expect(forecastOf({ mainland: { verification: 30n, promotion: 10n }, quota: 500n })).toMatchObject({
      segmentsPerDay: 40n,
      quotaDays: 12.5,
      quotaEndsBy: 'use',
      quotaEndsAt: at('2026-03-23T00:00'),
    });
  });

  test('given quiet weekends, then they are skipped', () => {
    // Tuesday noon: half of today's 100, then 100 a day until Friday; the 50 of Monday noon end it.
    const week = burn({ verification: 100n }, { weekdays: [1n, 1n, 1n, 1n, 0n, 0n, 1n] });
    expect(forecastOf({ burn: week, quota: 400n })).toMatchObject({
      basis: 'weekday',
      quotaDays: 6,
      quotaEndsAt: at('2026-03-16T12:00'),
    });
  });

  test('given a plan that expires before it is used up, then the quota ends with it', () => {
    const plans = [aPlan({ remaining: 10_000n, expiresAt: at('2026-03-20T12:00') })];
    expect(forecastOf({ mainland: { verification: 10n }, plans })).toMatchObject({
      quotaDays: 10,
      quotaEndsBy: 'expiry',
      quotaEndsAt: at('2026-03-20T12:00'),
    });
  });

  test('given a plan that expires at midnight, or in this very moment, then it ends there too', () => {
    const midnight = [aPlan({ remaining: 10_000n, expiresAt: at('2026-03-15T00:00') })];
    expect(forecastOf({ mainland: { verification: 10n }, plans: midnight, available: '9' })).toMatchObject({
      quotaDays: 4.5,
      quotaEndsBy: 'expiry',
      quotaEndsAt: at('2026-03-15T00:00'),
      // 4.5 days of quota, and 9.00 at 0.45 a day.
      runwayDays: 24.5,
    });
    const series = quotaByDay(inputOf({ mainland: { verification: 10n }, plans: midnight }), 7);
    expect(series).toEqual([9_995n, 9_985n, 9_975n, 9_965n, 9_955n, 0n, 0n]);
    const now = [aPlan({ remaining: 10_000n, expiresAt: NOW.add({ milliseconds: 5 }) })];
    expect(forecastOf({ mainland: { verification: 10n }, plans: now })).toMatchObject({ quotaDays: 0 });
  });

  test('given two plans, then the one that expires first is used first and what it has left then is lost', () => {
    // Ten days use 100 of the first plan, whose other 900 are forfeited; the second one's 100 last ten days more.
    const plans = [
      aPlan({ remaining: 1_000n, expiresAt: at('2026-03-20T12:00') }),
      aPlan({ remaining: 100n, expiresAt: PLAN_END }),
    ];
    expect(forecastOf({ mainland: { verification: 10n }, plans })).toMatchObject({ quotaDays: 20, quotaEndsBy: 'use' });
  });

  test('given no quota, then the money lasts as long as the next segment’s price lets it', () => {
    // 100 a day at 0.045 is 4.50
    expect(forecastOf({ mainland: { verification: 100n }, available: '9' })).toMatchObject({
      quotaDays: 0,
      quotaEndsAt: null,
      paygPerDay: yuan('4.5'),
      runwayDays: 2,
      overdueAt: at('2026-03-12T12:00'),
    });
    // the 101st segment of the month costs 0.040
    expect(
      forecastOf({ mainland: { verification: 100n }, tierVolumes: { verification: 100n }, available: '9' }),
    ).toMatchObject({ paygPerDay: yuan('4'), runwayDays: 2.2 });
  });

  test('given quota for four days, then the money is touched after it', () => {
    expect(forecastOf({ mainland: { verification: 100n }, quota: 400n, available: '9' })).toMatchObject({
      quotaDays: 4,
      runwayDays: 6,
    });
  });

  test('given international messages, then they cost money also while there is quota', () => {
    // 2 days of quota cost 2 × 1.00, the other 7.00 last 7 / 5.5 days
    expect(
      forecastOf({ mainland: { verification: 100n }, international: '1', quota: 200n, available: '9' }),
    ).toMatchObject({ paygPerDay: yuan('5.5'), runwayDays: 3.2 });
    // the money is used up before the quota is
    expect(
      forecastOf({ mainland: { verification: 100n }, international: '6', quota: 200n, available: '9' }),
    ).toMatchObject({ runwayDays: 1.5 });
    expect(forecastOf({ international: '3', quota: 200n, available: '9' })).toMatchObject({
      quotaDays: null,
      runwayDays: 3,
    });
  });

  test('given nothing available and something used, then there is no runway', () => {
    expect(forecastOf({ mainland: { verification: 1n } })).toMatchObject({ runwayDays: 0 });
    expect(forecastOf({ international: '3', quota: 100n })).toMatchObject({ runwayDays: 0 });
    expect(forecastOf({ mainland: { verification: 1n }, quota: 100n, available: '-5' })).toMatchObject({
      ...{ runwayDays: 0, overdueAt: null },
    });
  });

  test('given nothing available and quota, then the runway is as long as the quota, for that is used first', () => {
    const lasting = forecastOf({ mainland: { verification: 1n }, quota: 100n });
    expect(lasting).toMatchObject({ quotaDays: 100, runwayDays: 100 });
    expect(lasting.overdueAt).toEqual(lasting.quotaEndsAt);
  });

  test('given more than a year’s worth, then it is said to last to the end of what is looked at', () => {
    expect(forecastOf({ mainland: { verification: 1n }, quota: 10_000n, available: '1000' })).toMatchObject({
      quotaDays: HORIZON_DAYS,
      quotaEndsAt: null,
      runwayDays: HORIZON_DAYS,
      overdueAt: null,
    });
  });

  test('given a day of 23 hours, then it is a day of use like any other', () => {
    // In Berlin 2026-03-29 has 23 hours: the quota of four days ends at noon of the fourth day, 95 hours later.
    const now = Temporal.Instant.from('2026-03-27T11:00:00Z');
    expect(forecastOf({ mainland: { verification: 100n }, quota: 400n, now, timeZone: 'Europe/Berlin' })).toMatchObject(
      { quotaDays: 4, quotaEndsAt: Temporal.Instant.from('2026-03-31T10:00:00Z') },
    );
  });

  test('given any quota and burn, then the quota ends where arithmetic says, and falls by a day’s burn a day', () => {
    const minutes = fc.integer({ min: 0, max: 1_439 });
    fc.assert(
      fc.property(fc.bigInt(1n, 50_000n), fc.bigInt(1n, 5_000n), minutes, (quota, perDay, minute) => {
        const now = at('2026-03-10').add({ minutes: minute });
        const input = inputOf({ mainland: { notification: perDay }, quota, now });
        const days = Math.min(Number(quota) / Number(perDay), HORIZON_DAYS);
        const told = forecast(input).quotaDays ?? 0;
        expect(told).toBeGreaterThan(days - 0.102);
        if (days < HORIZON_DAYS - 1) expect(told).toBeLessThanOrEqual(days + 0.001);
        const series = [quota, ...quotaByDay(input, 20)];
        for (const [index, left] of series.entries()) {
          if (index === 0) continue;
          const before = series[index - 1] ?? 0n;
          expect(left).toBeLessThanOrEqual(before);
          expect(before - left).toBeLessThanOrEqual(perDay + 1n);
          if (left > 0n && index > 1) expect(before - left).toBeGreaterThanOrEqual(perDay - 1n);
        }
      }),
    );
  });

  test('given more money or more quota, then nothing ends sooner', () => {
    const amount = fc.bigInt(0n, 3_000n);
    fc.assert(
      fc.property(amount, amount, amount, amount, fc.bigInt(1n, 300n), (quota, more, money, rest, perDay) => {
        const of = (segments: bigint, cents: bigint) =>
          forecastOf({
            mainland: { verification: perDay },
            international: '0.5',
            quota: segments,
            available: String(Number(cents) / 100),
          });
        const less = of(quota, money);
        const both = of(quota + more, money + rest);
        expect(both.quotaDays).toBeGreaterThanOrEqual(less.quotaDays ?? 0);
        expect(both.runwayDays).toBeGreaterThanOrEqual(less.runwayDays ?? 0);
      }),
    );
  });
});

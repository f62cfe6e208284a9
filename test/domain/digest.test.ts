import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isStillNews, monthlyDigestDueAt, nextDailyDigest } from '../../src/domain/digest.ts';
import { monthEnd } from '../../src/domain/month.ts';
import { at } from '../support/builders.ts';

const SHANGHAI = 'Asia/Shanghai';
const BERLIN = 'Europe/Berlin';
const next = (digestAt: string, timeZone: string, after: string) =>
  nextDailyDigest({ digestAt }, timeZone, Temporal.Instant.from(after));

describe('the next daily summary', () => {
  test.each([
    ['2026-03-10T08:59:59+08:00', '2026-03-10', '2026-03-10T01:00:00Z'],
    ['2026-03-10T09:00:00+08:00', '2026-03-11', '2026-03-11T01:00:00Z'],
    ['2026-12-31T12:00:00+08:00', '2027-01-01', '2027-01-01T01:00:00Z'],
    ['2028-02-28T12:00:00+08:00', '2028-02-29', '2028-02-29T01:00:00Z'],
  ])('given it is %s, then it is that of %s', (after, period, dueAt) => {
    expect(next('09:00', SHANGHAI, after)).toEqual({ period, dueAt: Temporal.Instant.from(dueAt) });
  });

  test('given a time that a day does not have, then it is an hour later on that day; one that it has twice is its first', () => {
    const dueAt = (after: string) => next('02:30', BERLIN, after)?.dueAt.toString();
    expect(dueAt('2026-03-28T12:00:00Z')).toBe('2026-03-29T01:30:00Z');
    expect(dueAt('2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00Z');
    expect(dueAt('2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00Z');
  });

  test('given that none is sent, then there is none', () => {
    expect(nextDailyDigest({ digestAt: null }, SHANGHAI, at('2026-03-10'))).toBeNull();
  });

  test('given any moment and zone, then one after the other is of one day after the other, at its time', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    const zones = fc.constantFrom(SHANGHAI, BERLIN, 'America/New_York', 'Pacific/Apia', 'Australia/Lord_Howe');
    fc.assert(
      fc.property(time, zones, fc.integer({ min: 0, max: 4_000_000_000 }), ([hour, minute], timeZone, second) => {
        const digestAt = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        const start = Temporal.Instant.fromEpochMilliseconds(second * 1_000);
        const first = nextDailyDigest({ digestAt }, timeZone, start);
        const second_ = first && nextDailyDigest({ digestAt }, timeZone, first.dueAt);
        if (!first || !second_) return false;
        const days = Temporal.PlainDate.from(first.period).until(Temporal.PlainDate.from(second_.period)).days;
        return Temporal.Instant.compare(first.dueAt, start) > 0 && days === 1;
      }),
    );
  });
});

describe('the summary of a month', () => {
  const dueOf = (month: string, timeZone = SHANGHAI, waitHours = 24, time = '09:00') =>
    monthlyDigestDueAt(time, timeZone, monthEnd(month, timeZone).add({ hours: waitHours })).toString();

  test.each([
    ['2027-02', '2027-03-02T01:00:00Z'],
    ['2028-02', '2028-03-02T01:00:00Z'],
    ['2026-04', '2026-05-02T01:00:00Z'],
    ['2026-12', '2027-01-02T01:00:00Z'],
  ])('given %s, of 28 to 31 days, then it comes at its time after the bill has closed: %s', (month, dueAt) => {
    expect(dueOf(month)).toBe(dueAt);
  });

  test('given a bill that closes at another time of day, then it comes at the first of its times from then on', () => {
    expect(dueOf('2026-04', SHANGHAI, 9)).toBe('2026-05-01T01:00:00Z');
    expect(dueOf('2026-04', SHANGHAI, 10)).toBe('2026-05-02T01:00:00Z');
    expect(dueOf('2026-04', SHANGHAI, 0, '00:00')).toBe('2026-04-30T16:00:00Z');
    expect(dueOf('2026-03', BERLIN)).toBe('2026-04-02T07:00:00Z');
  });
});

test('given a daily summary that is late, then it is still news for half a day, and not longer', () => {
  const dueAt = at('2026-03-10T09:00');
  expect(isStillNews(dueAt, at('2026-03-10T20:59:59'))).toBe(true);
  expect(isStillNews(dueAt, at('2026-03-10T21:00'))).toBe(false);
});

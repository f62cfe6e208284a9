import { expect, test } from 'vitest';
import { isLateArrival, nextUtcMonth, sealableBefore, utcMonthStart } from '../../src/domain/sealing.ts';

const instant = (text: string) => Temporal.Instant.from(text);

test.each([
  ['2026-04-05T00:59:59.999Z', '2026-03-01T00:00:00Z'],
  ['2026-04-05T01:00:00Z', '2026-04-01T00:00:00Z'],
  ['2026-01-31T12:00:00Z', '2026-01-01T00:00:00Z'],
  ['2026-01-03T12:00:00Z', '2025-12-01T00:00:00Z'],
])('at %s the months before %s can be sealed: four days and an hour after their end', (now, before) => {
  expect(sealableBefore(instant(now))).toEqual(instant(before));
});

test('whatever arrives when its month can be sealed arrived late', () => {
  const lastOfMarch = instant('2026-03-31T23:59:59.999Z');
  const sealable = instant('2026-04-05T01:00:00Z');
  expect(isLateArrival(lastOfMarch, sealable)).toBe(true);
  expect(isLateArrival(lastOfMarch, lastOfMarch.add({ hours: 96 }))).toBe(false);
  expect(isLateArrival(lastOfMarch, lastOfMarch.add({ hours: 96, milliseconds: 1 }))).toBe(true);
});

test('months are those of UTC', () => {
  expect(utcMonthStart(instant('2026-03-31T23:59:59.999Z'))).toEqual(instant('2026-03-01T00:00:00Z'));
  expect(nextUtcMonth(instant('2026-12-01T00:00:00Z'))).toEqual(instant('2027-01-01T00:00:00Z'));
});

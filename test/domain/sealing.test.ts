import { describe, expect, test } from 'vitest';
import {
  isLateArrival,
  nextUtcMonth,
  otherOpenMonths,
  sealableBefore,
  utcMonthStart,
} from '../../src/domain/sealing.ts';

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
  const sentAt = lastOfMarch.epochMilliseconds;
  const sealable = instant('2026-04-05T01:00:00Z');
  expect(isLateArrival(sentAt, sealable)).toBe(true);
  expect(isLateArrival(sentAt, lastOfMarch.add({ hours: 96 }))).toBe(false);
  expect(isLateArrival(sentAt, lastOfMarch.add({ hours: 96, milliseconds: 1 }))).toBe(true);
});

test('months are those of UTC', () => {
  expect(utcMonthStart(instant('2026-03-31T23:59:59.999Z'))).toEqual(instant('2026-03-01T00:00:00Z'));
  expect(nextUtcMonth(instant('2026-12-01T00:00:00Z'))).toEqual(instant('2027-01-01T00:00:00Z'));
});

describe('where else ids can be recorded, given messages', () => {
  const [february, march, april, may] = ['02', '03', '04', '05'].map((month) => instant(`2026-${month}-01T00:00:00Z`));

  test.each([
    {
      name: 'of the only open month, then nowhere',
      sent: { a: '2026-03-01T00:00:00Z', b: '2026-03-31T22:59:59.999Z' },
      openFrom: march,
      now: '2026-03-31T23:00:00Z',
      expected: [],
    },
    {
      name: 'of the only open month, less than an hour before the next, then in that',
      sent: { a: '2026-03-10T12:00:00Z' },
      openFrom: march,
      now: '2026-03-31T23:00:00.001Z',
      expected: [{ ids: ['a'], span: { from: april, until: null } }],
    },
    {
      name: 'of this month, when the last one is open, then in that',
      sent: { a: '2026-04-01T00:00:00Z', b: '2026-04-02T00:00:00Z' },
      openFrom: march,
      now: '2026-04-02T12:00:00Z',
      expected: [{ ids: ['a', 'b'], span: { from: march, until: april } }],
    },
    {
      name: 'of two open months, then each in the other one',
      sent: { a: '2026-03-31T23:59:59.999Z', b: '2026-04-01T00:00:00Z', c: '2026-03-02T00:00:00Z' },
      openFrom: march,
      now: '2026-04-02T12:00:00Z',
      expected: [
        { ids: ['a', 'c'], span: { from: april, until: null } },
        { ids: ['b'], span: { from: march, until: april } },
      ],
    },
    {
      name: 'of a sealed month, then those in all that is open',
      sent: { a: '2026-02-10T12:00:00Z', b: '2026-04-10T12:00:00Z' },
      openFrom: april,
      now: '2026-04-20T12:00:00Z',
      expected: [{ ids: ['a'], span: { from: april, until: null } }],
    },
    {
      name: 'when nothing is sealed, then in all other months',
      sent: { a: '2026-04-10T12:00:00Z' },
      openFrom: null,
      now: '2026-04-30T23:30:00Z',
      expected: [
        { ids: ['a'], span: { from: null, until: april } },
        { ids: ['a'], span: { from: may, until: null } },
      ],
    },
    { name: 'of none, then nowhere', sent: {}, openFrom: february, now: '2026-03-10T12:00:00Z', expected: [] },
  ])('$name', ({ sent, openFrom, now, expected }) => {
    const messages = Object.entries(sent).map(([id, at]) => ({ id, at: instant(at) }));
    expect(otherOpenMonths(messages, openFrom ?? null, instant(now))).toEqual(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quietUntil } from '../../src/domain/quiet-hours.ts';

const SHANGHAI = 'Asia/Shanghai';
const NIGHT = { from: '22:00', until: '08:00' };

function until(local: string, quietHours: { from: string; until: string } | null, timeZone = SHANGHAI): string | null {
  const now = Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone).toInstant();
  return quietUntil(quietHours, timeZone, now)?.toZonedDateTimeISO(timeZone).toPlainDateTime().toString() ?? null;
}

describe('quiet hours (rule 21)', () => {
  test.each([
    ['2026-03-10T21:59:59', NIGHT, null],
    ['2026-03-10T22:00:00', NIGHT, '2026-03-11T08:00:00'],
    ['2026-03-10T23:59:59', NIGHT, '2026-03-11T08:00:00'],
    ['2026-03-11T00:00:00', NIGHT, '2026-03-11T08:00:00'],
    ['2026-03-11T07:59:59', NIGHT, '2026-03-11T08:00:00'],
    ['2026-03-11T08:00:00', NIGHT, null],
    ['2026-12-31T23:00:00', NIGHT, '2027-01-01T08:00:00'],
    ['2026-03-10T12:30:00', { from: '12:00', until: '13:30' }, '2026-03-10T13:30:00'],
    ['2026-03-10T13:30:00', { from: '12:00', until: '13:30' }, null],
    ['2026-03-10T23:00:00', { from: '22:00', until: '00:00' }, '2026-03-11T00:00:00'],
    ['2026-03-11T00:00:00', { from: '22:00', until: '00:00' }, null],
    ['2026-03-10T23:00:00', null, null],
  ])('given %s and %j, then what can wait is held back until %s', (local, quietHours, expected) => {
    expect(until(local, quietHours)).toBe(expected);
  });

  test('given a night in which clocks go forward or back, then they end at eight on the clock of the zone', () => {
    expect(until('2026-03-28T23:00:00', NIGHT, 'Europe/Berlin')).toBe('2026-03-29T08:00:00');
    expect(until('2026-10-24T23:00:00', NIGHT, 'Europe/Berlin')).toBe('2026-10-25T08:00:00');
  });

  test('given an end that comes twice, then they end at the first; one that is skipped is an hour later', () => {
    const quietHours = { from: '22:00', until: '02:30' };
    const at = (text: string) =>
      quietUntil(quietHours, 'Europe/Berlin', Temporal.Instant.from(text))?.toString() ?? null;
    expect(at('2026-10-25T00:00:00Z')).toBe('2026-10-25T00:30:00Z');
    // The second 02:15 of that night.
    expect(at('2026-10-25T01:15:00Z')).toBe(null);
    expect(at('2026-03-29T00:30:00Z')).toBe('2026-03-29T01:30:00Z');
  });

  test('given any moment and zone, then they end later than now, within a day and an hour, and are over at their end', () => {
    const time = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
    const zones = fc.constantFrom(SHANGHAI, 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
    fc.assert(
      fc.property(time, time, zones, fc.integer({ min: 0, max: 366 * 24 * 60 }), (from, end, zone, minutes) => {
        fc.pre(from !== end);
        const now = Temporal.Instant.from('2026-01-01T00:00:00Z').add({ minutes });
        const found = quietUntil({ from, until: end }, zone, now);
        if (found === null) return;
        const wait = now.until(found).total('minutes');
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(25 * 60);
        expect(quietUntil({ from, until: end }, zone, found)).toBe(null);
      }),
    );
  });
});

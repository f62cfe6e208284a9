import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type HourFigures,
  hoursForSpikes,
  NO_USE,
  type SpikeInput,
  spikeState,
  spikeWatermarks,
} from '../../src/domain/spike.ts';
import type { Destination } from '../../src/domain/usage.ts';
import { at, yuan } from '../support/builders.ts';

const HOUR_MS = 3_600_000;
/** Twenty past ten on a Tuesday. */
const NOW = at('2026-03-10T10:20');
const LONG_AGO = at('2025-01-01');

/** Hours as `2026-03-10T10` and what they used; the account sends `average` an hour. */
function input(
  hours: Readonly<Record<string, bigint>>,
  overrides: Partial<SpikeInput> & { destination?: Destination; average?: bigint } = {},
): SpikeInput {
  const { destination = 'mainland', average = 0n, ...rest } = overrides;
  const none = NO_USE;
  const figures = Object.entries(hours).map(([hour, segments]) => {
    const used: HourFigures = { segments, covered: segments, waiting: 0n, cost: yuan('1') };
    const of = { mainland: none, international: none, [destination]: used };
    return [at(`${hour}:00`).epochMilliseconds, of] as const;
  });
  return {
    now: NOW,
    timeZone: 'Asia/Shanghai',
    factor: 5n,
    burn: { perHour: { mainland: average, international: average } },
    firstUsedAt: LONG_AGO,
    hours: new Map(figures),
    ...rest,
  };
}

/** So many segments at this hour of the last seven days. */
function everyDay(hour: string, segments: bigint): Record<string, bigint> {
  const day = (back: number) =>
    at('2026-03-10').toZonedDateTimeISO('Asia/Shanghai').subtract({ days: back }).toPlainDate();
  return Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((back) => [`${day(back)}T${hour}`, segments]));
}

function spikesOf(of: SpikeInput) {
  return spikeState(of).spikes;
}

describe('spending spike (rule 20)', () => {
  test('given an hour above five times its usual, then it is one; given exactly five times, then not', () => {
    const usual = everyDay('10', 200n);
    expect(spikesOf(input({ ...usual, '2026-03-10T10': 1_000n }))).toEqual([]);
    expect(spikesOf(input({ ...usual, '2026-03-10T10': 1_001n }))).toEqual([
      {
        destination: 'mainland',
        hour: at('2026-03-10T10:00'),
        segments: 1_001n,
        waiting: 0n,
        covered: 1_001n,
        cost: yuan('1'),
        usual: 200n,
      },
    ]);
  });

  test('given an account may say how many times, then that counts', () => {
    const hours = { ...everyDay('10', 200n), '2026-03-10T10': 601n };
    expect(spikesOf(input(hours, { factor: 3n }))).toHaveLength(1);
    expect(spikesOf(input(hours, { factor: 4n }))).toEqual([]);
  });

  test('given a small account, then its noise is no spike', () => {
    expect(spikesOf(input({ ...everyDay('10', 2n), '2026-03-10T10': 500n }))).toEqual([]);
    expect(spikesOf(input({ ...everyDay('10', 2n), '2026-03-10T10': 501n }))).toHaveLength(1);
    expect(spikesOf(input({ '2026-03-10T10': 100n }, { destination: 'international' }))).toEqual([]);
    expect(spikesOf(input({ '2026-03-10T10': 101n }, { destination: 'international' }))).toHaveLength(1);
  });

  test('given a quiet hour of a large account, then less than its average hour is no spike', () => {
    expect(spikesOf(input({ '2026-03-10T10': 5_000n }, { average: 5_000n }))).toEqual([]);
    expect(spikesOf(input({ '2026-03-10T10': 5_001n }, { average: 5_000n }))).toHaveLength(1);
  });

  test('given yesterday’s spike at this hour, then today’s is one all the same', () => {
    const hours = { ...everyDay('10', 200n), '2026-03-09T10': 50_000n, '2026-03-10T10': 50_000n };
    expect(spikesOf(input(hours))).toMatchObject([{ usual: 200n }]);
  });

  test('given the weekly campaign, also one that began a little earlier last time, then it is usual', () => {
    const campaign = { ...everyDay('10', 200n), '2026-03-10T10': 50_000n };
    expect(spikesOf(input({ ...campaign, '2026-03-03T10': 45_000n }))).toEqual([]);
    expect(spikesOf(input({ ...campaign, '2026-03-03T09': 45_000n }))).toEqual([]);
    expect(spikesOf(input({ ...campaign, '2026-03-03T08': 45_000n }))).toHaveLength(1);
  });

  test('given receipts that came after the hour, then the hour before counts too, and no earlier one', () => {
    expect(spikesOf(input({ '2026-03-10T09': 501n }))).toMatchObject([{ hour: at('2026-03-10T09:00') }]);
    expect(spikesOf(input({ '2026-03-10T08': 501n }))).toEqual([]);
  });

  test('given an account that is used for less than three days, then nothing is usual yet', () => {
    const hours = { '2026-03-10T10': 50_000n };
    expect(spikesOf(input(hours, { firstUsedAt: at('2026-03-07T12:00') }))).toEqual([]);
    expect(spikesOf(input(hours, { firstUsedAt: at('2026-03-07T10:00') }))).toHaveLength(1);
    expect(spikesOf(input(hours, { firstUsedAt: null }))).toEqual([]);
  });

  test('given half as much as would be a spike, in this hour and the one before, then it is calm again', () => {
    const usual = { ...everyDay('10', 200n), ...everyDay('09', 200n) };
    const calm = (before: bigint, running: bigint) =>
      spikeState(input({ ...usual, '2026-03-10T09': before, '2026-03-10T10': running })).calm.includes('mainland');
    expect(calm(500n, 500n)).toBe(true);
    expect(calm(501n, 0n)).toBe(false);
    expect(calm(0n, 501n)).toBe(false);
  });

  test('given any hours, then none is calm and a spike at once, and above its watermark is what is a spike', () => {
    const names = hoursForSpikes(NOW, 'Asia/Shanghai').map((hour) =>
      hour.toZonedDateTimeISO('Asia/Shanghai').toPlainDateTime().toString().slice(0, 13),
    );
    const amounts = fc.array(fc.bigInt(0n, 3_000n), { minLength: names.length, maxLength: names.length });
    fc.assert(
      fc.property(amounts, (segments) => {
        const of = input(Object.fromEntries(names.map((name, index) => [name, segments[index] ?? 0n])));
        const { spikes, calm } = spikeState(of);
        for (const { destination } of spikes) expect(calm).not.toContain(destination);
        const watermarks = spikeWatermarks(of, new Set());
        const above = watermarks.filter(({ hour, above: limit }) => {
          const used = of.hours.get(hour.epochMilliseconds)?.mainland.segments ?? 0n;
          return hour.epochMilliseconds <= NOW.epochMilliseconds && limit.mainland !== null && used > limit.mainland;
        });
        expect(above.length > 0).toBe(spikes.length > 0);
      }),
    );
  });

  test('given a change of the clocks, then the same hour is that of the account’s clock', () => {
    // Berlin's clocks went forward on 2026-03-29: ten o'clock is eight o'clock UTC after it and nine before.
    const hours = hoursForSpikes(Temporal.Instant.from('2026-03-30T08:10:00Z'), 'Europe/Berlin').map(
      (hour) => hour.epochMilliseconds / HOUR_MS,
    );
    const has = (text: string) => hours.includes(Temporal.Instant.from(text).epochMilliseconds / HOUR_MS);
    expect(has('2026-03-29T08:00:00Z')).toBe(true);
    expect(has('2026-03-28T09:00:00Z')).toBe(true);
    expect(has('2026-03-28T06:00:00Z')).toBe(false);
  });
});

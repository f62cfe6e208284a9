import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RatedPart, type RatingInput, rate } from '../../src/domain/rating.ts';
import type { RatingMode } from '../../src/domain/tariff.ts';
import { tiers, yuan } from '../support/builders.ts';

const STEPS = tiers([100, '0.045'], [300, '0.040'], [null, '0.036']);

function rateOf(mode: RatingMode, input: Partial<RatingInput>): RatedPart[] {
  const before = { paygSegments: 0n, charged: 0n };
  return rate({ mode, tiers: STEPS, tierVolume: 0n, before, segments: 1n, ...input });
}

function sumOf(parts: readonly RatedPart[]): bigint {
  return parts.reduce((sum, part) => sum + part.amount, 0n);
}

/** A month that has come to `volume` pay-as-you-go segments, all at the first tier's price. */
function monthOf(volume: bigint) {
  return { tierVolume: volume, before: { paygSegments: volume, charged: volume * yuan('0.045') } };
}

describe('rate, graduated (rule 4)', () => {
  test('given the segment before the boundary, on it and after it, then only the last costs the next price', () => {
    expect(sumOf(rateOf('graduated', monthOf(98n)))).toBe(yuan('0.045'));
    expect(sumOf(rateOf('graduated', monthOf(99n)))).toBe(yuan('0.045'));
    expect(sumOf(rateOf('graduated', monthOf(100n)))).toBe(yuan('0.040'));
  });

  test('given segments over several tiers, then each part costs its own tier’s price and nothing is corrected', () => {
    expect(rateOf('graduated', { ...monthOf(99n), segments: 203n })).toEqual([
      { kind: 'payg', tier: 0, segments: 1n, unitPrice: yuan('0.045'), amount: yuan('0.045') },
      { kind: 'payg', tier: 1, segments: 200n, unitPrice: yuan('0.040'), amount: yuan('8') },
      { kind: 'payg', tier: 2, segments: 2n, unitPrice: yuan('0.036'), amount: yuan('0.072') },
    ]);
  });

  test('given no new segments, then there is nothing to pay', () => {
    expect(rateOf('graduated', { ...monthOf(100n), segments: 0n })).toEqual([]);
  });
});

describe('rate, volume (rule 4)', () => {
  test('given the segment before the boundary and on it, then it costs the first price and nothing is corrected', () => {
    for (const volume of [98n, 99n]) {
      expect(rateOf('volume', monthOf(volume))).toEqual([
        { kind: 'payg', tier: 0, segments: 1n, unitPrice: yuan('0.045'), amount: yuan('0.045') },
      ]);
    }
  });

  test('given the segment after the boundary, then the whole month costs the next price, by a credit', () => {
    expect(rateOf('volume', monthOf(100n))).toEqual([
      { kind: 'payg', tier: 1, segments: 1n, unitPrice: yuan('0.040'), amount: yuan('0.040') },
      { kind: 'correction', tier: 1, segments: 0n, unitPrice: yuan('0.040'), amount: yuan('-0.5') },
    ]);
  });

  test('given a tier that is dearer than the one before, then the correction is a further charge', () => {
    const dearer = tiers([100, '0.040'], [null, '0.045']);
    const parts = rateOf('volume', {
      tiers: dearer,
      tierVolume: 100n,
      before: { paygSegments: 100n, charged: yuan('4') },
    });
    expect(parts.at(-1)).toMatchObject({ kind: 'correction', amount: yuan('0.5') });
  });

  test('given a jump over a whole tier, then everything costs the price of the tier reached', () => {
    const parts = rateOf('volume', { ...monthOf(90n), segments: 300n });
    expect(yuan('0.045') * 90n + sumOf(parts)).toBe(yuan('0.036') * 390n);
  });

  test('given plan usage that counts and crosses the boundary, then only what was paid for is corrected', () => {
    const parts = rateOf('volume', {
      tierVolume: 101n,
      before: { paygSegments: 40n, charged: yuan('1.8') },
      segments: 0n,
    });
    expect(parts).toEqual([
      { kind: 'correction', tier: 1, segments: 0n, unitPrice: yuan('0.040'), amount: yuan('-0.2') },
    ]);
  });

  test('given a month without a message, then there is nothing to pay and no tier to look for', () => {
    expect(rateOf('volume', { segments: 0n })).toEqual([]);
  });
});

describe('rate, properties (rule 4)', () => {
  const steps = fc
    .uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 4 })
    .chain((bounds) =>
      fc.tuple(
        fc.constant(bounds.toSorted((a, b) => a - b)),
        fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
      ),
    )
    .map(([bounds, prices]) =>
      prices.map((price, index) => {
        const bound = bounds[index];
        return { upTo: bound === undefined ? null : BigInt(bound), price: BigInt(price) };
      }),
    );
  const additions = fc.array(fc.bigInt({ min: 0n, max: 25n }), { maxLength: 12 });

  function priceAt(list: readonly { upTo: bigint | null; price: bigint }[], volume: bigint): bigint {
    for (const { upTo, price } of list) if (upTo === null || volume <= upTo) return price;
    throw new RangeError('no tier');
  }

  test('property, rule 4, volume: whatever the steps, the month has cost its volume times the price of the tier reached', () => {
    fc.assert(
      fc.property(steps, additions, (list, segmentsOf) => {
        let volume = 0n;
        let charged = 0n;
        for (const segments of segmentsOf) {
          const before = { paygSegments: volume, charged };
          charged += sumOf(rate({ mode: 'volume', tiers: list, tierVolume: volume, before, segments }));
          volume += segments;
          expect(charged).toBe(volume === 0n ? 0n : priceAt(list, volume) * volume);
        }
      }),
    );
  });

  test('property, rule 4, graduated: whatever the steps, the month has cost the sum of each segment’s own price', () => {
    fc.assert(
      fc.property(steps, additions, (list, segmentsOf) => {
        let volume = 0n;
        let charged = 0n;
        for (const segments of segmentsOf) {
          const before = { paygSegments: volume, charged };
          const parts = rate({ mode: 'graduated', tiers: list, tierVolume: volume, before, segments });
          expect(parts.reduce((sum, part) => sum + part.segments, 0n)).toBe(segments);
          charged += sumOf(parts);
          volume += segments;
        }
        let oneByOne = 0n;
        for (let segment = 1n; segment <= volume; segment += 1n) oneByOne += priceAt(list, segment);
        expect(charged).toBe(oneByOne);
      }),
    );
  });
});

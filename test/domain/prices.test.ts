import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cheapestOffer, compareOffer, paygPrices, tierVolumesOf } from '../../src/domain/prices.ts';
import type { MonthlyVolume } from '../../src/domain/volume-line.ts';
import { anOffer, aTariff, yuan } from '../support/builders.ts';

const NONE = { verification: 0n, notification: 0n, promotion: 0n };

describe('pay-as-you-go prices at a volume (rule 4)', () => {
  test.each([
    [0n, '0.045', 101n, '0.040'],
    [99n, '0.045', 101n, '0.040'],
    [100n, '0.040', 301n, '0.036'],
    [299n, '0.040', 301n, '0.036'],
  ])('given %d segments this month, then the next one costs %s, and from %d on %s', (volume, price, from, next) => {
    const [verification] = paygPrices(aTariff(), { ...NONE, verification: volume });
    expect(verification).toEqual({
      templateType: 'verification',
      volume,
      price: yuan(price),
      next: { from, price: yuan(next) },
    });
  });

  test('given the last tier, then there is none after it', () => {
    const prices = paygPrices(aTariff(), { ...NONE, promotion: 300n });
    expect(prices[2]).toEqual({ templateType: 'promotion', volume: 300n, price: yuan('0.046'), next: null });
  });

  test('given volumes of two versions, then each counts what its own version counts, and the international one nothing', () => {
    const volume = (overrides: Partial<MonthlyVolume>): MonthlyVolume => ({
      month: '2026-03',
      destination: 'mainland',
      country: '',
      templateType: 'verification',
      tariffVersion: 1,
      planSegments: 10n,
      paygSegments: 5n,
      charged: 0n,
      ...overrides,
    });
    const tariffs = [aTariff(), aTariff({ version: 2, planUsageCounts: true })];
    const volumes = [volume({}), volume({ tariffVersion: 2 }), volume({ destination: 'international', country: 'HK' })];
    expect(tierVolumesOf(volumes, tariffs)).toEqual({ ...NONE, verification: 20n });
  });
});

describe('offers beside pay-as-you-go', () => {
  const payg = paygPrices(aTariff(), NONE);
  const savingOf = (price: string, segments: bigint) =>
    compareOffer(anOffer({ price: yuan(price), segments }), payg).savings.map(({ saving }) => saving);

  test.each([
    ['dearer than all', '250', 5_000n, ['-0.005', '-0.005', '0.005']],
    ['cheaper than all', '2150', 50_000n, ['0.002', '0.002', '0.012']],
    ['the same', '45', 1_000n, ['0', '0', '0.01']],
  ])('given one that is %s, then the difference per segment is exact, by type', (_, price, segments, expected) => {
    expect(savingOf(price, segments)).toEqual(expected.map(yuan));
  });

  test('given a price that does not divide, then a difference never looks like none', () => {
    expect(compareOffer(anOffer({ price: yuan('100'), segments: 3n }), payg).perSegment).toBe(33_333_333n);
    expect(savingOf('45.000001', 1_000n)[0]).toBe(-1n);
    expect(savingOf('44.999999', 1_000n)[0]).toBe(1n);
  });

  test('property: the saving has the sign of the exact difference, and is off by less than a micro-unit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.bigInt({ min: 1n, max: 10n ** 7n }),
        (price, segments) => {
          const { savings } = compareOffer(anOffer({ price, segments }), payg);
          for (const [index, { saving }] of savings.entries()) {
            const exact = (payg[index]?.price ?? 0n) * segments - price;
            const error = saving * segments - exact;
            expect(saving > 0n).toBe(exact > 0n);
            expect(saving < 0n).toBe(exact < 0n);
            expect(error < 0n ? -error : error).toBeLessThan(segments);
          }
        },
      ),
    );
  });

  test('given several, then the cheapest per segment is found; of equal ones the smaller', () => {
    const offers = [
      anOffer({ id: 'small', segments: 100n, price: yuan('5') }),
      anOffer({ id: 'twice', segments: 2_000n, price: yuan('64') }),
      anOffer({ id: 'once', segments: 1_000n, price: yuan('32') }),
      anOffer({ id: 'large', segments: 5_000n, price: yuan('170') }),
    ];
    expect(cheapestOffer(offers)?.id).toBe('once');
    expect(cheapestOffer([])).toBeUndefined();
  });
});

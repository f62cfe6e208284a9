import { describe, expect, test } from 'vitest';
import { tariffAt, tierIndex, tiersFor } from '../../src/domain/tariff.ts';
import { aTariff, at, tiers, yuan } from '../support/builders.ts';

const NANOSECOND = { nanoseconds: 1 };

describe('tariffAt (rule 4)', () => {
  const first = aTariff({ version: 1, effectiveFrom: at('2026-01-01') });
  const second = aTariff({ version: 2, effectiveFrom: at('2026-03-15T12:00') });
  const versions = [first, second];

  test.each([
    ['long before the first', at('2019-05-05'), first],
    ['just before the second begins', second.effectiveFrom.subtract(NANOSECOND), first],
    ['when the second begins', second.effectiveFrom, second],
    ['later', at('2030-01-01'), second],
  ])('given a message sent %s, then the version of that time prices it', (_, moment, version) => {
    expect(tariffAt(versions, moment)).toBe(version);
  });

  test('given no version, then it is a defect and not a price', () => {
    expect(() => tariffAt([], at('2026-01-01'))).toThrow(RangeError);
  });
});

describe('tierIndex (rule 4: bounds are upper-inclusive)', () => {
  const steps = tiers([100, '0.045'], [300, '0.040'], [null, '0.036']);

  test.each([
    [1n, 0],
    [99n, 0],
    [100n, 0],
    [101n, 1],
    [300n, 1],
    [301n, 2],
    [10n ** 15n, 2],
  ])('given the %s. segment of the month, then it lies in tier %s', (volume, index) => {
    expect(tierIndex(steps, volume)).toBe(index);
  });

  test('given tiers without an open end, then a volume above them is a defect', () => {
    expect(() => tierIndex(tiers([100, '0.045']), 101n)).toThrow(RangeError);
  });
});

describe('tiersFor', () => {
  const tariff = aTariff();

  test('given the mainland, then the tiers are those of the template type', () => {
    expect(tiersFor(tariff, 'mainland', null, 'promotion')).toBe(tariff.mainland.promotion);
  });

  test('rule 5: given a country with a price, then there is one open tier, whatever the template type', () => {
    expect(tiersFor(tariff, 'international', 'HK', 'promotion')).toEqual([{ upTo: null, price: yuan('0.3') }]);
    expect(tiersFor(tariff, 'international', 'HK', 'verification')).toEqual([{ upTo: null, price: yuan('0.3') }]);
  });

  test('rule 5: given a country without a price, then there are none', () => {
    expect(tiersFor(tariff, 'international', 'FR', 'promotion')).toBeUndefined();
    expect(tiersFor(tariff, 'international', null, 'promotion')).toBeUndefined();
  });
});

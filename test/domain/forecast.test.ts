import { describe, expect, test } from 'vitest';
import { type Burn, forecast } from '../../src/domain/forecast.ts';
import { aTariff, yuan } from '../support/builders.ts';

const NOTHING = { verification: 0n, notification: 0n, promotion: 0n };

function forecastOf(input: {
  mainland?: Partial<Burn['mainlandPerDay']>;
  international?: string;
  quota?: bigint;
  available?: string;
  tierVolumes?: Partial<typeof NOTHING>;
}) {
  return forecast({
    burn: {
      mainlandPerDay: { ...NOTHING, ...input.mainland },
      internationalPerDay: yuan(input.international ?? '0'),
    },
    quota: input.quota ?? 0n,
    available: yuan(input.available ?? '0'),
    tariff: aTariff(),
    tierVolumes: { ...NOTHING, ...input.tierVolumes },
  });
}

describe('forecast', () => {
  test('given nothing was used, then there is no end in sight', () => {
    expect(forecastOf({ quota: 500n, available: '10' })).toEqual({
      segmentsPerDay: 0n,
      quotaDays: null,
      paygPerDay: 0n,
      runwayDays: null,
    });
  });

  test('given 40 segments a day and 500 left, then the quota lasts 12.5 days', () => {
    expect(forecastOf({ mainland: { verification: 30n, promotion: 10n }, quota: 500n })).toMatchObject({
      segmentsPerDay: 40n,
      quotaDays: 12.5,
    });
  });

  test('given no quota, then the money lasts as long as the next segment’s price lets it', () => {
    // 100 a day at 0.045 is 4.50
    expect(forecastOf({ mainland: { verification: 100n }, available: '9' })).toMatchObject({
      paygPerDay: yuan('4.5'),
      runwayDays: 2,
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
    expect(forecastOf({ mainland: { verification: 1n }, quota: 100n })).toMatchObject({ runwayDays: 0 });
    expect(forecastOf({ mainland: { verification: 1n }, available: '-5' })).toMatchObject({ runwayDays: 0 });
  });
});

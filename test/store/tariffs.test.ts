import { describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { insertTariff, readTariffs, tariffInFile } from '../../src/store/tariffs.ts';
import { TARIFF } from '../support/billing-world.ts';
import { NOW, tiers, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();

function withSteps(steps: unknown) {
  return { ...TARIFF, mainland: { ...TARIFF.mainland, verification: steps } };
}

describe('a price list as a document', () => {
  test.each([
    ['no tier', withSteps([])],
    ['no open end', withSteps([{ upTo: 100, price: '0.045' }])],
    [
      'an open end in the middle',
      withSteps([
        { upTo: null, price: '0.045' },
        { upTo: null, price: '0.040' },
      ]),
    ],
    [
      'bounds that fall',
      withSteps([
        { upTo: 100, price: '1' },
        { upTo: 50, price: '1' },
        { upTo: null, price: '1' },
      ]),
    ],
    [
      'bounds that are equal',
      withSteps([
        { upTo: 100, price: '1' },
        { upTo: 100, price: '1' },
        { upTo: null, price: '1' },
      ]),
    ],
    [
      'a bound of zero',
      withSteps([
        { upTo: 0, price: '1' },
        { upTo: null, price: '1' },
      ]),
    ],
    [
      'half a segment as a bound',
      withSteps([
        { upTo: 1.5, price: '1' },
        { upTo: null, price: '1' },
      ]),
    ],
    ['a negative price', withSteps([{ upTo: null, price: '-0.045' }])],
    ['a price that is a number', withSteps([{ upTo: null, price: 0.045 }])],
    ['a price finer than a micro-unit', withSteps([{ upTo: null, price: '0.0000001' }])],
    ['a country in small letters', { ...TARIFF, international: { hk: '0.3' } }],
    ['a template type that does not exist', { ...TARIFF, mainland: { ...TARIFF.mainland, voice: [] } }],
    ['a missing template type', { ...TARIFF, mainland: { verification: TARIFF.mainland.verification } }],
    ['a mode that does not exist', { ...TARIFF, mode: 'tiered' }],
    ['a time without a zone', { ...TARIFF, effectiveFrom: '2026-01-01T00:00:00' }],
    ['something that nobody knows', { ...TARIFF, discount: '5%' }],
  ])('given %s, then it is not one', (_, document) => {
    expect(tariffInFile.safeParse(document).success).toBe(false);
  });

  test('rule 7: given its prices, then they are read exactly', () => {
    const { mainland, international } = tariffInFile.parse(TARIFF);
    expect(mainland.verification).toEqual(tiers([500, '0.045'], [5_000, '0.040'], [null, '0.036']));
    expect(international.HK).toBe(yuan('0.3'));
  });
});

describe('stored price lists (rule 4)', () => {
  test('given versions that were stored in any order, then they are read in the order in which they begin; a stored one stays as it is', async () => {
    const begin = (version: number, effectiveFrom: string) => ({ ...TARIFF, id: 'ordered', version, effectiveFrom });
    await inTransaction(db, async (tx) => {
      await insertTariff(tx, begin(2, '2026-03-01T00:00:00+08:00'), NOW);
      await insertTariff(tx, begin(1, '2026-01-01T00:00:00+08:00'), NOW);
      await insertTariff(tx, { ...begin(1, '2026-05-01T00:00:00+08:00'), mode: 'graduated' }, NOW);
    });
    const versions = await readTariffs(db.kysely, 'ordered');
    expect(versions.map(({ version, mode, effectiveFrom }) => [version, mode, effectiveFrom.toString()])).toEqual([
      [1, 'volume', '2025-12-31T16:00:00Z'],
      [2, 'volume', '2026-02-28T16:00:00Z'],
    ]);
    expect(await readTariffs(db.kysely, 'nothing')).toEqual([]);
  });
});

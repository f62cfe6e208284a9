import { describe, expect, test } from 'vitest';
import type { OfferVersion } from '../../src/domain/offer.ts';
import { addOffers, addTariffs, readCatalogueFile } from '../../src/services/catalogue.ts';
import { inTransaction } from '../../src/store/database.ts';
import { readOffer } from '../../src/store/plans.ts';
import { insertTariff, readTariffs } from '../../src/store/tariffs.ts';
import { BillingWorld, TARIFF } from '../support/billing-world.ts';
import { anOffer, at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);

function problemsOf(value: unknown): string[] {
  const read = readCatalogueFile(value);
  return 'problems' in read ? read.problems.map(({ path, message }) => `${path.join('.')}: ${message.english}`) : [];
}

const tier = (upTo: number | null, price = '0.04') => ({ upTo, price });
const withTiers = (...list: unknown[]) => ({
  tariffs: [{ ...TARIFF, mainland: { ...TARIFF.mainland, verification: list } }],
});
const withCountries = (international: object) => ({ tariffs: [{ ...TARIFF, international }] });
const version = (number: number, effectiveFrom: string, overrides: object = {}) => ({
  ...TARIFF,
  id: 'dated',
  version: number,
  effectiveFrom,
  ...overrides,
});
const versions = (...list: object[]) => ({ tariffs: list });
const offer = (overrides: object = {}) => ({
  id: 'o',
  title: 'An offer',
  segments: 10,
  price: '5.00',
  currency: 'CNY',
  validityMonths: 1,
  renewalDiscountBp: 0,
  ...overrides,
});
const VERIFICATION = 'tariffs.0.mainland.verification';

test('given a tariff that was imported when any time was allowed, then it is read and billed by', async () => {
  const always = { ...TARIFF, id: 'always', effectiveFrom: '0001-01-01T00:00:00Z' };
  await inTransaction(db, (tx) => insertTariff(tx, always, world.clock.now()));
  const account = await world.openAccount({ tariffId: 'always' });
  expect(await account.use(5)).toMatchObject({ accepted: 1, unpriced: 0 });
});

describe('a catalogue file (rules 4, 5 and 7)', () => {
  test('given a time in nanoseconds, of which microseconds are kept, then the same file is known again', async () => {
    const fine = '2026-04-01T00:00:00.123456789Z';
    const file = {
      tariffs: [{ ...TARIFF, id: 'fine', effectiveFrom: fine }],
      offers: [offer({ id: 'fine', effectiveFrom: fine })],
    };
    const put = async () => {
      const read = readCatalogueFile(file);
      if ('problems' in read) throw new RangeError(read.problems[0]?.message.english);
      const entries = await inTransaction(db, async (tx) => [
        ...(await addTariffs(world.context, tx, read.tariffs)),
        ...(await addOffers(world.context, tx, read.offers)),
      ]);
      return entries.map(({ state }) => state);
    };
    expect([await put(), await put()]).toEqual([
      ['added', 'added'],
      ['known', 'known'],
    ]);
  });

  test('given one without error, then it is read', () => {
    expect(readCatalogueFile({ about: 'a note', tariffs: [TARIFF], offers: [offer()] })).toMatchObject({
      tariffs: [TARIFF],
      offers: [{ id: 'o', segments: 10n, price: 5_000_000n }],
    });
  });

  test.each([
    ['a gap above the last tier', withTiers(tier(10), tier(20)), `${VERIFICATION}.1.upTo: there is a gap above 20`],
    [
      'an open tier before another',
      withTiers(tier(null), tier(null)),
      `${VERIFICATION}.0.upTo: an open tier (null) overlaps`,
    ],
    [
      'bounds that fall',
      withTiers(tier(10), tier(5), tier(null)),
      `${VERIFICATION}.1.upTo: the bounds of the tiers must grow, and 5 is not above 10`,
    ],
    [
      'bounds that are equal',
      withTiers(tier(10), tier(10), tier(null)),
      `${VERIFICATION}.1.upTo: the bounds of the tiers must grow`,
    ],
    ['a negative price', withTiers(tier(null, '-0.01')), `${VERIFICATION}.0.price: an amount cannot be negative`],
    [
      'a negative price abroad',
      withCountries({ HK: '-1' }),
      'tariffs.0.international.HK: an amount cannot be negative',
    ],
    [
      'a price finer than a micro-unit',
      withTiers(tier(null, '0.0000001')),
      `${VERIFICATION}.0.price: an amount is a decimal`,
    ],
    ['a country that is none', withCountries({ XX: '1' }), 'tariffs.0.international.XX: there is no country "XX"'],
    [
      'the mainland as a country',
      withCountries({ CN: '1' }),
      'tariffs.0.international.CN: the mainland is not international',
    ],
    [
      'a country in small letters',
      withCountries({ hk: '1' }),
      'tariffs.0.international.hk: a country is its ISO 3166 code',
    ],
    ['a currency that is none', versions({ ...TARIFF, currency: 'Yuan' }), 'tariffs.0.currency: '],
    [
      'a time with more digits than a nanosecond',
      versions(version(1, '2026-01-01T00:00:00.1234567891+08:00')),
      'tariffs.0.effectiveFrom: a second has at most nine digits after the point',
    ],
    [
      'an offer with such a time',
      { offers: [offer(), offer({ version: 2, effectiveFrom: '2026-03-01T00:00:00.1234567891Z' })] },
      'offers.1.effectiveFrom: a second has at most nine digits after the point',
    ],
    [
      'a version that no database counts to',
      { offers: [offer({ version: 3_000_000_000, effectiveFrom: '2026-03-01T00:00:00Z' })] },
      'offers.0.version: a version is at most',
    ],
    [
      'a title with a character of control',
      { offers: [offer({ title: 'a\u0000b' })] },
      'offers.0.title: a text is printable',
    ],
    [
      'a title with half of a character',
      { offers: [offer({ title: 'a\ud800b' })] },
      'offers.0.title: a text is printable',
    ],
    ['a title of blanks', { offers: [offer({ title: '   ' })] }, 'offers.0.title: a text is printable and not empty'],
    ['an id that cannot be typed', versions({ ...TARIFF, id: 't\u0000' }), 'tariffs.0.id: a text is printable'],
    [
      'a time in the year 10000',
      versions(version(1, '9999-12-31T23:59:59-23:00')),
      'tariffs.0.effectiveFrom: a time cannot lie after',
    ],
    [
      'a time that the database cannot hold',
      versions(version(1, '0001-01-01T00:00:00+08:00')),
      'tariffs.0.effectiveFrom: a time cannot lie before the year 2',
    ],
    [
      'a version twice',
      versions(version(1, '2026-01-01T00:00:00Z'), version(1, '2026-02-01T00:00:00Z')),
      'tariffs.1.version: version 1 of "dated" occurs twice',
    ],
    [
      'two versions that begin at once',
      versions(version(1, '2026-01-01T00:00:00Z'), version(2, '2026-01-01T08:00:00+08:00')),
      'tariffs.1.effectiveFrom: version 2 must begin after version 1',
    ],
    [
      'a later version that begins earlier',
      versions(version(2, '2026-02-01T00:00:00Z'), version(1, '2026-03-01T00:00:00Z')),
      'tariffs.1.effectiveFrom: version 1 must begin before version 2',
    ],
    [
      'versions in two currencies',
      versions(version(1, '2026-01-01T00:00:00Z'), version(2, '2026-02-01T00:00:00Z', { currency: 'USD' })),
      'tariffs.1.currency: version 1 is in CNY',
    ],
    ['an offer twice', { offers: [offer(), offer()] }, 'offers.1.version: version 1 of the offer "o" occurs twice'],
    [
      'a change of an offer without its time',
      { offers: [offer(), offer({ version: 2 })] },
      'offers.1.effectiveFrom: a version after the first one needs a time from which it holds',
    ],
    [
      'a later version of an offer that begins earlier',
      {
        offers: [
          offer({ version: 3, effectiveFrom: '2026-02-01T00:00:00Z' }),
          offer({ version: 2, effectiveFrom: '2026-03-01T00:00:00Z' }),
        ],
      },
      'offers.1.effectiveFrom: version 2 cannot begin after version 3',
    ],
    [
      'an offer in two currencies',
      { offers: [offer(), offer({ version: 2, effectiveFrom: '2026-03-01T00:00:00Z', currency: 'USD' })] },
      'offers.1.currency: version 1 is sold in CNY',
    ],
    [
      'an offer that is withdrawn before it was sold',
      { offers: [{ id: 'o', withdrawn: true }] },
      'offers.0.withdrawn: nothing of this offer is sold that could be withdrawn',
    ],
    [
      'a withdrawal with a price',
      {
        offers: [offer(), { id: 'o', version: 2, effectiveFrom: '2026-03-01T00:00:00Z', withdrawn: true, price: '5' }],
      },
      'offers.1.price: nothing of this name belongs here',
    ],
    [
      'an offer that gives more than its price back',
      { offers: [offer({ renewalDiscountBp: 10_001 })] },
      'offers.0.renewalDiscountBp: ',
    ],
    [
      'an offer at a negative price',
      { offers: [offer({ price: '-5' })] },
      'offers.0.price: an amount cannot be negative',
    ],
  ])('given %s, then that is named with its place, and only that', (_, value, said) => {
    const problems = problemsOf(value);
    expect(problems).toEqual([expect.stringContaining(said)]);
  });

  test('given errors of several kinds, then each is named: one does not hide another', () => {
    const value = {
      tariffs: [
        {
          ...TARIFF,
          currency: 7,
          mainland: { verification: [tier(5, '-1'), tier(3)], notification: 'none', promotion: [] },
          international: { ZZ: 'x' },
        },
      ],
      offers: [{}, offer(), offer()],
      surplus: 1,
    };
    const places = problemsOf(value).map((problem) => problem.slice(0, problem.indexOf(':')));
    for (const place of [
      'tariffs.0.currency',
      `${VERIFICATION}.0.price`,
      `${VERIFICATION}.1.upTo`,
      'tariffs.0.mainland.notification',
      'tariffs.0.mainland.promotion',
      'tariffs.0.international.ZZ',
      'offers.0.title',
      'offers.2.version',
      'surplus',
    ]) {
      expect(places).toContain(place);
    }
    expect(places.filter((place) => place === `${VERIFICATION}.1.upTo`)).toHaveLength(2);
    expect(places.filter((place) => place === 'tariffs.0.international.ZZ')).toHaveLength(2);
  });

  test.each([null, 7, 'x', [], { tariffs: null }, { tariffs: [null, 'x'] }, { offers: {} }])(
    'given %j, then it is refused and nothing breaks',
    (value) => {
      expect(problemsOf(value)).not.toEqual([]);
    },
  );
});

describe('what is added to the catalogue', () => {
  const add = (...tariffs: ReturnType<typeof version>[]) =>
    inTransaction(db, (tx) => addTariffs(world.context, tx, tariffs));

  test('given versions, then a new one is added, the same one is known, and one that differs is left out', async () => {
    const first = version(1, '2026-01-01T00:00:00+08:00');
    const third = version(3, '2026-03-01T00:00:00+08:00');
    expect(await add(first, third)).toMatchObject([{ state: 'added' }, { state: 'added' }]);
    expect(await add({ ...first, effectiveFrom: '2025-12-31T16:00:00Z' })).toMatchObject([{ state: 'known' }]);
    const refused = await add(
      { ...first, mode: 'graduated' },
      { ...first, effectiveFrom: '2026-01-02T00:00:00+08:00' },
      version(2, '2026-04-01T00:00:00+08:00'),
      version(4, '2026-03-01T00:00:00+08:00'),
      version(5, '2026-05-01T00:00:00+08:00', { currency: 'USD' }),
    );
    expect(refused).toMatchObject([
      { state: 'different', field: 'mode', reason: { english: expect.stringContaining('with the mode volume') } },
      { field: 'effectiveFrom', reason: { english: expect.stringContaining('import the change as version 4') } },
      { field: 'effectiveFrom', reason: { english: expect.stringContaining('must begin before version 3') } },
      { field: 'effectiveFrom', reason: { english: expect.stringContaining('must begin after version 3') } },
      { field: 'currency', reason: { english: expect.stringContaining('version 1 is in CNY') } },
    ]);
    expect((await readTariffs(db.kysely, 'dated')).map((tariff) => [tariff.version, tariff.mode])).toEqual([
      [1, 'volume'],
      [3, 'volume'],
    ]);
    expect(await add(version(2, '2026-02-01T00:00:00+08:00'))).toMatchObject([{ state: 'added' }]);
  });

  test('given two imports at once, then the second one is compared with what the first one added', async () => {
    const from = (month: string) => `2027-${month}-01T00:00:00+08:00`;
    const [same, again] = await Promise.all([add(version(11, from('01'))), add(version(11, from('01')))]);
    expect([same, again].flatMap((entries) => entries.map(({ state }) => state)).toSorted()).toEqual([
      'added',
      'known',
    ]);
    const entries = (await Promise.all([add(version(12, from('03'))), add(version(13, from('02')))])).flat();
    expect(entries.map(({ state }) => state).toSorted()).toEqual(['added', 'different']);
  });

  test('given versions of an offer, then a new one is added, the same one is known, and one that differs or does not follow is left out', async () => {
    const first = anOffer({ id: 'ours' });
    const april = at('2026-04-01');
    const second = { ...first, version: 2, effectiveFrom: april, price: yuan('180') };
    const end = { id: 'ours', version: 3, effectiveFrom: at('2026-06-01'), withdrawn: true } as const;
    const put = (...versions: readonly OfferVersion[]) =>
      inTransaction(db, (tx) => addOffers(world.context, tx, versions));
    expect(await put(first)).toMatchObject([{ state: 'added', id: 'ours version 1' }]);
    // In whatever order they stand in the file.
    expect(await put(end, second, first)).toMatchObject([{ state: 'added' }, { state: 'added' }, { state: 'known' }]);
    const refused = await put(
      { ...first, price: 1n },
      { ...second, withdrawn: true } as OfferVersion,
      { ...end, effectiveFrom: at('2026-05-01') },
      { ...first, version: 4, effectiveFrom: april },
      { ...first, version: 5, effectiveFrom: at('2026-07-01'), currency: 'USD' },
      { id: 'new', version: 2, effectiveFrom: april, withdrawn: true },
    );
    expect(refused).toMatchObject([
      {
        field: 'price',
        reason: { english: expect.stringContaining('version 1 of offer "ours" is there with the price 170') },
      },
      { field: 'withdrawn', reason: { english: expect.stringContaining('import the change as version 4') } },
      { field: 'effectiveFrom', reason: { chinese: expect.stringContaining('请把改动作为第 4 版导入') } },
      { field: 'effectiveFrom', reason: { english: expect.stringContaining('cannot begin before version 3') } },
      { field: 'currency', reason: { english: expect.stringContaining('version 1 is sold in CNY') } },
      { field: 'withdrawn', reason: { english: expect.stringContaining('nothing of this offer is sold') } },
    ]);
    expect(refused.map(({ state }) => state)).toEqual(refused.map(() => 'different'));
    expect((await readOffer(db.kysely, 'ours'))?.versions).toEqual([first, second, end]);
    expect(await readOffer(db.kysely, 'new')).toBeUndefined();
  });
});

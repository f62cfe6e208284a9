import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { latePricedCountries, latePricing } from '../../src/domain/tariff.ts';
import { addTariffs } from '../../src/services/catalogue.ts';
import { priceWaitingUsage } from '../../src/services/waiting-usage.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { BillingWorld, kinds, TARIFF, type TestAccount } from '../support/billing-world.ts';
import { aReport, aTariff, at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const PERU = { destination: 'international', country: 'PE' } as const;
let tariffs = 0;

/** An account of its own price list, in which Peru has no price, with 100 yuan. It is 10 March. */
async function anAccount() {
  tariffs += 1;
  const id = `waiting-${tariffs}`;
  world.clock.set(at('2026-03-10'));
  await world.run((tx) => addTariffs(world.context, tx, [{ ...TARIFF, id }]));
  const account = await world.openAccount({ tariffId: id });
  await account.recharge('100');
  await account.review();
  await account.news();
  return { id, account };
}

/** Imports another version; Peru costs what is said there, or nothing is said. */
function addVersion(id: string, version: number, from: string, peru?: string) {
  const international = { ...TARIFF.international, ...(peru === undefined ? {} : { PE: peru }) };
  const effectiveFrom = at(from).toString();
  return world.run((tx) => addTariffs(world.context, tx, [{ ...TARIFF, id, version, effectiveFrom, international }]));
}

async function billed(account: TestAccount) {
  const { money } = await account.read();
  const { rows } = await sql<{ waiting: bigint }>`
    select count(*) as waiting from usage_records where account_id = ${account.id} and billing = 'unpriced'`.execute(
    db.kysely,
  );
  expect(await findDifferences(db.kysely, account.id)).toEqual([]);
  return { spent: yuan('100') - money.balance, waiting: Number(rows[0]?.waiting) };
}

const chargesOf = (account: TestAccount) =>
  db.kysely
    .selectFrom('charges')
    .select(['month', 'country', 'tariff_version', 'segments', 'unit_price', 'amount'])
    .where('account_id', '=', account.id)
    .orderBy('month')
    .execute();

describe('usage that waits for a price (rule 5)', () => {
  test('given a price from now on, then what waited is billed at it, each record in the month of its own time', async () => {
    const { id, account } = await anAccount();
    await account.use(3, { ...PERU, at: at('2026-02-28T23:59:59') });
    await account.use(2, { ...PERU, at: at('2026-03-01') });
    expect(await billed(account)).toEqual({ spent: 0n, waiting: 2 });

    world.pass({ hours: 1 });
    await addVersion(id, 2, '2026-03-10T00:30', '0.5');
    expect(await account.nextReviewAt()).toEqual(world.clock.now());
    await account.review();
    expect(await billed(account)).toEqual({ spent: yuan('2.5'), waiting: 0 });
    expect(await chargesOf(account)).toMatchObject([
      { month: '2026-02', country: 'PE', tariff_version: 2, segments: 3n, unit_price: yuan('0.5') },
      { month: '2026-03', country: 'PE', tariff_version: 2, segments: 2n, unit_price: yuan('0.5') },
    ]);
    await account.review();
    expect(await billed(account)).toEqual({ spent: yuan('2.5'), waiting: 0 });
  });

  test('given several versions, then the one of its own time prices a message, or else the first one after it that can', async () => {
    const { id, account } = await anAccount();
    await account.use(1, { ...PERU, at: at('2026-03-01') });
    await account.use(1, { ...PERU, at: at('2026-03-06') });
    await addVersion(id, 2, '2026-03-04', '0.3');
    await addVersion(id, 3, '2026-03-05', '0.7');
    await account.review();
    expect(await billed(account)).toEqual({ spent: yuan('1'), waiting: 0 });
  });

  test('given a report that comes when there is a price, of a time without one, then it is billed at once', async () => {
    const { id, account } = await anAccount();
    await addVersion(id, 2, '2026-03-05', '0.3');
    expect(await account.use(1, { ...PERU, at: at('2026-03-01') })).toMatchObject({ unpriced: 1, reviewDue: true });
    await account.review();
    expect(await billed(account)).toEqual({ spent: yuan('0.3'), waiting: 0 });
  });

  test('given a price that begins later, then it is billed when that begins, not before', async () => {
    const { id, account } = await anAccount();
    await account.use(1, PERU);
    await addVersion(id, 2, '2026-03-10T05:00', '0.3');
    await account.review();
    expect(await billed(account)).toEqual({ spent: 0n, waiting: 1 });
    const next = await account.nextReviewAt();
    expect(Temporal.Instant.compare(next, at('2026-03-10T05:00'))).toBeLessThanOrEqual(0);
    world.clock.set(at('2026-03-10T05:00'));
    await account.review();
    expect(await billed(account)).toEqual({ spent: yuan('0.3'), waiting: 0 });
  });

  test('given a country that is no longer served, then its messages wait, and keep nobody else waiting', async () => {
    const { id, account } = await anAccount();
    await addVersion(id, 2, '2026-03-02', '0.3');
    await addVersion(id, 3, '2026-03-03');
    await account.meter([1, 2, 3].map((n) => aReport({ id: `after-${n}`, ...PERU, at: at('2026-03-04') })));
    await account.meter([aReport({ id: 'before', ...PERU, at: at('2026-03-01') })]);
    const isMore = await world.run(async (tx) =>
      priceWaitingUsage(world.context, tx, await lockAccount(tx, account.id), 2),
    );
    expect(isMore).toBe(false);
    expect(await billed(account)).toEqual({ spent: yuan('0.3'), waiting: 3 });
  });

  test('given more than are taken at once, then the oldest are billed first, and the rest after them', async () => {
    const { id, account } = await anAccount();
    await account.meter([5, 4, 3, 2, 1].map((day) => aReport({ id: `on-${day}`, ...PERU, at: at(`2026-03-0${day}`) })));
    await addVersion(id, 2, '2026-03-09', '1');
    const take = () =>
      world.run(async (tx) => priceWaitingUsage(world.context, tx, await lockAccount(tx, account.id), 3));
    expect(await take()).toBe(true);
    const left = await db.kysely
      .selectFrom('usage_records')
      .select('record_id')
      .where('account_id', '=', account.id)
      .where('billing', '=', 'unpriced')
      .orderBy('record_id')
      .execute();
    expect(left.map(({ record_id }) => record_id)).toEqual(['on-4', 'on-5']);
    expect(await take()).toBe(false);
    expect(await billed(account)).toEqual({ spent: yuan('5'), waiting: 0 });
  });

  test('given a price that the balance does not cover, then it is charged, and the account is overdue at once (rule 9)', async () => {
    const { id, account } = await anAccount();
    await account.use(1, PERU);
    await addVersion(id, 2, '2026-03-09', '100.01');
    await account.review();
    expect(await billed(account)).toEqual({ spent: yuan('100.01'), waiting: 0 });
    expect(kinds(await account.news())).toContain('overdue');
  });
});

describe('which version prices late (rule 5)', () => {
  const versions = [
    aTariff({ version: 1, effectiveFrom: at('2026-01-01'), international: { US: 1n, HK: 1n } }),
    aTariff({ version: 2, effectiveFrom: at('2026-02-01'), international: { US: 2n } }),
    aTariff({ version: 3, effectiveFrom: at('2026-03-01'), international: { US: 3n, PE: 3n } }),
  ];

  test.each([
    ['US', '2026-01-15', undefined, 1],
    ['US', '2025-01-01', undefined, 1],
    ['PE', '2026-01-15', undefined, 3],
    ['PE', '2026-01-15', '2026-02-15', undefined],
    ['PE', '2026-01-15', '2026-03-01', 3],
    ['HK', '2026-01-31T23:59:59', undefined, 1],
    ['HK', '2026-02-01', undefined, undefined],
    ['FR', '2026-01-15', undefined, undefined],
  ])('given a message to %s of %s, seen from %s, then it is version %s', (country, sent, now, version) => {
    const found = latePricing(versions, { country, at: at(sent) }, now === undefined ? undefined : at(now));
    expect(found?.version).toBe(version);
  });

  test('given a time, then the countries that can be priced are known, with the time until which', () => {
    expect(latePricedCountries(versions, at('2026-02-15'))).toEqual(
      new Map([
        ['US', at('2026-03-01')],
        ['HK', at('2026-02-01')],
      ]),
    );
    expect(latePricedCountries(versions, at('2026-03-01')).get('PE')).toBeNull();
  });
});

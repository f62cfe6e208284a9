import { describe, expect, test } from 'vitest';
import { addTariffs } from '../../src/services/catalogue.ts';
import { BillingWorld, TARIFF } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);

/** A version in which every segment costs one yuan. */
function oneYuan(id: string, version: number, effectiveFrom: string) {
  const tiers = [{ upTo: null, price: '1' }];
  const mainland = { verification: tiers, notification: tiers, promotion: tiers };
  return { ...TARIFF, id, version, effectiveFrom, mainland };
}

async function anAccount(id: string) {
  await world.run((tx) => addTariffs(world.context, tx, [{ ...TARIFF, id }]));
  world.clock.set(at('2026-03-10'));
  const account = await world.openAccount({ tariffId: id });
  await account.recharge('1000');
  const spent = async () => yuan('1000') - (await account.read()).money.balance;
  return { account, spent };
}

describe('a change of prices in mid-month (rule 4)', () => {
  test('given a version that begins later, then each message costs the price of its own time, whenever it is reported', async () => {
    const { account, spent } = await anAccount('ahead');
    await world.run((tx) => addTariffs(world.context, tx, [oneYuan('ahead', 2, '2026-03-15T00:00:00+08:00')]));
    await account.use(10, { at: at('2026-03-14T23:59:59.999') });
    expect(await spent()).toBe(yuan('0.45'));
    await account.use(10, { at: at('2026-03-15') });
    expect(await spent()).toBe(yuan('10.45'));
    await account.use(10, { at: at('2026-03-14') });
    expect(await spent()).toBe(yuan('10.90'));
    await expectBooksRight(db, account.id);
  });

  test('given a version that is imported late, then what was charged stays, also where a tier is crossed afterwards', async () => {
    const { account, spent } = await anAccount('late');
    await account.use(400, { at: at('2026-03-16') });
    expect(await spent()).toBe(yuan('18'));
    await world.run((tx) => addTariffs(world.context, tx, [oneYuan('late', 2, '2026-03-15T00:00:00+08:00')]));
    await account.use(1, { at: at('2026-03-16') });
    expect(await spent()).toBe(yuan('19'));
    await account.use(200, { at: at('2026-03-17') });
    expect(await spent()).toBe(yuan('219'));
    await account.use(10, { at: at('2026-03-14') });
    expect(await spent()).toBe(yuan('219.45'));
    await expectBooksRight(db, account.id);
  });
});

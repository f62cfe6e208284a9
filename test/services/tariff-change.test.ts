import { describe, expect, test } from 'vitest';
import { addTariffs } from '../../src/services/catalogue.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import type { Tx } from '../../src/store/schema.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { BillingWorld, TARIFF } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, at, yuan } from '../support/builders.ts';
import { waitForBlocked } from '../support/database-waits.ts';
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

  test('given a version that another batch bills by while one waits for the account, then the latter is billed by it, too', async () => {
    const { account, spent } = await anAccount('meanwhile');
    const sent = () => [
      aReport({ at: at('2026-03-16') }),
      aReport({ destination: 'international', country: 'PE', at: at('2026-03-16') }),
    ];
    await ensurePartitions(db.kysely, at('2026-03-16'), at('2026-03-16'));
    const meter = (tx: Tx) => meterUsage(world.context, tx, account.id, sent());
    const { batch } = await world.run(async (tx) => {
      await lockAccount(tx, account.id);
      const batch = world.run(meter);
      await waitForBlocked(db, 1);
      const version = oneYuan('meanwhile', 2, '2026-03-15T00:00:00+08:00');
      await world.run((other) => addTariffs(world.context, other, [{ ...version, international: { PE: '2' } }]));
      await meter(tx);
      return { batch };
    });
    expect(await batch).toMatchObject({ accepted: 2, unpriced: 0 });
    expect(await spent()).toBe(yuan('6'));
    expect(await findDifferences(db.kysely, account.id)).toEqual([]);
    await expectBooksRight(db, account.id);
  });
});

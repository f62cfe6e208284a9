import { beforeAll, describe, expect, test } from 'vitest';
import { insertOffers } from '../../src/store/plans.ts';
import type { TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, at } from '../support/builders.ts';
import { tableOf } from '../support/worked-examples.ts';
import { anAccount, balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
const bought = tableOf('Two plans over a year').rows;
const BOUGHT = bought.map((row) => ({
  offer: anOffer({ id: row.text('plan'), segments: BigInt(row.count('segments')) }),
  on: row.time('bought on'),
}));

/** What A and B have left that can still be used, in this order. */
async function leftOf(account: TestAccount): Promise<bigint[]> {
  const plans = await account.plans();
  const now = world.clock.now();
  return BOUGHT.map(({ offer }) => {
    const plan = plans.find(({ total }) => total === offer.segments);
    return plan && Temporal.Instant.compare(now, plan.expires_at) < 0 ? plan.remaining : 0n;
  });
}

describe('two plans over a year (rules 3 and 15)', () => {
  beforeAll(() =>
    world.run((tx) =>
      insertOffers(
        tx,
        BOUGHT.map(({ offer }) => offer),
      ),
    ),
  );

  test.each(['A steady year', 'A rush in the first days', 'A calm year'])('%s', async (heading) => {
    world.clock.set(at('2024-04-30'));
    const account = await anAccount(world);
    const purchases = [...BOUGHT];
    const { rows } = tableOf(heading);
    for (const row of rows) {
      const moment = row.time('sent on').add({ hours: 12 });
      for (let next = purchases[0]; next && Temporal.Instant.compare(next.on, moment) <= 0; next = purchases[0]) {
        world.clock.set(next.on);
        await account.grant(next.offer.id);
        purchases.shift();
      }
      world.clock.set(moment);
      while (await account.review());
      const before = await leftOf(account);
      const money = await balanceOf(account);

      await account.use(row.count('segments'));

      const left = await leftOf(account);
      const taken = before.map((quota, index) => Number(quota - (left[index] ?? 0n)));
      expect(taken).toEqual([row.count('from A'), row.count('from B')]);
      expect(row.count('segments')).toBe(row.count('from A') + row.count('from B') + row.count('paid for'));
      expect(money - (await balanceOf(account))).toBe(row.money('costs'));
      expect(left).toEqual([BigInt(row.count('A has left')), BigInt(row.count('B has left'))]);
    }
    const expiries = (await account.plans()).map(({ expires_at }) => expires_at);
    expect(expiries).toEqual(bought.map((row) => row.time('expires on')));
    expectAllRead([...rows, ...bought]);
    await expectBooksRight(world.db, account.id);
  });

  test('what is left at the expiry is forfeited by an entry of its own, as the calm year says', async () => {
    world.clock.set(at('2024-05-01'));
    const account = await anAccount(world);
    await account.grant('A');
    await account.use(9_000);
    world.clock.set(at('2025-05-02'));
    while (await account.review());
    const entries = await world.db.kysely
      .selectFrom('transfers')
      .select(['unit', 'amount', 'to_book'])
      .where('account_id', '=', account.id)
      .where('kind', '=', 'forfeit')
      .execute();
    expect(entries).toEqual([{ unit: 'segment', amount: 1_000n, to_book: 'forfeited' }]);
  });
});

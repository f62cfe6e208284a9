import { expect, test } from 'vitest';
import { expectBooksRight } from '../support/books.ts';
import { at } from '../support/builders.ts';
import { buy } from '../support/purchases.ts';
import { tableOf } from '../support/worked-examples.ts';
import { anAccount, balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();

test('a record that comes after its plan has expired (rules 3, 6 and 15)', async () => {
  world.clock.set(at('2026-03-10T09:00'));
  const account = await anAccount(world);
  await buy(world, account, 'sample-5000');
  world.clock.set(at('2026-09-10T09:00'));
  while (await account.review());
  const told = (await account.told()).filter(({ kind }) => kind === 'plan_expired');
  expect(told).toMatchObject([{ forfeited: '5000', expiredAt: at('2026-09-10T09:00').toString() }]);

  const { rows } = tableOf('A record that comes after its plan has expired');
  for (const row of rows) {
    world.clock.set(row.time('arrives'));
    while (await account.review());
    const before = { left: await left(), balance: await balanceOf(account) };
    await account.use(row.count('segments'), { at: row.time('sent') });
    while (await account.review());
    expect(before.left - (await left())).toBe(row.count('from the plan'));
    expect(row.count('segments') - row.count('from the plan')).toBe(row.count('paid for'));
    const costs = row.text('costs') === '–' ? 0n : row.money('costs');
    expect(before.balance - (await balanceOf(account))).toBe(costs);
    expect([await left(), await forfeited()]).toEqual([row.count('plan has left'), row.count('forfeited')]);
  }
  expectAllRead(rows);
  await expectBooksRight(world.db, account.id);

  async function left(): Promise<number> {
    return Number((await account.plans())[0]?.remaining);
  }

  async function forfeited(): Promise<number> {
    const entries = await world.db.kysely
      .selectFrom('transfers')
      .select('amount')
      .where('account_id', '=', account.id)
      .where('kind', '=', 'forfeit')
      .execute();
    return Number(entries.reduce((sum, { amount }) => sum + amount, 0n));
  }
});

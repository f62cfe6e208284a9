import { expect, test } from 'vitest';
import { quotaOf } from '../../src/domain/plan.ts';
import { readPlansWithQuota } from '../../src/store/plans.ts';
import { kinds } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at, yuan } from '../support/builders.ts';
import { tableOf } from '../support/worked-examples.ts';
import { balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
/** What else may be told, such as that the money will not last, is not what the example is about. */
const OF_RENEWAL = new Set(['quota_low', 'recharged', 'renewal_failed', 'renewed']);

test('a renewal that fails, is tried again after a recharge, and buys once (rules 11 to 15)', async () => {
  world.clock.set(at('2026-03-10T08:00'));
  const account = await world.openAccount({ tariffId: 'sample', defaultTemplateType: 'verification' });
  await account.grant('sample-50000');
  await account.recharge('1000');
  await account.renewal({ threshold: 10_000n, offerId: 'sample-50000' });
  while (await account.review());
  await account.news();

  const { rows } = tableOf('A renewal that fails, is tried again and buys once');
  let last: { amount: string; key: string } | undefined;
  for (const row of rows) {
    world.clock.set(row.time('at'));
    const what = row.text('what happens');
    const [, sent] = /^([\d,]+) (?:is|are) sent$/.exec(what) ?? [];
    const [, recharged] = /^¥([\d.,]+) are recharged$/.exec(what) ?? [];
    if (sent !== undefined) await account.use(Number(sent.replaceAll(',', '')));
    else if (recharged !== undefined) {
      last = { amount: recharged.replaceAll(',', ''), key: row.first };
      await account.recharge(last.amount, last.key);
    } else if (what === 'the same recharge again' && last) await account.recharge(last.amount, last.key);
    else expect(what).toBe('a day passes');
    while (await account.review());

    const news = await account.news();
    const told = kinds(news).filter((kind) => OF_RENEWAL.has(kind));
    expect(told.join(', ') || '–').toBe(row.text('told of it'));
    const missing = news.flatMap(({ missing }) => (typeof missing === 'string' ? [BigInt(missing)] : []));
    expect(missing).toEqual(row.text('missing') === '–' ? [] : [row.money('missing')]);
    expect(await balanceOf(account)).toBe(row.money('balance'));
    const plans = await readPlansWithQuota(world.db.kysely, account.id);
    expect(quotaOf(plans, world.clock.now())).toBe(BigInt(row.count('quota')));
    const bought = (await account.plans()).filter(({ source }) => source === 'renewal');
    expect(bought).toHaveLength(row.count('plans bought'));
    for (const plan of bought) expect(plan.price).toBe(yuan('2042.5'));
  }
  expectAllRead(rows);
  expect(await account.renewals()).toMatchObject([{ state: 'paid' }]);
  await expectBooksRight(world.db, account.id);
});

import { expect, test } from 'vitest';
import type { OfferVersion } from '../../src/domain/offer.ts';
import { quotaOf } from '../../src/domain/plan.ts';
import { addOffers } from '../../src/services/catalogue.ts';
import { readOffer, readPlansWithQuota } from '../../src/store/plans.ts';
import { kinds } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at, yuan } from '../support/builders.ts';
import { tableOf } from '../support/worked-examples.ts';
import { balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
/** What else may be told, such as that the hour used more than is usual, is not what the example is about. */
const OF_RENEWAL = new Set(['quota_low', 'renewal_stopped', 'renewed', 'offer_ending']);

test('an offer that becomes dearer, and is not sold any more (rules 13 and 15)', async () => {
  world.clock.set(at('2026-03-10T08:00'));
  const account = await world.openAccount({ tariffId: 'sample', defaultTemplateType: 'verification' });
  await account.grant('sample-50000');
  await account.recharge('40000');
  await account.renewal({ threshold: 10_000n, offerId: 'sample-50000' });
  while (await account.review());
  await account.news();
  const sold = (await readOffer(world.db.kysely, 'sample-50000'))?.soldAt(world.clock.now());
  if (!sold) throw new RangeError('the sample catalogue has no sample-50000');
  const later: readonly OfferVersion[] = [
    { ...sold, version: 2, effectiveFrom: at('2026-04-01'), price: yuan('2300') },
    { id: sold.id, version: 3, effectiveFrom: at('2026-06-01'), withdrawn: true },
  ];

  const { rows } = tableOf('An offer that becomes dearer, and is not sold any more');
  for (const row of rows) {
    world.clock.set(row.time('at'));
    const what = row.text('what happens');
    const [, sent] = /^([\d,]+) are sent$/.exec(what) ?? [];
    const [, chosen] = /^(\S+) is chosen$/.exec(what) ?? [];
    if (sent !== undefined) await account.use(Number(sent.replaceAll(',', '')));
    else if (chosen !== undefined) await account.renewal({ threshold: 10_000n, offerId: chosen });
    else if (what === 'the new versions are imported') await world.run((tx) => addOffers(world.context, tx, later));
    else expect(what).toBe('a day passes');
    while (await account.review());

    const news = await account.news();
    const told = kinds(news).filter((kind) => OF_RENEWAL.has(kind));
    expect(told.join(', ') || '–').toBe(row.text('told of it'));
    const receipt = news.find(({ kind }) => kind === 'renewed');
    const changed = receipt?.changed as { price: string } | null | undefined;
    expect(receipt ? BigInt(String(receipt.price)) : null).toBe(row.text('paid') === '–' ? null : row.money('paid'));
    expect(changed ? BigInt(changed.price) : null).toBe(row.text('before') === '–' ? null : row.money('before'));
    expect(await balanceOf(account)).toBe(row.money('balance'));
    const plans = await readPlansWithQuota(world.db.kysely, account.id);
    expect(quotaOf(plans, world.clock.now())).toBe(BigInt(row.count('quota')));
    const bought = (await account.plans()).filter(({ source }) => source === 'renewal');
    expect(bought).toHaveLength(row.count('plans bought'));
  }
  expectAllRead(rows);
  await expectBooksRight(world.db, account.id);
});

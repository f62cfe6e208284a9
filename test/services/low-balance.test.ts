import { beforeAll, describe, expect, test } from 'vitest';
import { reviewQuiet } from '../../src/services/quiet-reviews.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

/** An account with 1,000.00, in use at 4.50 a day, that wants to hear of less than an amount. */
async function accountWith(below: string | null): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge('1000');
  await account.settings({ balanceAlert: below === null ? null : { below: yuan(below), setAt: NOW } });
  await account.use(100);
  await account.review();
  await account.news();
  world.pass({ minutes: 1 });
  return account;
}

/** Uses segments that cost 0.05 each, whatever was used before. */
const useAbroad = (account: TestAccount, segments: number) =>
  account.use(segments, { destination: 'international', country: 'US' });

describe('a balance below the amount that is set (rules 19 and 20)', () => {
  test('rule 20: given usage alone, when less than the amount is available, then its own batch makes the account due, and no other does', async () => {
    const account = await accountWith('900');
    expect(await account.read()).toMatchObject({ availableWatermark: yuan('900'), money: { balance: yuan('995.5') } });
    const nextReview = await account.nextReviewAt();
    expect(Temporal.Instant.compare(world.clock.now(), nextReview), 'no time-based look is due').toBeLessThan(0);

    // To exactly the amount, which is not less than it.
    expect(await useAbroad(account, 1_910)).toMatchObject({ reviewDue: false });
    expect((await account.read()).money.balance).toBe(yuan('900'));
    expect(await account.review()).toBe(false);
    expect(await account.nextReviewAt()).toEqual(nextReview);

    expect(await useAbroad(account, 1)).toMatchObject({ reviewDue: true });
    expect(await account.review()).toBe(true);
    expect(await account.news()).toMatchObject([
      { kind: 'low_balance', available: String(yuan('899.95')), below: String(yuan('900')) },
    ]);
    await expectBooksRight(db, account.id);
  });

  test('rule 20: given no amount is set, then so much money is no news', async () => {
    const account = await accountWith(null);
    await useAbroad(account, 1_911);
    await account.review();
    expect(await account.news()).toEqual([]);
  });

  test('rule 19: given it was told, when more is used, then it is not told again, until the days are few: that is worse', async () => {
    const account = await accountWith('900');
    await useAbroad(account, 1_911);
    await account.review();
    expect(kinds(await account.news())).toEqual(['low_balance']);
    await useAbroad(account, 2_000);
    await account.review();
    world.pass({ hours: 2 });
    await account.review();
    expect(await account.news()).toEqual([]);

    // 195.55 a day so far, and 799.95 left; 12,000 more are 600.00.
    await useAbroad(account, 12_000);
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'overdue_expected', below: String(yuan('900')), episode: { as: 'news' } },
    ]);
    const open = await db.kysely.selectFrom('alerts').selectAll().where('account_id', '=', account.id).execute();
    expect(open, 'one episode of both').toMatchObject([{ kind: 'low_balance', level: 2, closed_at: null }]);
  });

  test('rule 19: given a recharge that is enough, then it ends in silence and is re-armed; one that is not is no news', async () => {
    const account = await accountWith('900');
    await useAbroad(account, 2_011);
    await account.review();
    await account.news();
    world.pass({ minutes: 1 });
    await account.recharge('1');
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged']);
    world.pass({ minutes: 1 });
    await account.recharge('100');
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged']);
    world.pass({ minutes: 1 });
    await useAbroad(account, 1_920);
    await account.review();
    expect(kinds(await account.news())).toEqual(['low_balance']);
  });

  test('rule 19: given a recharge that ends the days and leaves less than the amount, then that is told, once', async () => {
    const account = await accountWith('900');
    await useAbroad(account, 17_000);
    await account.review();
    expect(kinds(await account.news())).toEqual(['overdue_expected']);
    // 854.50 a day, so that 2,600.00 last for three days; the amount is what an administrator wants to hear of.
    await account.settings({ balanceAlert: { below: yuan('5000'), setAt: NOW } });
    world.pass({ minutes: 1 });
    await account.recharge('3000');
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'recharged' },
      { kind: 'low_balance', below: String(yuan('5000')) },
    ]);
    expect(await account.cardChanges()).toMatchObject([{ kind: 'overdue_expected', episode: { as: 'changed' } }]);
    world.pass({ hours: 2 });
    await account.review();
    expect(await account.news()).toEqual([]);
  });

  test('given an idle account, then an amount above what it has is told at once, without an end of its money', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('10');
    await account.settings({ balanceAlert: { below: yuan('50'), setAt: NOW } });
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'recharged' },
      { kind: 'low_balance', available: String(yuan('10')), runwayDays: null },
    ]);
  });

  test('given a purchase that takes the money below the amount, then it is told too', async () => {
    const account = await accountWith('900');
    await account.renewal({ enabled: true, threshold: 4_000n, offerId: 'sms-5000' });
    await account.grant('sms-100');
    await account.review();
    expect(kinds(await account.news())).toEqual(expect.arrayContaining(['renewed', 'low_balance']));
  });

  test('given an account that is looked at with others, then one below its amount is handed to a review of its own', async () => {
    const account = await accountWith('900');
    await useAbroad(account, 1_911);
    await db.kysely
      .updateTable('accounts')
      .set({ next_review_at: NOW.add({ hours: 9_999 }) })
      .where('account_id', '<>', account.id)
      .execute();
    const result = await world.run((tx) => reviewQuiet(world.context, tx, { limit: 10, except: [] }));
    expect(result).toEqual({ quiet: 0, others: [account.id] });
    await account.review();
    await world.run((tx) =>
      tx
        .updateTable('accounts')
        .set({ next_review_at: world.clock.now() })
        .where('account_id', '=', account.id)
        .execute(),
    );
    expect(await world.run((tx) => reviewQuiet(world.context, tx, { limit: 10, except: [] }))).toEqual({
      quiet: 1,
      others: [],
    });
    expect(await account.read()).toMatchObject({ availableWatermark: yuan('449.975') });
  });
});

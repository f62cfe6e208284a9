import { beforeAll, describe, expect, test } from 'vitest';
import { insertOffers } from '../../src/store/plans.ts';
import { BillingWorld, kinds } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, at, yuan } from '../support/builders.ts';
import { bought, renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

describe('guards (rule 13)', () => {
  test('rule 13: given one purchase a day, then the second waits for midnight, says so once, and is then made', async () => {
    const account = await renewingAccount(world, { purchasesPerDay: 1 });
    await account.use(4_500);
    await account.review();
    await account.news();
    await account.use(4_900);
    await account.review();
    expect((await account.news()).filter(({ kind }) => kind.startsWith('renew'))).toMatchObject([
      { kind: 'renewal_stopped', guard: 'purchases_per_day', nextAttemptAt: at('2026-03-11').toString() },
    ]);
    expect(await bought(account)).toHaveLength(1);
    world.clock.set(at('2026-03-10T23:59:59'));
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    world.clock.set(at('2026-03-11'));
    expect(await account.review()).toBe(true);
    expect(await bought(account)).toHaveLength(2);
  });

  test('rule 13: given money for one purchase a month, then the second waits for the next month, or for a higher limit', async () => {
    const account = await renewingAccount(world, { moneyPerMonth: yuan('339.99') });
    await account.use(4_500);
    await account.review();
    world.pass({ hours: 72 });
    await account.use(4_900);
    await account.review();
    expect((await account.news()).filter(({ kind }) => kind.startsWith('renew'))).toMatchObject([
      { kind: 'renewed' },
      { kind: 'renewal_stopped', guard: 'money_per_month', nextAttemptAt: at('2026-04-01').toString() },
    ]);
    await account.renewal({ threshold: 1_000n, moneyPerMonth: yuan('340') });
    await account.review();
    expect(await bought(account)).toHaveLength(2);
  });

  test('rule 13: given it was stopped, then a purchase of the new month counts for the new month', async () => {
    const account = await renewingAccount(world, { purchasesPerMonth: 1 });
    await account.use(4_500);
    await account.review();
    world.pass({ hours: 72 });
    await account.use(4_900);
    await account.review();
    expect(await account.renewals()).toMatchObject([{ state: 'paid' }, { reason: 'purchases_per_month' }]);
    world.clock.set(at('2026-04-01'));
    await account.review();
    expect(await bought(account)).toHaveLength(2);
  });

  test('rule 13: given an offer of another currency, then it is refused when it is chosen', async () => {
    await world.run((tx) => insertOffers(tx, [anOffer({ id: 'usd', segments: 9_000n, currency: 'USD' })]));
    const account = await renewingAccount(world);
    await expect(account.renewal({ offerId: 'usd' })).rejects.toMatchObject({ code: 'offer_currency' });
    await expect(account.grant('usd')).rejects.toMatchObject({ code: 'offer_currency' });
    expect(await account.plans()).toHaveLength(1);
  });

  test('rule 13: given an offer that cannot lift the quota above the threshold, then it is refused and the policy stays', async () => {
    const account = await renewingAccount(world);
    await expect(account.renewal({ threshold: 5_000n })).rejects.toMatchObject({ code: 'offer_too_small' });
    await account.use(4_500);
    await account.review();
    expect(await bought(account)).toHaveLength(1);
  });
});

describe('grants', () => {
  test('rule 8: given the same key again, then it is the same plan, told once; with another offer it is refused', async () => {
    const account = await renewingAccount(world);
    const plan = await account.grant('sms-100', 'contract-7');
    expect(await account.grant('sms-100', 'contract-7')).toMatchObject({ id: plan.id });
    await expect(account.grant('sms-5000', 'contract-7')).rejects.toMatchObject({ code: 'plan_conflict' });
    expect(kinds(await account.news())).toEqual(['plan_added']);
    expect(await account.plans()).toHaveLength(2);
    await expectBooksRight(db, account.id);
  });

  test('given an offer that is not there, then it is refused', async () => {
    const account = await renewingAccount(world);
    await expect(account.grant('nothing')).rejects.toMatchObject({ code: 'offer_unknown' });
  });
});

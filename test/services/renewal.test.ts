import { beforeAll, describe, expect, test } from 'vitest';
import { changeAccount } from '../../src/services/account-change.ts';
import { addPlan } from '../../src/services/plans.ts';
import { refundPlan } from '../../src/services/refunds.ts';
import { renewIfDue } from '../../src/services/renewal.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, at, NOW, yuan } from '../support/builders.ts';
import { waitForBlocked } from '../support/database-waits.ts';
import { buy } from '../support/purchases.ts';
import { bought, renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

describe('a renewal (rules 11, 12 and 15)', () => {
  test('rule 12: given quota at the threshold, then one plan is bought, and alert and receipt are told once, in this order', async () => {
    const account = await renewingAccount(world);
    await account.use(3_998);
    expect(await account.review()).toBe(false);
    await account.use(1);
    expect(await account.review()).toBe(true);
    expect(await account.news()).toMatchObject([
      { kind: 'quota_low', level: 1, quota: '1000', renewal: 'buys' },
      {
        kind: 'renewed',
        trigger: 'threshold',
        segments: '5000',
        price: String(yuan('170')),
        quota: '6000',
        balance: String(yuan('99830')),
        expiresAt: at('2027-03-10T12:00').toString(),
      },
    ]);
    expect(await bought(account)).toMatchObject([{ total: 5_000n, remaining: 5_000n, price: yuan('170') }]);
    expect(await account.renewals()).toMatchObject([{ state: 'paid', trigger: 'threshold', closed_at: NOW }]);

    world.pass({ hours: 24 });
    await account.review();
    expect(await account.news()).toEqual([]);
    expect(await bought(account)).toHaveLength(1);
    await expectBooksRight(db, account.id);
  });

  test('rule 11: given a renewal, then the old plan stays as it is and is used first', async () => {
    const account = await renewingAccount(world);
    const [old] = await account.plans();
    world.pass({ hours: 24 });
    await account.use(4_000);
    await account.review();
    expect((await account.plans())[0]).toMatchObject({ expires_at: old?.expires_at, total: 5_000n, remaining: 999n });
    await account.use(1_000);
    expect(await account.plans()).toMatchObject([{ remaining: 0n }, { remaining: 4_999n }]);
  });

  test('rule 15: given an offer with a renewal discount, then the discounted price is paid', async () => {
    const account = await renewingAccount(world, { offerId: 'sms-5000-off' });
    await account.use(4_500);
    await account.review();
    expect(await bought(account)).toMatchObject([{ price: yuan('161.5') }]);
    await expectBooksRight(db, account.id);
  });

  test('rule 12, trigger B: given the last plan, then one is bought exactly ten days before it expires', async () => {
    const account = await renewingAccount(world);
    const moment = at('2027-02-28T12:00');
    world.clock.set(moment.subtract({ seconds: 1 }));
    await account.review();
    await account.news();
    expect(await bought(account)).toEqual([]);
    expect(await account.nextReviewAt()).toEqual(moment);

    world.clock.set(moment);
    expect(await account.review()).toBe(true);
    expect(await account.news()).toMatchObject([
      { kind: 'plan_expiring', days: 10, renewal: 'buys' },
      { kind: 'renewed', trigger: 'expiry', quota: '9999' },
    ]);
    world.pass({ hours: 24 });
    await account.review();
    expect(await bought(account)).toHaveLength(1);
  });

  test('rule 12: given both triggers at once, then one plan is bought', async () => {
    const account = await renewingAccount(world);
    world.clock.set(at('2027-02-28T11:00'));
    await account.use(4_500);
    world.clock.set(at('2027-02-28T12:00'));
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    expect(await account.renewals()).toMatchObject([{ trigger: 'threshold', state: 'paid' }]);
  });

  test('rule 12: given it runs down again after a renewal, then that is a new episode and a new plan', async () => {
    const account = await renewingAccount(world);
    await account.use(4_500);
    await account.review();
    await account.use(4_900);
    await account.review();
    expect(await bought(account)).toHaveLength(2);
    expect(kinds(await account.news()).filter((kind) => kind === 'quota_low')).toHaveLength(2);
    await expectBooksRight(db, account.id);
  });

  test('rule 12: given two reviews at the same time, then one plan is bought', async () => {
    const account = await renewingAccount(world);
    await account.use(4_500);
    const done = await Promise.all(Array.from({ length: 8 }, () => account.review()));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await bought(account)).toHaveLength(1);
    expect(kinds(await account.news())).toEqual(['quota_low', 'renewed']);
  });

  test('rule 12: given a plan that is granted while the review waits for the account, then nothing is bought', async () => {
    const account = await renewingAccount(world);
    await account.use(4_500);
    const review = await world.run(async (tx) => {
      const locked = await lockAccount(tx, account.id);
      const renewing = world.run(async (other) =>
        renewIfDue(world.context, other, await lockAccount(other, account.id)),
      );
      await waitForBlocked(db, 1);
      await addPlan(world.context, tx, locked, { source: 'grant', offer: anOffer(), price: 0n, key: 'a', by: 'test' });
      return { renewing };
    });
    expect(await review.renewing).toBe(false);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 12: given a clock that goes back by an hour after a renewal, then nothing more is bought', async () => {
    const account = await renewingAccount(world);
    await account.use(4_500);
    await account.review();
    world.clock.set(NOW.subtract({ hours: 1 }));
    await account.use(100);
    await account.recharge('1');
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    await expectBooksRight(db, account.id);
  });

  test('rule 12: given a plan that was granted a moment before the review, then nothing is bought', async () => {
    const account = await renewingAccount(world);
    await account.use(4_500);
    await account.grant('sms-5000');
    await account.review();
    expect(kinds(await account.news())).toEqual(['plan_added']);
    expect(await account.renewals()).toEqual([]);
  });

  test('rule 11: given it is turned off before the threshold is reached, then nothing is bought, and the alert says so', async () => {
    const account = await renewingAccount(world);
    await account.renewal({ enabled: false, threshold: 1_000n });
    await account.use(4_500);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'quota_low', renewal: 'off' }]);
    await account.renewal({ enabled: true, threshold: 1_000n });
    await account.review();
    expect(kinds(await account.news())).toEqual(['renewed']);
  });
});

describe('lack of balance (rule 14)', () => {
  async function poorAccount(balance = '100') {
    const account = await renewingAccount(world, { balance });
    await account.use(4_500);
    await account.review();
    return account;
  }

  test('rule 14: given too little money, then nothing is bought, and a notice says how much is missing and when it is tried again', async () => {
    const account = await poorAccount();
    const told = await account.news();
    expect(kinds(told).filter((kind) => kind !== 'overdue_expected')).toEqual(['quota_low', 'renewal_failed']);
    expect(told.at(-1)).toMatchObject({
      price: String(yuan('170')),
      available: String(yuan('100')),
      missing: String(yuan('70')),
      nextAttemptAt: NOW.add({ hours: 24 }).toString(),
    });
    expect(await bought(account)).toEqual([]);
    expect(await account.read()).toMatchObject({ money: { balance: yuan('100') } });
  });

  test('rule 14: given no recharge, then it is tried again once a day, which is no news: only the alert is repeated after one day and three', async () => {
    const account = await poorAccount();
    await account.news();
    for (let day = 1; day <= 3; day += 1) {
      const [before] = await account.renewals();
      world.clock.set(NOW.add({ hours: 24 * day }));
      expect(await account.review()).toBe(true);
      const [after] = await account.renewals();
      expect(before?.attempted_at).toEqual(NOW.add({ hours: 24 * (day - 1) }));
      expect(after).toMatchObject({ state: 'failed', reason: 'insufficient_balance', attempted_at: world.clock.now() });
    }
    const told = (await account.news()).filter(({ kind }) => kind.startsWith('renew'));
    expect(told).toMatchObject([{ episode: { as: 'repeat' } }, { episode: { as: 'repeat' } }]);
  });

  test('rule 14: given reviews in between, then there is no further attempt', async () => {
    const account = await poorAccount();
    for (let hour = 1; hour < 24; hour += 1) {
      world.clock.set(NOW.add({ hours: hour }));
      await account.review();
    }
    expect(await account.renewals()).toMatchObject([{ attempted_at: NOW }]);
  });

  test('rule 14: given a recharge that is enough, then the plan is bought right after it, once', async () => {
    const account = await poorAccount();
    await account.news();
    world.pass({ hours: 1 });
    await account.recharge('70');
    expect(await account.review()).toBe(true);
    expect(kinds(await account.news()).filter((kind) => kind !== 'overdue_expected')).toEqual(['recharged', 'renewed']);
    expect(await account.read()).toMatchObject({ money: { balance: 0n } });
    for (const hours of [1, 23, 24]) {
      world.pass({ hours });
      await account.review();
    }
    expect(await bought(account)).toHaveLength(1);
    expect(await account.renewals()).toHaveLength(1);
    await expectBooksRight(db, account.id);
  });

  test('rule 14: given a credit limit that is raised by enough, then the plan is bought right after it, once', async () => {
    const account = await poorAccount();
    await account.news();
    world.pass({ hours: 1 });
    await world.run((tx) => changeAccount(world.context, tx, account.id, { creditLimit: yuan('69') }));
    await account.review();
    expect(await bought(account), 'a yuan short').toHaveLength(0);
    await world.run((tx) => changeAccount(world.context, tx, account.id, { creditLimit: yuan('70') }));
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    await world.run((tx) => changeAccount(world.context, tx, account.id, { creditLimit: yuan('5') }));
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    await expectBooksRight(db, account.id);
  });

  test('rule 14: given a clock that goes back by an hour after it failed, when it books a recharge, then the plan is bought right after it', async () => {
    const account = await renewingAccount(world, { balance: '100' });
    await account.use(4_500);
    await account.review();
    expect(kinds(await account.told())).toContain('renewal_failed');
    world.clock.set(NOW.subtract({ hours: 1 }));
    await account.recharge('1000');
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    await expectBooksRight(db, account.id);
  });

  test('rule 14: given a clock that goes back by an hour after it failed, when the credit limit is raised or a plan refunded, then too', async () => {
    const money: ((account: TestAccount, planId: string) => Promise<unknown>)[] = [
      ({ id }) => world.run((tx) => changeAccount(world.context, tx, id, { creditLimit: yuan('70') })),
      ({ id }, planId) =>
        world.run((tx) => refundPlan(world.context, tx, { accountId: id, planId, reason: null, by: 'cli' })),
    ];
    for (const comes of money) {
      const account = await renewingAccount(world, { balance: '172' });
      await account.use(4_500);
      const planId = await buy(world, account, 'sms-100');
      await account.review();
      expect(await account.renewals()).toMatchObject([{ state: 'failed' }]);
      world.clock.set(NOW.subtract({ hours: 1 }));
      await comes(account, planId);
      await account.review();
      expect(await bought(account)).toHaveLength(1);
      await expectBooksRight(db, account.id);
    }
  });

  test('rule 14: given a recharge that is not enough, then that is told with what is missing now, and the day begins anew', async () => {
    const account = await poorAccount();
    await account.news();
    world.pass({ hours: 1 });
    await account.recharge('50');
    await account.review();
    const told = await account.news();
    expect(told.filter(({ kind }) => kind === 'renewal_failed')).toMatchObject([
      { missing: String(yuan('20')), nextAttemptAt: NOW.add({ hours: 25 }).toString() },
    ]);
    world.pass({ hours: 23 });
    await account.review();
    expect(await account.renewals()).toMatchObject([{ attempted_at: NOW.add({ hours: 1 }) }]);
  });

  test('rule 14: given a recharge that waits while the renewal fails, then it is tried again at once', async () => {
    const account = await renewingAccount(world, { balance: '100' });
    await account.use(4_500);
    const recharged = await world.run(async (tx) => {
      const locked = await lockAccount(tx, account.id);
      const recharging = account.recharge('1000');
      await waitForBlocked(db, 1);
      world.pass({ seconds: 5 });
      await renewIfDue(world.context, tx, locked);
      return { recharging };
    });
    await recharged.recharging;
    world.pass({ seconds: 5 });
    await account.review();
    expect(await bought(account)).toHaveLength(1);
  });

  test('rule 14: given a plan that is granted meanwhile, then the trigger is gone and it is not tried again', async () => {
    const account = await poorAccount();
    await account.grant('sms-5000');
    await account.review();
    expect(await account.renewals()).toMatchObject([{ state: 'stopped', reason: 'trigger_gone', closed_at: NOW }]);
    await account.recharge('1000');
    world.pass({ hours: 24 });
    await account.review();
    expect(await bought(account)).toEqual([]);
  });

  test('rule 14: given it is turned off, then it is not tried again; turned on, it is, as a new episode', async () => {
    const account = await poorAccount();
    await account.renewal({ enabled: false, threshold: 1_000n });
    await account.review();
    expect(await account.renewals()).toMatchObject([{ reason: 'turned_off', closed_at: NOW }]);
    await account.recharge('1000');
    await account.review();
    expect(await bought(account)).toEqual([]);
    await account.renewal({ threshold: 1_000n });
    await account.review();
    expect(await bought(account)).toHaveLength(1);
    expect(await account.renewals()).toHaveLength(2);
  });

  test('rule 14: given a cheaper offer is chosen, then it is tried at once', async () => {
    const account = await poorAccount();
    await account.renewal({ threshold: 600n, offerId: 'sms-1000-month' });
    await account.review();
    expect(await bought(account)).toMatchObject([{ price: yuan('40') }]);
  });

  test('rule 14: given another offer is chosen that is too dear as well, then that is told', async () => {
    const account = await poorAccount();
    await account.news();
    await account.renewal({ threshold: 1_000n, offerId: 'sms-5000-off' });
    await account.review();
    expect((await account.news()).filter(({ kind }) => kind.startsWith('renew'))).toMatchObject([
      { kind: 'renewal_failed', price: String(yuan('161.5')), missing: String(yuan('61.5')) },
    ]);
  });

  test('given an account that is overdue, then nothing is bought with money that it does not have', async () => {
    const account = await renewingAccount(world, { balance: '1' });
    await account.use(6_000);
    await account.review();
    const [renewal] = await account.renewals();
    expect(renewal).toMatchObject({ state: 'failed' });
    expect(await bought(account)).toEqual([]);
    await expectBooksRight(db, account.id);
  });
});

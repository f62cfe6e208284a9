import { beforeAll, describe, expect, test } from 'vitest';
import { quotaOf } from '../../src/domain/plan.ts';
import { readPlansWithQuota } from '../../src/store/plans.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

/** An account with 5,000 segments and some money, of which nothing is to be told. */
async function quietAccount({
  balance = '1000',
  ...overrides
}: Parameters<BillingWorld['openAccount']>[0] & { balance?: string } = {}): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount(overrides);
  await account.recharge(balance);
  await account.grant('sms-5000');
  await account.review();
  await account.news();
  return account;
}

describe('quota alert (rule 19)', () => {
  /** An account in use, with 4,999 segments left. */
  async function withThreshold(threshold: bigint): Promise<TestAccount> {
    const account = await quietAccount({ balance: '100000' });
    await account.renewal({ enabled: false, threshold });
    await account.use(1);
    await account.review();
    return account;
  }

  test('rule 19: given quota that falls, then each level is told once, and what lies between is not', async () => {
    const account = await withThreshold(1_000n);
    await account.use(3_998);
    expect(await account.review()).toBe(false);
    await account.use(1);
    expect(await account.review()).toBe(true);
    expect(await account.news()).toMatchObject([{ kind: 'quota_low', level: 1, quota: '1000', threshold: '1000' }]);

    await account.use(400);
    expect(await account.review()).toBe(false);
    await account.use(100);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'quota_low', level: 2, quota: '500' }]);

    await account.use(500);
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'quota_exhausted', renewal: 'off', available: String(yuan('100000')) },
    ]);
    await account.use(100);
    expect(await account.review()).toBe(false);
    world.pass({ hours: 23 });
    expect(await account.review()).toBe(true);
    expect(await account.news()).toEqual([]);
  });

  test('rule 19: given quota that falls through all levels in one batch, then only the worst is told', async () => {
    const account = await withThreshold(1_000n);
    await account.use(6_000);
    await account.review();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
  });

  test('rule 19: given a purchase that closes it, when quota falls again, then it is told again', async () => {
    const account = await withThreshold(1_000n);
    await account.use(3_999);
    await account.review();
    await account.grant('sms-5000');
    await account.review();
    expect(kinds(await account.news())).toEqual(['quota_low', 'plan_added']);
    await account.use(5_000);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'quota_low', level: 1 }]);
  });

  test('rule 19: given a purchase that only eases it, when quota runs out again, then that is told again', async () => {
    const account = await withThreshold(1_000n);
    await account.use(4_999);
    await account.review();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
    world.pass({ minutes: 1 });
    await account.grant('sms-100');
    await account.review();
    expect(kinds(await account.news())).toEqual(['plan_added']);
    world.pass({ minutes: 1 });
    await account.use(100);
    await account.review();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
  });

  test('rule 20: given a balance of exactly zero and quota for months, then it is not overdue soon: quota is used first', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.grant('sms-5000');
    await account.use(10);
    await account.review();
    expect(kinds(await account.told())).toEqual(['plan_added']);
  });

  test('given an account without any plan, then no quota is missed, and its pay-as-you-go is', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('10');
    await account.review();
    await account.use(200);
    await account.review();
    expect(kinds(await account.told())).toEqual(['recharged', 'overdue_expected']);
  });
});

describe('plans that expire (rules 15 and 20)', () => {
  test('rule 20: given a plan with something left, then it is told 30, 10, 3 and 1 days before, each in its moment', async () => {
    const account = await quietAccount();
    const [plan] = await account.plans();
    const expiresAt = plan?.expires_at ?? NOW;
    for (const days of [30, 10, 3, 1]) {
      const moment = expiresAt.subtract({ hours: 24 * days });
      world.clock.set(moment.subtract({ nanoseconds: 1000 }));
      await account.review();
      expect(await account.news()).toEqual([]);
      expect(await account.nextReviewAt()).toEqual(moment);
      world.clock.set(moment);
      expect(await account.review()).toBe(true);
      expect(await account.news()).toMatchObject([{ kind: 'plan_expiring', days, remaining: '5000' }]);
    }
  });

  test('rule 15: given a plan whose time is over, then that is told and the quota is gone at once, and what is left is forfeited by an entry after the wait for late records', async () => {
    const account = await quietAccount();
    await account.use(1_200);
    await account.grant('sms-1000-month');
    await account.review();
    await account.news();

    world.clock.set(at('2026-04-10T12:00'));
    expect(await account.review()).toBe(true);
    expect(await account.news()).toMatchObject([{ kind: 'plan_expired', forfeited: '1000' }]);
    expect(await account.plans()).toMatchObject([{ remaining: 3_800n }, { remaining: 1_000n, expired_at: null }]);
    expect(quotaOf(await readPlansWithQuota(db.kysely, account.id), world.clock.now())).toBe(3_800n);

    world.clock.set(at('2026-04-11T12:00'));
    expect(await account.review()).toBe(true);
    expect(await account.news()).toEqual([]);
    expect(await account.plans()).toMatchObject([
      { remaining: 3_800n, expired_at: null },
      { remaining: 0n, expired_at: at('2026-04-11T12:00') },
    ]);
    const forfeits = await db.kysely
      .selectFrom('transfers')
      .select(['from_book', 'to_book', 'amount', 'unit'])
      .where('account_id', '=', account.id)
      .where('kind', '=', 'forfeit')
      .execute();
    expect(forfeits).toMatchObject([{ to_book: 'forfeited', amount: 1_000n, unit: 'segment' }]);
    await expectBooksRight(db, account.id);

    world.pass({ hours: 24 });
    await account.review();
    expect(await account.news()).toEqual([]);
  });

  test('rule 15: given the last plan expires, then the quota is exhausted and told', async () => {
    const account = await quietAccount();
    world.clock.set(at('2027-03-10T12:00'));
    await account.review();
    expect(kinds(await account.news())).toEqual(['plan_expired', 'quota_exhausted']);
  });

  test.each([false, true])(
    'rule 3: given messages of a plan’s time that are reported within the wait, then it covers them, whether a review has looked (%s) or not',
    async (isReviewed) => {
      const account = await quietAccount();
      const sent = at('2027-03-10T11:59');
      world.clock.set(at('2027-03-10T12:05'));
      if (isReviewed) while (await account.review());
      await account.use(10, { at: sent });
      // What was sent after the expiry is paid for.
      await account.use(7, { at: at('2027-03-10T12:00') });
      expect(await account.plans()).toMatchObject([{ remaining: 4_990n }]);
      world.clock.set(at('2027-03-11T12:00'));
      while (await account.review());
      expect(await account.plans()).toMatchObject([{ remaining: 0n, expired_at: at('2027-03-11T12:00') }]);
      const told = (await account.told()).filter(({ kind }) => kind === 'plan_expired');
      expect(told).toMatchObject([{ forfeited: isReviewed ? '5000' : '4990' }]);
      await account.use(10, { at: sent });
      expect(await account.read()).toMatchObject({ money: { balance: yuan('1000') - 17n * yuan('0.045') } });
      await expectBooksRight(db, account.id);
    },
  );
});

describe('overdue (rules 9 and 19)', () => {
  test('rule 20: given money for less than three days, then that is told once, and a recharge re-arms it', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('40');
    await account.review();
    await account.use(200);
    expect(await account.review()).toBe(true);
    // 200 segments at 0.045 a day: 9.00, and 31.00 are left, which is more than three days.
    expect(kinds(await account.news())).toEqual(['recharged']);
    await account.use(100);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'overdue_expected', runwayDays: 1.9 }]);
    world.pass({ hours: 2 });
    await account.review();
    expect(await account.news()).toEqual([]);

    await account.recharge('30');
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged']);
    await account.use(450);
    await account.review();
    expect(kinds(await account.news())).toEqual(['overdue_expected']);
  });

  test('rule 9: given usage beyond what is available, then the account is suspended at once and told, also without a review', async () => {
    const account = await quietAccount();
    await account.use(4_990);
    await account.use(25_000);
    expect(await account.read()).toMatchObject({ money: { balance: yuan('1000') - yuan('0.036') * 24_990n } });
    expect((await account.read()).money.overdueSince).toBeNull();
    const outcome = await account.use(20_000);
    expect(outcome.reviewDue).toBe(true);
    expect((await account.read()).money.overdueSince).toEqual(NOW);
    await account.review();
    const told = await account.news();
    expect(told.filter(({ kind }) => kind === 'overdue')).toMatchObject([
      { suspended: true, suspendedFrom: NOW.toString(), available: String(yuan('1000') - yuan('0.036') * 44_990n) },
    ]);
  });

  test('rule 9: given a suspended account, then what was sent already is still billed', async () => {
    const account = await quietAccount();
    await account.use(50_000);
    const { money } = await account.read();
    expect(money.balance < 0n).toBe(true);
    await account.use(1);
    expect((await account.read()).money.balance).toBe(money.balance - yuan('0.036'));
    expect((await account.read()).money.overdueSince).toEqual(money.overdueSince);
    await expectBooksRight(db, account.id);
  });

  test('rule 9: given a recharge that brings available to exactly zero, then sending is restored at once and told; one below it changes nothing', async () => {
    const account = await quietAccount();
    await account.use(50_000);
    await account.review();
    await account.news();
    const { money } = await account.read();
    const owed = Number(-money.balance) / 1_000_000;
    world.pass({ hours: 1 });
    await account.recharge((owed - 1).toFixed(6));
    expect((await account.read()).money.overdueSince).toEqual(NOW);
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged']);

    await account.recharge('1');
    expect(await account.read()).toMatchObject({ money: { balance: 0n, overdueSince: null } });
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged', 'restored', 'overdue_expected']);
  });

  test('rule 9: given a grace of a day, then the account is told overdue at once, and suspended when the day is over', async () => {
    const account = await quietAccount({ overdueGraceHours: 24 });
    await account.use(50_000);
    await account.review();
    const suspendedFrom = NOW.add({ hours: 24 });
    expect((await account.news()).filter(({ kind }) => kind === 'overdue')).toMatchObject([
      { suspended: false, suspendedFrom: suspendedFrom.toString() },
    ]);
    world.clock.set(suspendedFrom.subtract({ minutes: 1 }));
    await account.review();
    expect(kinds(await account.news())).toEqual([]);
    expect(await account.nextReviewAt()).toEqual(suspendedFrom);
    world.clock.set(suspendedFrom);
    await account.review();
    expect((await account.news()).filter(({ kind }) => kind === 'overdue')).toMatchObject([
      { suspended: true, episode: { as: 'news' } },
    ]);
  });

  test('rule 9: given a second time of being overdue, then its grace begins anew', async () => {
    const account = await quietAccount({ overdueGraceHours: 24 });
    await account.use(50_000);
    world.pass({ hours: 12 });
    await account.recharge('1000');
    world.pass({ hours: 6 });
    await account.use(50_000);
    expect((await account.read()).money.overdueSince).toEqual(NOW.add({ hours: 18 }));
  });

  test('rule 9: given a credit limit, then only what goes beyond it is overdue', async () => {
    const account = await quietAccount({ creditLimit: yuan('2000') });
    await account.use(50_000);
    expect(await account.read()).toMatchObject({ money: { overdueSince: null } });
    await account.use(60_000);
    expect(await account.read()).toMatchObject({ money: { overdueSince: NOW } });
  });
});

describe('when an account is looked at', () => {
  test('given a new account, then it is due at once; after that its watermarks make it due, and nothing before', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    expect(await account.nextReviewAt()).toEqual(NOW);
    await account.recharge('100');
    await account.grant('sms-5000');
    await account.renewal({ enabled: false, threshold: 1_000n });
    await account.review();
    expect(await account.nextReviewAt()).toEqual(NOW.add({ hours: 24 }));

    // Idle so far: its first use is looked at.
    expect(await account.use(1)).toMatchObject({ reviewDue: true });
    expect(await account.nextReviewAt()).toEqual(NOW);
    await account.review();
    expect(await account.read()).toMatchObject({ quotaWatermark: 1_000n });
    expect(await account.nextReviewAt()).toEqual(NOW.add({ hours: 1 }));
    expect(await account.use(3_998)).toMatchObject({ reviewDue: false });
    expect(await account.use(1)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.read()).toMatchObject({ quotaWatermark: 500n });
  });

  test('given a review, then looking again at once does nothing, and a repeated one tells nothing', async () => {
    const account = await quietAccount();
    await account.use(5_000);
    expect(await account.review()).toBe(true);
    await account.news();
    expect(await account.review()).toBe(false);
    world.clock.set(await account.nextReviewAt());
    expect(await account.review()).toBe(true);
    expect(await account.news()).toEqual([]);
  });

  test('rule 20: given an account that was idle, when it burns its money within hours, then it is warned before it is overdue', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('100');
    await account.review();
    for (let hour = 0; hour < 10 && (await account.read()).money.overdueSince === null; hour += 1) {
      await account.use(400);
      await account.review();
      world.pass({ hours: 1 });
    }
    expect(kinds(await account.told())).toEqual(['recharged', 'overdue_expected', 'overdue']);
  });

  test('rule 20: given a burst within the hour, when half of the money has gone, then that overdue is near is told before it is', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('1000');
    await account.use(200);
    await account.review();
    await account.news();
    for (let n = 0; n < 60 && (await account.read()).money.overdueSince === null; n += 1) {
      world.pass({ seconds: 1 });
      await account.use(1_000);
      await account.review();
    }
    expect(kinds(await account.news())).toEqual(['overdue_expected', 'overdue']);
  });

  test('given money for three days, then available is watched at half of it and at that level, and then at zero', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('100');
    await account.use(200);
    await account.review();
    // 200 a day at 0.045, three days of it are 27; 91 are left.
    expect(await account.read()).toMatchObject({ availableWatermark: yuan('45.5') });
    expect(await account.use(280)).toMatchObject({ reviewDue: false });
    expect(await account.use(1_400)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.read()).toMatchObject({ availableWatermark: 0n });
    expect(await account.use(600)).toMatchObject({ reviewDue: false });
    expect(await account.use(100)).toMatchObject({ reviewDue: true });
  });
});

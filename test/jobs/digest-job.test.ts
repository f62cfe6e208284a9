import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DigestJob } from '../../src/jobs/digest-job.ts';
import { changeAccount } from '../../src/services/account-change.ts';
import { record } from '../../src/services/audit.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { Bills } from '../support/bills.ts';
import { at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let bills: Bills;
let logged: string[] = [];

type Deeds = readonly { readonly deed: { readonly type: string } }[];

beforeAll(async () => {
  world = await BillingWorld.on(db);
  bills = new Bills(world);
});
beforeEach(async () => {
  logged = [];
  await db.kysely.deleteFrom('digests').execute();
});

function newJob(context = world.context): DigestJob {
  const logger = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
  return new DigestJob({ db, context, logger, onTold: () => {} });
}

const runAt = async (time: string) => {
  world.clock.set(at(time));
  return newJob().run();
};

async function dailyAccount(opened = '2026-03-09T10:00', overrides: Parameters<Bills['openAccount']>[1] = {}) {
  const account = await bills.openAccount(opened, overrides);
  await account.settings({ digestAt: '09:00' });
  await account.recharge('100');
  await account.news();
  return account;
}

const planned = (account: TestAccount) =>
  db.kysely
    .selectFrom('digests')
    .select(['kind', 'period', 'due_at'])
    .where('account_id', '=', account.id)
    .orderBy('due_at')
    .execute();

describe('a daily summary (rule 20)', () => {
  test('given yesterday by hand, then it tells what was used, spent, left, decided and is open, once, and plans the next one', async () => {
    const account = await dailyAccount();
    await account.grant('sms-100');
    await account.use(130);
    await account.renewal({ enabled: true, threshold: 20n, offerId: 'sms-1000-month' });
    await account.review();
    await account.news();
    world.clock.set(at('2026-03-10T01:00'));
    await account.use(7);
    expect(await newJob().nextDueAt()).toEqual(at('2026-03-10T09:00'));
    expect(await runAt('2026-03-10T08:59')).toBeNull();
    expect(await runAt('2026-03-10T09:00')).toBe('made 1 summaries');
    const told = await account.news();
    // What was used on the 10th, and at what price, is told on the 11th; what is left is told as it is now.
    expect(told).toMatchObject([
      {
        kind: 'daily_digest',
        day: '2026-03-09',
        bought: yuan('40').toString(),
        used: { covered: '100', payg: '30', cost: yuan('1.35').toString() },
        present: { quota: '993', available: yuan('58.65').toString(), threshold: '20' },
        open: [],
        moreDone: 0,
      },
    ]);
    const [{ done = [] } = {}] = told as unknown as { done: { deed: { type: string } }[] }[];
    expect(done.map(({ deed }) => deed.type)).toEqual(['recharged', 'plan_granted', 'renewed']);
    expect(await runAt('2026-03-10T09:00')).toBeNull();
    expect(await planned(account)).toEqual([{ kind: 'daily', period: '2026-03-11', due_at: at('2026-03-11T09:00') }]);
  });

  test('given more than a thousand entries of the audit in a day, then its newest deeds are told, and all of them are counted', async () => {
    const account = await dailyAccount();
    const questions = Array.from(
      { length: 1_000 },
      () => ({ by: 'cli', deed: { type: 'group_code_issued' } }) as const,
    );
    await world.run(async (tx) => {
      for (const question of questions) await record(world.context, tx, account.id, question);
    });
    for (let hour = 11; hour < 21; hour += 1) {
      world.clock.set(at(`2026-03-09T${hour}:00`));
      await account.recharge(`${hour}`);
    }
    await account.news();
    await runAt('2026-03-10T09:00');
    const [told] = (await account.news()) as unknown as { done: { deed: { amount: string } }[]; moreDone: number }[];
    const amounts = told?.done.map(({ deed }) => deed.amount);
    expect(amounts).toEqual([13, 14, 15, 16, 17, 18, 19, 20].map((amount) => yuan(`${amount}`).toString()));
    expect(told?.moreDone, 'with that of 100 when the account was opened').toBe(3);
  });

  test('given several replicas on the same tick, then each group is told once', async () => {
    const accounts = [];
    for (let count = 0; count < 8; count += 1) accounts.push(await dailyAccount());
    const [first] = accounts;
    const second = { corpId: 'corp', conversationId: 'second-digests' };
    const input = { title: 'two', language: 'en', actor: { staffId: 'x', name: 'x' } } as const;
    await world.run((tx) =>
      authorizeGroup(world.context, tx, { ...input, accountId: first?.id ?? '', conversation: second }),
    );
    await first?.news();
    world.clock.set(at('2026-03-10T09:00'));
    await Promise.all([newJob().run(), newJob().run(), newJob().run()]);
    for (const account of accounts) {
      expect(kinds(await account.news())).toEqual(
        account === first ? ['daily_digest', 'daily_digest'] : ['daily_digest'],
      );
    }
    expect(logged).toEqual([]);
  });

  test('given a service that was down, then a summary is made up within half a day; later it is skipped, and of several days one is told', async () => {
    const account = await dailyAccount();
    await runAt('2026-03-10T20:59');
    expect(await account.news()).toMatchObject([{ kind: 'daily_digest', day: '2026-03-09' }]);
    await runAt('2026-03-14T08:00');
    expect(await account.news()).toEqual([]);
    await runAt('2026-03-14T09:00');
    expect(await account.news()).toMatchObject([{ day: '2026-03-13' }]);
    await runAt('2026-03-17T10:00');
    expect(await account.news()).toEqual([]);
    expect((await planned(account)).map(({ period }) => period)).toEqual(['2026-03-18']);
  });

  test('given a clock that goes back, or a time that is set anew on the same day, then a day is told once', async () => {
    const account = await dailyAccount();
    await runAt('2026-03-10T09:00');
    world.clock.set(at('2026-03-09T08:00'));
    await account.settings({ digestAt: '09:00' });
    await runAt('2026-03-09T09:00');
    await runAt('2026-03-10T09:00');
    await account.settings({ digestAt: '18:00' });
    await runAt('2026-03-10T18:00');
    await runAt('2026-03-11T18:00');
    const told = (await account.told()).filter(({ kind }) => kind === 'daily_digest');
    expect(told.map(({ day }) => day)).toEqual(['2026-03-08', '2026-03-09', '2026-03-10']);
  });

  test('given it is switched off or its zone changes, then what was planned follows', async () => {
    const account = await bills.openAccount('2026-03-09T10:00', { timeZone: 'Europe/Berlin' });
    expect(await planned(account)).toEqual([]);
    await account.settings({ digestAt: '09:00' });
    expect(await planned(account)).toMatchObject([{ due_at: Temporal.Instant.from('2026-03-09T08:00:00Z') }]);
    await world.run((tx) => changeAccount(world.context, tx, account.id, { timeZone: 'Asia/Shanghai' }));
    expect(await planned(account)).toMatchObject([{ period: '2026-03-10', due_at: at('2026-03-10T09:00') }]);
    await account.settings({ digestAt: null });
    expect(await planned(account)).toEqual([]);
  });

  test('given one that cannot be put into words, then the others are sent, and it is tried again in five minutes', async () => {
    const [poisoned, other] = [await dailyAccount(), await dailyAccount('2026-03-09T10:00', { name: 'other' })];
    world.clock.set(at('2026-03-10T09:00'));
    const job = newJob({
      ...world.context,
      compose: (announcement, audience) => {
        if (
          audience.accountName !== 'other' &&
          world.clock.now().epochMilliseconds < at('2026-03-10T09:05').epochMilliseconds
        ) {
          throw new Error('no words');
        }
        return world.context.compose(announcement, audience);
      },
    });
    await job.run();
    await job.run();
    expect(logged).toHaveLength(1);
    expect(kinds(await other.news())).toEqual(['daily_digest']);
    world.clock.set(at('2026-03-10T09:05'));
    await job.run();
    expect(kinds(await poisoned.news())).toEqual(['daily_digest']);
  });
});

describe('the summary of a month (rules 10 and 20)', () => {
  test('given a month whose bill closes, then it is told once with its bill, at its time and not before', async () => {
    const account = await bills.openAccount('2026-12-20');
    await account.recharge('10');
    await account.use(10);
    await account.news();
    await bills.closeAt(account, '2027-01-02');
    expect(await account.news()).toEqual([]);
    expect(await newJob().nextDueAt()).toEqual(at('2027-01-02T09:00'));
    await runAt('2027-01-02T09:00');
    expect(await account.news()).toMatchObject([
      {
        kind: 'monthly_digest',
        month: '2026-12',
        figures: { closing: yuan('9.55').toString() },
        used: { payg: '10', cost: yuan('0.45').toString() },
        present: { available: yuan('9.55').toString() },
      },
    ]);
    await runAt('2027-01-03T09:00');
    expect(await account.news()).toEqual([]);
  });

  /** An account with both summaries at nine, whose bill of March has closed on the 2nd of April. */
  async function bothAtNine(): Promise<TestAccount> {
    const account = await dailyAccount('2026-03-20T10:00');
    await account.use(10);
    world.clock.set(at('2026-04-01T12:00'));
    await runAt('2026-04-01T12:00');
    await account.grant('sms-100');
    await account.use(30);
    await bills.closeAt(account, '2026-04-02');
    await account.news();
    return account;
  }

  test('given a daily summary that is due at the same moment, then they are one: the month with the day in it, and how things are now once', async () => {
    const account = await bothAtNine();
    expect((await planned(account)).map(({ kind, due_at }) => [kind, due_at])).toEqual([
      ['daily', at('2026-04-02T09:00')],
      ['monthly', at('2026-04-02T09:00')],
    ]);
    expect(await runAt('2026-04-02T09:00')).toBe('made 1 summaries');
    const told = await account.news();
    expect(told).toMatchObject([
      {
        ...{ kind: 'monthly_digest', month: '2026-03', used: { payg: '10', covered: '0' } },
        present: { quota: '70', available: yuan('99.55').toString() },
        dayBefore: { day: '2026-04-01', used: { covered: '30', payg: '0' }, bought: '0' },
      },
    ]);
    const [{ done = [], dayBefore } = {}] = told as unknown as { done: Deeds; dayBefore: { done: Deeds } }[];
    expect([done, dayBefore?.done].map((deeds) => deeds?.map(({ deed }) => deed.type))).toEqual([
      ['recharged'],
      ['plan_granted'],
    ]);
    expect(await planned(account)).toMatchObject([{ kind: 'daily', period: '2026-04-03' }]);

    // The day was told with the month: another time on the same day does not tell it again.
    await account.settings({ digestAt: '18:00' });
    await runAt('2026-04-02T18:00');
    expect(await account.news()).toEqual([]);
    await runAt('2026-04-03T18:00');
    expect(await account.news()).toMatchObject([{ kind: 'daily_digest', day: '2026-04-02' }]);
  });

  test('given several replicas on that tick, then it is told once', async () => {
    const account = await bothAtNine();
    world.clock.set(at('2026-04-02T09:00'));
    await Promise.all([newJob().run(), newJob().run(), newJob().run()]);
    expect(kinds(await account.news())).toEqual(['monthly_digest']);
    expect(logged).toEqual([]);
  });

  test('given a service that was down for more than half a day, then the month is told without the day', async () => {
    const account = await bothAtNine();
    await runAt('2026-04-02T21:00');
    expect(await account.news()).toMatchObject([{ kind: 'monthly_digest', dayBefore: null }]);
    expect(await planned(account)).toMatchObject([{ kind: 'daily', period: '2026-04-03' }]);
  });

  test('given other times of day, then each is told at its own', async () => {
    const account = await bothAtNine();
    await account.settings({ digestAt: '08:00' });
    await runAt('2026-04-02T08:00');
    expect(await account.news()).toMatchObject([{ kind: 'daily_digest', day: '2026-04-01' }]);
    await runAt('2026-04-02T09:00');
    expect(await account.news()).toMatchObject([{ kind: 'monthly_digest', dayBefore: null }]);
  });

  test('given the monthly one is switched off before its time, then the receipt of the bill and the summary of the day are told', async () => {
    const account = await bothAtNine();
    await account.settings({ monthlyDigestAt: null, digestAt: '09:00' });
    await runAt('2026-04-02T09:00');
    expect(kinds(await account.news())).toEqual(['bill_closed', 'daily_digest']);
  });

  test('given a service that was away for months, then each bill is told, and how things are now with the newest alone', async () => {
    const account = await bills.openAccount('2026-10-20');
    await account.recharge('10');
    await account.use(10);
    await account.news();
    await bills.closeAt(account, '2027-01-10');
    await runAt('2027-01-10');
    expect((await account.news()).map(({ kind, month }) => [kind, month])).toEqual([['bill_closed', '2026-10']]);
    world.clock.set(at('2026-12-31'));
    await account.use(5);
    await bills.closeAt(account, '2027-02-10');
    await runAt('2027-02-10');
    expect((await account.news()).map(({ kind, month }) => [kind, month])).toEqual([['monthly_digest', '2027-01']]);
  });

  test('given an account that switches it off before its time, then it has the receipt of the bill; off before the bill closes, at once', async () => {
    const account = await bills.openAccount('2026-03-20');
    await account.recharge('10');
    await account.news();
    await bills.closeAt(account, '2026-04-02');
    await account.settings({ monthlyDigestAt: null });
    await runAt('2026-04-02T09:00');
    expect(await account.news()).toMatchObject([{ kind: 'bill_closed', month: '2026-03' }]);
    await account.recharge('1');
    await account.news();
    await bills.closeAt(account, '2026-05-02');
    expect(await account.news()).toMatchObject([{ kind: 'bill_closed', month: '2026-04' }]);
    expect(await runAt('2026-05-02T09:00')).toBeNull();
  });
});

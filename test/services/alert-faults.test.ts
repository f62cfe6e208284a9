import { sql } from 'kysely';
import { pino } from 'pino';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ReviewJob } from '../../src/jobs/review-job.ts';
import { acknowledgeAlerts, snoozeAlerts } from '../../src/services/answer-alerts.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { setLimit } from '../../src/services/limits.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { readOpenAlerts } from '../../src/store/alerts.ts';
import { type Database, inTransaction, openDatabase } from '../../src/store/database.ts';
import { ADMIN, BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { aReport, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db, url } = await createTestDatabase();
const world = await BillingWorld.on(db);
const complaints: string[] = [];
const logger = pino({ level: 'error' }, { write: (line: string) => complaints.push(line) });

beforeEach(() => {
  world.clock.set(NOW);
  complaints.length = 0;
});

const look = (database: Database = db, context: ServiceContext = world.context) =>
  new ReviewJob({ db: database, context, logger, onReviewed: () => {} }).run();

/** An account that has a critical alert to tell at its next look. */
async function exhausted(): Promise<TestAccount> {
  const account = await world.openAccount();
  await account.recharge('100000');
  await account.grant('sms-5000');
  await account.use(5_000);
  await account.news();
  return account;
}

const alertsOf = (account: TestAccount) => readOpenAlerts(db.kysely, account.id);

/** Lets statements that queue a notice fail with this code of PostgreSQL, the first so many times; a sequence counts what is rolled back, too. */
async function failNotices(code: string, times: number): Promise<void> {
  await sql`create sequence failures`.execute(db.kysely);
  await sql`
    create function fail_notices() returns trigger language plpgsql as $$
    begin
      if nextval('failures') <= ${sql.lit(times)} then raise exception 'a fault' using errcode = ${sql.lit(code)}; end if;
      return new;
    end $$`.execute(db.kysely);
  await sql`create trigger fail_notices before insert on notices for each row execute function fail_notices()`.execute(
    db.kysely,
  );
  onTestFinished(async () => {
    await sql`drop trigger fail_notices on notices`.execute(db.kysely);
    await sql`drop function fail_notices`.execute(db.kysely);
    await sql`drop sequence failures`.execute(db.kysely);
  });
}

describe('an alert and a database in trouble', () => {
  test('given a full disk, then nothing is half done: no alert without its notice; once there is room it is told, once', async () => {
    const account = await exhausted();
    await failNotices('53100', 1);
    await look();
    expect(complaints).toHaveLength(1);
    expect(await alertsOf(account)).toEqual([]);
    expect(await account.nextReviewAt()).toEqual(NOW.add({ minutes: 5 }));
    world.pass({ minutes: 5 });
    await look();
    await look();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
  });

  test.each([
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
  ])('given %s, then the look is done again at once, and it is told once', async (_, code) => {
    const account = await exhausted();
    await failNotices(code, 2);
    await look();
    expect(complaints).toEqual([]);
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
    expect(await alertsOf(account)).toHaveLength(1);
  });

  test('given an exhausted pool, then the account stays due, and is told at the next tick', async () => {
    const account = await exhausted();
    const small = openDatabase({ url, logger, maxConnections: 1, timeOuts: { connect: 200 } });
    const held = Promise.withResolvers<void>();
    const holding = inTransaction(small, () => held.promise);
    await expect(look(small)).rejects.toMatchObject({ code: 'database_busy' });
    held.resolve();
    await holding;
    await look(small);
    await small.close();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
  });
});

describe('an alert and clocks that do not agree', () => {
  /** A replica whose clock is so far behind. */
  const behind = (hours: number): ServiceContext => ({
    ...world.context,
    clock: { now: () => world.clock.now().subtract({ hours }) },
  });
  const reviewBy = async (context: ServiceContext, account: TestAccount) => {
    await db.kysely
      .updateTable('accounts')
      .set({ next_review_at: context.clock.now() })
      .where('account_id', '=', account.id)
      .execute();
    await world.run((tx) => reviewAccount(context, tx, account.id));
  };
  const useAbroad = (context: ServiceContext, account: TestAccount, segments: number) =>
    world.run((tx) =>
      meterUsage(context, tx, account.id, [
        aReport({ destination: 'international', country: 'US', segments, at: context.clock.now() }),
      ]),
    );

  test('given replicas whose clocks differ by an hour, then an alert is told once, whoever looks in between', async () => {
    const account = await exhausted();
    for (let round = 0; round < 3; round += 1) {
      await reviewBy(world.context, account);
      await reviewBy(behind(1), account);
      world.pass({ minutes: 10 });
    }
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
    expect(await alertsOf(account)).toHaveLength(1);
  });

  test.each([
    ['a replica whose clock is an hour behind', () => behind(1)],
    [
      'a clock that went back by an hour',
      () => {
        world.clock.set(NOW.subtract({ hours: 1 }));
        return world.context;
      },
    ],
  ])(
    'given %s, when it books a recharge, then the low balance is re-armed, and the next one is told',
    async (_, context) => {
      const account = await world.openAccount();
      await account.recharge('1000');
      await account.settings({ balanceAlert: { below: yuan('980'), setAt: NOW.subtract({ hours: 2 }) } });
      await useAbroad(world.context, account, 401);
      await account.review();
      expect(kinds(await account.told())).toContain('low_balance');

      const other = context();
      const clock = world.clock.now();
      // Booked by the clock that is behind, and the look after it, too.
      world.clock.set(other.clock.now());
      await account.recharge('20');
      await account.review();
      world.clock.set(clock);
      expect(await alertsOf(account)).toEqual([]);
      await useAbroad(other, account, 400);
      await reviewBy(other, account);
      expect(kinds(await account.told()).filter((kind) => kind === 'low_balance')).toHaveLength(2);
    },
  );

  test('given a replica whose clock is an hour behind, when a cap that was reached is raised there, then the next stop is told, too', async () => {
    const account = await world.openAccount();
    await account.recharge('1000');
    const setStop = (context: ServiceContext, stop: bigint) =>
      world.run(async (tx) =>
        setLimit(context, tx, await lockAccount(tx, account.id), {
          ...{ key: { period: 'day', unit: 'segments' }, after: { stop, warn: null } },
          ...{ by: ADMIN.staffId, byName: ADMIN.name },
        }),
      );
    const stops = async () => kinds(await account.told()).filter((kind) => kind === 'cap_reached').length;
    await setStop(world.context, 10n);
    await useAbroad(world.context, account, 10);
    await account.review();
    expect(await stops()).toBe(1);
    await setStop(behind(1), 20n);
    await reviewBy(behind(1), account);
    await useAbroad(behind(1), account, 10);
    await reviewBy(behind(1), account);
    expect(await stops()).toBe(2);
  });

  test('given a clock that goes back after an alert was told, repeated and answered, then nothing of it is told again', async () => {
    const account = await exhausted();
    await account.review();
    world.pass({ hours: 24 });
    await account.review();
    expect((await account.news()).map(({ episode }) => (episode as { as: string }).as)).toEqual(['news', 'repeat']);
    await world.run((tx) => acknowledgeAlerts(world.context, tx, account.group, ADMIN, 'only'));
    for (const hours of [1, 25, 0]) {
      world.clock.set(NOW.add({ hours: 24 }).subtract({ hours }));
      await reviewBy(world.context, account);
    }
    expect(await account.news()).toEqual([]);
  });
});

describe('an alert and what comes late', () => {
  test('given a service that misses three ticks for it, then one repeat makes up for all, and each step of the escalation has its time', async () => {
    const account = await exhausted();
    await account.settings({ secondContact: { staffId: 'chenjie', name: '陈洁' } });
    await account.review();
    await account.news();
    world.pass({ hours: 24 * 8 });
    await look();
    await look();
    expect((await account.news()).map(({ episode }) => (episode as { as: string }).as).toSorted()).toEqual([
      'repeat',
      'second_contact',
    ]);
    expect(await alertsOf(account)).toMatchObject([{ repeats: 3, operatorAt: null }]);
    world.pass({ minutes: 30 });
    await look();
    expect(await alertsOf(account)).toMatchObject([{ operatorAt: world.clock.now() }]);
  });

  test('given a snooze that comes out of order, after the answer that was given later, then the answer stands', async () => {
    const account = await exhausted();
    await account.review();
    const [{ code = '' } = {}] = await alertsOf(account);
    await world.run((tx) => acknowledgeAlerts(world.context, tx, account.group, ADMIN, { code }));
    const late = await world.run((tx) =>
      snoozeAlerts(world.context, tx, account.group, ADMIN, { code }, Temporal.Duration.from({ hours: 4 })),
    );
    expect(late).toMatchObject({ type: 'acknowledged' });
    expect(await alertsOf(account)).toMatchObject([{ snoozed: null, acknowledged: { byName: ADMIN.name } }]);
  });
});

import { sql } from 'kysely';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { ApprovalJob } from '../../src/jobs/approval-job.ts';
import { DeliveryJob } from '../../src/jobs/delivery-job.ts';
import { HousekeepingJob } from '../../src/jobs/housekeeping-job.ts';
import { ReviewJob } from '../../src/jobs/review-job.ts';
import { Deliverer } from '../../src/notify/deliverer.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { acceptMessage } from '../../src/store/inbox.ts';
import { BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { at, NOW, yuan } from '../support/builders.ts';
import { waitForBlocked } from '../support/database-waits.ts';
import { holdAccount } from '../support/hold-account.ts';
import { APP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
/** What the jobs complain about. */
const complaints: string[] = [];
const logger = pino({ level: 'warn' }, { write: (line: string) => complaints.push(line) });
const world = await BillingWorld.on(db);

beforeEach(() => {
  world.clock.set(NOW);
  complaints.length = 0;
});

/** A context in which nothing can be put into words for one account. */
function contextThatFailsFor(name: string): ServiceContext {
  return {
    clock: world.clock,
    compose: (announcement, audience) => {
      if (audience.accountName === name) throw new Error('no words');
      return world.context.compose(announcement, audience);
    },
  };
}

describe('ReviewJob', () => {
  function newJob(context: ServiceContext = world.context) {
    const counts = { reviewed: 0 };
    const onReviewed = () => {
      counts.reviewed += 1;
    };
    return { counts, job: new ReviewJob({ db, context, logger, onReviewed }) };
  }

  /** An account that has something to tell at its next review. */
  async function exhausted(name: string): Promise<TestAccount> {
    const account = await world.openAccount({ name });
    await account.recharge('100000');
    await account.grant('sms-100');
    await account.use(100);
    await account.news();
    return account;
  }

  test('given accounts that are due, then each is reviewed once, and whoever delivers is told', async () => {
    const accounts = [await exhausted('a'), await exhausted('b'), await exhausted('c')];
    const { job, counts } = newJob();
    await job.run();
    for (const account of accounts) expect(kinds(await account.news())).toEqual(['quota_exhausted']);
    // Batches are looked at side by side, and each tells of its own.
    const told = counts.reviewed;
    expect(told).toBeGreaterThan(0);
    await job.run();
    expect(counts.reviewed).toBe(told);
    expect(await job.nextDueAt()).toEqual(NOW.add({ hours: 1 }));
  });

  test('given a review that throws, then it is put off by some minutes with nothing changed, and keeps no other from its review', async () => {
    const [poisoned, other] = [await exhausted('poisoned'), await exhausted('other')];
    await newJob(contextThatFailsFor('poisoned')).job.run();
    expect(kinds(await other.news())).toEqual(['quota_exhausted']);
    expect(await poisoned.told()).toHaveLength(2);
    expect(complaints).toHaveLength(1);
    expect(await poisoned.nextReviewAt()).toEqual(NOW.add({ minutes: 5 }));
    const alerts = await db.kysely.selectFrom('alerts').selectAll().where('account_id', '=', poisoned.id).execute();
    expect(alerts).toEqual([]);

    world.pass({ minutes: 5 });
    await newJob().job.run();
    expect(kinds(await poisoned.news())).toEqual(['quota_exhausted']);
  });

  test('given an account that another replica holds, then the others are reviewed, and it stays due', async () => {
    const [held, free] = [await exhausted('held'), await exhausted('free')];
    const { job } = newJob();
    await world.run(async (tx) => {
      await lockAccount(tx, held.id);
      await job.run();
    });
    expect(kinds(await free.news())).toEqual(['quota_exhausted']);
    expect(await held.news()).toEqual([]);
    // It was passed over: nobody waited for its lock until that failed.
    expect(complaints).toEqual([]);
    await job.run();
    expect(kinds(await held.news())).toEqual(['quota_exhausted']);
  });

  test('given an account that was held whenever one looked, when it has been due for seconds, then its lock is waited for', async () => {
    const account = await exhausted('busy');
    const release = await holdAccount(db, account.id);
    world.pass({ seconds: 2 });
    const run = newJob().job.run();
    await waitForBlocked(db, 1);
    await release();
    await run;
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
    expect(complaints).toEqual([]);
  });

  test('given it is held for longer than is waited, then it stays due, and that is no failure', async () => {
    const account = await exhausted('very busy');
    const release = await holdAccount(db, account.id);
    world.pass({ seconds: 2 });
    const job = new ReviewJob({ db, context: world.context, logger, onReviewed: () => undefined, lockWaitMs: 1 });
    await job.run();
    expect(await account.news()).toEqual([]);
    expect(complaints).toEqual([]);
    await release();
    expect(await account.nextReviewAt()).toEqual(NOW);
    await job.run();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
  });

  test('given two replicas on the same tick, then each account is told once', async () => {
    const accounts = await Promise.all(Array.from({ length: 10 }, (_, n) => exhausted(`twice ${n}`)));
    await Promise.all([newJob().job.run(), newJob().job.run(), newJob().job.run()]);
    for (const account of accounts) expect(kinds(await account.news())).toEqual(['quota_exhausted']);
  });

  test('given more accounts than one look takes, then one run reviews them all', async () => {
    await sql`
      insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at,
        first_month, open_month, month_ends_at)
      select gen_random_uuid(), 'many', 'CNY', 'Asia/Shanghai', 'test', 'notification', ${NOW}, ${NOW},
        '2026-03', '2026-03', '2026-04-01T00:00:00+08:00'
      from generate_series(1, 230)`.execute(db.kysely);
    await newJob().job.run();
    const { rows } = await sql<{ due: bigint }>`
      select count(*) as due from accounts where next_review_at <= ${NOW}`.execute(db.kysely);
    expect(rows).toEqual([{ due: 0n }]);
    await db.kysely.deleteFrom('accounts').where('name', '=', 'many').execute();
  });

  test('given an account that metering woke it for, then it is reviewed without a tick', async () => {
    const account = await exhausted('woken');
    const { job, counts } = newJob();
    job.wake(account.id);
    job.wake(account.id);
    await job.idle();
    expect(kinds(await account.news())).toEqual(['quota_exhausted']);
    expect(counts.reviewed).toBe(1);
  });

  test('given the service was down while several things came due, then one review makes them true', async () => {
    const account = await world.openAccount({ name: 'away' });
    await account.recharge('1000');
    await account.grant('sms-1000-month');
    await account.renewal({ threshold: 200n, offerId: 'sms-5000' });
    await newJob().job.run();
    await account.news();
    world.clock.set(at('2026-04-20'));
    await newJob().job.run();
    expect(kinds(await account.news())).toEqual(['plan_expired', 'quota_exhausted', 'renewed']);
    expect(await account.read()).toMatchObject({ money: { balance: yuan('830') } });
  });
});

describe('ApprovalJob (rule 17)', () => {
  async function requested(name: string): Promise<TestAccount> {
    const account = await world.openAccount({ name });
    await account.renewal({ enabled: false });
    await world.run((tx) =>
      requestAction(world.context, tx, account.group, MEMBER, { type: 'switch_auto_renewal', enabled: true }),
    );
    await account.news();
    return account;
  }

  test('given requests that nobody decided, then administrators are reminded once, and each ends when its time is over, once, and its card says so', async () => {
    const account = await requested('undecided');
    let told = 0;
    const job = new ApprovalJob(db, world.context, () => {
      told += 1;
    });
    const [reminder, expiry] = [NOW.add({ hours: 22 }), NOW.add({ hours: 24 })];
    expect(await job.nextDueAt()).toEqual(reminder);
    await job.run();
    expect(told).toBe(0);
    world.clock.set(reminder);
    await Promise.all([job.run(), job.run()]);
    expect(await account.news()).toMatchObject([{ kind: 'approval_reminder', expiresAt: expiry.toString() }]);
    expect(await job.nextDueAt()).toEqual(expiry);
    await job.run();
    expect(await account.news()).toEqual([]);
    world.clock.set(expiry);
    await Promise.all([job.run(), job.run()]);
    // The card that asked and the one that reminded of it.
    const end = { kind: 'approval_decided', state: 'expired' };
    expect(await account.news()).toMatchObject([end, end]);
    expect(await job.nextDueAt()).toBeNull();
    const before = told;
    await job.run();
    expect(told).toBe(before);
  });

  test('given one that cannot be ended, then the others are, and the failure is reported', async () => {
    const [poisoned, other] = [await requested('poisoned request'), await requested('other request')];
    world.pass({ hours: 24 });
    const job = new ApprovalJob(db, contextThatFailsFor('poisoned request'), () => undefined);
    await expect(job.run()).rejects.toThrow(AggregateError);
    expect(kinds(await other.news())).toEqual(['approval_decided']);
    expect(await poisoned.news()).toEqual([]);
    await new ApprovalJob(db, world.context, () => undefined).run();
    expect(kinds(await poisoned.news())).toEqual(['approval_decided']);
  });
});

describe('HousekeepingJob (promise 7)', () => {
  const slots = () =>
    db.kysely
      .selectFrom('job_runs')
      .select(['slot', 'outcome'])
      .where('job', '=', 'housekeeping')
      .orderBy('slot')
      .execute();

  test('given two replicas on the same tick, then the slot is taken once; days that were missed are made up once', async () => {
    const [one, other] = [new HousekeepingJob(db, world.clock), new HousekeepingJob(db, world.clock)];
    // NOW is noon in Shanghai, the service's time zone.
    expect(await one.nextDueAt()).toEqual(at('2026-03-10T04:30'));
    await Promise.all([one.run(), other.run(), one.run()]);
    expect(await slots()).toMatchObject([{ slot: at('2026-03-10T04:30') }]);
    expect(await one.nextDueAt()).toEqual(at('2026-03-11T04:30'));

    world.clock.set(at('2026-03-14T04:29'));
    expect(await one.nextDueAt()).toEqual(at('2026-03-13T04:30'));
    await one.run();
    expect(await slots()).toHaveLength(2);
    expect(await one.nextDueAt()).toEqual(at('2026-03-14T04:30'));
  });

  test('promise 1: given messages of the last 30 days, then they are remembered, and older ones forgotten; the next months have partitions', async () => {
    world.clock.set('2026-06-01T03:00:00Z');
    const now = world.clock.now();
    const message = (days: number) => ({ corpId: 'corp', messageId: `${days} days` });
    const received = (days: number) => now.subtract({ hours: 24 * days });
    await world.run(async (tx) => {
      for (const days of [29, 30, 31]) await acceptMessage(tx, message(days), received(days));
    });
    await new HousekeepingJob(db, world.clock).run();
    const left = await db.kysely.selectFrom('inbox').select('message_id').orderBy('message_id').execute();
    expect(left.map(({ message_id }) => message_id)).toEqual(['29 days', '30 days']);
    const { rows } = await sql<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'usage_records'::regclass`.execute(
      db.kysely,
    );
    expect(rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['usage_records_2026_06', 'usage_records_2026_07', 'usage_records_2026_08']),
    );
  });
});

test('DeliveryJob: given a notice that could not be delivered, then the job is due at its next attempt', async () => {
  await db.kysely.deleteFrom('notices').execute();
  const nowhere = 'http://127.0.0.1:9';
  const settings = completeSettings({ ...APP, apiBase: nowhere, oapiBase: nowhere });
  const messenger = new Messenger(new OpenApi(settings), settings.cardTemplateId);
  const job = new DeliveryJob(new Deliverer({ db, messenger, clock: world.clock, logger }));
  expect(await job.nextDueAt()).toBeNull();
  const account = await world.openAccount({ name: 'told later' });
  await account.recharge('1');
  expect(await job.nextDueAt()).toEqual(NOW);
  await job.run();
  const next = await job.nextDueAt();
  expect(next && NOW.until(next).total('milliseconds')).toBeGreaterThanOrEqual(500);
});

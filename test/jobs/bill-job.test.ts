import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BillJob } from '../../src/jobs/bill-job.ts';
import { type Account, lockAccount } from '../../src/store/accounts.ts';
import { listBills } from '../../src/store/bills.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { Bills } from '../support/bills.ts';
import { at, yuan } from '../support/builders.ts';
import { waitForBlocked } from '../support/database-waits.ts';
import { holdAccount } from '../support/hold-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let bills: Bills;
let logged: string[] = [];

beforeAll(async () => {
  world = await BillingWorld.on(db);
  bills = new Bills(world);
});
beforeEach(() => {
  logged = [];
});

/** A replica: what it logs, and how often it says that something was closed. */
function newJob(billWait?: Temporal.Duration) {
  const counts = { closed: 0 };
  const job = new BillJob({
    db,
    context: billWait ? { ...world.context, billWait } : world.context,
    logger: pino({ level: 'info' }, { write: (line: string) => logged.push(line) }),
    onClosed: () => {
      counts.closed += 1;
    },
  });
  return { job, counts };
}

const monthsOf = async (account: Pick<Account, 'id'>) =>
  (await listBills(db.kysely, account.id)).map(({ month }) => month);

async function busyAccount(opened: string): Promise<TestAccount> {
  const account = await bills.openAccount(opened);
  await account.settings({ monthlyDigestAt: null });
  await account.recharge('10');
  await account.news();
  return account;
}

describe('BillJob (rule 10)', () => {
  test('given a month that ends, then it is due a wait later, and not before', async () => {
    const account = await busyAccount('2026-03-20');
    const { job, counts } = newJob();
    expect(await job.nextDueAt()).toEqual(at('2026-04-02'));
    expect(await job.nextDueAt(at('2026-04-01T23:59'))).toEqual(at('2026-04-02'));
    expect(await job.nextDueAt(at('2026-04-02'))).toBeNull();
    world.clock.set(at('2026-04-01T23:59:59.999'));
    await job.run();
    expect(await monthsOf(account)).toEqual([]);
    world.clock.set(at('2026-04-02'));
    await job.run();
    expect(await monthsOf(account)).toEqual(['2026-03']);
    expect(counts.closed).toBe(1);
    await job.run();
    expect(counts.closed).toBe(1);
    expect(await job.nextDueAt()).toEqual(at('2026-05-02'));
  });

  test('given another wait in the settings, then that holds, also for months that were opened before', async () => {
    const account = await busyAccount('2026-03-20');
    const { job } = newJob(Temporal.Duration.from({ hours: 6 }));
    world.clock.set(at('2026-04-01T06:00'));
    await job.run();
    expect(await monthsOf(account)).toEqual(['2026-03']);
  });

  test('given a service that was away for three months, then they are made up one by one in their order, over the end of a year', async () => {
    const account = await busyAccount('2026-10-20');
    await account.use(10);
    world.clock.set(at('2027-01-10'));
    await account.use(20, { at: at('2026-12-31') });
    await newJob().job.run();
    const closed = await listBills(db.kysely, account.id);
    expect(closed.map(({ month, figures }) => [month, figures.opening, figures.closing])).toEqual([
      ['2026-10', 0n, yuan('9.55')],
      ['2026-11', yuan('9.55'), yuan('9.55')],
      ['2026-12', yuan('9.55'), yuan('8.65')],
    ]);
    const receipts = (await account.news()).filter(({ kind }) => kind === 'bill_closed');
    expect(receipts.map(({ month }) => month)).toEqual(['2026-10', '2026-12']);
    await bills.expectRight(account);
  });

  test('given two replicas that close at once, then each account has one bill of a month and is told once', async () => {
    const accounts = [];
    for (let count = 0; count < 12; count += 1) accounts.push(await busyAccount('2026-02-10'));
    world.clock.set(at('2026-04-02'));
    await Promise.all([newJob().job.run(), newJob().job.run(), newJob().job.run()]);
    await newJob().job.run();
    for (const account of accounts) {
      expect(await monthsOf(account)).toEqual(['2026-02', '2026-03']);
      expect(kinds(await account.news())).toEqual(['bill_closed']);
    }
    expect(logged).toEqual([]);
  });

  test('given an account that somebody else holds, then it stays due, and the others have theirs', async () => {
    const held = await busyAccount('2026-02-10');
    const other = await busyAccount('2026-02-10');
    world.clock.set(at('2026-03-02'));
    await world.run(async (tx) => {
      await lockAccount(tx, held.id);
      await newJob().job.run();
    });
    expect([await monthsOf(held), await monthsOf(other)]).toEqual([[], ['2026-02']]);
    expect(logged).toEqual([]);
    await newJob().job.run();
    expect(await monthsOf(held)).toEqual(['2026-02']);
  });

  test('given an account that was held whenever one looked, when its bill has been due for seconds, then its lock is waited for', async () => {
    const account = await busyAccount('2026-02-10');
    world.clock.set(at('2026-03-02T00:00:02'));
    const release = await holdAccount(db, account.id);
    const run = newJob().job.run();
    await waitForBlocked(db, 1);
    await release();
    await run;
    expect(await monthsOf(account)).toEqual(['2026-02']);
    expect(logged).toEqual([]);
  });

  test('given a bill that cannot be made, then it keeps no other from theirs, is logged, and is tried again minutes later', async () => {
    const broken = await busyAccount('2026-01-10');
    const other = await busyAccount('2026-01-10');
    // A bill of the month that does not fit: the one that is made runs against it.
    await db.kysely
      .insertInto('bills')
      .values({
        ...{ account_id: broken.id, month: '2026-01', opening: 0n, recharges: 0n, withdrawals: 0n },
        ...{ purchases: 0n, renewals: 0n },
        ...{ refunds: 0n, payg: 0n, corrections: 0n, rounding: 0n, closing: 0n, closed_at: at('2026-01-31') },
      })
      .execute();
    world.clock.set(at('2026-02-02'));
    const { job } = newJob();
    await job.run();
    await job.run();
    expect(await monthsOf(other)).toEqual(['2026-01']);
    expect(logged.filter((line) => line.includes(broken.id))).toHaveLength(1);
    world.pass({ minutes: 5 });
    await job.run();
    expect(logged.filter((line) => line.includes(broken.id))).toHaveLength(2);
    expect((await broken.read()).openMonth).toBe('2026-01');
  });
});

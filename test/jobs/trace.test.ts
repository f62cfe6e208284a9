import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { ReconciliationJob } from '../../src/jobs/reconciliation-job.ts';
import { ReviewJob } from '../../src/jobs/review-job.ts';
import { RunRecord } from '../../src/jobs/run-record.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { createLogger } from '../../src/log.ts';
import { readLastRuns } from '../../src/store/job-runs.ts';
import { currentTrace, traceOfRun, withTrace } from '../../src/trace.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const silent = pino({ level: 'silent' });
const reviews = new ReviewJob({ db, context: world.context, logger: silent, onReviewed: () => {} });

beforeEach(() => {
  world.clock.set(NOW);
});

/** An account that has something to tell at its next review. */
async function exhausted(): Promise<TestAccount> {
  const account = await world.openAccount();
  await account.recharge('1000');
  await account.grant('sms-100');
  await account.use(100);
  return account;
}

async function traceOfAlert(account: TestAccount): Promise<string | null> {
  const { trace } = await db.kysely
    .selectFrom('notices')
    .select('trace')
    .where('account_id', '=', account.id)
    .where('reason', '=', 'quota_exhausted')
    .executeTakeFirstOrThrow();
  return trace;
}

const lastTraceOf = async (job: string) => {
  const run = (await readLastRuns(db.kysely, [job])).get(job);
  return run && traceOfRun(job, run.id);
};

test('given a review that is woken because of a frame or a request, then what it tells bears that id', async () => {
  const account = await exhausted();
  withTrace('frame-1', () => reviews.wake(account.id));
  await reviews.idle();
  expect(await traceOfAlert(account)).toBe('frame-1');
});

test('given a review whose time has come, then what it tells bears the id of its run in the record of runs, and each run has its own', async () => {
  const record = new RunRecord(db, world.clock, silent);
  const scheduler = new Scheduler([reviews], world.clock, silent, (run) => record.add(run));
  const traces: (string | null)[] = [];
  for (let n = 0; n < 2; n += 1) {
    const account = await exhausted();
    await scheduler.tick();
    traces.push(await traceOfAlert(account));
    expect(traces.at(-1)).toBe(await lastTraceOf('review'));
    world.pass({ minutes: 1 });
  }
  expect(new Set(traces).size).toBe(2);
});

test('given a daily job, then its work bears the id of its slot, at its time and when it is asked for', async () => {
  const seen: (string | undefined)[] = [];
  const context = { ...world.context, clock: { now: () => world.clock.now() } };
  const job = new ReconciliationJob({
    ...{ db, context, onTold: () => {} },
    logger: new Proxy(silent, {
      get: (target, name) => (name === 'error' ? () => seen.push(currentTrace()) : Reflect.get(target, name)),
    }),
  });
  const account = await world.openAccount();
  await db.kysely.updateTable('accounts').set({ balance: 1n }).where('account_id', '=', account.id).execute();
  await new Scheduler([job], world.clock, silent).tick();
  expect(seen).toEqual([await lastTraceOf('reconciliation')]);
  world.pass({ minutes: 1 });
  await job.runNow();
  expect(seen[1]).toBe(await lastTraceOf('reconciliation'));
  expect(seen[1]).not.toBe(seen[0]);
});

test('given a job that fails, then the line about it bears the id of the run, and the next job has none of it', async () => {
  const lines: string[] = [];
  const seen: (string | undefined)[] = [];
  const aJob = (name: string, run: () => Promise<null>): Job => ({
    ...{ name, plan: { kind: 'by_state', missed: 'once' }, nextDueAt: async () => NOW, run },
  });
  const logger = pino(
    { mixin: () => ({ trace: currentTrace() }), level: createLogger({ level: 'error' }).level },
    { write: (line: string) => lines.push(line) },
  );
  const jobs = [
    aJob('broken', () => {
      seen.push(currentTrace());
      return Promise.reject(new Error('no'));
    }),
    aJob('other', async () => {
      seen.push(currentTrace());
      return null;
    }),
  ];
  await new Scheduler(jobs, world.clock, logger).tick();
  expect(seen).toEqual([
    expect.stringMatching(/^broken\/[0-9a-f-]{36}$/),
    expect.stringMatching(/^other\/[0-9a-f-]{36}$/),
  ]);
  expect(lines.map((line) => (JSON.parse(line) as { trace: string }).trace)).toEqual([seen[0]]);
  expect(currentTrace()).toBeUndefined();
});

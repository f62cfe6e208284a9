import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import type { Job } from '../../src/jobs/job.ts';
import { RunRecord } from '../../src/jobs/run-record.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { openDatabase } from '../../src/store/database.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const clock = new ManualClock(NOW);
const logger = pino({ level: 'silent' });

function aJob(name: string, run: () => Promise<string | null>): Job {
  return { name, plan: { kind: 'by_state', missed: 'once' }, nextDueAt: async () => NOW, run };
}

test('given jobs that work by state, then each run that did something or failed is kept with its duration, and one that did nothing is not', async () => {
  const record = new RunRecord(db, clock, logger);
  const jobs = [
    aJob('busy', async () => 'closed 3 bills'),
    aJob('idle', async () => null),
    aJob('broken', () => Promise.reject(Object.assign(new Error('of 13800138000'), { code: 'boom' }))),
  ];
  const scheduler = new Scheduler(jobs, clock, logger, (run) => record.add(run));
  await scheduler.tick();
  await scheduler.tick();
  const rows = await db.kysely
    .selectFrom('job_runs')
    .select(['job', 'slot', 'state', 'outcome', 'caused_by', 'started_at', 'duration_ms'])
    .orderBy('job')
    .execute();
  const run = { slot: null, caused_by: 'schedule', started_at: NOW, duration_ms: expect.any(BigInt) };
  const broken = { ...run, job: 'broken', state: 'failed', outcome: 'boom' };
  const busy = { ...run, job: 'busy', state: 'done', outcome: 'closed 3 bills' };
  expect(rows).toEqual([broken, broken, busy, busy]);
});

test('given a run that cannot be recorded, then the job has done its work, and the others go on', async () => {
  const nowhere = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing', logger });
  const record = new RunRecord(nowhere, clock, logger);
  const ran: string[] = [];
  const job = (name: string) =>
    aJob(name, async () => {
      ran.push(name);
      return 'done';
    });
  await new Scheduler([job('one'), job('other')], clock, logger, (run) => record.add(run)).tick();
  expect(ran).toEqual(['one', 'other']);
});

import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { databaseJobs } from '../../src/jobs/index.ts';
import type { JobPlan } from '../../src/jobs/job.ts';
import { SERVICE_JOBS } from '../../src/jobs/service-jobs.ts';
import { openDatabase } from '../../src/store/database.ts';
import { NOW } from '../support/builders.ts';

test('given the table of jobs in the README, then it says of each what the job declares', async () => {
  const readme = await readFile(new URL('../../src/jobs/README.md', import.meta.url), 'utf8');
  const rows = readme
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, name = '', , due = '', missed = '']) => ({ name: name.replaceAll('`', ''), due, missed }));

  const logger = pino({ level: 'silent' });
  const db = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing', logger });
  const context = { clock: new ManualClock(NOW), compose: () => expect.unreachable() };
  const { jobs } = databaseJobs({ db, context, logger, onTold: () => {} });
  const plans: (readonly [string, JobPlan])[] = [
    ...jobs.map(({ name, plan }) => [name, plan] as const),
    ...Object.entries(SERVICE_JOBS),
  ];
  expect(rows.map(({ name, missed }) => [name, missed])).toEqual(plans.map(([name, { missed }]) => [name, missed]));
  for (const [name, plan] of plans) {
    const due = rows.find((row) => row.name === name)?.due ?? '';
    expect(due.startsWith('daily'), name).toBe(plan.kind === 'daily');
    if (plan.kind === 'daily') expect(due).toBe(`daily, ${plan.at}`);
  }
});

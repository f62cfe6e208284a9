import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callMonthOf, nextCallMonth } from '../../src/notify/limits.ts';
import { countCalls } from '../../src/store/call-limits.ts';
import { inTransaction } from '../../src/store/database.ts';
import { lockJob } from '../../src/store/job-runs.ts';
import { insertNotice } from '../../src/store/notices.ts';
import { aNotice } from '../notify/delivery-harness.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, codeOf, jsonOf, type Ran } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-jobs-'));
afterAll(() => rm(folder, { recursive: true }));
const env = { DATABASE_URL: url, DINGTALK_CLIENT_ID: 'id', DINGTALK_CLIENT_SECRET: 'secret' };
const run = (...args: string[]): Promise<Ran> => cli(['jobs', ...args], { env, folder });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));

interface Listed {
  readonly job: string;
  readonly lastRun: Record<string, unknown> | null;
  readonly nextDueAt: string | null;
}

async function listed(name: string): Promise<Listed> {
  const all = (await json('list')) as unknown as Listed[];
  const found = all.find(({ job }) => job === name);
  if (!found) throw new Error(`${name} is not listed`);
  return found;
}

beforeAll(async () => {
  const world = await BillingWorld.on(db);
  world.clock.set(Temporal.Now.instant());
  await world.openAccount({ name: 'due' });
});

test('given jobs that never ran, then each is listed with when it is due; after a run with how long it took and what came of it', async () => {
  expect(await listed('review')).toMatchObject({ lastRun: null, nextDueAt: expect.any(String) });
  expect(await json('run', 'review')).toEqual({ job: 'review', outcome: 'reviewed 1 accounts' });
  expect(await json('run', 'review')).toEqual({ job: 'review', outcome: null });
  const { lastRun } = await listed('review');
  expect(lastRun).toMatchObject({
    slot: null,
    state: 'done',
    outcome: 'reviewed 1 accounts',
    causedBy: 'cli',
    durationMs: expect.any(Number),
    trace: expect.stringMatching(/^review\/[0-9a-f-]{36}$/),
  });
  const { out } = await run('list');
  expect(out).toMatch(/^JOB +LAST RUN \(Asia\/Shanghai\) +TOOK +STATE +OUTCOME +NEXT DUE$/m);
  expect(out).toMatch(/^review +[-\d]+ [\d:]+ +\d\.\d{3} s +done \(cli\) +reviewed 1 accounts +[-\d]+ [\d:]+$/m);
  expect(out).toMatch(/^delivery +never +nothing planned$/m);
});

test('given a daily job, when it is run, then that is its slot of today; run again, it is done beside it; while another replica is at it, it is refused', async () => {
  expect(await json('run', 'reconciliation')).toMatchObject({ outcome: 'found 0 differences' });
  const first = await listed('reconciliation');
  expect(first.lastRun).toMatchObject({ slot: expect.any(String), attempts: 1, causedBy: 'cli' });
  expect(Date.parse(first.nextDueAt ?? '')).toBeGreaterThan(Date.now());
  expect(await json('run', 'reconciliation')).toMatchObject({ outcome: 'found 0 differences' });
  expect((await listed('reconciliation')).lastRun).toMatchObject({ slot: null });

  const now = Temporal.Now.instant();
  await lockJob(db.kysely, 'reconciliation', randomUUID(), now, now.add({ minutes: 1 }));
  expect(codeOf(await run('run', 'reconciliation'))).toBe('job_running');
});

test("given a month whose calls run out, then delivery is due when what can wait may be said, by the settings' calls per month", async () => {
  const now = Temporal.Now.instant().round({ smallestUnit: 'second', roundingMode: 'floor' });
  // The month may turn while the command runs.
  const ends = [now, nextCallMonth(now)].map((moment) => nextCallMonth(moment).toString());
  for (const month of [now, nextCallMonth(now)]) await countCalls(db.kysely, callMonthOf(month), 80);
  await inTransaction(db, (tx) => insertNotice(tx, aNotice({ urgency: 'routine' }), now.subtract({ hours: 1 })));
  const dueWith = async (calls: number) => {
    const limited = { ...env, DINGTALK_CALLS_PER_MONTH: `${calls}` };
    const all = jsonOf(await cli(['jobs', 'list', '--json'], { env: limited, folder })) as unknown as Listed[];
    return all.find(({ job }) => job === 'delivery')?.nextDueAt;
  };
  expect(ends).toContain(await dueWith(100));
  expect(await dueWith(101)).toBe(now.subtract({ hours: 1 }).toString());
});

test('given what is no job, or one of the service, then it is said which there are, in both languages', async () => {
  const unknown = await run('run', 'lunch');
  expect(codeOf(unknown)).toBe('job_unknown');
  expect(unknown.error).toContain('review, bills, digests, approvals');
  expect(codeOf(await run('run', 'delivery'))).toBe('job_of_service');
  expect((await run('run', 'lunch', '--language', 'zh-CN')).error).toContain('没有任务“lunch”');
});

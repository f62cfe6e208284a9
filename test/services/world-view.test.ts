import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { createContext } from '../../src/context.ts';
import { ApprovalJob } from '../../src/jobs/approval-job.ts';
import { HousekeepingJob } from '../../src/jobs/housekeeping-job.ts';
import { ReviewJob } from '../../src/jobs/review-job.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { createLogger } from '../../src/log.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { setUpWorld } from '../../src/services/world.ts';
import { readWorldView } from '../../src/services/world-view.ts';
import { inTransaction } from '../../src/store/database.ts';
import { readGroupsOfAccount } from '../../src/store/groups.ts';
import { createTestDatabase } from '../support/test-database.ts';

const ACCOUNT = '5a3e7c10-0000-4000-8000-000000000001';
const NOW = '2026-03-10T12:34:56.789+08:00';
const world: unknown = JSON.parse(await readFile(new URL('../../worlds/first-start.json', import.meta.url), 'utf8'));

const { db } = await createTestDatabase();
const clock = new ManualClock(NOW);
const context = createContext(clock);
const logger = createLogger({ level: 'fatal', name: 'test' });

beforeAll(() => setUpWorld(context, db, world));

describe('given the world of the first start', () => {
  test('when it is viewed, then all figures are there as plain data', async () => {
    const view = await readWorldView(context, db);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
    expect(view).toEqual({
      accounts: [
        {
          id: ACCOUNT,
          name: '示例科技',
          currency: 'CNY',
          balance: '5000.00',
          available: '5000.00',
          standing: 'clear',
          sending: 'allowed',
          reasons: [],
          quota: 14_200,
          plans: [
            {
              id: expect.any(String),
              title: '国内短信 50,000 条(示例)',
              total: 50_000,
              remaining: 14_200,
              expiresAt: '2027-02-18T04:34:56.789Z',
            },
          ],
          autoRenewal: { enabled: true, threshold: 10_000, offerTitle: '国内短信 50,000 条(示例)' },
          alerts: [],
          approvals: [],
        },
      ],
      notices: { waiting: 0, dead: 0, delivered: 0 },
    });
  });

  test('when a member asks for a change, then it shows as on its card, and its notice waits', async () => {
    await inTransaction(db, async (tx) => {
      const [group] = await readGroupsOfAccount(tx, ACCOUNT);
      if (!group) throw new Error('the world has a group');
      await requestAction(
        context,
        tx,
        group,
        { staffId: 'lina', name: '李娜' },
        { type: 'switch_auto_renewal', enabled: false },
      );
    });
    const { accounts, notices } = await readWorldView(context, db);
    expect(accounts[0]?.approvals).toEqual([
      {
        code: expect.stringMatching(/^[2-9A-Z]{4}$/),
        summary: '关闭自动续费',
        requester: '李娜',
        expiresAt: '2026-03-11T04:34:56.789Z',
      },
    ]);
    expect(notices).toEqual({ waiting: 1, dead: 0, delivered: 0 });
  });
});

test('given jobs with something due now and later, when the next event is asked for, then it is the first one after now', async () => {
  const jobs = [
    new ReviewJob({ db, context, logger, onReviewed: () => {} }),
    new ApprovalJob(db, context, () => {}),
    new HousekeepingJob(db, clock),
  ];
  const scheduler = new Scheduler(jobs, clock, logger);
  // The account and today's housekeeping are due; the next one comes at 04:30 in Shanghai, the reminder of the request after it.
  expect(await scheduler.nextEventAt()).toEqual(Temporal.Instant.from('2026-03-10T20:30:00Z'));
  await inTransaction(db, (tx) => reviewAccount(context, tx, ACCOUNT));
  const { next_review_at } = await db.kysely.selectFrom('accounts').select('next_review_at').executeTakeFirstOrThrow();
  expect(Temporal.Instant.compare(next_review_at, '2026-03-10T20:30:00Z')).toBe(-1);
  expect(await scheduler.nextEventAt()).toEqual(next_review_at);
  clock.set('2026-03-11T03:30:00Z');
  expect(await scheduler.nextEventAt()).toEqual(Temporal.Instant.from('2026-03-11T04:34:56.789Z'));
});

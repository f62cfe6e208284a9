import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isGivenUp, pauseAfter } from '../../src/notify/retry.ts';
import type { NoticeTarget } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';
import { GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { BROKEN, CARD, DeliveryHarness, DIRECT_SEND, GROUP_SEND } from './delivery-harness.ts';

const { db } = await createTestDatabase();
let harness: DeliveryHarness;

beforeEach(async () => {
  harness = await DeliveryHarness.start(db);
});

afterEach(() => harness.stop());

describe('rule 22: given a notice that cannot be said in half a day', () => {
  const failing = () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) harness.sandbox.faults.answerCalls(route, BROKEN, 10_000);
  };
  /** Something that was said to another recipient, three hours before the sixtieth attempt. */
  const saidToOthers = async (form: string) => {
    const other = await harness.queue({ recipient: 'corp/other' });
    const finished = { state: 'delivered', form, finished_at: harness.clock.now().subtract({ hours: 3 }) } as const;
    await harness.db.kysely.updateTable('notices').set(finished).where('key', '=', other.key).execute();
  };
  const triedFor = async (attempts: number) => {
    const notice = await harness.queue();
    await harness.deliver();
    for (let attempt = 2; attempt <= attempts; attempt += 1) await harness.attemptAgain(notice);
    return notice;
  };

  test('when others are told things meanwhile, then it is a dead letter that says why', async () => {
    failing();
    const notice = await triedFor(59);
    await saidToOthers('card');
    await harness.attemptAgain(notice);
    const { state, attempts, last_error } = await harness.stored(notice);
    expect({ state, attempts }).toEqual({ state: 'dead', attempts: 60 });
    expect(last_error).toContain('system.error');
  });

  test('when nobody is told anything, then it is an outage: it is said when that ends, and what waits behind it, too', async () => {
    failing();
    const notice = await triedFor(150);
    const behind = await harness.queue({ title: '自动续费成功' });
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', attempts: 150 });
    harness.sandbox.faults.clear();
    await harness.attemptAgain(notice);
    expect(await harness.stored(behind)).toMatchObject({ state: 'delivered' });
    expect(harness.inGroup().map(({ title }) => title)).toEqual(['余量不足', '自动续费成功']);
  });

  test.each(['session', 'log'])(
    'when only what asks nothing of the API works (%s), then that is an outage',
    async (form) => {
      failing();
      const notice = await triedFor(59);
      await saidToOthers(form);
      await harness.attemptAgain(notice);
      expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', attempts: 60 });
    },
  );

  test('when the outage lasts for a week, then it is a dead letter', async () => {
    failing();
    const notice = await triedFor(61);
    harness.clock.set(NOW.add({ hours: 7 * 24 }));
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'dead', attempts: 62 });
  });

  test('when it is an answer, then it is given up much earlier', async () => {
    harness.sandbox.faults.answerCalls('*', BROKEN, 10_000);
    const notice = await harness.queue({
      target: {
        type: 'reply',
        conversationId: GROUP,
        conversationKind: 'group',
        userId: null,
        webhookExpiresAt: '2026-01-01T00:00Z',
      },
    });
    await harness.deliver();
    for (let attempt = 2; attempt <= 12; attempt += 1) await harness.attemptAgain(notice);
    expect(await harness.stored(notice)).toMatchObject({ state: 'dead', attempts: 12 });
  });
});

test('given an alert, then half a day is tried before it may be given up', async () => {
  const target: NoticeTarget = { type: 'group', conversationId: 'g', directTo: [] };
  const isLast = (attempts: number) => isGivenUp({ target, attempts, queuedAt: NOW }, NOW, async () => true);
  let waited = 0;
  for (let attempts = 1; attempts < 1_000 && !(await isLast(attempts)); attempts += 1) {
    waited += pauseAfter(attempts, () => 0.5).total('hours');
  }
  expect(waited).toBeGreaterThan(8);
  expect(waited).toBeLessThan(24);
});

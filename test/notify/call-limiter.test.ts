import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { type BudgetNews, CallLimiter } from '../../src/notify/call-limiter.ts';
import { Deliverer } from '../../src/notify/deliverer.ts';
import { CALL_LIMITS, type CallLimits, callMonthOf, nextCallMonth } from '../../src/notify/limits.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import { countCalls, markExhausted, markWarned, readCallMonth, reserveTurns } from '../../src/store/call-limits.ts';
import { inTransaction } from '../../src/store/database.ts';
import { at, NOW } from '../support/builders.ts';
import { APP, LUNCH_GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { CARD, DeliveryHarness, FORBIDDEN, TOO_FAST } from './delivery-harness.ts';

const { db } = await createTestDatabase();
const clock = new ManualClock(NOW);
const logger = pino({ level: 'silent' });
const SECOND = Temporal.Duration.from({ seconds: 1 });
const HOUR = Temporal.Duration.from({ hours: 1 });
/** So few that the second call would have to wait for minutes: what is refused does not depend on how fast a test runs. */
const SLOW: CallLimits = { ...CALL_LIMITS, callsPerSecond: 0.001 };

const limiters: CallLimiter[] = [];

function limiterOf(options: ConstructorParameters<typeof CallLimiter>[0]): CallLimiter {
  const limiter = new CallLimiter(options);
  limiters.push(limiter);
  return limiter;
}

afterEach(async () => {
  clock.set(NOW);
  // What one test has called is counted before the next one begins at nothing.
  await Promise.all(limiters.splice(0).map((limiter) => limiter.idle()));
  await db.kysely.deleteFrom('call_rates').execute();
  await db.kysely.deleteFrom('call_months').execute();
});

function aLimiter(limits: Partial<CallLimits> = {}) {
  const told: BudgetNews[] = [];
  const onBudget = async (tx: Parameters<typeof markWarned>[0], news: BudgetNews) => {
    await markWarned(tx, news.month, clock.now());
    told.push(news);
  };
  return { limiter: limiterOf({ db, clock, logger, limits: { ...CALL_LIMITS, ...limits }, onBudget }), told };
}

const refusal = (call: Promise<void>) =>
  call.then(
    () => 'passed',
    (error: { code: string; kind: string }) => `${error.kind} ${error.code}`,
  );

describe('calls per second, of all replicas together (rule 23)', () => {
  test('rule 23: given turns that one replica has reserved, then another one’s come after them', async () => {
    const turns = { count: 5, intervalMs: 60_000, withinMs: 10_000_000 };
    expect(await reserveTurns(db.kysely, 'api', turns)).toMatchObject({ isReserved: true, delayMs: 0 });
    const next = await reserveTurns(db.kysely, 'api', turns);
    expect(next.delayMs).toBeGreaterThan(4 * 60_000);
    expect(next.delayMs).toBeLessThanOrEqual(5 * 60_000);
    expect((await reserveTurns(db.kysely, 'another api', turns)).delayMs).toBe(0);
  });

  test('given many reservations at once, then no turn is given twice', async () => {
    const turns = { count: 3, intervalMs: 60_000, withinMs: 1_000_000_000 };
    const all = await Promise.all(Array.from({ length: 20 }, () => reserveTurns(db.kysely, 'api', turns)));
    const starts = all.map(({ delayMs }) => Math.round(delayMs / 180_000)).toSorted((a, b) => a - b);
    expect(starts).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test('given a turn that would be too far away, then the call is put off by that long, and reserves nothing', async () => {
    const [{ limiter: one }, { limiter: other }] = [aLimiter(SLOW), aLimiter(SLOW)];
    expect(await refusal(one.pass('createCard', false))).toBe('passed');
    expect(await refusal(other.pass('createCard', false))).toBe('throttled local.turnTooFar');
    expect(await refusal(other.pass('updateCard', false))).toBe('passed');
  });

  test('rule 23: given a replica that was told that it is too fast, then every replica pauses, for that API', async () => {
    const [{ limiter: one }, { limiter: other }] = [aLimiter(), aLimiter()];
    await one.refused('createCard', { kind: 'too_fast', pause: HOUR });
    expect(await refusal(one.pass('createCard', false))).toBe('throttled local.turnTooFar');
    expect(await refusal(other.pass('createCard', false))).toBe('throttled local.turnTooFar');
    expect(await refusal(other.pass('sendGroupMessage', false))).toBe('passed');
  });

  test('given a database that is away, then the call is tried again later', async () => {
    const gone = { ...db, kysely: undefined } as unknown as typeof db;
    const limiter = new CallLimiter({ db: gone, clock, logger });
    expect(await refusal(limiter.pass('createCard', false))).toBe('retry local.limitsUnavailable');
    await expect(limiter.mayReply('cid')).rejects.toMatchObject({ kind: 'retry', code: 'local.limitsUnavailable' });
  });

  test('given answers in one conversation, then so many in a minute go through its webhook, whoever gives them', async () => {
    const [{ limiter: one }, { limiter: other }] = [
      aLimiter({ repliesPerMinute: 3 }),
      aLimiter({ repliesPerMinute: 3 }),
    ];
    const allowed = [];
    for (const limiter of [one, other, one, other]) allowed.push(await limiter.mayReply('cid'));
    expect(allowed).toEqual([true, true, true, false]);
    expect(await one.mayReply('another')).toBe(true);
  });

  test.each([
    ['an hour', 1],
    ['a year', 8_766],
  ])(
    'given a database whose clock went back by %s, then calls and answers go on, and a pause is kept',
    async (_, hours) => {
      const [{ limiter: one }, { limiter: other }] = [aLimiter(), aLimiter({ repliesPerMinute: 1 })];
      const goesBack = () =>
        sql`update call_rates set free_at = free_at + make_interval(hours => ${hours})`.execute(db.kysely);
      await one.pass('createCard', false);
      expect(await other.mayReply('cid')).toBe(true);
      await goesBack();
      expect(await refusal(other.pass('createCard', false))).toBe('passed');
      expect(await other.mayReply('cid')).toBe(true);
      expect(await other.mayReply('cid'), 'and is limited from then on').toBe(false);

      await goesBack();
      await one.refused('createCard', { kind: 'too_fast', pause: Temporal.Duration.from({ minutes: 5 }) });
      expect(await refusal(other.pass('createCard', false))).toBe('throttled local.turnTooFar');
    },
  );

  test('given a pause or a turn that is far away, then the call is put off by ten minutes at most', async () => {
    const [{ limiter: held }, { limiter: slow }, { limiter: other }] = [aLimiter(), aLimiter(SLOW), aLimiter(SLOW)];
    await held.refused('createCard', { kind: 'too_fast', pause: HOUR });
    await slow.pass('updateCard', false);
    const refusals = [held.pass('createCard', false), other.pass('updateCard', false)];
    for (const { reason } of (await Promise.allSettled(refusals)) as PromiseRejectedResult[]) {
      const { retryAfter } = reason as { retryAfter: Temporal.Duration };
      expect(retryAfter.total('minutes')).toBeLessThanOrEqual(10);
      expect(retryAfter.total('minutes')).toBeGreaterThan(5);
    }
  });
});

describe('calls of the month (rule 23)', () => {
  test('given a moment, then its month is that of China', () => {
    expect(callMonthOf(at('2026-03-01T00:00'))).toBe('2026-03');
    expect(callMonthOf(at('2026-02-28T23:59:59'))).toBe('2026-02');
    expect(nextCallMonth(at('2026-12-31T23:59:59'))).toEqual(at('2027-01-01'));
  });

  test('rule 23: given four fifths of them, then it is told once, whichever replica sees it; the next month begins anew', async () => {
    const [one, other] = [
      aLimiter({ callsPerMonth: 10, callsPerSecond: 1_000 }),
      aLimiter({ callsPerMonth: 10, callsPerSecond: 1_000 }),
    ];
    for (let call = 0; call < 7; call += 1) await one.limiter.pass('createCard', true);
    await one.limiter.pass('getUser', false);
    await one.limiter.idle();
    expect(one.told).toEqual([]);
    await other.limiter.pass('createCard', true);
    await other.limiter.pass('createCard', true);
    await other.limiter.idle();
    await one.limiter.pass('createCard', true);
    await one.limiter.idle();
    expect([...one.told, ...other.told]).toMatchObject([{ state: 'running_out', month: '2026-03', limit: 10 }]);
    expect((await readCallMonth(db.kysely, '2026-03')).used).toBe(10);
    clock.set(at('2026-04-01'));
    await one.limiter.pass('createCard', true);
    await one.limiter.idle();
    expect((await readCallMonth(db.kysely, '2026-04')).used).toBe(1);
  });

  test('given a platform that says that there are none left, then that is told', async () => {
    const { limiter, told } = aLimiter();
    await limiter.refused('createCard', { kind: 'used_up' });
    expect(told).toMatchObject([{ state: 'used_up', month: '2026-03' }]);
  });
});

describe('delivery within the limits (rule 23)', () => {
  async function limitedHarness() {
    const harness = await DeliveryHarness.start(db);
    const limiter = limiterOf({
      db,
      clock: harness.clock,
      logger,
      limits: { ...CALL_LIMITS, callsPerSecond: 1_000 },
    });
    const settings = completeSettings({ ...APP, apiBase: harness.sandbox.url, oapiBase: harness.sandbox.url });
    const messenger = new Messenger(new OpenApi(settings, { gate: limiter }), settings.cardTemplateId);
    const deliverer = new Deliverer({ db, messenger, clock: harness.clock, logger, callsPerMonth: 100 });
    return { harness, limiter, deliverer };
  }

  test('rule 23: given a month that runs out, then answers and critical notices pass those that can wait, which are said next month, as one', async () => {
    const { harness, deliverer } = await limitedHarness();
    await countCalls(db.kysely, '2026-03', 80);
    const held = [
      await harness.queue({ title: '一', urgency: 'routine', merges: true }),
      await harness.queue({ title: '二', urgency: 'routine', merges: true }),
    ];
    const critical = await harness.queue({ title: '欠费', urgency: 'critical', merges: true });
    await deliverer.deliverDue();
    expect(harness.inGroup().map(({ title }) => title)).toEqual(['欠费']);
    expect((await harness.stored(critical)).state).toBe('delivered');
    for (const notice of held) expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', attempts: 0 });

    harness.clock.set(at('2026-04-01'));
    await deliverer.deliverDue();
    expect(harness.inGroup().map(({ title }) => title)).toEqual(['欠费', '一 · 二']);
    await harness.stop();
  });

  test('rule 23: given a platform that refused the last call of a month as the next one began, then what can wait is tried again after a day, not after the month', async () => {
    const { harness, deliverer } = await limitedHarness();
    const first = at('2026-04-01');
    harness.clock.set(first);
    expect(await inTransaction(db, (tx) => markExhausted(tx, '2026-04', first))).toBe(true);
    const held = await harness.queue({ urgency: 'routine' });
    await deliverer.deliverDue();
    expect(await harness.stored(held)).toMatchObject({ state: 'waiting', attempts: 0 });
    const next = first.add({ hours: 24 });
    expect(await deliverer.nextDueAt(first)).toEqual(next);
    harness.clock.set(next);
    await deliverer.deliverDue();
    expect((await harness.stored(held)).state).toBe('delivered');
    await harness.stop();
  });

  test('rule 23: given it goes on refusing, then that holds for another day, and it is known from when', async () => {
    const month = '2026-04';
    const mark = (hours: number) => inTransaction(db, (tx) => markExhausted(tx, month, NOW.add({ hours })));
    expect([await mark(0), await mark(23), await mark(24), await mark(25)]).toEqual([true, false, true, false]);
    expect((await readCallMonth(db.kysely, month)).exhaustedAt).toEqual(NOW.add({ hours: 24 }));
  });

  test('given calls that are counted, then a card, a message and a change are, and a refusal for good keeps none back', async () => {
    const { harness, limiter, deliverer } = await limitedHarness();
    harness.sandbox.faults.answerCalls(CARD, FORBIDDEN);
    await harness.queue();
    await deliverer.deliverDue();
    await limiter.idle();
    expect(harness.inGroup()).toHaveLength(1);
    expect((await readCallMonth(db.kysely, '2026-03')).used).toBe(2);
    await harness.stop();
  });

  test('rule 23: given a platform that throttles one card, then the next card of another group waits for the pause, too', async () => {
    const { harness, deliverer } = await limitedHarness();
    harness.sandbox.faults.answerCalls(CARD, {
      ...TOO_FAST,
      body: { ...TOO_FAST.body, code: 'Forbidden.AccessDenied.QpmLimitForAppkeyAndApi' },
    });
    const first = await harness.queue();
    await deliverer.deliverDue();
    const other = await harness.queue({
      target: { type: 'group', conversationId: LUNCH_GROUP, directTo: [] },
      recipient: 'corp/lunch',
    });
    await deliverer.deliverDue();
    expect(harness.callsOf(CARD)).toHaveLength(1);
    for (const notice of [first, other]) {
      const { state, next_attempt_at } = await harness.stored(notice);
      expect(state).toBe('waiting');
      expect(Temporal.Instant.compare(next_attempt_at, NOW.add(SECOND))).toBe(1);
    }
    await harness.stop();
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { removeWebhook } from '../../src/services/webhooks.ts';
import { callWebhook } from '../../src/webhooks/sender.ts';
import { NOW } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { DAY_SEGMENTS, limit } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { Receiver } from './receiver.ts';
import { WebhookWorld } from './webhook-world.ts';

const { db } = await createTestDatabase();
const world = await WebhookWorld.on(db);

beforeEach(() => world.clear());

describe('what is told', () => {
  test('given a new subscription, then it is told the present state, and then each change as /v1/sending answers it', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const told = world.deliverer();
    await told.deliverDue();
    await world.pause(account);
    await told.deliverDue();
    expect(receiver.calls.map(({ body }) => body)).toEqual([
      {
        event: 'sending.subscribed',
        id: expect.any(String),
        account: account.id,
        sequence: 0,
        sending: 'allowed',
        reasons: [],
        standing: 'clear',
        available: '1000.00',
        quota: 0,
        asOf: '2026-03-10T04:00:00.000Z',
      },
      {
        event: 'sending.changed',
        id: expect.any(String),
        account: account.id,
        sequence: 1,
        sending: 'paused',
        reasons: ['paused'],
        standing: 'clear',
        available: '1000.00',
        quota: 0,
        asOf: '2026-03-10T04:00:00.000Z',
      },
    ]);
  });

  test('given whatever changes the state, then each is told in its turn: a cap, usage, a recharge, a pause, time, a resumption', async () => {
    world.billing.clock.set(NOW);
    const account = await world.billing.openAccount({ overdueGraceHours: 24 });
    await account.recharge('1000');
    await account.review();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const told = world.deliverer();
    const steps: (() => Promise<unknown>)[] = [
      () => limit(world.billing, account, DAY_SEGMENTS, 10n),
      () => account.use(9),
      () => account.use(1),
      () => account.use(5),
      () => limit(world.billing, account, DAY_SEGMENTS, null),
      () => account.use(30_000),
      () => world.pause(account),
      async () => {
        world.billing.pass({ hours: 24 });
        await account.review();
      },
      () => account.recharge('5000'),
      () => world.resume(account),
    ];
    for (const step of steps) {
      await step();
      await told.deliverDue();
    }
    expect(receiver.calls.map(({ body }) => `${body.sequence} ${body.standing} ${body.reasons}`)).toEqual([
      '0 clear ',
      '1 clear capped',
      '2 clear ',
      '3 overdue ',
      '4 overdue paused',
      '5 overdue suspended,paused',
      '6 clear paused',
      '7 clear ',
    ]);
  });

  test('given a transaction that is rolled back, then nothing is told', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    await world.deliverer().deliverDue();
    world.billing.crashNext = true;
    await world.pause(account);
    await world.deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed', '1 paused']);
  });

  test('given two subscriptions, when one receiver fails, then the other is told all the same', async () => {
    const account = await world.anAccount();
    const [good, bad] = [await Receiver.start(), await Receiver.start()];
    await world.subscribe(account, good.url);
    await world.subscribe(account, bad.url);
    bad.answers(500, 500);
    await world.deliverer().deliverDue();
    await world.pause(account);
    await world.deliverer().deliverDue();
    expect(good.told).toEqual(['0 allowed', '1 paused']);
    expect(bad.told).toEqual(['0 allowed', '1 paused']);
  });

  test('given a subscription that was removed, then nothing is told any more', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    const { id } = await world.subscribe(account, receiver.url);
    await world.pause(account);
    await world.billing.run((tx) => removeWebhook(world.billing.context, tx, account.id, id));
    await world.resume(account);
    await world.deliverer().deliverDue();
    expect(receiver.calls).toEqual([]);
    const row = await db.kysely
      .selectFrom('webhooks')
      .select('secret')
      .where('webhook_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row.secret).toBe('');
  });
});

describe('order', () => {
  test('given states that change while a receiver is down, then only the newest is told when it is back', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    await world.deliverer().deliverDue();
    receiver.answers(500);
    await world.pause(account);
    await world.deliverer().deliverDue();
    await world.resume(account);
    await world.pause(account);
    await world.resume(account);
    await world.deliverer().deliverDue();
    await world.deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed', '1 paused', '4 allowed']);
    const states = await db.kysely
      .selectFrom('webhook_events')
      .select(['sequence', 'state'])
      .where('account_id', '=', account.id)
      .orderBy('sequence')
      .execute();
    expect(states.map(({ sequence, state }) => `${sequence} ${state}`)).toEqual([
      '0 delivered',
      '1 superseded',
      '2 superseded',
      '3 superseded',
      '4 delivered',
    ]);
  });

  test('given a call that is under way, then the next state waits for its end, also at another replica', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const answer = Promise.withResolvers<void>();
    receiver.answers((response) => void answer.promise.then(() => response.writeHead(200).end()));
    const first = world.deliverer();
    const running = first.deliverDue();
    await receiver.arrived(1);
    await world.pause(account);
    await world.deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed']);
    answer.resolve();
    await running;
    expect(receiver.told).toEqual(['0 allowed', '1 paused']);
  });

  test('given a call that fails while a newer state waits, then the newer one is told and the older one not again', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const answer = Promise.withResolvers<void>();
    receiver.answers((response) => void answer.promise.then(() => response.writeHead(500).end()));
    const running = world.deliverer().deliverDue();
    await receiver.arrived(1);
    await world.pause(account);
    answer.resolve();
    await running;
    world.billing.pass({ hours: 1 });
    await world.deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed', '1 paused']);
  });
});

describe('replicas and crashes', () => {
  test('given several replicas at once, then each state is told once, in its order', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const replicas = Array.from({ length: 4 }, () => world.deliverer());
    for (const change of ['pause', 'resume', 'pause', 'resume'] as const) {
      await Promise.all(replicas.map((replica) => replica.deliverDue()));
      await world[change](account);
    }
    await Promise.all(replicas.map((replica) => replica.deliverDue()));
    expect(receiver.told).toEqual(['0 allowed', '1 paused', '2 allowed', '3 paused', '4 allowed']);
  });

  test('given a process that dies between the call and its record, then another one tells it again, with the same event id', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const dying = world.deliverer({
      call: async (call, at) => {
        await callWebhook(call, at);
        // It is never heard of again.
        return new Promise(() => {});
      },
    });
    dying.wake();
    await receiver.arrived(1);
    await world.deliverer().deliverDue();
    expect(receiver.calls).toHaveLength(1);
    world.billing.pass({ seconds: 61 });
    await world.deliverer().deliverDue();
    expect(receiver.calls).toHaveLength(2);
    expect(receiver.calls[1]?.text).toBe(receiver.calls[0]?.text);
    expect(receiver.calls[1]?.headers['steward-event-id']).toBe(receiver.calls[0]?.headers['steward-event-id']);
    expect(await world.newest(account)).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  test('given a process that took so long that its lease was over, then what it records late changes nothing', async () => {
    const account = await world.anAccount();
    const receiver = await Receiver.start();
    await world.subscribe(account, receiver.url);
    const late = Promise.withResolvers<void>();
    const slow = world.deliverer({
      call: async () => {
        await late.promise;
        return { ok: false, error: 'answers 500', isGone: true };
      },
    });
    const running = slow.deliverDue();
    await eventually(() =>
      db.kysely.selectFrom('webhooks').selectAll().where('leased_until', 'is not', null).executeTakeFirstOrThrow(),
    );
    world.billing.pass({ seconds: 61 });
    await world.deliverer().deliverDue();
    late.resolve();
    await running;
    expect(await world.newest(account)).toMatchObject({ state: 'delivered', dead: 0 });
  });
});

test('given all of this, then no secret is in the log', async () => {
  const account = await world.anAccount();
  const receiver = await Receiver.start();
  const { secret } = await world.subscribe(account, `${receiver.url}?token=in-the-address`);
  receiver.answers(500);
  await world.retryUntil(account, 'delivered');
  expect(world.log.length).toBeGreaterThan(0);
  expect(world.log.join('')).not.toMatch(/whsec_|in-the-address/);
  expect(secret).toMatch(/^whsec_[\w-]{43}$/);
});

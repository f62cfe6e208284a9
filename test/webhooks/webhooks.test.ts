import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pauseSending, resumeSending } from '../../src/services/limits.ts';
import { addWebhook, listWebhooks, removeWebhook } from '../../src/services/webhooks.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import type { LeasedEvent } from '../../src/store/webhooks.ts';
import { nextEventAt } from '../../src/store/webhooks.ts';
import { WebhookDeliverer } from '../../src/webhooks/deliverer.ts';
import { callWebhook } from '../../src/webhooks/sender.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { DAY_SEGMENTS, limit } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { Receiver } from './receiver.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
const log: string[] = [];
const logger = pino(
  { level: 'trace', base: {} },
  new Writable({
    write: (line, _encoding, done) => {
      log.push(String(line));
      done();
    },
  }),
);

beforeAll(async () => {
  world = await BillingWorld.on(db);
});
beforeEach(async () => {
  // What one test left behind is no other one's business.
  await db.kysely.updateTable('webhooks').set({ removed_at: NOW }).execute();
});

async function anAccount(): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge('1000');
  await account.review();
  return account;
}

function subscribe(account: TestAccount, url: string) {
  return world.run((tx) => addWebhook(world.context, tx, account.id, url));
}

function deliverer(options: Partial<ConstructorParameters<typeof WebhookDeliverer>[0]> = {}): WebhookDeliverer {
  return new WebhookDeliverer({ db, clock: world.clock, logger, ...options });
}

/** A port on which nobody listens. */
async function closedPort(): Promise<AddressInfo> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return address;
}

const BY = { by: 'zhangwei', byName: '张伟' };

function pause(account: TestAccount) {
  return world.run(async (tx) => pauseSending(world.context, tx, await lockAccount(tx, account.id), BY));
}

function resume(account: TestAccount) {
  const ends = { pause: true, caps: [] };
  return world.run(async (tx) => resumeSending(world.context, tx, await lockAccount(tx, account.id), ends, BY));
}

async function newest(account: TestAccount) {
  const [webhook] = await listWebhooks(db.kysely, account.id);
  return webhook?.health;
}

/** Tries again and again, each time when it is due. */
async function retryUntil(account: TestAccount, state: string, by = deliverer()): Promise<number> {
  for (let tries = 1; tries <= 70; tries += 1) {
    await by.deliverDue();
    if ((await newest(account))?.state === state) return tries;
    const next = await nextEventAt(db.kysely);
    if (next) world.clock.set(next);
  }
  throw new Error(`it never was ${state}`);
}

describe('what is told', () => {
  test('given a new subscription, then it is told the present state, and then each change as /v1/sending answers it', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const told = deliverer();
    await told.deliverDue();
    await pause(account);
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
    world.clock.set(NOW);
    const account = await world.openAccount({ overdueGraceHours: 24 });
    await account.recharge('1000');
    await account.review();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const told = deliverer();
    const steps: (() => Promise<unknown>)[] = [
      () => limit(world, account, DAY_SEGMENTS, 10n),
      () => account.use(9),
      () => account.use(1),
      () => account.use(5),
      () => limit(world, account, DAY_SEGMENTS, null),
      () => account.use(30_000),
      () => pause(account),
      async () => {
        world.pass({ hours: 24 });
        await account.review();
      },
      () => account.recharge('5000'),
      () => resume(account),
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
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    await deliverer().deliverDue();
    world.crashNext = true;
    await pause(account);
    await deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed', '1 paused']);
  });

  test('given two subscriptions, when one receiver fails, then the other is told all the same', async () => {
    const account = await anAccount();
    const [good, bad] = [await Receiver.start(), await Receiver.start()];
    await subscribe(account, good.url);
    await subscribe(account, bad.url);
    bad.answers(500, 500);
    await deliverer().deliverDue();
    await pause(account);
    await deliverer().deliverDue();
    expect(good.told).toEqual(['0 allowed', '1 paused']);
    expect(bad.told).toEqual(['0 allowed', '1 paused']);
  });

  test('given a subscription that was removed, then nothing is told any more', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    const { id } = await subscribe(account, receiver.url);
    await pause(account);
    await world.run((tx) => removeWebhook(world.context, tx, account.id, id));
    await resume(account);
    await deliverer().deliverDue();
    expect(receiver.calls).toEqual([]);
    const row = await db.kysely
      .selectFrom('webhooks')
      .select('secret')
      .where('webhook_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row.secret).toBe('');
  });
});

describe('receivers that fail', () => {
  test('given a receiver that answers 500 and then works, then it is told again, with the same event id and body, after growing pauses', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    receiver.answers(500, 503, 500);
    const pauses: number[] = [];
    const told = deliverer();
    for (let tries = 0; tries < 3; tries += 1) {
      await told.deliverDue();
      const next = (await newest(account))?.nextAttemptAt ?? NOW;
      pauses.push(next.epochMilliseconds - world.clock.now().epochMilliseconds);
      world.clock.set(next);
    }
    await told.deliverDue();
    expect(await newest(account)).toMatchObject({ state: 'delivered', attempts: 4, lastError: null });
    expect(new Set(receiver.calls.map(({ text }) => text)).size).toBe(1);
    expect(new Set(receiver.calls.map(({ headers }) => headers['steward-event-id'])).size).toBe(1);
    for (const [index, ms] of pauses.entries()) {
      expect(ms).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(ms).toBeLessThanOrEqual(1_000 * 2 ** index);
    }
  });

  test('given a receiver that redirects, then it is not followed', async () => {
    const account = await anAccount();
    const [receiver, other] = [await Receiver.start(), await Receiver.start()];
    await subscribe(account, receiver.url);
    receiver.answers((response) => response.writeHead(307, { location: other.url }).end());
    await deliverer().deliverDue();
    expect(other.calls).toEqual([]);
    expect(await newest(account)).toMatchObject({
      state: 'waiting',
      lastError: 'redirects (307), which is not followed',
    });
  });

  test('given a receiver that hangs, then it is given up on after its time, and keeps no other waiting', async () => {
    const account = await anAccount();
    const [hanging, good] = [await Receiver.start(), await Receiver.start()];
    await subscribe(account, hanging.url);
    hanging.answers(() => {});
    const told = deliverer({ call: (call, at) => callWebhook(call, at, 300) });
    const first = told.deliverDue();
    await hanging.arrived(1);
    await subscribe(account, good.url);
    told.wake();
    await good.arrived(1);
    expect(hanging.calls).toHaveLength(1);
    await first;
    const webhooks = await listWebhooks(db.kysely, account.id);
    expect(webhooks.find(({ url }) => url === hanging.url)?.health).toMatchObject({
      state: 'waiting',
      lastError: 'does not answer within 300 ms',
    });
  });

  test('given an answer that never ends, then its head is enough', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    receiver.answers((response) => {
      response.writeHead(200);
      const more = () => {
        if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    await deliverer().deliverDue();
    expect(await newest(account)).toMatchObject({ state: 'delivered' });
  });

  test('given nobody listens, then it waits, and the error names no part of the address', async () => {
    const account = await anAccount();
    const { port } = await closedPort();
    await subscribe(account, `http://127.0.0.1:${port}/secret-path`);
    await deliverer().deliverDue();
    expect(await newest(account)).toMatchObject({ state: 'waiting', lastError: 'cannot be reached (ECONNREFUSED)' });
  });

  test('given a receiver that is gone for good, then it is a dead letter at once, and the operator is told; the next change is tried anew', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    receiver.answers(410);
    const dead: string[] = [];
    const told = deliverer({
      onDead: async (_tx, { webhookId }: LeasedEvent, error) => void dead.push(`${webhookId} ${error}`),
    });
    await told.deliverDue();
    const [webhook] = await listWebhooks(db.kysely, account.id);
    expect(webhook?.health).toMatchObject({ state: 'dead', dead: 1, lastError: 'answers 410' });
    expect(dead).toEqual([`${webhook?.id} answers 410`]);
    expect(log.some((line) => line.includes('"code":"webhook_dead"'))).toBe(true);
    await pause(account);
    await told.deliverDue();
    expect(await newest(account)).toMatchObject({ state: 'delivered', dead: 1 });
  });

  test('given a receiver that never works, then after sixty tries over half a day it is a dead letter', async () => {
    const account = await anAccount();
    await subscribe(account, 'http://127.0.0.1/');
    const call = async () => ({ ok: false, error: 'answers 500', isGone: false }) as const;
    expect(await retryUntil(account, 'dead', deliverer({ call }))).toBe(60);
    expect(world.clock.now().since(NOW).total('hours')).toBeGreaterThan(6);
    expect(world.clock.now().since(NOW).total('hours')).toBeLessThan(15);
  });
});

describe('order', () => {
  test('given states that change while a receiver is down, then only the newest is told when it is back', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    await deliverer().deliverDue();
    receiver.answers(500);
    await pause(account);
    await deliverer().deliverDue();
    await resume(account);
    await pause(account);
    await resume(account);
    await deliverer().deliverDue();
    await deliverer().deliverDue();
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
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const answer = Promise.withResolvers<void>();
    receiver.answers((response) => void answer.promise.then(() => response.writeHead(200).end()));
    const first = deliverer();
    const running = first.deliverDue();
    await receiver.arrived(1);
    await pause(account);
    await deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed']);
    answer.resolve();
    await running;
    expect(receiver.told).toEqual(['0 allowed', '1 paused']);
  });

  test('given a call that fails while a newer state waits, then the newer one is told and the older one not again', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const answer = Promise.withResolvers<void>();
    receiver.answers((response) => void answer.promise.then(() => response.writeHead(500).end()));
    const running = deliverer().deliverDue();
    await receiver.arrived(1);
    await pause(account);
    answer.resolve();
    await running;
    world.pass({ hours: 1 });
    await deliverer().deliverDue();
    expect(receiver.told).toEqual(['0 allowed', '1 paused']);
  });
});

describe('replicas and crashes', () => {
  test('given several replicas at once, then each state is told once, in its order', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const replicas = Array.from({ length: 4 }, () => deliverer());
    for (const change of [pause, resume, pause, resume]) {
      await Promise.all(replicas.map((replica) => replica.deliverDue()));
      await change(account);
    }
    await Promise.all(replicas.map((replica) => replica.deliverDue()));
    expect(receiver.told).toEqual(['0 allowed', '1 paused', '2 allowed', '3 paused', '4 allowed']);
  });

  test('given a process that dies between the call and its record, then another one tells it again, with the same event id', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const dying = deliverer({
      call: async (call, at) => {
        await callWebhook(call, at);
        // It is never heard of again.
        return new Promise(() => {});
      },
    });
    dying.wake();
    await receiver.arrived(1);
    await deliverer().deliverDue();
    expect(receiver.calls).toHaveLength(1);
    world.pass({ seconds: 61 });
    await deliverer().deliverDue();
    expect(receiver.calls).toHaveLength(2);
    expect(receiver.calls[1]?.text).toBe(receiver.calls[0]?.text);
    expect(receiver.calls[1]?.headers['steward-event-id']).toBe(receiver.calls[0]?.headers['steward-event-id']);
    expect(await newest(account)).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  test('given a process that took so long that its lease was over, then what it records late changes nothing', async () => {
    const account = await anAccount();
    const receiver = await Receiver.start();
    await subscribe(account, receiver.url);
    const late = Promise.withResolvers<void>();
    const slow = deliverer({
      call: async () => {
        await late.promise;
        return { ok: false, error: 'answers 500', isGone: true };
      },
    });
    const running = slow.deliverDue();
    await new Promise((resolve) => setImmediate(resolve));
    while (
      !(await db.kysely.selectFrom('webhooks').selectAll().where('leased_until', 'is not', null).executeTakeFirst())
    );
    world.pass({ seconds: 61 });
    await deliverer().deliverDue();
    late.resolve();
    await running;
    expect(await newest(account)).toMatchObject({ state: 'delivered', dead: 0 });
  });
});

test('given all of this, then no secret is in the log', async () => {
  const account = await anAccount();
  const receiver = await Receiver.start();
  const { secret } = await subscribe(account, `${receiver.url}?token=in-the-address`);
  receiver.answers(500);
  await retryUntil(account, 'delivered');
  expect(log.length).toBeGreaterThan(0);
  expect(log.join('')).not.toMatch(/whsec_|in-the-address/);
  expect(secret).toMatch(/^whsec_[\w-]{43}$/);
});

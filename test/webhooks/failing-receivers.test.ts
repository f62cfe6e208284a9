import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import { listWebhooks } from '../../src/services/webhooks.ts';
import type { LeasedEvent } from '../../src/store/webhooks.ts';
import { callWebhook } from '../../src/webhooks/sender.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { Receiver } from './receiver.ts';
import { WebhookWorld } from './webhook-world.ts';

const { db } = await createTestDatabase();
const world = await WebhookWorld.on(db);

beforeEach(() => world.clear());

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

test('given a receiver that answers 500 and then works, then it is told again, with the same event id and body, after growing pauses', async () => {
  const account = await world.anAccount();
  const receiver = await Receiver.start();
  await world.subscribe(account, receiver.url);
  receiver.answers(500, 503, 500);
  const pauses: number[] = [];
  const told = world.deliverer();
  for (let tries = 0; tries < 3; tries += 1) {
    await told.deliverDue();
    const next = (await world.newest(account))?.nextAttemptAt ?? NOW;
    pauses.push(next.epochMilliseconds - world.billing.clock.now().epochMilliseconds);
    world.billing.clock.set(next);
  }
  await told.deliverDue();
  expect(await world.newest(account)).toMatchObject({ state: 'delivered', attempts: 4, lastError: null });
  expect(new Set(receiver.calls.map(({ text }) => text)).size).toBe(1);
  expect(new Set(receiver.calls.map(({ headers }) => headers['steward-event-id'])).size).toBe(1);
  for (const [index, ms] of pauses.entries()) {
    expect(ms).toBeGreaterThanOrEqual(500 * 2 ** index);
    expect(ms).toBeLessThanOrEqual(1_000 * 2 ** index);
  }
});

test('given a receiver that redirects, then it is not followed', async () => {
  const account = await world.anAccount();
  const [receiver, other] = [await Receiver.start(), await Receiver.start()];
  await world.subscribe(account, receiver.url);
  receiver.answers((response) => response.writeHead(307, { location: other.url }).end());
  await world.deliverer().deliverDue();
  expect(other.calls).toEqual([]);
  expect(await world.newest(account)).toMatchObject({
    state: 'waiting',
    lastError: 'redirects (307), which is not followed',
  });
});

test('given a receiver that hangs, then it is given up on after its time, and keeps no other waiting', async () => {
  const account = await world.anAccount();
  const [hanging, good] = [await Receiver.start(), await Receiver.start()];
  await world.subscribe(account, hanging.url);
  hanging.answers(() => {});
  const told = world.deliverer({ call: (call, at) => callWebhook(call, at, 300) });
  const first = told.deliverDue();
  await hanging.arrived(1);
  await world.subscribe(account, good.url);
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
  const account = await world.anAccount();
  const receiver = await Receiver.start();
  await world.subscribe(account, receiver.url);
  receiver.answers((response) => {
    response.writeHead(200);
    const more = () => {
      if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more));
    };
    more();
  });
  await world.deliverer().deliverDue();
  expect(await world.newest(account)).toMatchObject({ state: 'delivered' });
});

test('given nobody listens, then it waits, and the error names no part of the address', async () => {
  const account = await world.anAccount();
  const { port } = await closedPort();
  await world.subscribe(account, `http://127.0.0.1:${port}/secret-path`);
  await world.deliverer().deliverDue();
  expect(await world.newest(account)).toMatchObject({
    state: 'waiting',
    lastError: 'cannot be reached (ECONNREFUSED)',
  });
});

test('given a receiver that is gone for good, then it is a dead letter at once, and the operator is told; the next change is tried anew', async () => {
  const account = await world.anAccount();
  const receiver = await Receiver.start();
  await world.subscribe(account, receiver.url);
  receiver.answers(410);
  const dead: string[] = [];
  const told = world.deliverer({
    onDead: async (_tx, { webhookId }: LeasedEvent, error) => void dead.push(`${webhookId} ${error}`),
  });
  await told.deliverDue();
  const [webhook] = await listWebhooks(db.kysely, account.id);
  expect(webhook?.health).toMatchObject({ state: 'dead', dead: 1, lastError: 'answers 410' });
  expect(dead).toEqual([`${webhook?.id} answers 410`]);
  expect(world.log.some((line) => line.includes('"code":"webhook_dead"'))).toBe(true);
  await world.pause(account);
  await told.deliverDue();
  expect(await world.newest(account)).toMatchObject({ state: 'delivered', dead: 1 });
});

test('given a receiver that never works, then after sixty tries over half a day it is a dead letter', async () => {
  const account = await world.anAccount();
  await world.subscribe(account, 'http://127.0.0.1/');
  const call = async () => ({ ok: false, error: 'answers 500', isGone: false }) as const;
  expect(await world.retryUntil(account, 'dead', world.deliverer({ call }))).toBe(60);
  expect(world.billing.clock.now().since(NOW).total('hours')).toBeGreaterThan(6);
  expect(world.billing.clock.now().since(NOW).total('hours')).toBeLessThan(15);
});

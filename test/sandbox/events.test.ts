import { EventAck } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startTestSandbox } from '../support/sandbox-world.ts';
import { TestBot } from './published-client.ts';

let sandbox: Sandbox;

beforeEach(() => start({ eventTimeoutMs: 60_000 }));
afterEach(() => sandbox.stop());

async function start({ eventTimeoutMs }: { eventTimeoutMs: number }): Promise<void> {
  sandbox = await startTestSandbox({ behaviour: { eventTimeoutMs, eventRetryMs: 5, eventAttempts: 3 } });
}

async function call(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}/api/events${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** A bot that answers its events so, one after the other, and afterwards with SUCCESS; and how it sees them. */
async function botWhichAnswers(...statuses: string[]): Promise<{ eventTypes: unknown[] }> {
  const bot = await TestBot.connect(sandbox);
  const eventTypes: unknown[] = [];
  bot.client.registerAllEventListener((frame) => {
    eventTypes.push(z.looseObject({}).parse(frame.headers).eventType);
    return { status: statuses.shift() === 'LATER' ? EventAck.LATER : EventAck.SUCCESS };
  });
  return { eventTypes };
}

async function settled(eventId: string): Promise<unknown> {
  for (;;) {
    const { body } = await call(`/${eventId}`);
    if (z.looseObject({ state: z.string() }).parse(body).state !== 'waiting') return body;
  }
}

describe('raising an event', () => {
  test('given a bot that acknowledges it, then it is pushed once', async () => {
    const bot = await botWhichAnswers();
    const raised = await call('', { eventType: 'user_leave_org', data: { userId: ['lina'] } });
    expect(raised).toMatchObject({ status: 201, body: { eventType: 'user_leave_org', state: 'waiting' } });

    const { eventId } = z.object({ eventId: z.string() }).parse(raised.body);
    expect(await settled(eventId)).toMatchObject({ eventId, state: 'acknowledged', attempts: 1 });
    expect(bot.eventTypes).toEqual(['user_leave_org']);
  });

  test('given a bot that wants it later twice, then it comes three times', async () => {
    const bot = await botWhichAnswers('LATER', 'LATER');
    const { eventId } = sandbox.raiseEvent('chat_disband');
    expect(await settled(eventId)).toMatchObject({ state: 'acknowledged', attempts: 3 });
    expect(bot.eventTypes).toHaveLength(3);
  });

  test('given a bot that never acknowledges it, then it is given up after so many attempts', async () => {
    await botWhichAnswers('LATER', 'LATER', 'LATER');
    const { eventId } = sandbox.raiseEvent('chat_disband');
    expect(await settled(eventId)).toMatchObject({ state: 'given_up', attempts: 3 });
  });

  test('given a silent connection, then the bot has so much time, and the event is given up', async () => {
    await sandbox.stop();
    await start({ eventTimeoutMs: 50 });
    await botWhichAnswers();
    sandbox.faults.goSilent();
    const { eventId } = sandbox.raiseEvent('chat_disband');
    expect(await settled(eventId)).toMatchObject({ state: 'given_up', attempts: 3 });
  });

  test('given no connection, then nothing is pushed, and it is given up', async () => {
    const { eventId } = sandbox.raiseEvent('chat_disband');
    expect(await settled(eventId)).toMatchObject({ state: 'given_up', attempts: 0 });
  });

  test.each([
    ['no type', {}],
    ['a type that is none', { eventType: 'chat disband' }],
    ['data that is no object', { eventType: 'chat_disband', data: [] }],
  ])('given %s, then 400', async (_name, body) => {
    expect(await call('', body)).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
  });

  test('given an unknown event, then 404', async () => {
    expect(await call('/nothing')).toMatchObject({ status: 404, body: { error: { code: 'event_unknown' } } });
  });
});

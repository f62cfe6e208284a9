import { readFile } from 'node:fs/promises';
import { TOPIC_ROBOT } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FAULT_NAMES } from '../../src/sandbox/fault-requests.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';
import { EventReader } from './event-reader.ts';
import { ApiCaller, openGateway, TestBot } from './published-client.ts';

const GROUP_SEND = '/v1.0/robot/groupMessages/send';

let sandbox: Sandbox;
let clock: StillClock;
let api: ApiCaller;

beforeEach(async () => {
  clock = new StillClock();
  // Pushes go to the oldest connection.
  sandbox = await startTestSandbox({ clock, behaviour: { random: () => 0 } });
  api = new ApiCaller(sandbox);
});
afterEach(() => sandbox.stop());

async function faults(method: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}/api/faults`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const arm = (fault: string, parameters: Record<string, unknown> = {}) => faults('POST', { fault, ...parameters });

const send = () =>
  api.call('POST', GROUP_SEND, {
    robotCode: APP.robotCode,
    openConversationId: GROUP,
    msgKey: 'sampleText',
    msgParam: '{"content":"x"}',
  });

async function sessionWebhookOf(bot: TestBot): Promise<string> {
  sandbox.say(GROUP, 'lina', 'hello');
  return z.object({ sessionWebhook: z.string() }).parse(await bot.received(TOPIC_ROBOT)).sessionWebhook;
}

async function reply(sessionWebhook: string): Promise<unknown> {
  const response = await fetch(sessionWebhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ msgtype: 'text', text: { content: 'answer' } }),
  });
  return response.json();
}

const HAN = expect.stringMatching(/\p{Script=Han}/u);

describe('arming and listing', () => {
  test('given faults of every place, then they are listed with what is left, and a clear undoes them all', async () => {
    await arm('refuse', { status: 401, times: 3 });
    await arm('refuse-handshake', { times: 2 });
    await arm('hang-handshake');
    await arm('silence', { of: 'next' });
    await arm('throttle', { api: GROUP_SEND });
    await arm('drop', { api: 'PUT /v1.0/card/instances' });
    await arm('repeat', { on: 'other', next: 2 });
    await arm('reorder', { count: 3 });
    const listed = [
      { fault: 'refuse', status: 401, left: 3 },
      { fault: 'throttle', api: GROUP_SEND, left: 1 },
      { fault: 'drop', api: 'PUT /v1.0/card/instances', when: 'after', left: 1 },
      { fault: 'refuse-handshake', status: 503, left: 2 },
      { fault: 'hang-handshake', left: 1 },
      { fault: 'silence', of: 'next', left: 1 },
      { fault: 'repeat', on: 'other', left: 2 },
      { fault: 'reorder', count: 3, left: 3 },
      { fault: 'exhaust-quota', quota: 'calls' },
    ];

    expect(await arm('exhaust-quota')).toEqual({ status: 200, body: { faults: listed } });
    expect(await faults('GET')).toEqual({ status: 200, body: { faults: listed } });
    expect(await faults('DELETE')).toEqual({ status: 200, body: { faults: [] } });
    expect((await send()).status).toBe(200);
  });

  test('given a reader of the event feed, then it hears of a fault that is armed and of one that was used', async () => {
    const events = await EventReader.open(sandbox.url);
    expect(await events.next('faults')).toEqual({ faults: [] });

    await arm('refuse');
    expect(await events.next('faults')).toEqual({ faults: [{ fault: 'refuse', status: 503, left: 1 }] });
    await openGateway(sandbox.url);
    expect(await events.next('faults')).toEqual({ faults: [] });
  });

  test('given a refused handshake, a silent connection that ends and a month that ends, then it hears of each', async () => {
    const events = await EventReader.open(sandbox.url);
    expect(await events.next('faults')).toEqual({ faults: [] });
    const heard = async (count: number) => {
      for (;;) {
        const { faults: listed } = z.object({ faults: z.array(z.unknown()) }).parse(await events.next('faults'));
        if (listed.length === count) return;
      }
    };

    await arm('refuse-handshake');
    await heard(1);
    const { ticket } = z.object({ ticket: z.string() }).parse(await (await openGateway(sandbox.url)).json());
    const refused = new WebSocket(`${sandbox.url.replace('http', 'ws')}/connect?ticket=${ticket}`);
    const closed = new Promise((resolve) => refused.addEventListener('error', resolve));
    await heard(0);
    await closed;

    await TestBot.connect(sandbox);
    await arm('silence');
    await heard(1);
    sandbox.faults.killSockets();
    await heard(0);

    await arm('exhaust-quota');
    await heard(1);
    await fetch(`${sandbox.url}/api/clock/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: 'month-end' }),
    });
    await heard(0);
  });

  test.each([
    ['an unknown fault', { fault: 'earthquake' }, 'fault'],
    ['no fault', {}, 'fault'],
    ['an unknown parameter', { fault: 'refuse', until: 'tomorrow' }, undefined],
    ['no times at all', { fault: 'refuse', times: 0 }, 'times'],
    ['a status that is no refusal', { fault: 'refuse', status: 200 }, 'status'],
    ['an API that is not there', { fault: 'throttle', api: '/v1.0/nothing' }, 'api'],
    ['a quota that is not there', { fault: 'exhaust-quota', quota: 'patience' }, 'quota'],
    ['a reordering of one', { fault: 'reorder', count: 1 }, 'count'],
  ])('given %s, then 400 with the field, and nothing is armed', async (_name, body, field) => {
    const answer = await faults('POST', body);

    const error = {
      code: 'invalid_input',
      message: expect.any(String),
      messageZh: HAN,
      ...(field === undefined ? {} : { field }),
    };
    expect(answer).toEqual({ status: 400, body: { error } });
    expect((await faults('GET')).body).toEqual({ faults: [] });
  });

  test.each(['garbage-frame', 'silence', 'disconnect', 'kill'])(
    'given no connection, then %s is 409 no_connection',
    async (fault) => {
      expect(await arm(fault)).toMatchObject({ status: 409, body: { error: { code: 'no_connection' } } });
    },
  );

  test('given nothing that was sent, then a repeat is 409 nothing_to_repeat', async () => {
    expect(await arm('repeat')).toMatchObject({ status: 409, body: { error: { code: 'nothing_to_repeat' } } });
  });

  test('given the README, then its table names every fault', async () => {
    const readme = await readFile('src/sandbox/README.md', 'utf8');
    const table = readme.slice(readme.indexOf('## Faults'), readme.indexOf('## What is as on the platform'));
    expect([...table.matchAll(/^\| `([a-z-]+)` /gm)].map(([, name]) => name)).toEqual(
      expect.arrayContaining([...FAULT_NAMES]),
    );
  });
});

describe('calls', () => {
  test('given any call throttled, then signing in still works, and each host has its own answer', async () => {
    const bot = await TestBot.connect(sandbox);
    const sessionWebhook = await sessionWebhookOf(bot);
    await arm('throttle', { times: 3 });

    expect(await send()).toMatchObject({
      status: 403,
      body: { code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi' },
    });
    expect(await reply(sessionWebhook)).toMatchObject({ errcode: 130101 });
    expect((await api.call('POST', '/topapi/v2/user/get', {})).body).toMatchObject({ errcode: 90018 });
    expect((await send()).status).toBe(200);
    expect(sandbox.messages(GROUP).filter((message) => message.from === 'bot')).toHaveLength(1);
  });

  test('given a garbage answer, then 200 with what is not JSON, and nothing is shown', async () => {
    await arm('garbage-answer', { api: GROUP_SEND });

    await expect(send()).rejects.toThrow(SyntaxError);
    expect(sandbox.calls.entries.at(-1)).toMatchObject({ path: GROUP_SEND, status: 200 });
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test('given a chosen answer, then that', async () => {
    await arm('answer', { api: `POST ${GROUP_SEND}`, status: 500, body: { code: 'system.error' } });
    expect(await send()).toEqual({ status: 500, body: { code: 'system.error' } });
  });

  test('given a drop, then the caller gets no answer, and the message is shown', async () => {
    await arm('drop', { api: GROUP_SEND });
    await expect(send()).rejects.toThrow();
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given a hang, then there is no answer until the sandbox stops', async () => {
    await arm('hang', { api: GROUP_SEND });
    const hanging = send();
    expect(await sandbox.calls.waitFor((call) => call.path === GROUP_SEND)).toMatchObject({ status: null });
    await sandbox.stop();
    await expect(hanging).rejects.toThrow();
  });

  test('given an expired token, then the next call is InvalidAuthentication', async () => {
    await send();
    await arm('expire-token');
    expect(await send()).toMatchObject({ status: 400, body: { code: 'InvalidAuthentication' } });
  });

  test('given expired webhooks, then those that were given out answer 300001, and new ones are good', async () => {
    const bot = await TestBot.connect(sandbox);
    const old = await sessionWebhookOf(bot);
    await arm('expire-webhooks');
    expect(await reply(old)).toMatchObject({ errcode: 300001 });

    sandbox.say(GROUP, 'lina', 'again');
    const next = await bot.received(TOPIC_ROBOT, (data) => data.sessionWebhook !== old);
    expect(await reply(String(next.sessionWebhook))).toMatchObject({ errcode: 0 });
  });
});

describe('the monthly quotas', () => {
  test('given exhausted calls, then 403 ApiCountLimitForOrg until the month ends in Shanghai', async () => {
    await arm('exhaust-quota', { quota: 'calls' });
    expect(await send()).toMatchObject({ status: 403, body: { code: 'Forbidden.AccessDenied.ApiCountLimitForOrg' } });

    // 2026-03-31T23:59:59+08:00, and a second later.
    await clock.advance('P21DT13H59M59S');
    api = new ApiCaller(sandbox);
    expect((await send()).status).toBe(403);
    await clock.advance('PT1S');
    expect((await send()).status).toBe(200);
    expect((await faults('GET')).body).toEqual({ faults: [] });
  });

  test('given exhausted pushes, then a robot message comes without its text, with errorCode 20001', async () => {
    const bot = await TestBot.connect(sandbox);
    await arm('exhaust-quota', { quota: 'pushes' });
    sandbox.say(GROUP, 'lina', 'hello');

    const push = await bot.received(TOPIC_ROBOT);
    expect(push).toMatchObject({ errorCode: '20001', errorMessage: expect.any(String), senderStaffId: 'lina' });
    expect(push).not.toHaveProperty('text');
    expect(push).not.toHaveProperty('msgtype');
  });

  test('given quotas that use runs out of, then the same', async () => {
    const small = await startTestSandbox({ behaviour: { callsPerMonth: 1, pushesPerMonth: 1 } });
    const caller = new ApiCaller(small);
    const statuses = [];
    for (let count = 0; count < 2; count += 1) statuses.push((await caller.call('POST', GROUP_SEND, {})).status);
    expect(statuses).toEqual([400, 403]);

    const bot = await TestBot.connect(small);
    for (const text of ['one', 'two']) small.say(GROUP, 'lina', text);
    expect(await bot.received(TOPIC_ROBOT, (data) => data.errorCode === '20001')).toBeDefined();
    expect(bot.frames.entries).toHaveLength(2);
    await small.stop();
  });
});

describe('the stream', () => {
  test('given refusals, then so many requests for a connection get them', async () => {
    await arm('refuse', { status: 401, times: 2 });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await openGateway(sandbox.url)).status);
    expect(statuses).toEqual([401, 401, 200]);
  });

  test('given the next two reordered, then the second comes first, and a third comes as it is', async () => {
    const bot = await TestBot.connect(sandbox);
    await arm('reorder');
    for (const text of ['one', 'two', 'three']) sandbox.say(GROUP, 'lina', text);

    await bot.received(TOPIC_ROBOT, (data) => textOf(data) === ' three');
    expect(bot.frames.entries.map((frame) => textOf(JSON.parse(frame.data)))).toEqual([' two', ' one', ' three']);
  });

  test('given fewer than were to be reordered, then they come after a while, or when faults are cleared', async () => {
    const bot = await TestBot.connect(sandbox);
    await arm('reorder', { count: 3, withinMs: 1 });
    sandbox.say(GROUP, 'lina', 'one');
    await bot.received(TOPIC_ROBOT, (data) => textOf(data) === ' one');

    await arm('reorder', { withinMs: 600_000 });
    sandbox.say(GROUP, 'lina', 'two');
    expect((await faults('GET')).body).toEqual({ faults: [{ fault: 'reorder', count: 2, left: 1 }] });
    await faults('DELETE');
    await bot.received(TOPIC_ROBOT, (data) => textOf(data) === ' two');
  });

  test('given the next one repeated on the other connection, then both get the same frame', async () => {
    const first = await TestBot.connect(sandbox);
    const second = await TestBot.connect(sandbox);
    await arm('repeat', { on: 'other', next: 1 });
    sandbox.say(GROUP, 'lina', 'twice');
    sandbox.say(GROUP, 'lina', 'once');

    await first.received(TOPIC_ROBOT, (data) => textOf(data) === ' once');
    expect(await second.frames.waitFor(() => true)).toEqual(first.frames.entries[0]);
    expect([first.frames.entries.length, second.frames.entries.length]).toEqual([2, 1]);
  });

  test('given silence, then it is listed with the number of connections, and a clear ends it', async () => {
    const bot = await TestBot.connect(sandbox);
    expect((await arm('silence')).body).toEqual({ faults: [{ fault: 'silence', of: 'open', connections: 1 }] });
    sandbox.say(GROUP, 'lina', 'unheard');
    await faults('DELETE');
    sandbox.say(GROUP, 'lina', 'heard');

    expect(await bot.received(TOPIC_ROBOT)).toMatchObject({ text: { content: ' heard' } });
  });

  test('given a kill, then the connections end', async () => {
    await TestBot.connect(sandbox);
    await arm('kill');
    await sandbox.waitForConnections(0);
  });
});

function textOf(data: unknown): string {
  return z.object({ text: z.object({ content: z.string() }) }).parse(data).text.content;
}

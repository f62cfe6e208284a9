import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARKDOWN_WITH_BUTTONS } from '../../src/sandbox/card-templates.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, LUNCH_GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { EventReader } from './event-reader.ts';
import { ApiCaller, TestBot } from './published-client.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.stop());

async function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const messagesOf = (conversation: string) => `/api/conversations/${conversation}/messages`;

async function deliverCard(): Promise<void> {
  await new ApiCaller(sandbox).call('POST', '/v1.0/card/instances/createAndDeliver', {
    cardTemplateId: MARKDOWN_WITH_BUTTONS,
    outTrackId: 'card-1',
    callbackType: 'STREAM',
    cardData: {
      cardParamMap: {
        title: 'T',
        markdown: 'x',
        sys_full_json_obj: JSON.stringify({ msgButtons: [{ text: 'OK', id: 'ok', request: true }] }),
      },
    },
    openSpaceId: `dtv1.card//IM_GROUP.${GROUP}`,
    imGroupOpenDeliverModel: { robotCode: APP.robotCode },
  });
}

const HAN = expect.stringMatching(/\p{Script=Han}/u);

describe('conversations and messages', () => {
  test('given the world, then its groups and a direct conversation for each who is not external', async () => {
    expect((await get('/api/conversations')).body).toEqual([
      {
        id: GROUP,
        title: '短信运维群',
        type: 'group',
        members: [
          { userId: 'zhangwei', name: '张伟', role: 'admin' },
          { userId: 'lina', name: '李娜', role: 'member' },
          { userId: 'wangqiang', name: '王强', role: 'member' },
          { userId: 'zhaomin', name: '赵敏', role: 'outsider' },
        ],
      },
      expect.objectContaining({ id: LUNCH_GROUP }),
      { id: 'direct:zhangwei', title: '张伟', type: 'direct', members: [expect.objectContaining({ role: 'admin' })] },
      { id: 'direct:lina', title: '李娜', type: 'direct', members: [expect.objectContaining({ role: 'member' })] },
      expect.objectContaining({ id: 'direct:wangqiang' }),
    ]);
  });

  test('given a person who types, then 201 and the message; and it is listed after the sequence number before it', async () => {
    await post(messagesOf(GROUP), { userId: 'lina', text: 'one' });
    const second = await post(messagesOf(GROUP), { userId: 'zhangwei', text: 'two' });

    expect(second).toEqual({
      status: 201,
      body: {
        seq: 2,
        id: expect.any(String),
        conversationId: GROUP,
        from: 'zhangwei',
        fromName: '张伟',
        at: '2026-03-10T02:00:00.000Z',
        kind: 'text',
        title: null,
        text: '@短信管家 two',
        buttons: [],
        outTrackId: null,
        mentions: ['bot'],
        visibleTo: null,
        revision: 0,
        delivered: false,
        readBy: [],
        recalled: false,
        pictures: [],
      },
    });
    expect((await get(`${messagesOf(GROUP)}?after=1`)).body).toEqual([second.body]);
    expect((await get(`${messagesOf(GROUP)}?after=2`)).body).toEqual([]);
    expect((await get(`${messagesOf(GROUP)}?limit=1`)).body).toEqual([second.body]);
    expect((await get(messagesOf('direct:lina'))).body).toEqual([]);
  });

  test.each([
    ['an unknown conversation', 'cidNowhere', { userId: 'lina', text: 'x' }, 404, 'conversation_unknown', undefined],
    ['an unknown person', GROUP, { userId: 'nobody', text: 'x' }, 400, 'person_unknown', 'userId'],
    ['a person who is not in the group', LUNCH_GROUP, { userId: 'zhangwei', text: 'x' }, 403, 'not_a_member', 'userId'],
    [
      "somebody else's direct messages",
      'direct:zhangwei',
      { userId: 'lina', text: 'x' },
      403,
      'not_a_member',
      'userId',
    ],
    ['blank text', GROUP, { userId: 'lina', text: ' \n' }, 400, 'text_empty', 'text'],
    ['5,001 characters', GROUP, { userId: 'lina', text: 'x'.repeat(5_001) }, 400, 'text_too_long', 'text'],
    ['a number as text', GROUP, { userId: 'lina', text: 5 }, 400, 'invalid_input', 'text'],
    ['an unknown key', GROUP, { userId: 'lina', text: 'x', as: 'admin' }, 400, 'invalid_input', undefined],
    ['no JSON', GROUP, '{"userId"', 400, 'invalid_request', undefined],
  ])('given %s, then a clear error and nothing is said', async (_name, conversation, body, status, code, field) => {
    const answer = await post(messagesOf(conversation), body);

    const error = { code, message: expect.any(String), messageZh: HAN, ...(field === undefined ? {} : { field }) };
    expect(answer).toEqual({ status, body: { error } });
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test('given a body over the limit, another content type or bad numbers, then a clear error', async () => {
    const large = await post(messagesOf(GROUP), { userId: 'lina', text: 'x'.repeat(1_100_000) });
    expect(large).toMatchObject({ status: 413, body: { error: { code: 'invalid_request' } } });
    const typed = await post(messagesOf(GROUP), 'userId=lina', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(typed).toMatchObject({ status: 415, body: { error: { code: 'invalid_request' } } });
    const after = await get(`${messagesOf(GROUP)}?after=x`);
    expect(after).toMatchObject({ status: 400, body: { error: { code: 'invalid_input', field: 'after' } } });
    expect(await get('/api/nothing')).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', message: 'There is no such call.', messageZh: '没有这个接口。' } },
    });
  });
});

describe('clicks', () => {
  test('given the bot answers, then what it answered; given an unknown button, then 404', async () => {
    await TestBot.connect(sandbox);
    await deliverCard();

    const click = await post('/api/cards/card-1/clicks', { userId: 'lina', actionId: 'ok' });
    expect(click).toEqual({ status: 200, body: { acknowledged: true, code: 200, response: {}, problem: null } });
    const unknown = await post('/api/cards/card-1/clicks', { userId: 'lina', actionId: 'pay' });
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'button_unknown', field: 'actionId' } } });
  });
});

describe('the clock', () => {
  test('given a duration, then the clock has moved by it', async () => {
    expect(await post('/api/clock/advance', { by: 'P1DT2H' })).toEqual({
      status: 200,
      body: { now: '2026-03-11T04:00:00.000Z' },
    });
    expect((await get('/api/clock')).body).toEqual({ now: '2026-03-11T04:00:00.000Z' });
  });

  test.each(['tomorrow', '-PT1H', 'PT0S', 'P1000Y', 'P732D', ''])(
    'given %o, then 400 and the clock stands',
    async (by) => {
      const answer = await post('/api/clock/advance', { by });
      expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_duration', field: 'by' } } });
      expect((await get('/api/clock')).body).toEqual({ now: '2026-03-10T02:00:00.000Z' });
    },
  );
});

describe('the event feed', () => {
  test('given a reader, then it hears of messages, changed cards, the clock and connections', async () => {
    const events = await EventReader.open(sandbox.url);
    expect(await events.next('clock')).toEqual({ now: '2026-03-10T02:00:00.000Z' });
    expect(await events.next('connection')).toEqual({ connections: 0 });

    await TestBot.connect(sandbox);
    expect(await events.next('connection')).toEqual({ connections: 1 });
    sandbox.say(GROUP, 'lina', '余额');
    expect(await events.next('message')).toMatchObject({ conversationId: GROUP, text: '@短信管家 余额' });
    await deliverCard();
    expect(await events.next('message')).toMatchObject({ outTrackId: 'card-1', revision: 0 });
    await new ApiCaller(sandbox).call('PUT', '/v1.0/card/instances', {
      outTrackId: 'card-1',
      cardData: { cardParamMap: { markdown: 'y' } },
    });
    expect(await events.next('message')).toMatchObject({ outTrackId: 'card-1', text: 'y', revision: 1 });
    await post('/api/clock/advance', { by: 'PT1M' });
    expect(await events.next('clock')).toEqual({ now: '2026-03-10T02:01:00.000Z' });
  });

  test('given a stop, then the feed ends', async () => {
    const events = await EventReader.open(sandbox.url);
    await events.next('connection');
    await sandbox.stop();
    await events.ended;
  });
});

describe('pages of other origins', () => {
  test('given a foreign Origin, then 403 and nothing is said, however the path is spelt', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      for (const path of [messagesOf(GROUP), messagesOf(GROUP).replace('/api', '/%61pi')]) {
        const answer = await post(path, { userId: 'lina', text: 'x' }, { origin });
        expect(answer).toMatchObject({ status: 403, body: { error: { code: 'foreign_origin' } } });
      }
    }
    expect(await get('/api/conversations', { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test('given the own Origin, then it is served', async () => {
    const answer = await post(messagesOf(GROUP), { userId: 'lina', text: 'x' }, { origin: sandbox.url });
    expect(answer.status).toBe(201);
  });

  test('given a foreign name that points here, then 403, even where the Origin fits it', async () => {
    const host = `evil.example:${new URL(sandbox.url).port}`;
    const status = await statusWithHost(host);
    expect(status).toBe(403);
    expect(await statusWithHost(`localhost:${new URL(sandbox.url).port}`)).toBe(200);
  });
});

describe('serving the page', () => {
  test('given the page, then a strict Content-Security-Policy', async () => {
    const response = await fetch(`${sandbox.url}/`);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['/vendor/markdown-it.js', /export \{ \w+ as default \}/],
    ['/vendor/purify.js', /\.DOMPurify=/],
  ])('given %s, then the whole library in one file', async (path, way) => {
    const response = await fetch(`${sandbox.url}${path}`);

    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const source = await response.text();
    expect(way.test(source)).toBe(true);
    expect(/^import /m.test(source)).toBe(false);
  });

  test.each([
    '/../sandbox.ts',
    '/..%2fsandbox.ts',
    '/%2e%2e/sandbox.ts',
    '/..\\sandbox.ts',
    '/vendor/../../sandbox.ts',
    '/vendor/%2e%2e/%2e%2e/package.json',
    '//etc/passwd',
    '/README.md',
    '/vendor/zod.js',
  ])('given %s, then 404', async (path) => {
    expect(await statusOfRawPath(path)).toBe(404);
  });
});

describe('without a service', () => {
  test.each([
    ['/api/sms', { destination: 'mainland', templateType: 'promotion', count: 1 }],
    ['/api/recharge', { amount: '5.00' }],
  ])('given %s, then 501', async (path, body) => {
    expect(await post(path, body)).toMatchObject({ status: 501, body: { error: { code: 'no_service' } } });
  });
});

async function rawRequest(head: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { hostname, port } = new URL(sandbox.url);
  const socket = connect(Number(port), hostname, () => socket.end(head));
  let answer = '';
  socket.on('data', (data) => {
    answer += String(data);
  });
  socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])));
  socket.on('error', reject);
  return promise;
}

/** Sends the path as it is: `fetch` would resolve its dots. */
function statusOfRawPath(path: string): Promise<number> {
  return rawRequest(`GET ${path} HTTP/1.1\r\nHost: ${new URL(sandbox.url).host}\r\nConnection: close\r\n\r\n`);
}

function statusWithHost(host: string): Promise<number> {
  return rawRequest(`GET /api/clock HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nConnection: close\r\n\r\n`);
}

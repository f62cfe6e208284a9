import { TOPIC_ROBOT } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';
import { openGateway, TestBot } from './published-client.ts';

let sandbox: Sandbox;
let clock: StillClock;

beforeEach(async () => {
  clock = new StillClock();
  sandbox = await startTestSandbox({ clock, behaviour: { disconnectGraceMs: 20 } });
});
afterEach(() => sandbox.stop());

async function ticketAddress(): Promise<string> {
  const answer = await (await openGateway(sandbox.url)).json();
  const { endpoint, ticket } = z.object({ endpoint: z.string(), ticket: z.string() }).parse(answer);
  return `${endpoint}?ticket=${ticket}`;
}

/** The HTTP status with which the handshake is refused, or 101. */
function handshake(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', reject);
  });
}

describe('opening a connection', () => {
  test('given the app, when it asks, then it gets an endpoint on the sandbox and a ticket', async () => {
    const response = await openGateway(sandbox.url);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      endpoint: `${sandbox.url.replace('http', 'ws')}/connect`,
      ticket: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(sandbox.gatewayOpens.entries).toMatchObject([{ status: 200, userAgent: 'test-client' }]);
  });

  test('given a wrong secret, then 401 authFailed', async () => {
    const response = await openGateway(sandbox.url, { body: { clientSecret: 'guess' } });

    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'authFailed', message: '鉴权失败' });
  });

  test.each([
    ['no subscriptions', { subscriptions: undefined }],
    ['an empty list of them', { subscriptions: [] }],
    ['no client id', { clientId: undefined }],
  ])('given %s, then 400 systemError', async (_name, body) => {
    const response = await openGateway(sandbox.url, { body });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'systemError', message: '系统错误' });
  });

  test('given an Accept header that does not name JSON, then the answer is XML', async () => {
    const response = await openGateway(sandbox.url, { accept: '*/*' });

    expect(response.headers.get('content-type')).toContain('xml');
    expect(await response.text()).toContain('<ticket>');
  });

  test('given a subscription that nobody knows, then it is tolerated', async () => {
    const subscriptions = [{ type: 'SYSTEM', topic: 'ping', extra: 1 }];
    expect((await openGateway(sandbox.url, { body: { subscriptions } })).status).toBe(200);
  });
});

describe('the ticket', () => {
  test('opens one connection, once', async () => {
    const address = await ticketAddress();

    expect(await handshake(address)).toBe(101);
    expect(await handshake(address)).toBe(401);
  });

  test('is good until 90 seconds have passed', async () => {
    const [early, late] = [await ticketAddress(), await ticketAddress()];

    await clock.advance('PT89S');
    expect(await handshake(early)).toBe(101);
    await clock.advance('PT1S');
    expect(await handshake(late)).toBe(401);
  });

  test('made up is refused, and so is another path', async () => {
    const base = sandbox.url.replace('http', 'ws');
    expect(await handshake(`${base}/connect?ticket=made-up`)).toBe(401);
    expect(await handshake(`${base}/elsewhere`)).toBe(404);
  });
});

describe('SYSTEM frames', () => {
  test('given a ping, when the published client answers, then the answer carries the same data', async () => {
    const bot = await TestBot.connect(sandbox);
    const raw = Promise.withResolvers<string>();
    socketOf(bot).once('message', (data) => raw.resolve(String(data)));

    sandbox.faults.ping();

    const frame = z.looseObject({ data: z.string() }).parse(JSON.parse(await raw.promise));
    const answer = await sandbox.acknowledgements.waitFor((one) => one.topic === 'ping');
    expect(answer).toMatchObject({ code: 200, data: frame.data, again: false });
    expect(JSON.parse(answer.data)).toEqual({ opaque: expect.any(String) });
  });

  test('given a disconnect frame, then nothing new is sent there, and the connection ends after the grace', async () => {
    const bot = await TestBot.connect(sandbox);
    const closed = new Promise((resolve) => socketOf(bot).once('close', resolve));

    sandbox.faults.disconnect();

    expect(sandbox.say(GROUP, 'lina', 'too late')).toMatchObject({ delivered: false });
    await closed;
    await sandbox.waitForConnections(0);
  });

  test('given a platform that announces registrations, then the client is told', async () => {
    const announcing = await startTestSandbox({ behaviour: { announcesRegistration: true } });
    const bot = await TestBot.connect(announcing);
    announcing.faults.ping();
    await announcing.acknowledgements.waitFor((one) => one.topic === 'ping');

    expect(bot.client.registered).toBe(true);
    await announcing.stop();
  });
});

describe('several connections of one client', () => {
  test('each push goes to one of them, picked at random', async () => {
    let next = 0;
    const rigged = await startTestSandbox({ behaviour: { random: () => next } });
    const bots = [await TestBot.connect(rigged), await TestBot.connect(rigged)] as const;

    next = 0.9;
    rigged.say(GROUP, 'lina', 'to the second');
    await bots[1].received(TOPIC_ROBOT);
    next = 0.1;
    rigged.say(GROUP, 'lina', 'to the first');
    await bots[0].received(TOPIC_ROBOT);

    expect(bots.map((bot) => bot.frames.entries.length)).toEqual([1, 1]);
    await rigged.stop();
  });

  test('a connection that did not subscribe to robot messages gets none', async () => {
    const response = await openGateway(sandbox.url, { body: { subscriptions: [{ type: 'EVENT', topic: '*' }] } });
    const { endpoint, ticket } = z.object({ endpoint: z.string(), ticket: z.string() }).parse(await response.json());
    expect(await handshake(`${endpoint}?ticket=${ticket}`)).toBe(101);
    await sandbox.waitForConnections(1);

    expect(sandbox.say(GROUP, 'lina', '余额')).toMatchObject({ delivered: false });
  });
});

describe('acknowledgements', () => {
  test('given an answer on another connection than the frame came on, then it does not count', async () => {
    const bots = [await TestBot.connect(sandbox), await TestBot.connect(sandbox)] as const;
    sandbox.say(GROUP, 'lina', '余额');
    const real = await sandbox.acknowledgements.waitFor((one) => one.topic === TOPIC_ROBOT);
    const other = bots.find((bot) => bot.frames.entries.length === 0);

    other?.client.socketCallBackResponse(real.messageId, null);

    const stray = await sandbox.acknowledgements.waitFor((one) => one.connectionId !== real.connectionId);
    expect(stray).toMatchObject({ messageId: real.messageId, topic: null });
  });

  test('given a ping that is answered with other data, then the log says so', async () => {
    const bot = await TestBot.connect(sandbox);
    socketOf(bot).once('message', (data) => {
      const { headers } = z.object({ headers: z.object({ messageId: z.string() }) }).parse(JSON.parse(String(data)));
      bot.client.send(headers.messageId, { opaque: 'made up' });
    });
    sandbox.faults.ping();

    const wrong = await sandbox.acknowledgements.waitFor((one) => one.data.includes('made up'));
    expect(wrong).toMatchObject({ topic: 'ping', problem: 'the data of the ping did not come back' });
  });

  test('given rubbish from the client, then the connection goes on', async () => {
    const bot = await TestBot.connect(sandbox);
    for (const rubbish of ['', 'not json', '[]', '{"code":"200"}', '{"code":200,"headers":{}}']) {
      socketOf(bot).send(rubbish);
    }
    sandbox.say(GROUP, 'lina', '余额');

    expect(await sandbox.acknowledgements.waitFor((one) => one.topic === TOPIC_ROBOT)).toMatchObject({ code: 200 });
    expect(sandbox.acknowledgements.entries).toHaveLength(1);
  });
});

function socketOf(bot: TestBot): WebSocket {
  return z.object({ socket: z.instanceof(WebSocket) }).parse(bot.client).socket;
}

import { TOPIC_ROBOT } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { ApiCaller, openGateway, TestBot } from './published-client.ts';

const GROUP_SEND = '/v1.0/robot/groupMessages/send';

let sandbox: Sandbox;
let api: ApiCaller;

beforeEach(async () => {
  // Pushes go to the newest connection.
  sandbox = await startTestSandbox({ behaviour: { random: () => 0.999 } });
  api = new ApiCaller(sandbox);
});
afterEach(() => sandbox.stop());

const send = () =>
  api.call('POST', GROUP_SEND, {
    robotCode: APP.robotCode,
    openConversationId: GROUP,
    msgKey: 'sampleText',
    msgParam: '{"content":"x"}',
  });

async function dial(): Promise<WebSocket> {
  const answer = await (await openGateway(sandbox.url)).json();
  const { endpoint, ticket } = z.object({ endpoint: z.string(), ticket: z.string() }).parse(answer);
  return new WebSocket(`${endpoint}?ticket=${ticket}`);
}

describe('API calls', () => {
  test('given an answer for the next two, then those two get it, carry nothing out, and the third is served', async () => {
    const throttled = { code: 'Forbidden.AccessDenied.QpsLimitForApi', message: 'slow down' };
    sandbox.faults.answerCalls(GROUP_SEND, { status: 403, body: throttled }, 2);

    expect(await send()).toEqual({ status: 403, body: throttled });
    expect((await send()).status).toBe(403);
    expect((await send()).status).toBe(200);
    expect(sandbox.messages(GROUP)).toHaveLength(1);
    expect(sandbox.calls.entries.filter((call) => call.path === GROUP_SEND).map((call) => call.status)).toEqual([
      403, 403, 200,
    ]);
  });

  test('given a route with a method, then another method on that path is served', async () => {
    sandbox.faults.answerCalls('PUT /v1.0/card/instances', { status: 500, body: { code: 'system.busy' } });

    expect((await api.call('POST', '/v1.0/card/instances', {})).status).toBe(400);
    expect((await api.call('PUT', '/v1.0/card/instances', {})).status).toBe(500);
  });

  test('given a hang, then there is no answer, and nothing has happened', async () => {
    sandbox.faults.hangCalls(GROUP_SEND);
    const hanging = send();

    expect(await sandbox.calls.waitFor((call) => call.path === GROUP_SEND)).toMatchObject({ status: null });
    expect(sandbox.messages(GROUP)).toEqual([]);
    await sandbox.stop();
    await expect(hanging).rejects.toThrow();
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)(
    'given a reset %s the effect, then the caller gets no answer and %d message is shown',
    async (when, messages) => {
      sandbox.faults.dropCalls(GROUP_SEND, when);

      await expect(send()).rejects.toThrow();
      expect(sandbox.messages(GROUP)).toHaveLength(messages);
      expect((await send()).status).toBe(200);
    },
  );

  test('given a revoked token, then the next call is InvalidAuthentication', async () => {
    await send();
    sandbox.faults.revokeToken();
    expect(await send()).toMatchObject({ status: 400, body: { code: 'InvalidAuthentication' } });
  });

  test('given clear, then what was planned does not happen', async () => {
    sandbox.faults.answerCalls(GROUP_SEND, { status: 500, body: {} }, 9);
    sandbox.faults.refuseHandshakes(503, 9);
    sandbox.faults.clear();

    expect((await send()).status).toBe(200);
    await TestBot.connect(sandbox);
  });
});

describe('connecting', () => {
  test.each([
    [401, 'authFailed'],
    [503, 'systemError'],
  ])('given refused gateway opens, then %d, and the log has them', async (status, code) => {
    sandbox.faults.refuseGatewayOpens(status);
    const response = await openGateway(sandbox.url);

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(sandbox.gatewayOpens.entries).toMatchObject([{ status, clientId: APP.clientId, userAgent: 'test-client' }]);
    expect((await openGateway(sandbox.url)).status).toBe(200);
  });

  test('given a refused handshake, then its status, and the next is accepted', async () => {
    sandbox.faults.refuseHandshakes(503);
    const refused = await dial();
    const [, response] = await eventOf(refused, 'unexpected-response');
    expect(response).toMatchObject({ statusCode: 503 });
    refused.terminate();

    await eventOf(await dial(), 'open');
    await sandbox.waitForConnections(1);
  });

  test('given a handshake that hangs, then it neither opens nor fails until the sandbox stops', async () => {
    sandbox.faults.hangHandshakes();
    const hanging = await dial();
    const outcome = eventOf(hanging, 'error');
    await eventOf(await dial(), 'open');

    expect(hanging.readyState).toBe(WebSocket.CONNECTING);
    await sandbox.stop();
    await outcome;
  });

  test('given a connection that is accepted and silent, then it is open, and nothing comes', async () => {
    sandbox.faults.silentHandshakes();
    const silent = await dial();
    const heard: string[] = [];
    silent.on('message', (data) => heard.push(String(data)));
    await eventOf(silent, 'open');
    await sandbox.waitForConnections(1);
    sandbox.faults.ping();
    sandbox.faults.clear();
    sandbox.faults.sendRaw('awake');

    await eventOf(silent, 'message');
    expect(heard).toEqual(['awake']);
  });
});

describe('open connections', () => {
  test('given killed sockets, then every client sees its connection end', async () => {
    const socket = await dial();
    await eventOf(socket, 'open');
    sandbox.faults.killSockets();

    expect((await eventOf(socket, 'close'))[0]).toBe(1006);
    await sandbox.waitForConnections(0);
  });

  test('given silence, then a ping gets no pong and a push is swallowed, until it is over', async () => {
    const socket = await dial();
    await eventOf(socket, 'open');
    await sandbox.waitForConnections(1);
    const heard: string[] = [];
    socket.on('pong', (data) => heard.push(`pong ${data}`));
    socket.on('message', () => heard.push('message'));

    sandbox.faults.goSilent();
    socket.ping('while silent');
    expect(sandbox.say(GROUP, 'lina', '余额')).toMatchObject({ delivered: true });
    const other = await TestBot.connect(sandbox);
    await roundTrip(other);
    sandbox.faults.clear();
    socket.ping('after');
    await eventOf(socket, 'pong');

    expect(heard).toEqual(['pong after']);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  test('given garbage, then it arrives as it is', async () => {
    const socket = await dial();
    await eventOf(socket, 'open');
    await sandbox.waitForConnections(1);
    const message = eventOf(socket, 'message');
    sandbox.faults.sendRaw('{"type":');

    expect(String((await message)[0])).toBe('{"type":');
  });

  test('given a repeated frame, then the same comes again, and its second answer is known as such', async () => {
    const bot = await TestBot.connect(sandbox);
    const first = await roundTrip(bot);
    sandbox.faults.repeatFrame('same');

    const again = await sandbox.acknowledgements.waitFor((one) => one.again);
    expect(again).toMatchObject({ messageId: first.messageId, topic: TOPIC_ROBOT });
    expect(bot.frames.entries).toHaveLength(2);
    expect(bot.frames.entries[1]).toEqual(bot.frames.entries[0]);
  });

  test('given a frame repeated on another connection, then that one gets it, and its answer counts', async () => {
    const bot = await TestBot.connect(sandbox);
    const first = await roundTrip(bot);
    expect(() => sandbox.faults.repeatFrame('other')).toThrow('other connection');

    const other = await TestBot.connect(sandbox);
    sandbox.faults.repeatFrame('other', first.messageId);
    expect(await other.frames.waitFor(() => true)).toEqual(bot.frames.entries[0]);
    const again = await sandbox.acknowledgements.waitFor((one) => one.connectionId !== first.connectionId);
    expect(again).toMatchObject({ topic: TOPIC_ROBOT, again: true });
  });
});

/** A message to the bot, and its acknowledgement. */
async function roundTrip(bot: TestBot) {
  sandbox.say(GROUP, 'lina', '余额');
  const frame = await bot.frames.waitFor(() => true);
  return sandbox.acknowledgements.waitFor((one) => one.messageId === frame.headers.messageId);
}

function eventOf(socket: WebSocket, name: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    socket.once(name, (...values: unknown[]) => resolve(values));
    socket.once('error', (error) => (name === 'error' ? resolve([error]) : reject(error)));
  });
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderCard } from '../../src/dingtalk/card-template.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings, DINGTALK_DEFAULTS } from '../../src/dingtalk/settings.ts';
import { CARD_TOPIC, ROBOT_TOPIC } from '../../src/sandbox/gateway.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { robotFrame } from './frames.ts';
import { StreamHarness } from './stream-harness.ts';

/** Our end and the platform's, over real HTTP and WebSockets. */
describe('StreamConnection and the sandbox', () => {
  let sandbox: Sandbox;
  let api: OpenApi;
  const started: StreamHarness[] = [];

  beforeEach(async () => {
    sandbox = await startTestSandbox({ behaviour: { disconnectGraceMs: 1_000, announcesRegistration: true } });
    api = new OpenApi(completeSettings({ ...APP, apiBase: sandbox.url, oapiBase: sandbox.url }));
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ connection }) => connection.stop()));
    await sandbox.stop();
  });

  async function connect(options: ConstructorParameters<typeof StreamHarness>[1] = {}): Promise<StreamHarness> {
    const harness = begin(options);
    await harness.reaches('open');
    return harness;
  }

  function begin(options: ConstructorParameters<typeof StreamHarness>[1] = {}): StreamHarness {
    const { clientId, clientSecret } = APP;
    const harness = new StreamHarness(sandbox.url, { clientId, clientSecret, ...options });
    started.push(harness);
    harness.connection.start();
    return harness;
  }

  async function postCard(
    outTrackId: string,
    openSpace: Parameters<OpenApi['createCard']>[0]['openSpace'],
  ): Promise<void> {
    const buttons = [{ id: 'approve', label: '同意', style: 'primary' }] as const;
    const params = renderCard({ title: '申请', markdown: '开启自动续费', buttons });
    await api.createCard({ outTrackId, templateId: DINGTALK_DEFAULTS.cardTemplateId, params, openSpace });
  }

  test('given a message in the group, when it is answered by its webhook, then the group sees the answer', async () => {
    const { messages } = await connect();
    sandbox.say(GROUP, 'zhangwei', '余额');
    const message = await messages.next();
    expect(message).toMatchObject({
      corpId: 'dingtestcorp',
      conversationId: GROUP,
      conversationKind: 'group',
      conversationTitle: '短信运维群',
      senderStaffId: 'zhangwei',
      senderName: '张伟',
      text: '余额',
      kind: 'text',
      robotCode: APP.robotCode,
    });
    await api.replyToSession(message.sessionWebhook, { msgtype: 'text', text: { content: '1,000.00 元' } });
    const answer = await sandbox.waitForMessage(GROUP, ({ from }) => from === 'bot');
    expect(answer.text).toBe('1,000.00 元');
    const ack = await sandbox.acknowledgements.waitFor(({ topic }) => topic === ROBOT_TOPIC);
    expect(ack).toMatchObject({ code: 200, data: '{"response":null}' });
  });

  test('given messages from a person outside and in a direct conversation, then both are told apart from a member in the group', async () => {
    const { messages } = await connect();
    sandbox.say(GROUP, 'zhaomin', '帮助');
    expect(await messages.next()).toMatchObject({ senderStaffId: null, senderName: '赵敏' });
    sandbox.say('direct:lina', 'lina', 'help');
    expect(await messages.next()).toMatchObject({
      conversationKind: 'direct',
      conversationTitle: null,
      senderStaffId: 'lina',
    });
  });

  test('given a handler that never ends, when a button is clicked, then the click is acknowledged at once and empty', async () => {
    const forever = Promise.withResolvers<void>();
    await connect({ handlers: { onClick: () => forever.promise } });
    await postCard('card-slow', { kind: 'group', conversationId: GROUP, mentions: [] });
    expect(await sandbox.click('card-slow', 'zhangwei', 'approve')).toEqual({
      acknowledged: true,
      code: 200,
      response: {},
      problem: null,
    });
    forever.resolve();
  });

  test('given a card in the group and one in a direct conversation, when they are clicked, then the clicks say who, what and where', async () => {
    const { clicks } = await connect();
    await postCard('card-group', {
      kind: 'group',
      conversationId: GROUP,
      mentions: [{ userId: 'zhangwei', name: '张伟' }],
    });
    await sandbox.click('card-group', 'lina', 'approve');
    expect(await clicks.next()).toMatchObject({
      corpId: 'dingtestcorp',
      outTrackId: 'card-group',
      userId: 'lina',
      actionId: 'approve',
      conversationId: GROUP,
    });
    await postCard('card-direct', { kind: 'direct', userId: 'zhangwei' });
    await sandbox.click('card-direct', 'zhangwei', 'approve');
    expect(await clicks.next()).toMatchObject({ outTrackId: 'card-direct', userId: 'zhangwei', conversationId: null });
    const acks = sandbox.acknowledgements.entries.filter(({ topic }) => topic === CARD_TOPIC);
    expect(acks.map(({ data }) => data)).toEqual(['{"response":{}}', '{"response":{}}']);
  });

  test("given the platform's ping, then it is answered with the same data", async () => {
    await connect();
    sandbox.faults.ping();
    const ack = await sandbox.acknowledgements.waitFor(({ topic }) => topic === 'ping');
    expect(ack.code).toBe(200);
    expect(JSON.parse(ack.data)).toHaveProperty('opaque');
  });

  test('given refused credentials, when they are accepted again, then it connects and the alarm was raised once', async () => {
    sandbox.faults.refuseGatewayOpens(401, 2);
    const harness = begin({ tuning: { refusedPauseMs: 5 } });
    await harness.reaches('open');
    expect((await harness.alarms.next()).code).toBe('credentials_refused');
    expect(sandbox.calls.entries.filter(({ path }) => path.includes('connections/open'))).toHaveLength(3);
  });

  test('given an app that is not allowed to connect, then an alarm says so', async () => {
    sandbox.faults.refuseGatewayOpens(400, 2);
    const harness = begin();
    expect(await harness.alarms.next()).toMatchObject({
      code: 'gateway_refused',
      message: expect.stringContaining('systemError'),
    });
    await harness.reaches('open');
  });

  test('given refused, hanging and dropped handshakes, when the platform recovers, then one connection is open and works', async () => {
    sandbox.faults.refuseHandshakes(503, 4);
    sandbox.faults.hangHandshakes(1);
    const harness = begin({ tuning: { handshakeTimeoutMs: 500 } });
    await harness.reaches('open');
    sandbox.faults.killSockets();
    await harness.opens(2);
    sandbox.say(GROUP, 'zhangwei', '余额');
    await harness.messages.next();
    expect(sandbox.connections).toBe(1);
    expect(sandbox.gatewayOpens.entries).toHaveLength(7);
  });

  test('given a connection that says nothing from the start, then it is given up for one that works', async () => {
    sandbox.faults.silentHandshakes(1);
    const harness = begin({ tuning: { pingIntervalMs: 100 } });
    await harness.opens(2);
    sandbox.say(GROUP, 'zhangwei', '余额');
    await harness.messages.next();
  });

  test('given the announced end of the connection, when people go on writing, then no message is lost and the state stays open', async () => {
    const harness = await connect();
    sandbox.faults.disconnect();
    await sandbox.waitForConnections(2);
    sandbox.say(GROUP, 'zhangwei', '余额');
    expect((await harness.messages.next()).text).toBe('余额');
    await sandbox.waitForConnections(1);
    sandbox.say(GROUP, 'zhangwei', '余量');
    expect((await harness.messages.next()).text).toBe('余量');
    expect(harness.states).toEqual(['connecting', 'open']);
  });

  test('given garbage and a repeated frame, when a message follows, then each message is handled once', async () => {
    const harness = await connect();
    sandbox.faults.sendRaw('<xml/>');
    sandbox.say(GROUP, 'zhangwei', '余额');
    sandbox.faults.repeatFrame('same');
    sandbox.say(GROUP, 'zhangwei', '余量');
    expect((await harness.messages.next()).text).toBe('余额');
    expect((await harness.messages.next()).text).toBe('余量');
    expect(harness.connection.status.counts).toMatchObject({ frames: 3, duplicates: 1, malformed: 1 });
  });

  test('given two replicas, when a frame is repeated at the other, then both handle it: the durable dedupe is not here', async () => {
    const handled: string[] = [];
    const both = Promise.withResolvers<void>();
    const onMessage = async ({ messageId }: { messageId: string }): Promise<void> => {
      if (handled.push(messageId) === 2) both.resolve();
    };
    await connect({ handlers: { onMessage } });
    await connect({ handlers: { onMessage } });
    sandbox.say(GROUP, 'zhangwei', '余额');
    sandbox.faults.repeatFrame('other');
    await both.promise;
    expect(handled[0]).toBe(handled[1]);
  });

  test('given a topic that nobody handles, then the answer says so', async () => {
    await connect();
    const headers = { topic: '/v1.0/graph/api/invoke', messageId: 'frame-graph' };
    sandbox.faults.sendRaw(JSON.stringify({ specVersion: '1.0', type: 'CALLBACK', headers, data: '{}' }));
    const ack = await sandbox.acknowledgements.waitFor(({ messageId }) => messageId === 'frame-graph');
    expect(ack.code).toBe(404);
  });

  test('given pushes without text as the quota is used up, then one alarm is raised and no message is handled', async () => {
    const harness = await connect();
    for (const messageId of ['quota-1', 'quota-2']) {
      const frame = robotFrame({ text: undefined, errorCode: '20001', errorMessage: '超出' }, { messageId });
      sandbox.faults.sendRaw(JSON.stringify(frame));
      const ack = await sandbox.acknowledgements.waitFor((one) => one.messageId === messageId);
      expect(ack.code).toBe(200);
    }
    expect((await harness.alarms.next()).code).toBe('quota_exhausted');
    sandbox.say(GROUP, 'zhangwei', '余额');
    expect((await harness.messages.next()).text).toBe('余额');
    expect(harness.logLines.filter((line) => line.includes('"alarm"'))).toHaveLength(1);
    expect(harness.connection.status.counts).toMatchObject({ malformed: 0, handlerFailures: 0 });
  });

  describe('stopping', () => {
    test('given a handler at work, when it is stopped, then it waits for the handler, takes what still comes, and closes last', async () => {
      const first = Promise.withResolvers<void>();
      const texts: string[] = [];
      const began = Promise.withResolvers<void>();
      const second = Promise.withResolvers<void>();
      const harness = await connect({
        handlers: {
          onMessage: async ({ text }) => {
            texts.push(text);
            if (text === '余额') {
              began.resolve();
              await first.promise;
            } else {
              second.resolve();
            }
          },
        },
      });
      sandbox.say(GROUP, 'zhangwei', '余额');
      await began.promise;
      const stopped = harness.connection.stop();
      expect(sandbox.connections).toBe(1);
      sandbox.say(GROUP, 'zhangwei', '余量');
      await second.promise;
      expect(sandbox.connections).toBe(1);
      first.resolve();
      expect(await stopped).toEqual({ unfinished: 0 });
      await sandbox.waitForConnections(0);
      expect(texts).toEqual(['余额', '余量']);
      expect(harness.connection.status.state).toBe('stopped');
    });

    test('given a handler that never ends, when its time is over, then it stops without it and says so', async () => {
      const began = Promise.withResolvers<void>();
      const harness = await connect({
        tuning: { drainTimeoutMs: 30 },
        handlers: {
          onMessage: () => {
            began.resolve();
            return new Promise(() => {});
          },
        },
      });
      sandbox.say(GROUP, 'zhangwei', '余额');
      await began.promise;
      expect(await harness.connection.stop()).toEqual({ unfinished: 1 });
      await sandbox.waitForConnections(0);
    });

    test('given a platform that does not answer the close, when its time is over, then it is closed anyway', async () => {
      const harness = await connect({ tuning: { closeTimeoutMs: 30 } });
      sandbox.faults.goSilent();
      await harness.connection.stop();
      expect(harness.connection.status.state).toBe('stopped');
    });

    test('given a stopped connection, then it can be stopped again but not started', async () => {
      const harness = await connect();
      await Promise.all([harness.connection.stop(), harness.connection.stop()]);
      expect(() => harness.connection.start()).toThrow(/make a new one/);
    });

    test('given one that was never started, then it stops', async () => {
      const harness = new StreamHarness(sandbox.url);
      expect(await harness.connection.stop()).toEqual({ unfinished: 0 });
    });
  });
});

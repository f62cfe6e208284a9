import { TOPIC_ROBOT } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';
import { type Received, TestBot } from './published-client.ts';

let sandbox: Sandbox;
let clock: StillClock;

beforeEach(async () => {
  clock = new StillClock('2026-03-10T02:00:00Z');
  sandbox = await startTestSandbox({ clock });
});
afterEach(() => sandbox.stop());

describe('the robot message callback', () => {
  test('given a member who types in the group, then the bot gets every documented field, and a space in front', async () => {
    const bot = await TestBot.connect(sandbox);

    const shown = sandbox.say(GROUP, 'lina', '余额');

    const message = await bot.received(TOPIC_ROBOT);
    expect(message).toEqual({
      senderPlatform: 'Mac',
      conversationId: GROUP,
      conversationType: '2',
      conversationTitle: '短信运维群',
      atUsers: [{ dingtalkId: message.chatbotUserId }],
      isInAtList: true,
      chatbotCorpId: 'dingtestcorp',
      chatbotUserId: expect.stringMatching(/^\$:LWCP_v1:\$/),
      msgId: shown.id,
      senderNick: '李娜',
      senderId: expect.stringMatching(/^\$:LWCP_v1:\$/),
      senderStaffId: 'lina',
      senderCorpId: 'dingtestcorp',
      isAdmin: false,
      sessionWebhook: expect.stringMatching(/\/robot\/sendBySession\?session=[0-9a-f]{32}$/),
      sessionWebhookExpiredTime: clock.now() + 90 * 60_000,
      createAt: clock.now(),
      robotCode: APP.robotCode,
      msgtype: 'text',
      text: { content: ' 余额' },
    });
    expect(shown).toMatchObject({ text: '@短信管家 余额', mentions: ['bot'], delivered: true, from: 'lina' });
  });

  test('given its frame, then headers are all strings and data is JSON in a string', async () => {
    const bot = await TestBot.connect(sandbox);
    sandbox.say(GROUP, 'lina', '余额');
    await bot.received(TOPIC_ROBOT);

    expect(bot.frames.entries[0]).toEqual({
      specVersion: '1.0',
      type: 'CALLBACK',
      headers: {
        topic: TOPIC_ROBOT,
        messageId: expect.any(String),
        contentType: 'application/json',
        time: String(clock.now()),
        appId: APP.clientId,
        connectionId: expect.any(String),
      },
      data: expect.any(String),
    });
  });

  test('given a direct message, then the text is as typed and nothing of a group is sent', async () => {
    const bot = await TestBot.connect(sandbox);

    sandbox.say('direct:zhangwei', 'zhangwei', ' 余额 ');

    const message = await bot.received(TOPIC_ROBOT);
    expect(message).toMatchObject({
      conversationType: '1',
      conversationId: 'direct:zhangwei',
      text: { content: ' 余额 ' },
    });
    expect(message).not.toHaveProperty('atUsers');
    expect(message).not.toHaveProperty('conversationTitle');
  });

  test('given a person from outside the organisation, then the staff id is empty', async () => {
    const bot = await TestBot.connect(sandbox);
    sandbox.say(GROUP, 'zhaomin', '余额');

    expect(await bot.received(TOPIC_ROBOT)).toMatchObject({ senderStaffId: '', senderNick: '赵敏' });
  });

  test('given other members mentioned, then they are in atUsers, the outsider without a staff id', async () => {
    const bot = await TestBot.connect(sandbox);
    const shown = sandbox.say(GROUP, 'lina', '@wangqiang @zhaomin @nobody @linax 看看');

    const { atUsers } = z.object({ atUsers: z.array(z.looseObject({})) }).parse(await bot.received(TOPIC_ROBOT));
    expect(atUsers.map((user) => user.staffId)).toEqual([undefined, 'wangqiang', undefined]);
    expect(shown.mentions).toEqual(['bot', 'wangqiang', 'zhaomin']);
  });

  test('given the bot mentioned by hand, then it is not mentioned twice, and the text is without it', async () => {
    const bot = await TestBot.connect(sandbox);
    const shown = sandbox.say(GROUP, 'lina', '@短信管家 余额');

    expect(await bot.received(TOPIC_ROBOT)).toMatchObject({ text: { content: ' 余额' } });
    expect(shown.text).toBe('@短信管家 余额');
  });

  test('given no open connection, then the message is shown but lost to the bot, also to one that comes later', async () => {
    expect(sandbox.say(GROUP, 'lina', 'lost')).toMatchObject({ delivered: false });
    const bot = await TestBot.connect(sandbox);
    sandbox.say(GROUP, 'lina', 'heard');

    expect(await bot.received(TOPIC_ROBOT)).toMatchObject({ text: { content: ' heard' } });
    expect(sandbox.messages(GROUP).map((message) => message.delivered)).toEqual([false, true]);
  });
});

describe('replying through the sessionWebhook', () => {
  test('given a markdown reply, then it is shown, and mentions those who are in the list and in the text', async () => {
    const message = await heard();
    const answer = await reply(message, {
      msgtype: 'markdown',
      markdown: { title: '余额', text: '**¥100** @lina @wangqiang' },
      at: { atUserIds: ['lina', 'zhangwei'], atMobiles: [], isAtAll: false },
    });

    expect(answer).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({
      from: 'bot',
      fromName: '短信管家',
      kind: 'markdown',
      title: '余额',
      text: '**¥100** @lina @wangqiang',
      mentions: ['lina'],
    });
  });

  test('given a text reply to all, then everyone is mentioned', async () => {
    await reply(await heard(), { msgtype: 'text', text: { content: 'hello' }, at: { isAtAll: true } });
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({ kind: 'text', text: 'hello', mentions: ['all'] });
  });

  test('given an action card, then its buttons open their addresses, and its text mentions', async () => {
    await reply(await heard(), {
      msgtype: 'actionCard',
      actionCard: {
        title: 'Approve?',
        text: '@zhangwei please',
        btnOrientation: '1',
        btns: [
          { title: 'Yes', actionURL: 'dtmd://dingtalkclient/sendMessage?content=yes' },
          { title: 'No', actionURL: 'https://example.com/no' },
        ],
      },
    });
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({
      kind: 'actionCard',
      mentions: ['zhangwei'],
      buttons: [
        { id: '1', label: 'Yes', disabled: false, url: 'dtmd://dingtalkclient/sendMessage?content=yes' },
        { id: '2', label: 'No', disabled: false, url: 'https://example.com/no' },
      ],
    });
  });

  test('given an empty reply, then nothing is shown', async () => {
    const message = await heard();
    expect(await reply(message, { msgtype: 'empty' })).toMatchObject({ errcode: 0 });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given a session of a direct conversation, then the reply is shown there', async () => {
    const bot = await TestBot.connect(sandbox);
    sandbox.say('direct:lina', 'lina', '余额');
    await reply(await bot.received(TOPIC_ROBOT), { msgtype: 'text', text: { content: 'here' } });

    expect(sandbox.messages('direct:lina').at(-1)).toMatchObject({ from: 'bot', text: 'here' });
  });

  test('given an expired or unknown session, then HTTP 200 with errcode 300001', async () => {
    const message = await heard();
    await clock.advance('PT1H30M');

    const expired = await reply(message, { msgtype: 'text', text: { content: 'late' } });
    expect(expired).toMatchObject({ errcode: 300001, errmsg: 'session 不存在' });
    const unknown = await reply(
      { sessionWebhook: `${sandbox.url}/robot/sendBySession?session=0` },
      { msgtype: 'text', text: { content: 'x' } },
    );
    expect(unknown).toMatchObject({ errcode: 300001 });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given a body of 20,000 bytes, then it is taken, and one more byte is errcode 460101', async () => {
    const message = await heard();
    const envelope = Buffer.byteLength(JSON.stringify({ msgtype: 'text', text: { content: '' } }));
    const body = (bytes: number) => ({ msgtype: 'text', text: { content: 'x'.repeat(bytes - envelope) } });

    expect(await reply(message, body(20_000))).toMatchObject({ errcode: 0 });
    expect(await reply(message, body(20_001))).toMatchObject({ errcode: 460101 });
  });

  test.each([
    ['no JSON', 'rubbish'],
    ['an unknown type', { msgtype: 'audio' }],
    ['markdown without a title', { msgtype: 'markdown', markdown: { text: 'x' } }],
    ['more than 50 mentions', { msgtype: 'text', text: { content: 'x' }, at: { atUserIds: Array(51).fill('lina') } }],
  ])('given %s, then HTTP 200 with errcode 40035 and nothing is shown', async (_name, body) => {
    expect(await reply(await heard(), body)).toMatchObject({ errcode: 40035 });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });
});

async function heard(): Promise<Received> {
  const bot = await TestBot.connect(sandbox);
  sandbox.say(GROUP, 'lina', '余额');
  return bot.received(TOPIC_ROBOT);
}

async function reply(message: Received, body: unknown): Promise<unknown> {
  const { sessionWebhook } = z.object({ sessionWebhook: z.string() }).parse(message);
  const response = await fetch(sessionWebhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return response.json();
}

/**
 * The sandbox against the published `dingtalk-stream`, unmodified, in a process of its own that is pointed at the sandbox by its
 * environment. Each group is named after what the facts about the platform call it.
 */
import { TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MARKDOWN_WITH_BUTTONS } from '../../src/sandbox/card-templates.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';
import { ApiCaller } from './published-client.ts';
import { dataOf, StreamBotProcess } from './stream-bot-process.ts';

const clock = new StillClock();
let sandbox: Sandbox;
let bot: StreamBotProcess;
/** Picks the connection for a push: the oldest, unless a test says otherwise. */
let random = () => 0;

beforeAll(async () => {
  sandbox = await startTestSandbox({
    clock,
    behaviour: { random: () => random(), disconnectGraceMs: 50, eventRetryMs: 20, eventAttempts: 3 },
  });
  bot = await StreamBotProcess.start(sandbox);
  await sandbox.waitForConnections(1);
});
afterAll(async () => {
  await bot?.stop();
  await sandbox?.stop();
});

/** Somebody says something unheard of, and the bot's data of it. */
let said = 0;
async function heard(conversation = GROUP, userId = 'lina', text = '余额'): Promise<Record<string, unknown>> {
  said += 1;
  const mark = ` #${said}`;
  sandbox.say(conversation, userId, `${text}${mark}`);
  return bot.received(TOPIC_ROBOT, (data) => contentOf(data).endsWith(mark));
}

const webhookOf = (message: Record<string, unknown>) => z.string().parse(message.sessionWebhook);
const reply = async (body: unknown) => bot.order({ do: 'reply', webhook: webhookOf(await heard()), body });
const lastMessage = () => sandbox.messages(GROUP).at(-1);

describe('Making the unmodified client talk to 127.0.0.1', () => {
  test('given the preload, then the call for a connection, for a token and of `fetch` arrive, and other hosts are left alone', async () => {
    expect(sandbox.gatewayOpens.entries).toMatchObject([{ status: 200, clientId: APP.clientId }]);
    await reply({ msgtype: 'empty' });
    expect(sandbox.calls.entries).toContainEqual(expect.objectContaining({ path: '/gettoken', status: 200 }));
    const url = 'https://api.dingtalk.com/v1.0/robot/nothing';
    expect(await bot.order({ do: 'fetch', url })).toMatchObject({
      status: 404,
      body: expect.stringContaining('InvalidAction'),
    });
    const own = await bot.order({ do: 'fetch', url: `${sandbox.url}/api/conversations` });
    expect(own).toMatchObject({ status: 404, body: expect.stringContaining('not_found') });
  });
});

describe('Open a connection (HTTP)', () => {
  test('given the listeners of a bot, then their topics and every event are subscribed to', () => {
    expect(sandbox.gatewayOpens.entries[0]?.subscriptions).toEqual([
      { type: 'EVENT', topic: '*' },
      { type: 'CALLBACK', topic: TOPIC_ROBOT },
      { type: 'CALLBACK', topic: TOPIC_CARD },
    ]);
  });

  test('given bad credentials, then 401, no connection, and the client asks again', async () => {
    const opens = () => sandbox.gatewayOpens.entries.filter((open) => open.status === 401).length;
    const stranger = await StreamBotProcess.start(sandbox, 'not-the-secret');
    await sandbox.gatewayOpens.waitFor(() => opens() >= 2);
    await stranger.stop();
    expect(sandbox.connections).toBe(1);
  });
});

describe('Downstream frame (server to client)', () => {
  test('given a callback, then every header is a string, the time is the clock in milliseconds, and the data is JSON in a string', async () => {
    await heard();
    const frame = bot.frames.entries.find(({ headers }) => headers.topic === TOPIC_ROBOT);

    expect(frame).toMatchObject({
      type: 'CALLBACK',
      headers: {
        topic: TOPIC_ROBOT,
        contentType: 'application/json',
        messageId: expect.stringMatching(/^[0-9a-f]+(_[0-9a-f]+)+$/),
        time: String(clock.now()),
        appId: APP.clientId,
        connectionId: expect.any(String),
      },
      data: expect.any(String),
    });
  });

  test('given an event, then it has its own headers besides, and topic *', async () => {
    const { eventId } = sandbox.raiseEvent('chat_update_title', { title: '新群名', openConversationId: GROUP });
    const frame = await bot.frames.waitFor((one) => one.type === 'EVENT' && one.headers.eventId === eventId);

    expect(frame.headers).toMatchObject({
      topic: '*',
      eventType: 'chat_update_title',
      eventCorpId: 'dingtestcorp',
      eventBornTime: String(clock.now()),
      eventUnifiedAppId: APP.clientId,
    });
    expect(dataOf(frame)).toMatchObject({ title: '新群名', eventType: 'chat_update_title' });
  });
});

describe('ACK (client to server)', () => {
  test('given a SYSTEM ping, then the client answers it with its own data', async () => {
    sandbox.faults.ping();
    const answer = await sandbox.acknowledgements.waitFor((one) => one.topic === 'ping');
    expect(answer).toMatchObject({ code: 200, problem: null, data: expect.stringContaining('opaque') });
  });

  test('given a robot message, then its answer counts', async () => {
    await heard();
    const answer = await sandbox.acknowledgements.waitFor((one) => one.topic === TOPIC_ROBOT);
    expect(answer).toMatchObject({ code: 200, problem: null, again: false, data: '{"response":null}' });
  });
});

describe('Timeouts, redelivery, duplicates', () => {
  test('given an event that is answered with LATER, then it comes again, with the same eventId, until it is SUCCESS', async () => {
    await bot.order({ do: 'answerEvents', statuses: ['LATER'] });
    const { eventId } = sandbox.raiseEvent('chat_add_member', { userId: ['lina'] });
    const isThis = (headers: Readonly<Record<string, unknown>>) => headers.eventId === eventId;
    const first = await bot.frames.waitFor(({ headers }) => isThis(headers));
    const second = await bot.frames.waitFor(
      ({ headers }) => isThis(headers) && headers.messageId !== first.headers.messageId,
    );
    await sandbox.acknowledgements.waitFor(({ messageId }) => messageId === second.headers.messageId);

    expect(second.data).toEqual(first.data);
    expect(await stateOf(eventId)).toMatchObject({ state: 'acknowledged', attempts: 2 });
  });

  test('given a robot message that is pushed again on demand, then the client hands out the same frame twice', async () => {
    const message = await heard();
    sandbox.faults.repeatFrame('same');
    const frames = () =>
      bot.frames.entries.filter(
        ({ type, data }) => type === 'CALLBACK' && String(data).includes(String(message.msgId)),
      );
    await bot.frames.waitFor(() => frames().length === 2);
    const [first, second] = frames();
    expect(second).toEqual(first);
  });
});

describe('Robot message callback', () => {
  test('given a group, then every documented field, and a space where the mention of the bot was', async () => {
    const message = await heard(GROUP, 'zhangwei', '@短信管家 问 @lina 余额');

    expect(message).toMatchObject({
      conversationId: GROUP,
      conversationType: '2',
      conversationTitle: '短信运维群',
      atUsers: [{ dingtalkId: expect.any(String) }, { dingtalkId: expect.any(String), staffId: 'lina' }],
      isInAtList: true,
      chatbotCorpId: 'dingtestcorp',
      chatbotUserId: expect.stringMatching(/^\$:LWCP_v1:\$/),
      msgId: expect.stringMatching(/^msg.+==$/),
      senderNick: '张伟',
      senderId: expect.stringMatching(/^\$:LWCP_v1:\$/),
      senderStaffId: 'zhangwei',
      senderCorpId: 'dingtestcorp',
      isAdmin: false,
      sessionWebhook: expect.stringMatching(/\/robot\/sendBySession\?session=[0-9a-f]{32}$/),
      createAt: clock.now(),
      sessionWebhookExpiredTime: clock.now() + 5_400_000,
      robotCode: APP.robotCode,
      msgtype: 'text',
    });
    expect(contentOf(message)).toMatch(/^ 问 @lina 余额/);
  });

  test('given one to one, then type 1, no group fields, and the text as it is', async () => {
    const message = await heard('direct:lina', 'lina', '帮助');
    expect(message).toMatchObject({ conversationType: '1', senderStaffId: 'lina' });
    expect(contentOf(message)).toMatch(/^帮助/);
    expect(message).not.toHaveProperty('conversationTitle');
    expect(message).not.toHaveProperty('atUsers');
  });

  test('given a person from outside, then an empty senderStaffId', async () => {
    expect(await heard(GROUP, 'zhaomin')).toMatchObject({ senderStaffId: '', senderNick: '赵敏' });
  });

  test('given exhausted pushes of the month, then errorCode 20001 in place of what was said', async () => {
    sandbox.faults.exhaustQuota('pushes');
    sandbox.say(GROUP, 'lina', 'unheard');
    const message = await bot.received(TOPIC_ROBOT, (data) => data.errorCode === '20001');
    sandbox.faults.clear();
    expect(message).toMatchObject({ senderStaffId: 'lina', errorMessage: expect.any(String) });
    expect(message).not.toHaveProperty('text');
  });
});

describe('Replying through sessionWebhook', () => {
  test.each([
    ['text', { text: { content: '@lina 好' }, at: { atUserIds: ['lina'] } }, { kind: 'text', mentions: ['lina'] }],
    ['markdown', { markdown: { title: 'T', text: '# x' } }, { kind: 'markdown', title: 'T', text: '# x' }],
    [
      'actionCard',
      { actionCard: { title: 'T', text: 'x', btnOrientation: '1', btns: [{ title: '同意', actionURL: 'dtmd://a' }] } },
      { kind: 'actionCard', buttons: [{ label: '同意', url: 'dtmd://a' }] },
    ],
    [
      'link',
      { link: { title: 'T', text: 'x', picUrl: 'https://e.com/a.png', messageUrl: 'https://e.com' } },
      { kind: 'link', title: 'T', text: 'x', buttons: [{ url: 'https://e.com' }], pictures: ['https://e.com/a.png'] },
    ],
    [
      'feedCard',
      { feedCard: { links: [{ title: 'T', messageURL: 'https://e.com', picURL: 'https://e.com/a.png' }] } },
      { kind: 'feedCard', buttons: [{ label: 'T', url: 'https://e.com' }], pictures: ['https://e.com/a.png'] },
    ],
  ])('given %s, then errcode 0, and it is shown', async (msgtype, body, shown) => {
    expect(await reply({ msgtype, ...body })).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(lastMessage()).toMatchObject({ from: 'bot', ...shown });
  });

  test('given a list of people without their mention in the text, then nobody is mentioned', async () => {
    await reply({ msgtype: 'text', text: { content: '好' }, at: { atUserIds: ['lina'] } });
    expect(lastMessage()).toMatchObject({ mentions: [] });
  });

  test('given a body over 20,000 bytes, then errcode 460101', async () => {
    const content = 'x'.repeat(20_000);
    expect(await reply({ msgtype: 'text', text: { content } })).toMatchObject({ errcode: 460101 });
  });

  test('given 90 minutes later, then errcode 300001', async () => {
    const webhook = webhookOf(await heard());
    const body = { msgtype: 'text', text: { content: 'late' } };
    await clock.advance('PT1H29M59S');
    expect(await bot.order({ do: 'reply', webhook, body })).toMatchObject({ errcode: 0 });
    await clock.advance('PT1S');
    expect(await bot.order({ do: 'reply', webhook, body })).toMatchObject({
      errcode: 300001,
      errmsg: 'session 不存在',
    });
  });
});

describe('Callback push and callback response of cards', () => {
  test('given a click, then the callback, and what the answer holds for the clicker alone is seen by them alone', async () => {
    await new ApiCaller(sandbox).call('POST', '/v1.0/card/instances/createAndDeliver', {
      cardTemplateId: MARKDOWN_WITH_BUTTONS,
      outTrackId: 'conformance-1',
      callbackType: 'STREAM',
      cardData: {
        cardParamMap: {
          markdown: 'open',
          sys_full_json_obj: JSON.stringify({
            msgButtons: [{ text: '同意', id: 'approve', request: true, params: { action: 'approve' } }],
          }),
        },
      },
      openSpaceId: `dtv1.card//IM_GROUP.${GROUP}`,
      imGroupOpenDeliverModel: { robotCode: APP.robotCode },
    });
    const response = {
      cardUpdateOptions: { updatePrivateDataByKey: true },
      userPrivateData: { cardParamMap: { tips: '处理中' } },
    };
    await bot.order({ do: 'answerCards', response });

    const click = await sandbox.click('conformance-1', 'lina', 'approve');
    expect(click).toEqual({ acknowledged: true, code: 200, response, problem: null });
    const push = await bot.received(TOPIC_CARD);
    const content = JSON.stringify({ cardPrivateData: { actionIds: ['approve'], params: { action: 'approve' } } });
    expect(push).toEqual({
      type: 'actionCallback',
      outTrackId: 'conformance-1',
      corpId: 'dingtestcorp',
      userId: 'lina',
      userIdType: 1,
      spaceType: 'im',
      spaceId: GROUP,
      extension: '{}',
      content,
      value: content,
    });
    const textFor = (as: string) => sandbox.messages(GROUP, { as }).at(-1)?.text;
    expect([textFor('lina'), textFor('zhangwei')]).toEqual(['open\n\n处理中', 'open']);
  });
});

describe('Several connections / availability', () => {
  test('given two, then each push goes to one of them, as chance has it', async () => {
    const other = await StreamBotProcess.start(sandbox);
    await sandbox.waitForConnections(2);
    random = () => 0.99;
    sandbox.say(GROUP, 'lina', 'to the other');
    await other.received(TOPIC_ROBOT, (data) => contentOf(data).endsWith('to the other'));
    random = () => 0;
    await heard();

    expect(other.frames.entries).toHaveLength(1);
    expect(bot.frames.entries.filter((frame) => String(frame.data).includes('to the other'))).toEqual([]);
    await other.stop();
    await sandbox.waitForConnections(1);
  });
});

describe('SYSTEM disconnect', () => {
  test('given a disconnect, then nothing new comes, the server closes after its grace, and the client connects anew', async () => {
    const opens = sandbox.gatewayOpens.entries.length;
    sandbox.faults.disconnect();
    expect(sandbox.say(GROUP, 'lina', 'lost')).toMatchObject({ delivered: false });
    await sandbox.gatewayOpens.waitFor(() => sandbox.gatewayOpens.entries.length > opens);
    await sandbox.waitForConnections(1);

    await heard();
    expect(bot.frames.entries.some((frame) => String(frame.data).includes('lost'))).toBe(false);
  });
});

async function stateOf(eventId: string): Promise<unknown> {
  return (await fetch(`${sandbox.url}/api/events/${eventId}`)).json();
}

function contentOf(data: Record<string, unknown>): string {
  return z.object({ text: z.object({ content: z.string() }) }).safeParse(data).data?.text.content ?? '';
}

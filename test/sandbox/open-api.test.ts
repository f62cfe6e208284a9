import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';
import { ApiCaller, fetchToken } from './published-client.ts';

let sandbox: Sandbox;
let clock: StillClock;
let api: ApiCaller;

beforeEach(async () => {
  clock = new StillClock();
  sandbox = await startTestSandbox({ clock });
  api = new ApiCaller(sandbox);
});
afterEach(() => sandbox.stop());

const GROUP_SEND = '/v1.0/robot/groupMessages/send';
const BATCH_SEND = '/v1.0/robot/oToMessages/batchSend';

function message(msgKey: string, param: unknown, rest: Record<string, unknown> = {}): Record<string, unknown> {
  return { robotCode: APP.robotCode, openConversationId: GROUP, msgKey, msgParam: JSON.stringify(param), ...rest };
}

describe('the access token', () => {
  test('is the same while it is valid, and asking again gives it a new life', async () => {
    const first = await fetchToken(sandbox.url);
    await clock.advance('PT1H30M');
    expect(await fetchToken(sandbox.url)).toBe(first);
    await clock.advance('PT1H30M');
    expect(await fetchToken(sandbox.url)).toBe(first);
    await clock.advance('PT2H');
    expect(await fetchToken(sandbox.url)).not.toBe(first);
  });

  test('given a wrong secret, then 400 invalidClientIdOrSecret', async () => {
    const answer = await api.call('POST', '/v1.0/oauth2/accessToken', { appKey: APP.clientId, appSecret: 'guess' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalidClientIdOrSecret' } });
  });

  test('given one that has expired or was made up, then 400 InvalidAuthentication and nothing is sent', async () => {
    await api.call('POST', GROUP_SEND, message('sampleText', { content: 'in time' }));
    await clock.advance('PT2H');

    const late = await api.call('POST', GROUP_SEND, message('sampleText', { content: 'late' }));
    expect(late).toMatchObject({
      status: 400,
      body: { code: 'InvalidAuthentication', message: '不合法的access_token' },
    });
    expect(late.body.requestid).toEqual(expect.any(String));
    expect(sandbox.messages(GROUP).map((one) => one.text)).toEqual(['in time']);
  });
});

describe('a message to a group', () => {
  test.each([
    ['sampleText', { content: 'hello @lina' }, { kind: 'text', title: null, text: 'hello @lina', buttons: [] }],
    ['sampleMarkdown', { title: 'T', text: '# x' }, { kind: 'markdown', title: 'T', text: '# x', buttons: [] }],
    ['sampleImageMsg', { photoURL: 'https://e.com/a.png' }, { kind: 'image', text: 'https://e.com/a.png' }],
    [
      'sampleActionCard',
      { title: 'T', text: 'x', singleTitle: 'Open', singleURL: 'https://e.com' },
      { kind: 'actionCard', buttons: [{ id: '1', label: 'Open', url: 'https://e.com' }] },
    ],
    [
      'sampleActionCard6',
      { title: 'T', text: 'x', buttonTitle1: 'Yes', buttonUrl1: 'a', buttonTitle2: 'No', buttonUrl2: 'b' },
      { kind: 'actionCard', buttons: [{ label: 'Yes' }, { label: 'No', url: 'b' }] },
    ],
    ...[2, 3, 4, 5].map((count): [string, Record<string, string>, Record<string, unknown>] => [
      `sampleActionCard${count}`,
      Object.fromEntries([
        ['title', 'T'],
        ['text', 'x'],
        ...Array.from({ length: count }, (_, index) => [`actionTitle${index + 1}`, `title ${index + 1}`]),
        ...Array.from({ length: count }, (_, index) => [`actionURL${index + 1}`, `url ${index + 1}`]),
      ]),
      { buttons: Array.from({ length: count }, (_, index) => expect.objectContaining({ url: `url ${index + 1}` })) },
    ]),
  ])('given %s, then it is shown, and mentions nobody', async (msgKey, param, shown) => {
    const answer = await api.call('POST', GROUP_SEND, message(msgKey, param));

    expect(answer).toEqual({ status: 200, body: { processQueryKey: expect.any(String) } });
    expect(sandbox.messages(GROUP)).toMatchObject([{ from: 'bot', mentions: [], ...shown }]);
  });

  test.each([
    ['no robotCode', { robotCode: '' }, 'invalidParameter.robotCode.empty'],
    ['a strange robotCode', { robotCode: 'other' }, 'invalidParameter.robotCode.notExsit'],
    ['no msgKey', { msgKey: '' }, 'invalidParameter.msgKey.empty'],
    ['an unknown msgKey', { msgKey: 'sampleHologram' }, 'invalidParameter.msgKey.invalid'],
    ['a msgKey of Object', { msgKey: 'constructor' }, 'invalidParameter.msgKey.invalid'],
    ['a msgParam that is an object', { msgParam: { content: 'x' } }, 'invalidParameter.msgParam.invalid'],
    ['a msgParam that is no JSON', { msgParam: '{' }, 'invalidParameter.msgParam.invalid'],
    ['a msgParam with a number', { msgParam: '{"content":1}' }, 'invalidParameter.msgParam.invalid'],
    ['a msgParam without its key', { msgParam: '{}' }, 'invalidParameter.msgParam.invalid'],
    ['no conversation', { openConversationId: '' }, 'miss.openConversationId'],
    ['an unknown conversation', { openConversationId: 'cidNowhere' }, 'invalid.openConversationId'],
    ['a direct conversation', { openConversationId: 'direct:lina' }, 'invalid.openConversationId'],
  ])('given %s, then 400 with its code and nothing is shown', async (_name, wrong, code) => {
    const answer = await api.call('POST', GROUP_SEND, message('sampleText', { content: 'x' }, wrong));

    expect(answer).toMatchObject({
      status: 400,
      body: { code, requestid: expect.any(String), message: expect.any(String) },
    });
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test('given a msgParam of 15,000 bytes, then it is sent, and one more byte is too long', async () => {
    const content = (bytes: number) => 'x'.repeat(bytes - '{"content":""}'.length);

    const longest = await api.call('POST', GROUP_SEND, message('sampleText', { content: content(15_000) }));
    const longer = await api.call('POST', GROUP_SEND, message('sampleText', { content: content(15_001) }));
    expect(longest.status).toBe(200);
    expect(longer).toMatchObject({ status: 400, body: { code: 'invalidParameter.msgParam.tooLong' } });
  });
});

describe('messages to people', () => {
  test('given staff, a person from outside and nobody, then staff get it and the others are named as invalid', async () => {
    const userIds = ['zhangwei', 'zhaomin', 'nobody', 'lina'];
    const answer = await api.call('POST', BATCH_SEND, message('sampleText', { content: 'to you' }, { userIds }));

    expect(answer).toEqual({
      status: 200,
      body: {
        processQueryKey: expect.any(String),
        invalidStaffIdList: ['zhaomin', 'nobody'],
        flowControlledStaffIdList: [],
      },
    });
    expect(sandbox.messages('direct:zhangwei')).toMatchObject([{ text: 'to you', from: 'bot' }]);
    expect(sandbox.messages('direct:lina')).toHaveLength(1);
  });

  test.each([
    ['nobody', [], 'invalidParameter.userIds.empty'],
    ['21 people', Array(21).fill('lina'), 'invalidParameter.userIds.overMax'],
    ['a string', 'lina', 'invalidParameter.userIds.invalid'],
  ])('given %s, then 400 with its code', async (_name, userIds, code) => {
    const answer = await api.call('POST', BATCH_SEND, message('sampleText', { content: 'x' }, { userIds }));
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });
});

describe('looking up a user', () => {
  const lookUp = async (userid: unknown, token?: string) =>
    (await api.call('POST', `/topapi/v2/user/get?access_token=${token ?? (await fetchToken(sandbox.url))}`, { userid }))
      .body;

  test('given staff, then name and ids', async () => {
    expect(await lookUp('zhangwei')).toMatchObject({
      errcode: 0,
      result: { userid: 'zhangwei', name: '张伟', active: true },
    });
  });

  test('given a stranger, a person from outside, a bad token or bad input, then HTTP 200 with an errcode', async () => {
    expect(await lookUp('nobody')).toMatchObject({ errcode: 60121 });
    expect(await lookUp('zhaomin')).toMatchObject({ errcode: 60121 });
    expect(await lookUp('lina', 'made-up')).toMatchObject({ errcode: 40014 });
    expect(await lookUp(7)).toMatchObject({ errcode: 40035 });
  });
});

describe('looking up a userId by unionId', () => {
  const lookUp = async (unionid: unknown) =>
    (await api.call('POST', `/topapi/user/getbyunionid?access_token=${await fetchToken(sandbox.url)}`, { unionid }))
      .body;

  test('given the unionId of the user look-up, then the userId again; given another, an errcode', async () => {
    expect(await lookUp('union-zhangwei')).toMatchObject({
      errcode: 0,
      result: { contact_type: 0, userid: 'zhangwei' },
    });
    expect(await lookUp('zhangwei')).toMatchObject({ errcode: 60121 });
    expect(await lookUp('union-zhaomin')).toMatchObject({ errcode: 60121 });
    expect(await lookUp('')).toMatchObject({ errcode: 40035 });
  });
});

describe('the older way to a token', () => {
  test('given the credentials, then the same token; given others, HTTP 200 with an errcode', async () => {
    const getToken = async (secret: string) =>
      (await fetch(`${sandbox.url}/gettoken?appkey=${APP.clientId}&appsecret=${secret}`)).json();
    expect(await getToken(APP.clientSecret)).toEqual({
      errcode: 0,
      errmsg: 'ok',
      access_token: await fetchToken(sandbox.url),
      expires_in: 7200,
    });
    expect(await getToken('guess')).toMatchObject({ errcode: 40089 });
    expect(sandbox.calls.entries[0]).toMatchObject({ path: '/gettoken', response: { access_token: '[hidden]' } });
  });
});

describe('the platform as a whole', () => {
  test('given more calls of one API in a second than a standard organisation has, then 403, and other APIs go on', async () => {
    const limited = await startTestSandbox({ behaviour: { callsPerSecond: 2 } });
    const caller = new ApiCaller(limited);
    const send = () => caller.call('POST', GROUP_SEND, message('sampleText', { content: 'x' }));
    await caller.call('PUT', '/v1.0/card/instances', {});
    const answers = await Promise.all([send(), send(), send()]);

    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 200, 403]);
    expect(answers.find((answer) => answer.status === 403)?.body).toMatchObject({
      code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
    });
    await limited.stop();
  });

  test('given a path that it does not know, then 404 InvalidAction.NotFound', async () => {
    const answer = await api.call('POST', '/v1.0/robot/nothing', {});
    expect(answer).toMatchObject({ status: 404, body: { code: 'InvalidAction.NotFound' } });
  });

  test('given calls, then the log has them with their answers and without secrets', async () => {
    await api.call('POST', GROUP_SEND, message('sampleText', { content: 'x' }));

    const token = await sandbox.calls.waitFor((call) => call.path === '/v1.0/oauth2/accessToken');
    expect(token).toMatchObject({
      status: 200,
      body: { appSecret: '[hidden]' },
      response: { accessToken: '[hidden]' },
    });
    const sent = await sandbox.calls.waitFor((call) => call.path === GROUP_SEND);
    expect(sent).toMatchObject({ method: 'POST', status: 200, body: { msgKey: 'sampleText' } });
  });
});

/**
 * The sandbox against `@alicloud/dingtalk`, Alibaba's own client of the OpenAPI: nothing is changed but the address that its
 * configuration takes. Each group is named after what the facts about the platform call it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, LUNCH_GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';
import { AlibabaClient, refusalOf, robot } from './alibaba-client.ts';

let sandbox: Sandbox;
let clock: StillClock;
let client: AlibabaClient;

beforeEach(async () => {
  clock = new StillClock();
  sandbox = await startTestSandbox({ clock });
  client = new AlibabaClient(sandbox);
  await client.signIn();
});
afterEach(() => sandbox.stop());

const { robotCode } = APP;

function sendToGroup(msgKey: string, param: unknown, rest: Record<string, unknown> = {}) {
  const msgParam = typeof param === 'string' ? param : JSON.stringify(param);
  return client.robot.orgGroupSendWithOptions(
    new robot.OrgGroupSendRequest({ robotCode, openConversationId: GROUP, msgKey, msgParam, ...rest }),
    ...client.signed(robot.OrgGroupSendHeaders),
  );
}

function sendToPeople(userIds: string[], content = 'to you') {
  return client.robot.batchSendOTOWithOptions(
    new robot.BatchSendOTORequest({ robotCode, userIds, msgKey: 'sampleText', msgParam: JSON.stringify({ content }) }),
    ...client.signed(robot.BatchSendOTOHeaders),
  );
}

async function read(conversation: string, userId: string): Promise<void> {
  await fetch(`${sandbox.url}/api/conversations/${encodeURIComponent(conversation)}/read`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, seq: 1_000_000 }),
  });
}

describe('Auth, errors, limits', () => {
  test('given the credentials, then a token for 7,200 s, the same again while it is valid', async () => {
    const first = await client.signIn();
    expect(first).toMatchObject({ accessToken: expect.any(String), expireIn: 7_200 });
    expect(await client.signIn()).toMatchObject({ accessToken: first?.accessToken });
  });

  test('given a wrong secret, then 400 invalidClientIdOrSecret', async () => {
    expect(await refusalOf(client.signIn('wrong'))).toMatchObject({
      code: 'invalidClientIdOrSecret',
      data: { statusCode: 400, requestid: expect.any(String), message: '无效的clientId或者clientSecret' },
    });
  });

  test('given a bad or an expired token, then 400 InvalidAuthentication', async () => {
    const send = client.robot.orgGroupSendWithOptions(
      new robot.OrgGroupSendRequest({ robotCode }),
      ...client.signed(robot.OrgGroupSendHeaders, 'made-up'),
    );
    const invalid = { code: 'InvalidAuthentication', data: { statusCode: 400, message: '不合法的access_token' } };
    expect(await refusalOf(send)).toMatchObject(invalid);
    await clock.advance('PT2H');
    expect(await refusalOf(sendToGroup('sampleText', { content: 'late' }))).toMatchObject(invalid);
  });

  test('given more than 20 calls of an API in a second, then 403 QpsLimitForAppkeyAndApi, and another API goes on', async () => {
    const calls = await Promise.allSettled(
      Array.from({ length: 100 }, () => sendToGroup('sampleText', { content: 'x' })),
    );
    const refused = calls.filter((call) => call.status === 'rejected').map((call) => call.reason);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({
      code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
      data: { statusCode: 403 },
    });
    await expect(sendToPeople(['lina'])).resolves.toMatchObject({ statusCode: 200 });
  });

  test('given no calls left in the month, then 403 ApiCountLimitForOrg, while a token is still given', async () => {
    sandbox.faults.exhaustQuota('calls');
    expect(await refusalOf(sendToGroup('sampleText', { content: 'x' }))).toMatchObject({
      code: 'Forbidden.AccessDenied.ApiCountLimitForOrg',
      data: { statusCode: 403 },
    });
    await expect(client.signIn()).resolves.toMatchObject({ expireIn: 7_200 });
  });
});

describe('Proactive messages (OpenAPI)', () => {
  const buttons = (count: number, title: string, url: string) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        [`${title}${index + 1}`, `title ${index + 1}`],
        [`${url}${index + 1}`, `https://e.com/${index + 1}`],
      ]).flat(),
    );

  test.each([
    ['sampleText', { content: 'hello @lina' }, { kind: 'text', text: 'hello @lina' }],
    ['sampleMarkdown', { title: 'T', text: '# x' }, { kind: 'markdown', title: 'T', text: '# x' }],
    ['sampleImageMsg', { photoURL: 'https://e.com/a.png' }, { kind: 'image', text: 'https://e.com/a.png' }],
    [
      'sampleLink',
      { title: 'T', text: 'x', picUrl: 'https://e.com/a.png', messageUrl: 'https://e.com' },
      { kind: 'link', title: 'T', text: 'x', pictures: ['https://e.com/a.png'], buttons: [{ url: 'https://e.com' }] },
    ],
    [
      'sampleActionCard',
      { title: 'T', text: 'x', singleTitle: 'Open', singleURL: 'https://e.com' },
      { kind: 'actionCard', buttons: [{ label: 'Open', url: 'https://e.com' }] },
    ],
    ...[2, 3, 4, 5].map((count): [string, Record<string, string>, Record<string, unknown>] => [
      `sampleActionCard${count}`,
      { title: 'T', text: 'x', ...buttons(count, 'actionTitle', 'actionURL') },
      {
        buttons: Array.from({ length: count }, (_, index) => expect.objectContaining({ label: `title ${index + 1}` })),
      },
    ]),
    [
      'sampleActionCard6',
      { title: 'T', text: 'x', ...buttons(2, 'buttonTitle', 'buttonUrl') },
      { buttons: [{ label: 'title 1' }, { label: 'title 2', url: 'https://e.com/2' }] },
    ],
  ])(
    'given %s to a group, then a processQueryKey, and it is shown and mentions nobody',
    async (msgKey, param, shown) => {
      const answer = await sendToGroup(msgKey, param);
      expect(answer.body).toMatchObject({ processQueryKey: expect.any(String) });
      expect(sandbox.messages(GROUP)).toMatchObject([{ from: 'bot', mentions: [], ...shown }]);
    },
  );

  test('given people, then the robot writes to each, and names those who do not exist', async () => {
    const { body } = await sendToPeople(['lina', 'zhangwei', 'nobody']);
    expect(body).toMatchObject({
      processQueryKey: expect.any(String),
      invalidStaffIdList: ['nobody'],
      flowControlledStaffIdList: [],
    });
    expect(sandbox.messages('direct:lina')).toMatchObject([{ text: 'to you' }]);
    expect(sandbox.messages('direct:zhangwei')).toHaveLength(1);
  });

  test.each([
    ['an unknown msgKey', () => sendToGroup('sampleHologram', {}), 'invalidParameter.msgKey.invalid'],
    ['a value that is no string', () => sendToGroup('sampleText', { content: 1 }), 'invalidParameter.msgParam.invalid'],
    [
      'more than 15,000 bytes',
      () => sendToGroup('sampleText', { content: 'x'.repeat(15_000) }),
      'invalidParameter.msgParam.tooLong',
    ],
    ['a strange robot', () => sendToGroup('sampleText', {}, { robotCode: 'x' }), 'invalidParameter.robotCode.notExsit'],
    [
      'no group',
      () => sendToGroup('sampleText', { content: 'x' }, { openConversationId: 'x' }),
      'invalid.openConversationId',
    ],
    ['21 people', () => sendToPeople(Array(21).fill('lina')), 'invalidParameter.userIds.overMax'],
  ])('given %s, then 400 with its code, and nothing is shown', async (_name, call, code) => {
    expect(await refusalOf(call())).toMatchObject({ code, data: { statusCode: 400, requestid: expect.any(String) } });
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test('given a message to a group, then who has read it, page by page', async () => {
    const { body } = await sendToGroup('sampleText', { content: 'x' });
    const query = (more: Record<string, unknown> = {}) =>
      client.robot.orgGroupQueryWithOptions(
        new robot.OrgGroupQueryRequest({
          robotCode,
          openConversationId: GROUP,
          processQueryKey: body?.processQueryKey,
          ...more,
        }),
        ...client.signed(robot.OrgGroupQueryHeaders),
      );
    expect((await query()).body).toMatchObject({ sendStatus: 'SUCCESS', readUserIds: [], hasMore: false });
    await read(GROUP, 'lina');
    await read(GROUP, 'zhangwei');

    const first = (await query({ maxResults: 1 })).body;
    expect(first).toMatchObject({ readUserIds: ['lina'], hasMore: true });
    const second = (await query({ maxResults: 1, nextToken: first?.nextToken })).body;
    expect(second).toMatchObject({ readUserIds: ['zhangwei'], hasMore: false });
    expect(await refusalOf(query({ processQueryKey: 'unknown' }))).toMatchObject({ data: { statusCode: 400 } });
  });

  test('given messages to people, then who has read theirs, and when', async () => {
    const { body } = await sendToPeople(['lina', 'zhangwei']);
    await clock.advance('PT5M');
    await read('direct:lina', 'lina');
    const status = await client.robot.batchOTOQueryWithOptions(
      new robot.BatchOTOQueryRequest({ robotCode, processQueryKey: body?.processQueryKey }),
      ...client.signed(robot.BatchOTOQueryHeaders),
    );

    expect(status.body).toMatchObject({
      sendStatus: 'SUCCESS',
      messageReadInfoList: [
        { userId: 'lina', name: '李娜', readStatus: 'READ', readTimestamp: clock.now() },
        { userId: 'zhangwei', name: '张伟', readStatus: 'UNREAD' },
      ],
    });
  });

  test('given a recall in a group, then the message is gone; what is unknown or gone already is named with a reason', async () => {
    const { body } = await sendToGroup('sampleText', { content: 'oops' });
    const key = body?.processQueryKey ?? '';
    const recall = async (openConversationId: string, processQueryKeys: string[]) =>
      (
        await client.robot.orgGroupRecallWithOptions(
          new robot.OrgGroupRecallRequest({ robotCode, openConversationId, processQueryKeys }),
          ...client.signed(robot.OrgGroupRecallHeaders),
        )
      ).body;

    expect(await recall(LUNCH_GROUP, [key])).toMatchObject({
      successResult: [],
      failedResult: { [key]: expect.any(String) },
    });
    expect(await recall(GROUP, [key, 'unknown'])).toMatchObject({
      successResult: [key],
      failedResult: { unknown: expect.any(String) },
    });
    expect(sandbox.messages(GROUP)).toEqual([]);
    expect(await recall(GROUP, [key])).toMatchObject({ successResult: [] });
  });

  test('given a recall of messages to people, then they are gone, within 24 hours', async () => {
    const { body } = await sendToPeople(['lina', 'zhangwei']);
    const late = await sendToPeople(['lina'], 'late');
    const recall = async (key = '') =>
      (
        await client.robot.batchRecallOTOWithOptions(
          new robot.BatchRecallOTORequest({ robotCode, processQueryKeys: [key] }),
          ...client.signed(robot.BatchRecallOTOHeaders),
        )
      ).body;

    expect(await recall(body?.processQueryKey)).toMatchObject({ successResult: [body?.processQueryKey] });
    expect([sandbox.messages('direct:lina').length, sandbox.messages('direct:zhangwei').length]).toEqual([1, 0]);
    await clock.advance('PT24H1S');
    await client.signIn();
    expect(await recall(late.body?.processQueryKey)).toMatchObject({ successResult: [] });
    expect(sandbox.messages('direct:lina')).toHaveLength(1);
  });

  test('given the groups that the robot is in, then page by page; and the robots of a group', async () => {
    const groups = async (pageNumber: number) =>
      (
        await client.robot.queryBotInstanceInGroupInfoWithOptions(
          new robot.QueryBotInstanceInGroupInfoRequest({ robotCode, pageNumber, pageSize: 1 }),
          ...client.signed(robot.QueryBotInstanceInGroupInfoHeaders),
        )
      ).body;
    expect(await groups(1)).toMatchObject({ hasMore: true, openConversationIds: [GROUP] });
    expect(await groups(2)).toMatchObject({ hasMore: false, openConversationIds: [LUNCH_GROUP] });

    const robots = await client.robot.getBotListInGroupWithOptions(
      new robot.GetBotListInGroupRequest({ openConversationId: GROUP }),
      ...client.signed(robot.GetBotListInGroupHeaders),
    );
    expect(robots.body).toMatchObject({ chatbotInstanceVOList: [{ robotCode, name: '短信管家' }] });
  });
});

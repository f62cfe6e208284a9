import { describe, expect, test } from 'vitest';
import {
  MalformedFrameError,
  parseCardClick,
  parseEvent,
  parseFrame,
  parseRobotPush,
  type RobotMessage,
} from '../../src/dingtalk/messages.ts';
import { cardData, cardFrame, eventFrame, robotData, robotFrame, systemFrame } from './frames.ts';

const frameOf = (frame: unknown) => parseFrame(JSON.stringify(frame));

function message(overrides: Record<string, unknown> = {}): RobotMessage {
  const push = parseRobotPush(frameOf(robotFrame(overrides)));
  if (push.type !== 'message') throw new Error(`unexpected ${push.type}`);
  return push.message;
}

describe('robot messages', () => {
  test('given a message in a group, then every field is read', () => {
    const push = parseRobotPush(frameOf(robotFrame({}, { messageId: 'frame-x' })));
    expect(push).toEqual({
      type: 'message',
      message: {
        corpId: 'dingcorp',
        messageId: 'msgA==',
        frameId: 'frame-x',
        conversationId: 'cidOps==',
        conversationKind: 'group',
        conversationTitle: '短信运维群',
        senderStaffId: 'zhangwei',
        senderName: '张伟',
        text: '余额',
        kind: 'text',
        mentions: [{ dingtalkId: '$:LWCP_v1:$li', staffId: 'lisi' }],
        sessionWebhook: 'https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef',
        sessionWebhookExpiresAt: Temporal.Instant.from('2023-07-26T10:31:42.194Z'),
        sentAt: Temporal.Instant.from('2023-07-26T09:01:42.194Z'),
        robotCode: 'dingrobot',
      },
    });
  });

  test('given a direct message, then it has no title', () => {
    expect(message({ conversationType: '1', conversationTitle: undefined })).toMatchObject({
      conversationKind: 'direct',
      conversationTitle: null,
    });
  });

  test.each(['', undefined, null])(
    'given the staff id %j of an external person, then there is none',
    (senderStaffId) => {
      expect(message({ senderStaffId }).senderStaffId).toBeNull();
    },
  );

  test('given a sender of another organisation with a staff id, then it does not count here', () => {
    expect(message({ senderCorpId: 'dingother', senderStaffId: 'zhangwei' })).toMatchObject({
      corpId: 'dingother',
      senderStaffId: null,
    });
  });

  test('given no organisation of the sender, then it is the one of the robot', () => {
    expect(message({ senderCorpId: undefined }).corpId).toBe('dingcorp');
    expect(() => message({ senderCorpId: undefined, chatbotCorpId: undefined })).toThrow(MalformedFrameError);
  });

  test('given full-width spaces around the text, then they are cut off', () => {
    expect(message({ text: { content: '　 自动续费 开　\n' } }).text).toBe('自动续费 开');
  });

  test.each([
    ['picture', 'picture'],
    ['richText', 'richText'],
    ['audio', 'audio'],
    ['video', 'video'],
    ['file', 'file'],
    ['unknownMsgType', 'unknown'],
    ['somethingNew', 'unknown'],
  ])('given a message of type %s, then its kind is %s and it has no text', (msgtype, kind) => {
    expect(message({ msgtype, text: { content: 'x' }, content: { downloadCode: 'd' } })).toMatchObject({
      kind,
      text: '',
    });
  });

  test.each([
    { errorCode: '20001', errorMessage: '超出' },
    { errCode: 20001, errMsg: '超出' },
  ])('given the push %j instead of a text, then the quota is exhausted', (overrides) => {
    const frame = frameOf(robotFrame({ text: undefined, ...overrides }));
    expect(parseRobotPush(frame)).toEqual({ type: 'quota_exhausted' });
  });

  test.each(
    Object.keys(robotData()).filter((name) =>
      /^(conversationId|conversationType|msgId|sessionWebhook|sessionWebhookExpiredTime|createAt|msgtype)$/.test(name),
    ),
  )('given no %s, then it is refused and the field is named', (name) => {
    expect(() => message({ [name]: undefined })).toThrow(new RegExp(name));
  });

  test.each([-1, 1e300, 'soon', 1.5])('given the time %j, then it is refused', (createAt) => {
    expect(() => message({ createAt })).toThrow(MalformedFrameError);
  });

  test('given bad data, then the error does not repeat what was in it', () => {
    const attempt = () => message({ conversationType: 'private-7788' });
    expect(attempt).toThrow(MalformedFrameError);
    expect(attempt).not.toThrow(/private-7788/);
  });
});

describe('card clicks', () => {
  test('given a click in a group, then every field is read', () => {
    expect(parseCardClick(frameOf(cardFrame({}, { messageId: 'frame-c' })))).toEqual({
      corpId: 'dingcorp',
      messageId: 'frame-c',
      outTrackId: 'card-1',
      userId: 'zhangwei',
      actionId: 'approve',
      params: { action: 'approve' },
      conversationId: 'cidOps==',
    });
  });

  test.each([{ spaceId: 'zhangwei' }, { spaceId: 'zhangwei', spaceType: 'IM_ROBOT' }, { spaceId: undefined }])(
    'given the space %j of a direct conversation, then it is no conversation id',
    (space) => {
      expect(parseCardClick(frameOf(cardFrame(space))).conversationId).toBeNull();
    },
  );

  test('given no parameters, then they are empty', () => {
    const content = JSON.stringify({ cardPrivateData: { actionIds: ['pause'] } });
    expect(parseCardClick(frameOf(cardFrame({ content }))).params).toEqual({});
  });

  test.each([
    ['a union id for the user', { userIdType: 2 }],
    ['no user', { userId: '' }],
    ['no action', { content: JSON.stringify({ cardPrivateData: { actionIds: [] } }) }],
    ['content that is no JSON', { content: '{' }],
    ['no content', { content: undefined }],
    ['no card', { outTrackId: undefined }],
  ])('given %s, then it is refused', (_, overrides) => {
    expect(Object.keys(cardData())).toEqual(expect.arrayContaining(Object.keys(overrides)));
    expect(() => parseCardClick(frameOf(cardFrame(overrides)))).toThrow(MalformedFrameError);
  });
});

describe('events and frames', () => {
  test('given an event, then it is read from headers and data', () => {
    expect(parseEvent(frameOf(eventFrame({ userId: ['lisi'] })))).toEqual({
      corpId: 'dingcorp',
      eventId: 'event-1',
      eventType: 'user_leave_org',
      bornAt: Temporal.Instant.from('2023-07-26T09:01:42.194Z'),
      data: { userId: ['lisi'] },
    });
  });

  test('given an event without its id, then it is refused', () => {
    expect(() => parseEvent(frameOf(eventFrame({}, { eventId: '' })))).toThrow(/eventId/);
  });

  test('given a system frame without id and data, then it is a frame', () => {
    const { specVersion, type } = systemFrame('ping', {});
    expect(frameOf({ specVersion, type, headers: { topic: 'ping' } })).toMatchObject({ messageId: '', data: '' });
  });
});

import { TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';

interface Frame {
  specVersion: string;
  type: string;
  headers: Record<string, string>;
  data: string;
}

let lastId = 0;

/** Frames as the platform sends them; overrides replace fields of the inner data. */
export function robotFrame(overrides: Record<string, unknown> = {}, headers: Record<string, string> = {}): Frame {
  return frame('CALLBACK', TOPIC_ROBOT, robotData(overrides), headers);
}

export function robotData(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    senderPlatform: 'Mac',
    conversationId: 'cidOps==',
    conversationType: '2',
    conversationTitle: '短信运维群',
    atUsers: [{ dingtalkId: '$:LWCP_v1:$robot' }, { dingtalkId: '$:LWCP_v1:$li', staffId: 'lisi' }],
    isInAtList: true,
    chatbotCorpId: 'dingcorp',
    chatbotUserId: '$:LWCP_v1:$robot',
    msgId: 'msgA==',
    senderNick: '张伟',
    senderId: '$:LWCP_v1:$zhang',
    senderStaffId: 'zhangwei',
    senderCorpId: 'dingcorp',
    isAdmin: true,
    sessionWebhook: 'https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef',
    sessionWebhookExpiredTime: 1_690_367_502_194,
    createAt: 1_690_362_102_194,
    robotCode: 'dingrobot',
    msgtype: 'text',
    text: { content: ' 余额 ' },
    ...overrides,
  };
}

export function cardFrame(overrides: Record<string, unknown> = {}, headers: Record<string, string> = {}): Frame {
  return frame('CALLBACK', TOPIC_CARD, cardData(overrides), headers);
}

export function cardData(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'actionCallback',
    outTrackId: 'card-1',
    corpId: 'dingcorp',
    userId: 'zhangwei',
    userIdType: 1,
    spaceType: 'im',
    spaceId: 'cidOps==',
    extension: '{}',
    content: JSON.stringify({ cardPrivateData: { actionIds: ['approve'], params: { action: 'approve' } } }),
    ...overrides,
  };
}

export function eventFrame(data: unknown = { userId: ['lisi'] }, headers: Record<string, string> = {}): Frame {
  const eventHeaders = {
    eventId: 'event-1',
    eventType: 'user_leave_org',
    eventCorpId: 'dingcorp',
    eventBornTime: '1690362102194',
  };
  return frame('EVENT', '*', data, { ...eventHeaders, ...headers });
}

export function systemFrame(topic: string, data: unknown): Frame {
  return frame('SYSTEM', topic, data, {});
}

function frame(type: string, topic: string, data: unknown, headers: Record<string, string>): Frame {
  lastId += 1;
  return {
    specVersion: '1.0',
    type,
    headers: {
      topic,
      messageId: `frame-${lastId}`,
      contentType: 'application/json',
      time: '1690362102194',
      ...headers,
    },
    data: typeof data === 'string' ? data : JSON.stringify(data),
  };
}

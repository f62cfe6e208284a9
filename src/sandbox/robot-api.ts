import { z } from 'zod';
import type { ApiRoute } from './api-route.ts';
import { BOT } from './conversations.ts';
import { LegacyApiError } from './errors.ts';
import { proactiveContent, replyContent } from './message-content.ts';
import type { Platform } from './platform.ts';
import { checkRobotCode, invalid, parse, processQueryKey } from './robot-requests.ts';
import { directConversationId } from './world.ts';

/** Where a `sessionWebhook` leads. */
export const REPLY_PATH = '/robot/sendBySession';

const USERS_PER_CALL = 20;
const REPLY_BYTES = 20_000;

const sendSchema = z.looseObject({
  robotCode: z.string().default(''),
  msgKey: z.string().default(''),
  msgParam: z.string().default(''),
});
const groupSchema = sendSchema.extend({ openConversationId: z.string().default('') });
const batchSchema = sendSchema.extend({ userIds: z.array(z.string()).default([]) });

/** Messages of the robot: to a group, to people, and in reply through a `sessionWebhook`. */
export function robotRoutes(platform: Platform): ApiRoute[] {
  const { directory, conversations } = platform;

  const contentOf = (message: z.infer<typeof sendSchema>) => {
    checkRobotCode(platform, message.robotCode);
    if (message.msgKey === '') throw invalid('invalidParameter.msgKey.empty', 'msgKey 不能为空');
    return proactiveContent(message.msgKey, message.msgParam);
  };

  return [
    {
      method: 'POST',
      path: '/v1.0/robot/groupMessages/send',
      token: 'header',
      handle: ({ body }) => {
        const message = parse(groupSchema, body.json);
        const content = contentOf(message);
        if (message.openConversationId === '') throw invalid('miss.openConversationId', '缺少 openConversationId');
        const group = directory.conversation(message.openConversationId);
        if (group?.type !== 'group') throw invalid('invalid.openConversationId', '无效的 openConversationId');
        const receipt = processQueryKey();
        conversations.post({ conversationId: group.id, from: BOT, receipt, ...content });
        return { processQueryKey: receipt };
      },
    },
    {
      method: 'POST',
      path: '/v1.0/robot/oToMessages/batchSend',
      token: 'header',
      handle: ({ body }) => {
        const message = parse(batchSchema, body.json);
        const content = contentOf(message);
        if (message.userIds.length === 0) throw invalid('invalidParameter.userIds.empty', 'userIds 不能为空');
        if (message.userIds.length > USERS_PER_CALL)
          throw invalid('invalidParameter.userIds.overMax', 'userIds 超过最大数量');
        const known = message.userIds.filter((userId) => directory.staff(userId) !== undefined);
        const receipt = processQueryKey();
        for (const userId of known) {
          conversations.post({ conversationId: directConversationId(userId), from: BOT, receipt, ...content });
        }
        return {
          processQueryKey: receipt,
          invalidStaffIdList: message.userIds.filter((userId) => !known.includes(userId)),
          flowControlledStaffIdList: [],
        };
      },
    },
    {
      method: 'POST',
      path: REPLY_PATH,
      token: 'none',
      handle: ({ body, query }) => {
        const session = conversations.session(query.session ?? '');
        const conversation = session === undefined ? undefined : directory.conversation(session.conversationId);
        if (conversation === undefined) throw new LegacyApiError(300001, 'session 不存在');
        if (body.raw.length > REPLY_BYTES) {
          throw new LegacyApiError(
            460101,
            `description: body 大小不合法;solution:请保持大小在 ${REPLY_BYTES}bytes 以内;`,
          );
        }
        const reply = replyContent(body.json, conversation);
        if (reply !== null) {
          conversations.post({
            conversationId: conversation.id,
            from: BOT,
            ...reply.content,
            mentions: reply.mentions,
          });
        }
        return { errcode: 0, errmsg: 'ok' };
      },
    },
  ];
}

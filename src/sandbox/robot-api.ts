import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ApiRoute } from './api-route.ts';
import { BOT } from './conversations.ts';
import { LegacyApiError, OpenApiError } from './errors.ts';
import { proactiveContent, replyContent } from './message-content.ts';
import type { Platform } from './platform.ts';
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

/** Messages of the robot: to a group, to people, and in reply through a `sessionWebhook`; and the look-up of a user. */
export function robotRoutes(platform: Platform): ApiRoute[] {
  const { directory, conversations } = platform;

  const contentOf = (message: z.infer<typeof sendSchema>) => {
    if (message.robotCode === '') throw invalid('invalidParameter.robotCode.empty', 'robotCode 不能为空');
    if (message.robotCode !== directory.app.robotCode)
      throw invalid('invalidParameter.robotCode.notExsit', 'robotCode 不存在');
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
        conversations.post({ conversationId: group.id, from: BOT, ...content });
        return { processQueryKey: processQueryKey() };
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
        for (const userId of known) {
          conversations.post({ conversationId: directConversationId(userId), from: BOT, ...content });
        }
        return {
          processQueryKey: processQueryKey(),
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
        if (body.bytes > REPLY_BYTES) {
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
    {
      method: 'POST',
      path: '/topapi/v2/user/get',
      token: 'query',
      handle: ({ body }) => {
        const parsed = z.looseObject({ userid: z.string().min(1) }).safeParse(body.json);
        if (!parsed.success) throw new LegacyApiError(40035, '不合法的参数: userid');
        const person = directory.staff(parsed.data.userid);
        if (person === undefined) throw new LegacyApiError(60121, '找不到该用户');
        return {
          errcode: 0,
          errmsg: 'ok',
          result: {
            userid: person.userId,
            unionid: `union-${person.userId}`,
            name: person.name,
            avatar: '',
            title: '',
            dept_id_list: [1],
            admin: false,
            boss: false,
            active: true,
          },
          request_id: randomUUID(),
        };
      },
    },
  ];
}

/** Reads a body; a wrong type is the platform's general parameter error. */
function parse<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path[0] ?? 'body';
  throw invalid(`invalidParameter.${String(field)}.invalid`, `无效的参数: ${String(field)}`);
}

function invalid(code: string, message: string): OpenApiError {
  return new OpenApiError(400, code, message);
}

/** The platform's receipt for a message. */
export function processQueryKey(): string {
  return randomBytes(24).toString('base64url');
}

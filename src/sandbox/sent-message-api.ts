import { z } from 'zod';
import type { ApiRoute } from './api-route.ts';
import type { Message } from './conversations.ts';
import type { Platform } from './platform.ts';
import { checkRobotCode, invalid, parse } from './robot-requests.ts';

const KEYS_PER_CALL = 20;
const READERS_PER_CALL = 200;
/** A direct message can be taken back for so long. */
const DIRECT_RECALL_MS = 24 * 3_600_000;

const robotSchema = z.looseObject({ robotCode: z.string().default('') });
const keysSchema = robotSchema.extend({ processQueryKeys: z.array(z.string()).default([]) });
const groupKeysSchema = keysSchema.extend({ openConversationId: z.string().default('') });
const groupQuerySchema = robotSchema.extend({
  openConversationId: z.string().default(''),
  processQueryKey: z.string().default(''),
  maxResults: z.number().int().min(1).max(READERS_PER_CALL).default(READERS_PER_CALL),
  nextToken: z.string().regex(/^\d*$/).nullish(),
});
const groupsSchema = robotSchema.extend({
  pageNumber: z.number().int().min(1).default(1),
  pageSize: z.number().int().min(1).max(100).default(20),
});

/** What becomes of messages of the robot: who read them, and taking them back. And in which groups the robot is. */
export function sentMessageRoutes(platform: Platform): ApiRoute[] {
  const { directory, conversations } = platform;

  const group = (openConversationId: string) => {
    if (openConversationId === '') throw invalid('miss.openConversationId', '缺少 openConversationId');
    const found = directory.conversation(openConversationId);
    if (found?.type !== 'group') throw invalid('invalid.openConversationId', '无效的 openConversationId');
    return found;
  };

  /** Takes back what each key stands for; `problem` says why a key's messages cannot be. */
  const recall = (keys: readonly string[], problem: (messages: readonly Message[]) => string | null) => {
    if (keys.length === 0) throw invalid('invalidParameter.processQueryKeys.empty', 'processQueryKeys 不能为空');
    if (keys.length > KEYS_PER_CALL) {
      throw invalid('invalidParameter.processQueryKeys.overMax', 'processQueryKeys 超过最大数量');
    }
    const successResult: string[] = [];
    const failedResult: Record<string, string> = {};
    for (const key of keys) {
      const messages = conversations.sent(key);
      const reason = messages.length === 0 ? 'message not exist' : problem(messages);
      if (reason === null) {
        conversations.recall(key);
        successResult.push(key);
      } else {
        failedResult[key] = reason;
      }
    }
    return { successResult, failedResult };
  };

  const alreadyRecalled = (messages: readonly Message[]) =>
    messages.some((message) => message.recalled) ? 'message already recalled' : null;

  return [
    {
      method: 'POST',
      path: '/v1.0/robot/groupMessages/recall',
      token: 'header',
      handle: ({ body }) => {
        const request = parse(groupKeysSchema, body.json);
        checkRobotCode(platform, request.robotCode);
        const { id } = group(request.openConversationId);
        return recall(request.processQueryKeys, (messages) =>
          messages.every((message) => message.conversationId === id)
            ? alreadyRecalled(messages)
            : 'message not in this conversation',
        );
      },
    },
    {
      method: 'POST',
      path: '/v1.0/robot/otoMessages/batchRecall',
      token: 'header',
      handle: ({ body }) => {
        const request = parse(keysSchema, body.json);
        checkRobotCode(platform, request.robotCode);
        return recall(request.processQueryKeys, (messages) => {
          if (messages.some(({ conversationId }) => directory.conversation(conversationId)?.type !== 'direct')) {
            return 'message not exist';
          }
          const tooOld = messages.some(({ at }) => Date.parse(at) < platform.now() - DIRECT_RECALL_MS);
          return tooOld ? 'message cannot be recalled after 24 hours' : alreadyRecalled(messages);
        });
      },
    },
    {
      method: 'POST',
      path: '/v1.0/robot/groupMessages/query',
      token: 'header',
      handle: ({ body }) => {
        const request = parse(groupQuerySchema, body.json);
        checkRobotCode(platform, request.robotCode);
        const { id } = group(request.openConversationId);
        const [message] = conversations.sent(request.processQueryKey).filter((one) => one.conversationId === id);
        if (message === undefined) throw unknownKey();
        const start = Number(request.nextToken ?? 0);
        const end = start + request.maxResults;
        const hasMore = message.readBy.length > end;
        return {
          sendStatus: message.recalled ? 'RECALLED' : 'SUCCESS',
          readUserIds: message.readBy.slice(start, end),
          hasMore,
          ...(hasMore ? { nextToken: String(end) } : {}),
        };
      },
    },
    {
      method: 'GET',
      path: '/v1.0/robot/oToMessages/readStatus',
      token: 'header',
      handle: ({ query }) => {
        checkRobotCode(platform, query.robotCode ?? '');
        const messages = conversations
          .sent(query.processQueryKey ?? '')
          .filter(({ conversationId }) => directory.conversation(conversationId)?.type === 'direct');
        if (messages.length === 0) throw unknownKey();
        return {
          sendStatus: messages.some((message) => message.recalled) ? 'RECALLED' : 'SUCCESS',
          messageReadInfoList: messages.map((message) => {
            const [person] = directory.conversation(message.conversationId)?.members ?? [];
            const readAt = person === undefined ? null : conversations.readAt(message, person.userId);
            return {
              name: person?.name,
              userId: person?.userId,
              readStatus: readAt === null ? 'UNREAD' : 'READ',
              ...(readAt === null ? {} : { readTimestamp: readAt }),
            };
          }),
        };
      },
    },
    {
      method: 'POST',
      path: '/v1.0/robot/groups/query',
      token: 'header',
      handle: ({ body }) => {
        const request = parse(groupsSchema, body.json);
        checkRobotCode(platform, request.robotCode);
        const ids = directory.conversations.filter(({ type }) => type === 'group').map(({ id }) => id);
        const end = request.pageNumber * request.pageSize;
        return { hasMore: ids.length > end, openConversationIds: ids.slice(end - request.pageSize, end) };
      },
    },
    {
      method: 'POST',
      path: '/v1.0/robot/groups/robots/query',
      token: 'header',
      handle: ({ body }) => {
        group(parse(z.looseObject({ openConversationId: z.string().default('') }), body.json).openConversationId);
        const { robotCode, robotName } = directory.app;
        return { chatbotInstanceVOList: [{ robotCode, name: robotName, downloadIconURL: '', openRobotType: 2 }] };
      },
    },
  ];
}

function unknownKey() {
  return invalid('invalidParameter.processQueryKey.invalid', '无效的 processQueryKey');
}

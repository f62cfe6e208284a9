import { z } from 'zod';
import type { ApiRoute } from './api-route.ts';
import { type CardRecord, updateCard } from './cards.ts';
import { BOT, EVERYONE } from './conversations.ts';
import { OpenApiError } from './errors.ts';
import { reason } from './message-content.ts';
import type { Platform } from './platform.ts';
import { processQueryKey } from './robot-requests.ts';
import { directConversationId } from './world.ts';

const OUT_TRACK_ID_MAX = 64;

const cardMapSchema = z.looseObject({
  cardParamMap: z.record(z.string(), z.string({ error: 'every value of cardParamMap has to be a string' })),
});
const privateSchema = z.record(z.string(), cardMapSchema);
const identified = { outTrackId: z.string().default(''), userIdType: z.union([z.literal(1), z.literal(2)]).default(1) };

const createSchema = z.looseObject({
  ...identified,
  cardTemplateId: z.string().default(''),
  callbackType: z.string().nullish(),
  cardData: cardMapSchema.nullish(),
  privateData: privateSchema.nullish(),
});

const deliverSchema = z.looseObject({
  ...identified,
  openSpaceId: z.string().default(''),
  imGroupOpenDeliverModel: z
    .looseObject({
      robotCode: z.string().default(''),
      atUserIds: z.record(z.string(), z.string()).nullish(),
      recipients: z.array(z.string()).nullish(),
    })
    .nullish(),
  imRobotOpenDeliverModel: z
    .looseObject({ spaceType: z.string().nullish(), robotCode: z.string().nullish() })
    .nullish(),
});

const updateSchema = z.looseObject({
  ...identified,
  cardData: cardMapSchema.nullish(),
  privateData: privateSchema.nullish(),
  cardUpdateOptions: z
    .looseObject({
      updateCardDataByKey: z.boolean().default(false),
      updatePrivateDataByKey: z.boolean().default(false),
    })
    .nullish(),
});

const streamSchema = z.looseObject({
  outTrackId: z.string().default(''),
  guid: z.string().min(1),
  key: z.string().min(1),
  content: z.string(),
  isFull: z.boolean().default(false),
  isFinalize: z.boolean().default(false),
  isError: z.boolean().default(false),
});

interface Space {
  readonly spaceType: string;
  readonly spaceId: string;
}

/** Interactive cards: create, deliver, update, stream the text of a variable. */
export function cardRoutes(platform: Platform): ApiRoute[] {
  /** The `guid`s of what was streamed, by card: the same one again changes nothing. */
  const streamed = new Map<string, Set<string>>();

  return [
    {
      method: 'POST',
      path: '/v1.0/card/instances',
      token: 'header',
      handle: ({ body }) => {
        const create = parse(createSchema, body.json);
        createCard(platform, create);
        return { success: true, result: create.outTrackId };
      },
    },
    {
      method: 'POST',
      path: '/v1.0/card/instances/deliver',
      token: 'header',
      handle: ({ body }) => {
        const delivery = parse(deliverSchema, body.json);
        existingCard(platform, delivery.outTrackId);
        return { success: true, result: deliver(platform, delivery, spacesOf(delivery)) };
      },
    },
    {
      method: 'POST',
      path: '/v1.0/card/instances/createAndDeliver',
      token: 'header',
      handle: ({ body }) => {
        const create = parse(createSchema, body.json);
        const delivery = parse(deliverSchema, body.json);
        const spaces = spacesOf(delivery);
        createCard(platform, create);
        const deliverResults = deliver(platform, delivery, spaces);
        return { success: true, result: { outTrackId: create.outTrackId, deliverResults } };
      },
    },
    {
      method: 'PUT',
      path: '/v1.0/card/instances',
      token: 'header',
      handle: ({ body }) => {
        const update = parse(updateSchema, body.json);
        const card = existingCard(platform, update.outTrackId);
        if (update.cardData == null && update.privateData == null) {
          throw cardError('param.cardDataAndPrivateDataBothEmpty', 'cardData 和 privateData 不能同时为空');
        }
        const changed = updateCard(card, {
          params: update.cardData?.cardParamMap,
          privateData: privateParams(platform, update),
          byKey: update.cardUpdateOptions?.updateCardDataByKey ?? false,
          privateByKey: update.cardUpdateOptions?.updatePrivateDataByKey ?? false,
        });
        platform.conversations.saveCard(changed);
        return { success: true, result: true };
      },
    },
    {
      method: 'PUT',
      path: '/v1.0/card/streaming',
      token: 'header',
      handle: ({ body }) => {
        const { outTrackId, guid, key, content, isFull } = parse(streamSchema, body.json);
        const card = existingCard(platform, outTrackId);
        const known = streamed.get(outTrackId) ?? new Set();
        streamed.set(outTrackId, known);
        if (!known.has(guid)) {
          known.add(guid);
          const params = { [key]: isFull ? content : `${card.params[key] ?? ''}${content}` };
          platform.conversations.saveCard(updateCard(card, { params, byKey: true, privateByKey: true }));
        }
        return { success: true, result: true };
      },
    },
  ];
}

function createCard(platform: Platform, create: z.infer<typeof createSchema>): void {
  checkOutTrackId(create.outTrackId);
  if (create.cardTemplateId === '') throw cardError('param.templateNotExist', '卡片模板不存在');
  if (platform.conversations.card(create.outTrackId) !== undefined)
    throw cardError('param.cardAlreadyExist', '卡片已存在');
  platform.conversations.saveCard({
    outTrackId: create.outTrackId,
    templateId: create.cardTemplateId,
    callbackType: create.callbackType ?? null,
    params: create.cardData?.cardParamMap ?? {},
    privateData: privateParams(platform, create),
    clickerData: {},
    revision: 0,
    userIdType: create.userIdType,
  });
}

function deliver(platform: Platform, delivery: z.infer<typeof deliverSchema>, spaces: readonly Space[]): unknown[] {
  const { directory, conversations } = platform;
  const { outTrackId, imGroupOpenDeliverModel: group, imRobotOpenDeliverModel: robot } = delivery;
  return spaces.map(({ spaceType, spaceId }) => {
    const failed = (errorMsg: string) => ({ spaceType, spaceId, success: false, carrierId: '', errorMsg });
    const toGroup = spaceType === 'IM_GROUP';
    const named = (id: string) => userIdOf(platform, delivery.userIdType, id) ?? '';
    const conversation = directory.conversation(toGroup ? spaceId : directConversationId(named(spaceId)));
    if (conversation === undefined || (conversation.type === 'group') !== toGroup) return failed('invalid spaceId');
    const robotCode = toGroup ? group?.robotCode : (robot?.robotCode ?? directory.app.robotCode);
    if (robotCode !== directory.app.robotCode) return failed('robotCode is not valid');
    const isMember = (userId: string) => directory.isMember(conversation.id, userId);
    const receipt = processQueryKey();
    const mentioned = toGroup ? Object.keys(group?.atUserIds ?? {}) : [];
    const members = (ids: readonly string[]) => ids.map(named).filter(isMember);
    conversations.post({
      conversationId: conversation.id,
      from: BOT,
      kind: 'card',
      outTrackId,
      receipt,
      mentions: [...(mentioned.includes('@ALL') ? [EVERYONE] : []), ...members(mentioned)],
      visibleTo: toGroup && group?.recipients?.length ? members(group.recipients) : null,
    });
    return { spaceType, spaceId, success: true, carrierId: receipt, errorMsg: '' };
  });
}

/** Reads `dtv1.card//IM_GROUP.cid…;IM_ROBOT.userId`, and demands the delivery model of each kind of space that it names. */
function spacesOf(delivery: z.infer<typeof deliverSchema>): Space[] {
  if (delivery.openSpaceId === '') throw cardError('param.openSpaceIdEmpty', 'openSpaceId 不能为空');
  const spaces = delivery.openSpaceId.split(';').map((part) => {
    const match = /^(?:dtv1\.card\/\/)?(im_group|im_robot)\.(.+)$/i.exec(part);
    if (match === null || !delivery.openSpaceId.startsWith('dtv1.card//')) {
      throw cardError('param.openSpaceIdInvalid', `openSpaceId 不合法: ${part}`);
    }
    return { spaceType: (match[1] ?? '').toUpperCase(), spaceId: match[2] ?? '' };
  });
  for (const { spaceType } of spaces) {
    const model = spaceType === 'IM_GROUP' ? delivery.imGroupOpenDeliverModel : delivery.imRobotOpenDeliverModel;
    if (model == null) throw cardError('param.openDeliverModelEmpty', `缺少 ${spaceType} 的投放参数`);
  }
  return spaces;
}

function existingCard(platform: Platform, outTrackId: string): CardRecord {
  checkOutTrackId(outTrackId);
  const card = platform.conversations.card(outTrackId);
  if (card === undefined) throw cardError('param.cardNotExist', '卡片不存在');
  return card;
}

function checkOutTrackId(outTrackId: string): void {
  if (outTrackId === '') throw cardError('param.outTrackIdEmpty', 'outTrackId 不能为空');
  if (outTrackId.length > OUT_TRACK_ID_MAX) {
    throw cardError('invalidParameter', `outTrackId 不能超过 ${OUT_TRACK_ID_MAX} 个字符`);
  }
}

/** Private data by userId, whichever way the call names people; who is not known sees none of it. */
function privateParams(
  platform: Platform,
  { privateData, userIdType }: { privateData?: z.infer<typeof privateSchema> | null | undefined; userIdType: 1 | 2 },
): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Object.entries(privateData ?? {}).map(([id, { cardParamMap }]) => [
      userIdOf(platform, userIdType, id) ?? id,
      cardParamMap,
    ]),
  );
}

/** The userId of the person whom a call names by its `userIdType`. */
function userIdOf(platform: Platform, userIdType: 1 | 2, id: string): string | undefined {
  return userIdType === 1 ? id : platform.directory.staffByUnionId(id)?.userId;
}

function parse<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw cardError('invalidParameter', reason(parsed.error));
  return parsed.data;
}

function cardError(code: string, message: string): OpenApiError {
  return new OpenApiError(400, code, message);
}

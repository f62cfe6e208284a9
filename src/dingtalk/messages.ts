import { z } from 'zod';

/** What people write to the robot, as the bot sees it. */
export interface RobotMessage {
  /** The organisation the sender belongs to; with `senderStaffId` the sender's identity. */
  readonly corpId: string;
  /** The message's own id: the same in every push of it. */
  readonly messageId: string;
  /** The push's id. */
  readonly frameId: string;
  readonly conversationId: string;
  readonly conversationKind: 'group' | 'direct';
  /** The group's name; null in a direct conversation. */
  readonly conversationTitle: string | null;
  /** The platform's word on who sent it; null for a person of another organisation, who may do nothing privileged. */
  readonly senderStaffId: string | null;
  /** For greeting only: anyone can choose their name. */
  readonly senderName: string;
  /** Trimmed, without the mention of the robot; empty unless `kind` is `text`. */
  readonly text: string;
  readonly kind: 'text' | 'picture' | 'richText' | 'audio' | 'video' | 'file' | 'unknown';
  /** Who is mentioned, the robot not among them. The platform says so; what names stand in the text means nothing. */
  readonly mentions: readonly MentionedPerson[];
  /** Where a reply goes without using up the quota of API calls; a secret. */
  readonly sessionWebhook: string;
  readonly sessionWebhookExpiresAt: Temporal.Instant;
  readonly sentAt: Temporal.Instant;
  readonly robotCode: string;
}

/** Somebody who is mentioned in a message. */
export interface MentionedPerson {
  readonly dingtalkId: string;
  /** Null for a person of another organisation. */
  readonly staffId: string | null;
}

/** A click on a card's button. */
export interface CardClick {
  readonly corpId: string;
  /** The push's id; the platform gives a click no other. */
  readonly messageId: string;
  readonly outTrackId: string;
  /** The platform's word on who clicked. */
  readonly userId: string;
  readonly actionId: string;
  /** The button's own parameters and what was entered on the card; unchecked. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The group the card is in; null in a direct conversation, whose cards carry the user's id in its place. */
  readonly conversationId: string | null;
}

/** Something that happened in the organisation, of the kinds ticked in the developer console. */
export interface PlatformEvent {
  readonly corpId: string | null;
  /** The same in every push of the event. */
  readonly eventId: string;
  readonly eventType: string;
  readonly bornAt: Temporal.Instant | null;
  /** Unchecked. */
  readonly data: unknown;
}

export type RobotPush =
  | { readonly type: 'message'; readonly message: RobotMessage }
  /** The platform says that a message came but that the monthly quota of pushes is used up. */
  | { readonly type: 'quota_exhausted' };

/** One frame from the platform. `data` is JSON in a string. */
export interface StreamFrame {
  readonly type: string;
  readonly topic: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: string;
}

/** A push that is not what its topic promises. `reason` names fields, never what was in them. */
export class MalformedFrameError extends Error {
  readonly code = 'frame.malformed';
  readonly reason: string;

  constructor(reason: string) {
    super(`A push from DingTalk was not understood (${reason}). It was refused; see src/dingtalk/messages.ts.`);
    this.name = 'MalformedFrameError';
    this.reason = reason;
  }
}

const milliseconds = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.number().int().min(0).max(8.64e15))
  .transform((value) => Temporal.Instant.fromEpochMilliseconds(value));
const optionalText = z
  .string()
  .nullish()
  .transform((value) => (value ? value : null));
const requiredText = z.string().min(1);

const jsonText = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.issues.push({ code: 'custom', message: 'not JSON', input: '' });
    return z.NEVER;
  }
});

const frameSchema = z.object({
  type: z.string(),
  // Not every system frame has an id, and not every frame has data.
  headers: z.looseObject({ topic: z.string(), messageId: z.string().default('') }),
  data: z.string().default(''),
});

const KINDS = ['text', 'picture', 'richText', 'audio', 'video', 'file'] as const;

const robotSchema = jsonText.pipe(
  z.object({
    conversationId: requiredText,
    conversationType: z.enum(['1', '2']),
    conversationTitle: optionalText,
    atUsers: z
      .array(z.object({ dingtalkId: optionalText, staffId: optionalText }))
      .nullish()
      .transform((users) => users ?? []),
    chatbotCorpId: optionalText,
    chatbotUserId: optionalText,
    senderCorpId: optionalText,
    senderStaffId: optionalText,
    senderNick: optionalText,
    msgId: requiredText,
    sessionWebhook: requiredText,
    sessionWebhookExpiredTime: milliseconds,
    createAt: milliseconds,
    robotCode: optionalText,
    msgtype: z.string(),
    text: z.object({ content: z.string() }).nullish(),
  }),
);

const errorCode = z.union([z.string(), z.number()]).nullish();
const quotaSchema = jsonText.pipe(z.object({ errorCode, errCode: errorCode }));

const clickSchema = jsonText.pipe(
  z.object({
    outTrackId: requiredText,
    corpId: requiredText,
    userId: requiredText,
    // 2 would make `userId` a union id, which is not what permissions are kept by.
    userIdType: z.union([z.literal(1), z.literal('1')]).nullish(),
    spaceType: optionalText,
    spaceId: optionalText,
    content: jsonText.pipe(
      z.object({
        cardPrivateData: z.object({
          actionIds: z.tuple([requiredText], z.string()),
          params: z
            .record(z.string(), z.unknown())
            .nullish()
            .transform((params) => params ?? {}),
        }),
      }),
    ),
  }),
);

const eventHeadersSchema = z.object({
  eventId: requiredText,
  eventType: requiredText,
  eventCorpId: optionalText,
  eventBornTime: milliseconds.nullish(),
});

/** @throws MalformedFrameError */
export function parseFrame(text: string): StreamFrame {
  const { type, headers, data } = read(jsonText.pipe(frameSchema), text);
  return { type, topic: headers.topic, messageId: headers.messageId, headers, data };
}

/** @throws MalformedFrameError */
export function parseRobotPush(frame: StreamFrame): RobotPush {
  const failure = quotaSchema.safeParse(frame.data);
  if (failure.success && String(failure.data.errorCode ?? failure.data.errCode ?? '') === '20001') {
    return { type: 'quota_exhausted' };
  }
  const data = read(robotSchema, frame.data);
  const corpId = data.senderCorpId ?? data.chatbotCorpId;
  if (corpId === null) throw new MalformedFrameError('senderCorpId: missing');
  const kind = KINDS.find((name) => name === data.msgtype) ?? 'unknown';
  // A staff id means something in its own organisation only: another one's could equal an administrator's here.
  const isOutsider = data.chatbotCorpId !== null && data.chatbotCorpId !== corpId;
  return {
    type: 'message',
    message: {
      corpId,
      messageId: data.msgId,
      frameId: frame.messageId,
      conversationId: data.conversationId,
      conversationKind: data.conversationType === '2' ? 'group' : 'direct',
      conversationTitle: data.conversationType === '2' ? data.conversationTitle : null,
      senderStaffId: isOutsider ? null : data.senderStaffId,
      senderName: data.senderNick ?? '',
      text: kind === 'text' ? (data.text?.content.trim() ?? '') : '',
      kind,
      mentions: data.atUsers.flatMap(({ dingtalkId, staffId }) =>
        // Without an id of the robot to compare, who has no staff id may be the robot itself.
        staffId === null && (dingtalkId === null || [null, dingtalkId].includes(data.chatbotUserId))
          ? []
          : [{ dingtalkId: dingtalkId ?? '', staffId }],
      ),
      sessionWebhook: data.sessionWebhook,
      sessionWebhookExpiresAt: data.sessionWebhookExpiredTime,
      sentAt: data.createAt,
      robotCode: data.robotCode ?? '',
    },
  };
}

/** @throws MalformedFrameError */
export function parseCardClick(frame: StreamFrame): CardClick {
  const data = read(clickSchema, frame.data);
  const { actionIds, params } = data.content.cardPrivateData;
  const isDirect = data.spaceId === data.userId || data.spaceType?.toUpperCase() === 'IM_ROBOT';
  return {
    corpId: data.corpId,
    messageId: frame.messageId,
    outTrackId: data.outTrackId,
    userId: data.userId,
    actionId: actionIds[0],
    params,
    conversationId: isDirect ? null : data.spaceId,
  };
}

/** @throws MalformedFrameError */
export function parseEvent(frame: StreamFrame): PlatformEvent {
  const headers = read(eventHeadersSchema, frame.headers);
  return {
    corpId: headers.eventCorpId,
    eventId: headers.eventId,
    eventType: headers.eventType,
    bornAt: headers.eventBornTime ?? null,
    data: read(jsonText, frame.data),
  };
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5);
  throw new MalformedFrameError(
    issues.map(({ path, code }) => `${path.map(String).join('.') || 'frame'}: ${code}`).join(', '),
  );
}

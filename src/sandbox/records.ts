import { z } from 'zod';

const kindSchema = z.enum(['text', 'markdown', 'actionCard', 'card', 'image', 'link', 'feedCard']);
export type MessageKind = z.infer<typeof kindSchema>;

const buttonSchema = z.object({
  id: z.string(),
  label: z.string(),
  style: z.string(),
  disabled: z.boolean(),
  url: z.string().nullable(),
});

const storedMessageSchema = z.object({
  seq: z.number().int(),
  id: z.string(),
  conversationId: z.string(),
  from: z.string(),
  at: z.number(),
  kind: kindSchema,
  title: z.string().nullable(),
  text: z.string(),
  buttons: z.array(buttonSchema),
  outTrackId: z.string().nullable(),
  mentions: z.array(z.string()),
  visibleTo: z.array(z.string()).nullable(),
  delivered: z.boolean().nullable(),
  /** The `processQueryKey` that the bot got for it. */
  receipt: z.string().nullable().default(null),
  /** Addresses of pictures: the one of a link, or one for each link of a feed. */
  pictures: z.array(z.string()).default([]),
});
export type StoredMessage = z.infer<typeof storedMessageSchema>;

const cardParamsSchema = z.record(z.string(), z.string());
const cardSchema = z.object({
  outTrackId: z.string(),
  templateId: z.string(),
  callbackType: z.string().nullable(),
  params: cardParamsSchema,
  privateData: z.record(z.string(), cardParamsSchema),
  clickerData: z.record(z.string(), cardParamsSchema),
  revision: z.number().int(),
  userIdType: z.union([z.literal(1), z.literal(2)]).default(1),
});

const sessionSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  userId: z.string(),
  expiresAt: z.number(),
});
/** A `sessionWebhook`: until `expiresAt` (epoch milliseconds) the bot may post through it to this conversation. */
export type ReplySession = z.infer<typeof sessionSchema>;

const readSchema = z.object({ conversationId: z.string(), userId: z.string(), seq: z.number().int(), at: z.number() });
/** At `at` (epoch milliseconds) this person had read the conversation up to the message `seq`. */
export type ReadMark = z.infer<typeof readSchema>;

/** What the journal keeps. */
export const recordSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), message: storedMessageSchema }),
  z.object({ type: z.literal('card'), card: cardSchema }),
  z.object({ type: z.literal('session'), session: sessionSchema }),
  z.object({ type: z.literal('read'), read: readSchema }),
  z.object({ type: z.literal('recall'), receipt: z.string() }),
  z.object({ type: z.literal('sequence'), last: z.number().int() }),
]);
export type JournalRecord = z.infer<typeof recordSchema>;

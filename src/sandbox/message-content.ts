import { z } from 'zod';
import type { Button } from './card-templates.ts';
import { EVERYONE } from './conversations.ts';
import { LegacyApiError, OpenApiError } from './errors.ts';
import type { MessageKind } from './records.ts';
import type { Conversation } from './world.ts';

export interface MessageContent {
  readonly kind: MessageKind;
  readonly title: string | null;
  readonly text: string;
  readonly buttons: readonly Button[];
  readonly pictures?: readonly string[];
}

/** `msgParam` of a robot message may be this long. */
const MSG_PARAM_BYTES = 15_000;
const MENTIONS_MAX = 50;

const linked = { title: z.string().min(1), text: z.string().min(1), picUrl: z.string().optional() };
const titled = { title: z.string().min(1), text: z.string().min(1) };

/** What each msgKey makes of its parameters, all of which are strings. */
const MSG_KEYS: Readonly<Record<string, (param: unknown) => MessageContent>> = {
  sampleText: (param) => plain(z.object({ content: z.string().min(1) }).parse(param).content),
  sampleMarkdown: (param) => markdown(z.object(titled).parse(param)),
  sampleImageMsg: (param) => ({
    kind: 'image',
    title: null,
    text: z.object({ photoURL: z.string().min(1) }).parse(param).photoURL,
    buttons: [],
  }),
  sampleLink: (param) => link(z.object({ ...linked, messageUrl: z.string().min(1) }).parse(param)),
  sampleActionCard: (param) => {
    const card = z.object({ ...titled, singleTitle: z.string().min(1), singleURL: z.string().min(1) }).parse(param);
    return actionCard(card, [[card.singleTitle, card.singleURL]]);
  },
  sampleActionCard2: (param) => numberedActionCard(param, 2, 'actionTitle', 'actionURL'),
  sampleActionCard3: (param) => numberedActionCard(param, 3, 'actionTitle', 'actionURL'),
  sampleActionCard4: (param) => numberedActionCard(param, 4, 'actionTitle', 'actionURL'),
  sampleActionCard5: (param) => numberedActionCard(param, 5, 'actionTitle', 'actionURL'),
  sampleActionCard6: (param) => numberedActionCard(param, 2, 'buttonTitle', 'buttonUrl'),
};

/** The content of a message that the robot sends of its own accord. Throws an `OpenApiError` with DingTalk's code. */
export function proactiveContent(msgKey: string, msgParam: string): MessageContent {
  const build = Object.hasOwn(MSG_KEYS, msgKey) ? MSG_KEYS[msgKey] : undefined;
  if (build === undefined) throw new OpenApiError(400, 'invalidParameter.msgKey.invalid', `无效的msgKey: ${msgKey}`);
  if (Buffer.byteLength(msgParam) > MSG_PARAM_BYTES) {
    throw new OpenApiError(400, 'invalidParameter.msgParam.tooLong', 'msgParam 过长');
  }
  try {
    return build(z.record(z.string(), z.string()).parse(JSON.parse(msgParam)));
  } catch (error) {
    throw new OpenApiError(400, 'invalidParameter.msgParam.invalid', `无效的msgParam: ${reason(error)}`);
  }
}

const sessionBodySchema = z.discriminatedUnion('msgtype', [
  z.object({ msgtype: z.literal('empty') }),
  z.object({ msgtype: z.literal('text'), text: z.object({ content: z.string().min(1) }) }),
  z.object({ msgtype: z.literal('markdown'), markdown: z.object(titled) }),
  z.object({
    msgtype: z.literal('actionCard'),
    actionCard: z.union([
      z.object({ ...titled, btns: z.array(z.object({ title: z.string(), actionURL: z.string() })).min(1) }),
      z.object({ ...titled, singleTitle: z.string(), singleURL: z.string() }),
    ]),
  }),
  z.object({
    msgtype: z.literal('link'),
    link: z.object({ ...linked, messageUrl: z.string().min(1) }),
  }),
  z.object({
    msgtype: z.literal('feedCard'),
    feedCard: z.object({
      links: z
        .array(z.object({ title: z.string().min(1), messageURL: z.string().min(1), picURL: z.string().min(1) }))
        .min(1),
    }),
  }),
]);

const atSchema = z.object({
  at: z
    .object({ atUserIds: z.array(z.string()).max(MENTIONS_MAX).default([]), isAtAll: z.boolean().default(false) })
    .default({ atUserIds: [], isAtAll: false }),
});

/**
 * The content and the mentions of a reply through a `sessionWebhook`; null where the bot chose to answer nothing.
 * A mention needs both the `at` list and `@userId` in the text; an action card has no list, there the text alone mentions.
 * Throws a `LegacyApiError` with DingTalk's code.
 */
export function replyContent(
  body: unknown,
  conversation: Conversation,
): { content: MessageContent; mentions: string[] } | null {
  const parsed = sessionBodySchema.safeParse(body);
  const at = atSchema.safeParse(body);
  if (!parsed.success || !at.success) {
    throw new LegacyApiError(40035, `不合法的参数: ${reason(parsed.error ?? at.error)}`);
  }
  const members = conversation.members.map((member) => member.userId);
  const { atUserIds, isAtAll } = at.data.at;
  const listed = (text: string) => [
    ...(isAtAll ? [EVERYONE] : []),
    ...mentionsIn(
      text,
      members.filter((userId) => atUserIds.includes(userId)),
    ),
  ];
  const message = parsed.data;
  switch (message.msgtype) {
    case 'empty':
      return null;
    case 'text':
      return { content: plain(message.text.content), mentions: listed(message.text.content) };
    case 'markdown':
      return { content: markdown(message.markdown), mentions: listed(message.markdown.text) };
    case 'actionCard': {
      const card = message.actionCard;
      const buttons: [string, string][] =
        'btns' in card
          ? card.btns.map(({ title, actionURL }) => [title, actionURL])
          : [[card.singleTitle, card.singleURL]];
      return { content: actionCard(card, buttons), mentions: mentionsIn(card.text, members) };
    }
    case 'link':
      return { content: link(message.link), mentions: [] };
    case 'feedCard':
      return { content: feedCard(message.feedCard.links), mentions: [] };
  }
}

/** Those of `candidates` that `text` mentions as `@candidate`. */
export function mentionsIn(text: string, candidates: readonly string[]): string[] {
  return candidates.filter((candidate) => {
    for (let at = text.indexOf(`@${candidate}`); at >= 0; at = text.indexOf(`@${candidate}`, at + 1)) {
      if (!/[\w-]/.test(text.charAt(at + candidate.length + 1))) return true;
    }
    return false;
  });
}

function plain(text: string): MessageContent {
  return { kind: 'text', title: null, text, buttons: [] };
}

function markdown(message: { title: string; text: string }): MessageContent {
  return { kind: 'markdown', title: message.title, text: message.text, buttons: [] };
}

function link(message: {
  title: string;
  text: string;
  picUrl?: string | undefined;
  messageUrl: string;
}): MessageContent {
  const { title, text, picUrl, messageUrl } = message;
  return { kind: 'link', title, text, buttons: linkButtons([[title, messageUrl]]), pictures: picUrl ? [picUrl] : [] };
}

function feedCard(links: readonly { title: string; messageURL: string; picURL: string }[]): MessageContent {
  return {
    kind: 'feedCard',
    title: null,
    text: '',
    buttons: linkButtons(links.map(({ title, messageURL }) => [title, messageURL])),
    pictures: links.map(({ picURL }) => picURL),
  };
}

function linkButtons(links: readonly (readonly [string, string])[]): Button[] {
  return links.map(([label, url], index) => ({ id: String(index + 1), label, style: 'link', disabled: false, url }));
}

function actionCard(
  card: { title: string; text: string },
  buttons: readonly (readonly [string, string])[],
): MessageContent {
  return {
    kind: 'actionCard',
    title: card.title,
    text: card.text,
    buttons: linkButtons(buttons),
  };
}

function numberedActionCard(param: unknown, count: number, title: string, url: string): MessageContent {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const card = z.object(titled).parse(param);
  const keys = numbers.flatMap((n) => [`${title}${n}`, `${url}${n}`]);
  const values = z.record(z.enum(keys), z.string().min(1)).parse(pick(param, keys));
  return actionCard(
    card,
    numbers.map((n) => [values[`${title}${n}`] ?? '', values[`${url}${n}`] ?? ''] as const),
  );
}

function pick(param: unknown, keys: readonly string[]): Record<string, unknown> {
  const record = z.record(z.string(), z.unknown()).parse(param);
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}

/** Why zod or the JSON parser refused, in a line. */
export function reason(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

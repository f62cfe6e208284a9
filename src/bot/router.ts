import type { ServiceContext, Source } from '../services/context.ts';
import type { Actor } from '../services/roles.ts';
import { readAccount } from '../store/accounts.ts';
import { type Language, readAdministrators, readGroup } from '../store/groups.ts';
import type { NoticeTarget } from '../store/notices.ts';
import type { Executor, Tx } from '../store/schema.ts';
import type { BoundGroup, CommandContext, Conversation, Mention, Reply } from './commands/command.ts';
import { COMMANDS } from './commands/index.ts';
import { askButton, suggestionButton } from './content.ts';
import type { PressedCard } from './inbound.ts';
import { escapeMarkdown, type Markdown } from './markdown.ts';
import { type Parsed, parse, type Suggestion } from './parse.ts';
import { Writer } from './writer.ts';

/** What a conversation that belongs to no account is answered in. */
const UNBOUND = { language: 'zh-CN', currency: 'CNY', timeZone: 'Asia/Shanghai' } as const;

export interface Request {
  readonly tx: Tx;
  readonly services: ServiceContext;
  readonly conversation: Conversation;
  readonly actor: Actor;
  /** What was typed, or what the button that was pressed stands for; null for a message that is not text. */
  readonly text: string | null;
  readonly mentions: readonly Mention[];
  /** What an authorized group brings along; null elsewhere. */
  readonly bound: BoundGroup | null;
  /** The message's identity, for the audit. */
  readonly id: string;
  readonly target: NoticeTarget;
  /** The card whose button was pressed; null for what was typed. */
  readonly card: PressedCard | null;
}

export interface RoutedReply {
  readonly reply: Reply;
  readonly writer: Writer;
  readonly bound: BoundGroup | null;
}

/** Runs what a message asks for. There is always an answer. */
export async function route(request: Request): Promise<RoutedReply> {
  const { tx, conversation, actor, text, mentions, bound } = request;
  const services = { ...request.services, source: sourceOf(request) };
  const parsed: Parsed = text === null ? { type: 'empty' } : parse(text);
  const writer = writerFor(bound, parsed);
  const context = { tx, services, writer, conversation, actor, argument: '', argumentAsTyped: '', mentions, bound };
  return { reply: await answer(context, parsed, text ?? ''), writer, bound };
}

function sourceOf({ conversation, id, target, card }: Request): Source {
  const { corpId, conversationId } = conversation;
  const isDirect = target.type === 'direct';
  return { via: 'chat', corpId, conversationId, messageId: id, isDirect, pressed: card };
}

/** The language, currency and time zone in which a conversation is answered, whatever was asked. */
export function writerOf(bound: BoundGroup | null, text: string | null): Writer {
  return writerFor(bound, text === null ? { type: 'empty' } : parse(text));
}

/** What an authorized group brings along; null elsewhere. */
export async function readBound(db: Executor, conversation: Conversation): Promise<BoundGroup | null> {
  if (conversation.kind === 'direct') return null;
  const [group, administrators] = await Promise.all([
    readGroup(db, conversation),
    readAdministrators(db, conversation),
  ]);
  return group ? { group, account: await readAccount(db, group.accountId), administrators } : null;
}

/** In the language of the words as typed, else in the group's. */
function writerFor(bound: BoundGroup | null, parsed: Parsed): Writer {
  const language = languageOf(parsed) ?? bound?.group.language ?? UNBOUND.language;
  return new Writer({ ...(bound?.account ?? UNBOUND), language });
}

function languageOf(parsed: Parsed): Language | undefined {
  if (parsed.type === 'command') return parsed.language ?? undefined;
  return parsed.type === 'unknown' ? parsed.suggestions[0]?.language : undefined;
}

async function answer(context: CommandContext, parsed: Parsed, text: string): Promise<Reply> {
  const { writer, bound } = context;
  switch (parsed.type) {
    case 'empty':
      return {
        title: writer.text('empty.title'),
        paragraphs: [writer.text('empty.body')],
        buttons: [askButton(writer, 'help')],
      };
    case 'unknown':
      return unknown(writer, text, parsed.suggestions);
    case 'command': {
      const command = COMMANDS[parsed.command];
      const { argument, argumentAsTyped } = parsed;
      if (command.who === 'anyone') return command.run({ ...context, argument, argumentAsTyped });
      if (!bound) return unauthorized(context);
      return command.run({ ...context, argument, argumentAsTyped, bound });
    }
  }
}

function unknown(writer: Writer, text: string, suggestions: readonly Suggestion[]): Reply {
  const said = writer.title(text);
  return {
    title: writer.text('unknown.title'),
    paragraphs: [
      suggestions.length === 0
        ? writer.text('unknown.nothing_near', { said })
        : writer.text('unknown.near', { said, suggestions: writer.anyOf(suggestions.map((s) => named(writer, s))) }),
    ],
    buttons: [
      ...suggestions.map(({ command, text: words }) => suggestionButton(command, words)),
      ...(suggestions.some(({ command }) => command === 'help') ? [] : [askButton(writer, 'help')]),
    ],
  };
}

function named(writer: Writer, { text }: Suggestion): Markdown {
  return writer.text('unknown.suggestion', { command: escapeMarkdown(text, 40) });
}

/** Nothing about an account is said where no account has authorized it; how to authorize is. */
function unauthorized({ writer, conversation }: CommandContext): Reply {
  return {
    title: writer.text('unauthorized.title'),
    paragraphs: [writer.text(`unauthorized.${conversation.kind}`)],
    buttons: [askButton(writer, 'help')],
  };
}

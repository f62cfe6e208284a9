import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Button } from './card-templates.ts';
import { type CardRecord, cardFace } from './cards.ts';
import type { Journal } from './journal.ts';
import type { Conversation, Directory } from './world.ts';

/** The author of everything that the bot posts. */
export const BOT = 'bot';
/** Stands in `mentions` for everyone in the conversation. */
export const EVERYONE = 'all';

const kindSchema = z.enum(['text', 'markdown', 'actionCard', 'card', 'image']);
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
});
type StoredMessage = z.infer<typeof storedMessageSchema>;

const cardParamsSchema = z.record(z.string(), z.string());
const cardSchema = z.object({
  outTrackId: z.string(),
  templateId: z.string(),
  callbackType: z.string().nullable(),
  params: cardParamsSchema,
  privateData: z.record(z.string(), cardParamsSchema),
  clickerData: z.record(z.string(), cardParamsSchema),
  revision: z.number().int(),
});

const sessionSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  userId: z.string(),
  expiresAt: z.number(),
});
/** A `sessionWebhook`: until `expiresAt` (epoch milliseconds) the bot may post through it to this conversation. */
export type ReplySession = z.infer<typeof sessionSchema>;

const recordSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), message: storedMessageSchema }),
  z.object({ type: z.literal('card'), card: cardSchema }),
  z.object({ type: z.literal('session'), session: sessionSchema }),
  z.object({ type: z.literal('sequence'), last: z.number().int() }),
]);
type JournalRecord = z.infer<typeof recordSchema>;

/** A message as it is shown; the control API's form of it. */
export interface Message {
  /** Grows over all conversations; never used twice. */
  readonly seq: number;
  readonly id: string;
  readonly conversationId: string;
  /** A userId, or `bot`. */
  readonly from: string;
  readonly fromName: string;
  /** ISO 8601, by the sandbox's clock. */
  readonly at: string;
  readonly kind: MessageKind;
  readonly title: string | null;
  /** Text, markdown, or the address of an image. */
  readonly text: string;
  readonly buttons: readonly Button[];
  readonly outTrackId: string | null;
  /** userIds, `bot`, or `all`. */
  readonly mentions: readonly string[];
  /** null: everyone in the conversation. */
  readonly visibleTo: readonly string[] | null;
  /** How often the card has changed; 0 for anything else. */
  readonly revision: number;
  /** For a person's message: whether it went to a connection of the bot. null for the bot's own. */
  readonly delivered: boolean | null;
}

export interface NewMessage {
  readonly conversationId: string;
  readonly from: string;
  readonly kind: MessageKind;
  readonly title?: string | null;
  readonly text?: string;
  readonly buttons?: readonly Button[];
  readonly outTrackId?: string;
  readonly mentions?: readonly string[];
  readonly visibleTo?: readonly string[] | null;
}

export interface MessageQuery {
  /** Only messages with a greater `seq`. */
  readonly after?: number;
  /** Only the newest so many of them. */
  readonly limit?: number;
  /** As this person sees it; without it, everything, and cards as everybody sees them. */
  readonly as?: string;
}

/** All that was said and shown, and the one feed of its changes. With a journal it survives the process. */
export class Conversations {
  readonly #directory: Directory;
  readonly #now: () => number;
  readonly #journal: Journal | undefined;
  readonly #messages = new Map<string, StoredMessage[]>();
  readonly #cards = new Map<string, CardRecord>();
  readonly #cardMessages = new Map<string, StoredMessage[]>();
  readonly #sessions = new Map<string, ReplySession>();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  /** @param now epoch milliseconds, by the sandbox's clock */
  constructor(directory: Directory, now: () => number, journal?: Journal) {
    this.#directory = directory;
    this.#now = now;
    this.#journal = journal;
  }

  /** Takes up what the journal holds. Throws where the file is damaged. */
  open(): void {
    if (this.#journal === undefined) return;
    for (const record of this.#journal.read()) this.#restore(recordSchema.parse(record));
    this.#journal.start(this.#records());
  }

  close(): void {
    this.#journal?.close();
  }

  /** Calls `listener` with every message that is new or that looks different now. Returns the way to stop that. */
  onChange(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds a message; `deliver` runs before anyone is told of it, and says whether the message went to the bot. */
  post(message: NewMessage, deliver?: (id: string, at: number) => boolean): Message {
    const id = `msg${randomBytes(12).toString('base64url')}==`;
    const at = this.#now();
    const delivered = deliver === undefined ? null : deliver(id, at);
    const stored: StoredMessage = {
      seq: this.#last + 1,
      id,
      conversationId: message.conversationId,
      from: message.from,
      at,
      kind: message.kind,
      title: message.title ?? null,
      text: message.text ?? '',
      buttons: [...(message.buttons ?? [])],
      outTrackId: message.outTrackId ?? null,
      mentions: [...(message.mentions ?? [])],
      visibleTo: message.visibleTo ? [...message.visibleTo] : null,
      delivered,
    };
    this.#write({ type: 'message', message: stored });
    const shown = this.#show(stored);
    this.#tell(shown);
    return shown;
  }

  /** Messages in the order of their `seq`. */
  list(conversationId: string, query: MessageQuery = {}): Message[] {
    const all = this.#messages.get(conversationId) ?? [];
    let found = query.after === undefined ? all : all.slice(firstAfter(all, query.after));
    const viewer = query.as;
    if (viewer !== undefined) found = found.filter((message) => message.visibleTo?.includes(viewer) ?? true);
    if (query.limit !== undefined) found = found.slice(-query.limit);
    return found.map((message) => this.#show(message, viewer));
  }

  card(outTrackId: string): CardRecord | undefined {
    return this.#cards.get(outTrackId);
  }

  /** The messages that show this card. */
  cardMessages(outTrackId: string): Message[] {
    return (this.#cardMessages.get(outTrackId) ?? []).map((message) => this.#show(message));
  }

  /** Keeps a new card or a new state of one, and tells of the messages that show it. */
  saveCard(card: CardRecord): void {
    this.#write({ type: 'card', card: { ...card } });
    for (const message of this.#cardMessages.get(card.outTrackId) ?? []) this.#tell(this.#show(message));
  }

  /** Opens a reply session of this lifetime in milliseconds. */
  openSession(conversation: Conversation, userId: string, lifetimeMs: number): ReplySession {
    const session = {
      id: randomBytes(16).toString('hex'),
      conversationId: conversation.id,
      userId,
      expiresAt: this.#now() + lifetimeMs,
    };
    this.#write({ type: 'session', session });
    return session;
  }

  /** The session with this id, unless it has expired. */
  session(id: string): ReplySession | undefined {
    const session = this.#sessions.get(id);
    return session !== undefined && session.expiresAt > this.#now() ? session : undefined;
  }

  /** Ends every open reply session. */
  expireSessions(): void {
    const now = this.#now();
    for (const session of this.#sessions.values()) {
      if (session.expiresAt > now) this.#write({ type: 'session', session: { ...session, expiresAt: now } });
    }
  }

  #show(message: StoredMessage, viewer?: string): Message {
    const card = message.outTrackId === null ? undefined : this.#cards.get(message.outTrackId);
    const face = card === undefined ? undefined : cardFace(card, viewer);
    return {
      seq: message.seq,
      id: message.id,
      conversationId: message.conversationId,
      from: message.from,
      fromName: message.from === BOT ? this.#directory.app.robotName : this.#directory.nameOf(message.from),
      at: new Date(message.at).toISOString(),
      kind: message.kind,
      title: face === undefined ? message.title : face.title,
      text: face?.text ?? message.text,
      buttons: (face?.buttons ?? message.buttons).map(({ id, label, style, disabled, url }) => ({
        id,
        label,
        style,
        disabled,
        url,
      })),
      outTrackId: message.outTrackId,
      mentions: message.mentions,
      visibleTo: message.visibleTo,
      revision: card?.revision ?? 0,
      delivered: message.delivered,
    };
  }

  #tell(message: Message): void {
    for (const listener of [...this.#listeners]) listener(message);
  }

  #write(record: JournalRecord): void {
    this.#journal?.append(record);
    this.#restore(record);
  }

  #restore(record: JournalRecord): void {
    switch (record.type) {
      case 'message': {
        const { message } = record;
        this.#last = Math.max(this.#last, message.seq);
        append(this.#messages, message.conversationId, message);
        if (message.outTrackId !== null) append(this.#cardMessages, message.outTrackId, message);
        break;
      }
      case 'card':
        this.#cards.set(record.card.outTrackId, record.card);
        break;
      case 'session':
        this.#sessions.set(record.session.id, record.session);
        break;
      case 'sequence':
        this.#last = Math.max(this.#last, record.last);
        break;
    }
  }

  *#records(): Iterable<JournalRecord> {
    yield { type: 'sequence', last: this.#last };
    for (const card of this.#cards.values()) yield { type: 'card', card: { ...card } };
    for (const messages of this.#messages.values()) for (const message of messages) yield { type: 'message', message };
    const now = this.#now();
    for (const session of this.#sessions.values()) if (session.expiresAt > now) yield { type: 'session', session };
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Index of the first message with a greater `seq`: messages are in the order of theirs. */
function firstAfter(messages: readonly StoredMessage[], seq: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

import { randomBytes } from 'node:crypto';
import type { Button, CardFace } from './card-templates.ts';
import { type CardRecord, cardFace } from './cards.ts';
import type { Journal } from './journal.ts';
import type { Media } from './media.ts';
import { ReadMarks } from './read-marks.ts';
import {
  type JournalRecord,
  type MessageKind,
  type ReplySession,
  recordSchema,
  type StoredMessage,
} from './records.ts';
import type { Conversation, Directory } from './world.ts';

/** The author of everything that the bot posts. */
export const BOT = 'bot';
/** Stands in `mentions` for everyone in the conversation. */
export const EVERYONE = 'all';

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
  /** userIds of those who have read it, its author aside. */
  readonly readBy: readonly string[];
  /** The bot has taken it back: it is listed no more, and only the feed of changes tells of it. */
  readonly recalled: boolean;
  /** Addresses of pictures: the one of a link, or one for each button of a feed. */
  readonly pictures: readonly string[];
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
  readonly pictures?: readonly string[];
  /** The `processQueryKey` by which the bot asks about it. */
  readonly receipt?: string;
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
  readonly #media: Media;
  readonly #now: () => number;
  readonly #journal: Journal | undefined;
  readonly #messages = new Map<string, StoredMessage[]>();
  readonly #cards = new Map<string, CardRecord>();
  readonly #cardMessages = new Map<string, StoredMessage[]>();
  readonly #sessions = new Map<string, ReplySession>();
  readonly #receipts = new Map<string, StoredMessage[]>();
  readonly #recalled = new Set<string>();
  readonly #reads = new ReadMarks();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  /** @param world.now epoch milliseconds, by the sandbox's clock */
  constructor(world: { directory: Directory; media: Media; now: () => number }, journal?: Journal) {
    this.#directory = world.directory;
    this.#media = world.media;
    this.#now = world.now;
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
      receipt: message.receipt ?? null,
      pictures: [...(message.pictures ?? [])],
    };
    this.#write({ type: 'message', message: stored });
    const shown = this.#show(stored);
    this.#tell(shown);
    return shown;
  }

  /** Messages in the order of their `seq`; those that were taken back are not among them. */
  list(conversationId: string, query: MessageQuery = {}): Message[] {
    const all = this.#messages.get(conversationId) ?? [];
    let found = query.after === undefined ? all : all.slice(firstAfter(all, query.after));
    const viewer = query.as;
    if (viewer !== undefined) found = found.filter((message) => message.visibleTo?.includes(viewer) ?? true);
    if (this.#recalled.size > 0) found = found.filter((message) => !this.#isRecalled(message));
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

  /** The bot's messages that this `processQueryKey` stands for, recalled ones too. */
  sent(receipt: string): readonly Message[] {
    return (this.#receipts.get(receipt) ?? []).map((message) => this.#show(message));
  }

  /** When this person read the message, in epoch milliseconds; null where they have not. */
  readAt(message: Message, userId: string): number | null {
    return this.#reads.at(message, userId);
  }

  /** Takes back the messages of this `processQueryKey`: nobody sees what they said any more. */
  recall(receipt: string): void {
    this.#write({ type: 'recall', receipt });
    for (const message of this.#receipts.get(receipt) ?? []) this.#tell(this.#show(message));
  }

  /** A person has read the conversation up to the message `seq`, as far as it has come. Returns how many messages are newly read. */
  read(conversationId: string, userId: string, seq: number): number {
    const messages = this.#messages.get(conversationId) ?? [];
    const upTo = Math.min(seq, messages.at(-1)?.seq ?? 0);
    const before = this.#reads.upTo(conversationId, userId);
    if (upTo <= before) return 0;
    this.#write({ type: 'read', read: { conversationId, userId, seq: upTo, at: this.#now() } });
    const newlyRead = messages
      .slice(firstAfter(messages, before), firstAfter(messages, upTo))
      .filter((message) => message.from !== userId && (message.visibleTo?.includes(userId) ?? true));
    for (const message of newlyRead) this.#tell(this.#show(message));
    return newlyRead.length;
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
    const recalled = this.#isRecalled(message);
    const face = recalled ? RECALLED : card === undefined ? undefined : cardFace(card, viewer);
    const text = face?.text ?? message.text;
    return {
      seq: message.seq,
      id: message.id,
      conversationId: message.conversationId,
      from: message.from,
      fromName: message.from === BOT ? this.#directory.app.robotName : this.#directory.nameOf(message.from),
      at: new Date(message.at).toISOString(),
      kind: recalled ? 'text' : message.kind,
      title: face === undefined ? message.title : face.title,
      text: message.kind === 'text' ? text : this.#media.withAddresses(text),
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
      readBy: this.#reads.readers(message),
      recalled,
      pictures: recalled ? [] : message.pictures.map((picture) => this.#media.withAddresses(picture)),
    };
  }

  #isRecalled(message: StoredMessage): boolean {
    return message.receipt !== null && this.#recalled.has(message.receipt);
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
        if (message.receipt !== null) append(this.#receipts, message.receipt, message);
        break;
      }
      case 'card':
        this.#cards.set(record.card.outTrackId, record.card);
        break;
      case 'session':
        this.#sessions.set(record.session.id, record.session);
        break;
      case 'read':
        this.#reads.add(record.read);
        break;
      case 'recall':
        this.#recalled.add(record.receipt);
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
    for (const receipt of this.#recalled) yield { type: 'recall', receipt };
    for (const read of this.#reads.all) yield { type: 'read', read };
    const now = this.#now();
    for (const session of this.#sessions.values()) if (session.expiresAt > now) yield { type: 'session', session };
  }
}

/** A message that the bot has taken back is seen no more; this is told of it to those who still show it. */
const RECALLED: CardFace = { title: null, text: '', buttons: [] };

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

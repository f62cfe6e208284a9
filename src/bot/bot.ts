import { randomInt } from 'node:crypto';
import type { CardClick, RobotMessage } from '../dingtalk/messages.ts';
import { RuleError } from '../domain/errors.ts';
import type { Logger } from '../log.ts';
import { newOutTrackId, recipientOf } from '../services/announce.ts';
import type { ServiceContext } from '../services/context.ts';
import { reached } from '../steps.ts';
import { insertCard } from '../store/cards.ts';
import { CommitUnknownError, type Database, inTransaction } from '../store/database.ts';
import { acceptMessage } from '../store/inbox.ts';
import { insertNotice, NO_ACCOUNT, type NoticeContent } from '../store/notices.ts';
import type { Tx } from '../store/schema.ts';
import type { BoundGroup, Reply } from './commands/command.ts';
import { contentOf } from './content.ts';
import { ConversationQueue } from './conversation-queue.ts';
import { chatError } from './errors.ts';
import { fromClick, fromMessage, type Inbound, type NameOf } from './inbound.ts';
import { type RoutedReply, readBound, route, writerOf } from './router.ts';

const REFERENCE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const REFERENCE_LENGTH = 6;
/** How long somebody waits for an answer before they are told that it is coming. */
const PATIENCE_MS = 1_500;

export interface BotOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** Hurries up what would otherwise wait for the next tick. Called after the commit; must not throw. */
  readonly wake: { deliver(): void; review(accountId: string): void };
  /** Finds a person's name by staff id, for people who are not administrators. Default: nobody's name is known. */
  readonly nameOf?: NameOf;
  /** Real time after which a command that is still at work says so. Default 1,500 ms. */
  readonly patienceMs?: number;
}

/**
 * What people type and click, answered. Each message has its effect and its one answer in one transaction, at most once per
 * (corp, message id); what nobody could be told of did not happen. (rules 16 to 18 and 22)
 */
export class Bot {
  readonly #db: Database;
  readonly #context: ServiceContext;
  readonly #logger: Logger;
  readonly #wake: BotOptions['wake'];
  readonly #nameOf: NameOf;
  readonly #patienceMs: number;
  readonly #queue = new ConversationQueue();
  /** Who waits in a conversation and has been told so. */
  readonly #toldToWait = new Map<string, Set<string>>();

  constructor(options: BotOptions) {
    const { db, context, logger, wake, nameOf = async () => undefined, patienceMs = PATIENCE_MS } = options;
    this.#db = db;
    this.#context = context;
    this.#logger = logger;
    this.#wake = wake;
    this.#nameOf = nameOf;
    this.#patienceMs = patienceMs;
  }

  /**
   * Answers a message to the robot; one that was accepted before has no effect and no answer.
   * @throws when not even an answer could be saved: then the message was not accepted, and saying it again is safe
   */
  async handleMessage(message: RobotMessage): Promise<void> {
    const { corpId, conversationId, conversationKind, senderStaffId } = message;
    const place = conversationKind === 'group' ? conversationId : (senderStaffId ?? conversationId);
    await this.#inOrder(`${corpId}/${place}`, fromMessage(message, this.#nameOf, this.#logger));
  }

  /**
   * Runs the command that the pressed button stands for, as if the person who pressed it had typed it.
   * @throws when not even an answer could be saved
   */
  async handleClick(click: CardClick): Promise<void> {
    const place = click.conversationId ?? click.userId;
    await this.#inOrder(`${click.corpId}/${place}`, fromClick(this.#db, click, this.#nameOf, this.#logger));
  }

  /** Takes its turn in the conversation; says that it is at work when that takes longer than somebody waits without a sign. */
  async #inOrder(place: string, arriving: Promise<Inbound>): Promise<void> {
    reached('command.receive');
    const work: Work = { isAnswered: false };
    // Whoever waits for it is told of its failure; until then nobody might.
    arriving.catch(() => {});
    const sign = setTimeout(() => void this.#saySoFirst(place, arriving, work), this.#patienceMs);
    try {
      await this.#queue.run(place, async () => this.#handle(await arriving, work));
    } finally {
      clearTimeout(sign);
      work.isAnswered = true;
      if (this.#queue.isIdle(place)) this.#toldToWait.delete(place);
    }
  }

  async #handle(inbound: Inbound, work: Work): Promise<void> {
    try {
      await this.#once(inbound, work, async (tx, bound) =>
        inbound.refusal ? refused(inbound, bound) : route({ tx, services: this.#context, bound, ...inbound }),
      );
    } catch (error) {
      await this.#once(inbound, work, async (_, bound) => this.#explain(inbound, bound, error));
    }
  }

  /** A courtesy that may fail: tells once who waits, however much they said meanwhile. */
  async #saySoFirst(place: string, arriving: Promise<Inbound>, work: Work): Promise<void> {
    try {
      const inbound = await arriving;
      const person = inbound.actor.staffId ?? '';
      const told = this.#toldToWait.get(place) ?? new Set();
      if (inbound.refusal || told.has(person)) return;
      this.#toldToWait.set(place, told.add(person));
      await inTransaction(this.#db, async (tx) => {
        const bound = await readBound(tx, inbound.conversation);
        const writer = writerOf(bound, inbound.text);
        const said = writer.title(inbound.text ?? '');
        const reply = {
          title: writer.text('processing.title'),
          paragraphs: [writer.text('processing.body', { said })],
        };
        // An answer that is on its way already needs no announcement.
        if (!work.isAnswered) await this.#queueNotice(tx, inbound, { reply, writer, bound }, 'processing');
      });
      this.#wake.deliver();
    } catch (error) {
      this.#logger.warn(traceOf(error), 'somebody who waits could not be told so');
    }
  }

  /** Accepts a message, runs it and queues its answer, all or nothing. */
  async #once(
    inbound: Inbound,
    work: Work,
    run: (tx: Tx, bound: BoundGroup | null) => Promise<RoutedReply>,
  ): Promise<void> {
    let reviewDue: string | undefined;
    const attempt = () =>
      inTransaction(this.#db, async (tx) => {
        const now = this.#context.clock.now();
        const { conversation, id } = inbound;
        const [isNew, bound] = await Promise.all([
          acceptMessage(tx, { corpId: conversation.corpId, messageId: id }, now),
          readBound(tx, conversation),
        ]);
        if (!isNew) return;
        reached('command.decide');
        const routed = await run(tx, bound);
        reviewDue = routed.reply.reviewDue;
        work.isAnswered = true;
        if (!isShown(inbound, routed.reply)) await this.#queueNotice(tx, inbound, routed, 'reply');
        reached('command.commit');
      });
    try {
      await attempt();
    } catch (error) {
      // Whether it took effect, the inbox knows: once more does it if it did not, and nothing if it did.
      if (!(error instanceof CommitUnknownError)) throw error;
      await attempt();
    }
    reached('command.tell');
    this.#wake.deliver();
    if (reviewDue !== undefined) this.#wake.review(reviewDue);
  }

  async #queueNotice(
    tx: Tx,
    inbound: Inbound,
    { reply, writer, bound }: RoutedReply,
    reason: 'reply' | 'processing',
  ): Promise<void> {
    const now = this.#context.clock.now();
    const { conversation, actor } = inbound;
    const toClicker = privateTarget(inbound, reply);
    const target = toClicker ?? inbound.target;
    const cardSpace = toClicker ? null : inbound.cardSpace;
    const mentions: NoticeContent['mentions'] =
      conversation.kind === 'group' && target.type !== 'direct'
        ? [actor, ...(reply.alsoCalls ? [reply.alsoCalls] : [])].flatMap(({ staffId, name }) =>
            staffId === null ? [] : [{ userId: staffId, name }],
          )
        : [];
    const draft = { ...reply, mentions };
    const written = contentOf(writer, conversation.kind, draft);
    // Where no card can be shown, the hint alone says what to type.
    const content = cardSpace === null ? { ...written, buttons: [] } : written;
    const outTrackId = content.buttons.length > 0 ? newOutTrackId() : null;
    const queued = insertNotice(
      tx,
      {
        accountId: bound?.account.id ?? NO_ACCOUNT,
        key: `${reason}/${conversation.corpId}/${inbound.id}`,
        reason,
        recipient: recipientOf({
          corpId: conversation.corpId,
          conversationId: toClicker?.userId ?? cardSpace ?? conversation.conversationId,
        }),
        target,
        content,
        outTrackId,
        urgency: 'reply',
      },
      now,
    );
    if (outTrackId === null || cardSpace === null) {
      await queued;
      return;
    }
    const card = {
      outTrackId,
      accountId: bound?.account.id ?? null,
      corpId: conversation.corpId,
      conversationId: cardSpace,
      buttons: content.buttons,
      subject: reply.subject ?? null,
      actsIn: target.type === 'direct' && conversation.kind === 'group' ? conversation.conversationId : null,
    };
    await Promise.all([queued, insertCard(tx, card, now)]);
  }

  /** The answer to what went wrong, after all of it was rolled back. */
  #explain(inbound: Inbound, bound: BoundGroup | null, error: unknown): RoutedReply {
    const writer = writerOf(bound, inbound.text);
    const known = error instanceof RuleError ? chatError(writer, error) : undefined;
    const reply: Reply = known
      ? { title: writer.text('refused.title'), paragraphs: [known], privately: true }
      : this.#apologize(writer, inbound, error);
    return { reply, writer, bound };
  }

  #apologize(writer: RoutedReply['writer'], inbound: Inbound, error: unknown): Reply {
    const reference = Array.from(
      { length: REFERENCE_LENGTH },
      () => REFERENCE_ALPHABET[randomInt(REFERENCE_ALPHABET.length)],
    ).join('');
    this.#logger.error({ reference, message: inbound.id, ...traceOf(error) }, 'a message could not be handled');
    return {
      title: writer.text('failed.title'),
      paragraphs: [writer.text('failed.body', { reference: writer.name(reference) })],
    };
  }
}

/** The answer to a click that is not carried out. It tells nothing of any account. */
function refused({ refusal = 'card_unknown', text }: Inbound, bound: BoundGroup | null): RoutedReply {
  const writer = writerOf(bound, text);
  const reply = { title: writer.text('refused.title'), paragraphs: [writer.text(`refused.${refusal}`)] };
  return { reply, writer, bound: null };
}

/** Whether the card that was pressed has changed to say what the answer would: one effect, one answer. */
function isShown({ card }: Inbound, { shownOn = [] }: Reply): boolean {
  return card !== null && card.subject !== null && shownOn.includes(card.subject);
}

/** A message or click at work. */
interface Work {
  isAnswered: boolean;
}

/** Where an answer goes that concerns only who clicked. What somebody typed is answered where they typed it. */
function privateTarget({ target, actor }: Inbound, { privately = false }: Reply) {
  if (!privately || target.type !== 'group' || actor.staffId === null) return undefined;
  return { type: 'direct', userId: actor.staffId } as const;
}

/** Where it happened, without what was said: the database puts rejected values into its messages and details. */
function traceOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { type: error.name, code, stack: frames.join('\n') };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { CardClick, MentionedPerson, RobotMessage } from '../dingtalk/messages.ts';
import type { Logger } from '../log.ts';
import type { Actor } from '../services/roles.ts';
import { type Card, readCard } from '../store/cards.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { readAdministrators, readGroup } from '../store/groups.ts';
import type { NoticeTarget } from '../store/notices.ts';
import type { Conversation, Mention } from './commands/command.ts';
import { plainLine } from './markdown.ts';

const NAME_LENGTH = 40;
const TITLE_LENGTH = 60;
/** More people at once than any command takes. */
const MAX_MENTIONS = 10;
const NAME_PATIENCE_MS = 1_000;

/** A person's name as the directory knows it; undefined when it has none, null when it knows nobody by this staff id. */
export type NameOf = (staffId: string) => Promise<string | undefined | null>;

/** Why a click is not carried out. */
export type Refusal = 'card_unknown' | 'card_elsewhere' | 'button_unknown' | 'card_former' | 'card_withdrawn';

/** A card whose button was pressed. */
export interface PressedCard {
  /** What it is about, so that it changes when that does; null for nothing that changes. */
  readonly subject: string | null;
}

/** What came in, a message or a click, reduced to who said what where. */
export interface Inbound {
  /** With the corp, its identity: the same in every push of it. */
  readonly id: string;
  readonly conversation: Conversation;
  readonly actor: Actor;
  /** The words typed without whom they mention, or those that the button stands for; null for what is not text. */
  readonly text: string | null;
  readonly mentions: readonly Mention[];
  readonly refusal?: Refusal;
  readonly target: NoticeTarget;
  /** The space of the answer's card, as a click on it will name it; null where no card can be shown. */
  readonly cardSpace: string | null;
  /** Null for what was typed. */
  readonly card: PressedCard | null;
}

export async function fromMessage(message: RobotMessage, nameOf: NameOf, logger: Logger): Promise<Inbound> {
  const { corpId, conversationId, conversationKind, senderStaffId } = message;
  const mentions = await mentionsOf(message.mentions, nameOf, logger);
  return {
    id: message.messageId,
    conversation: {
      corpId,
      conversationId,
      kind: conversationKind,
      title: message.conversationTitle === null ? null : plainLine(message.conversationTitle, TITLE_LENGTH),
    },
    actor: { staffId: senderStaffId, name: nameOr(message.senderName, senderStaffId ?? '') },
    text: message.kind === 'text' ? withoutMentions(message.text, mentions) : null,
    mentions,
    target: {
      type: 'reply',
      conversationKind,
      conversationId,
      userId: senderStaffId,
      webhook: message.sessionWebhook,
      webhookExpiresAt: message.sessionWebhookExpiresAt.toString(),
    },
    cardSpace: conversationKind === 'group' ? conversationId : senderStaffId,
    card: null,
  };
}

/**
 * A click, as if the person had typed what the button stands for. Only what the platform vouches for and what was stored with the card
 * counts: the parameters that a click carries are ignored.
 */
export async function fromClick(db: Database, click: CardClick, nameOf: NameOf, logger: Logger): Promise<Inbound> {
  // The platform says which group a card is in; a direct conversation it names by its user.
  const space = click.conversationId ?? click.userId;
  const card = await inTransaction(db, (tx) => readCard(tx, click.outTrackId));
  const button = card?.buttons.find(({ id }) => id === click.actionId);
  const problem =
    refusalOf(click.corpId, space, card, button !== undefined) ?? (await refusalOfFormer(db, click.corpId, card));
  const actsIn = problem === undefined ? (card?.actsIn ?? null) : null;
  const isWithdrawn = actsIn !== null && !(await mayAct(db, click, actsIn, card?.accountId ?? null));
  const refusal = isWithdrawn ? 'card_withdrawn' : problem;
  const isGroup = refusal === undefined && click.conversationId !== null;
  const conversation: Conversation = {
    corpId: click.corpId,
    conversationId: actsIn !== null && !isWithdrawn ? actsIn : space,
    kind: isGroup || (actsIn !== null && !isWithdrawn) ? 'group' : 'direct',
    title: null,
  };
  return {
    id: `click/${click.messageId}`,
    conversation,
    actor: await clicker(db, conversation, click.userId, nameOf, logger),
    text: button?.command ?? null,
    mentions: [],
    ...(refusal === undefined ? {} : { refusal }),
    target: isGroup
      ? { type: 'group', conversationId: space, directTo: [click.userId] }
      : { type: 'direct', userId: click.userId },
    cardSpace: isGroup ? space : click.userId,
    card: { subject: refusal === undefined ? (card?.subject ?? null) : null },
  };
}

function refusalOf(corpId: string, space: string, card: Card | undefined, hasButton: boolean): Refusal | undefined {
  if (!card || card.corpId !== corpId) return 'card_unknown';
  if (card.conversationId !== space) return 'card_elsewhere';
  return hasButton ? undefined : 'button_unknown';
}

/** A card of an account does nothing to another one, to which its group has been bound since. Where no account is, nothing is done anyway. */
async function refusalOfFormer(db: Database, corpId: string, card: Card | undefined): Promise<Refusal | undefined> {
  if (!card || card.accountId === null || (card.actsIn ?? null) !== null) return undefined;
  const { conversationId, accountId } = card;
  const group = await inTransaction(db, (tx) => readGroup(tx, { corpId, conversationId }));
  return group && group.accountId !== accountId ? 'card_former' : undefined;
}

/** A card that was sent to an administrator directly speaks for their group for as long as they administer it and it is the account's. */
async function mayAct(db: Database, click: CardClick, conversationId: string, accountId: string | null) {
  const group = { corpId: click.corpId, conversationId };
  return inTransaction(db, async (tx) => {
    if ((await readGroup(tx, group))?.accountId !== accountId) return false;
    return (await readAdministrators(tx, group)).some(({ staffId }) => staffId === click.userId);
  });
}

async function clicker(
  db: Database,
  conversation: Conversation,
  staffId: string,
  nameOf: NameOf,
  logger: Logger,
): Promise<Actor> {
  const administrators = await inTransaction(db, (tx) => readAdministrators(tx, conversation));
  const known = administrators.find((person) => person.staffId === staffId)?.name;
  return known === undefined ? inDirectory(staffId, nameOf, logger) : { staffId, name: nameOr(known, staffId) };
}

async function mentionsOf(people: readonly MentionedPerson[], nameOf: NameOf, logger: Logger): Promise<Mention[]> {
  return Promise.all(
    people
      .slice(0, MAX_MENTIONS)
      .map(async ({ staffId }) =>
        staffId === null ? { staffId, name: '' } : await inDirectory(staffId, nameOf, logger),
      ),
  );
}

/** The names in the text prove nothing and are in the way of what is said about them. */
function withoutMentions(text: string, mentions: readonly Mention[]): string {
  if (mentions.length === 0) return text;
  const known = mentions.flatMap(({ staffId, name }) => (staffId === null ? [] : [`@${name}`, `@${staffId}`]));
  return known.reduce((rest, name) => rest.replaceAll(name, ' '), text).replaceAll(/@\S+/gu, ' ');
}

/** Who has this id. A click names people of other organizations by an id too, which the directory does not know: it is no staff id. */
async function inDirectory(staffId: string, nameOf: NameOf, logger: Logger): Promise<Actor> {
  const giveUp = new AbortController();
  try {
    // A name is a courtesy, since the staff id decides: nobody waits long for it.
    const late = sleep(NAME_PATIENCE_MS, undefined, { signal: giveUp.signal });
    const name = await Promise.race([nameOf(staffId), late]);
    return name === null ? { staffId: null, name: staffId } : { staffId, name: nameOr(name ?? '', staffId) };
  } catch (error) {
    logger.warn({ type: error instanceof Error ? error.name : typeof error }, 'the name of a person could not be read');
    return { staffId, name: staffId };
  } finally {
    giveUp.abort();
  }
}

function nameOr(name: string, otherwise: string): string {
  return plainLine(name, NAME_LENGTH) || otherwise;
}

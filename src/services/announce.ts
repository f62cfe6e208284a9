import { randomBytes } from 'node:crypto';
import type { Announcement } from '../domain/announcement.ts';
import { quietUntil } from '../domain/quiet-hours.ts';
import type { AccountSettings } from '../domain/settings.ts';
import type { Account } from '../store/accounts.ts';
import { actIn, changeButtons, insertCard, readCardsOfSubject } from '../store/cards.ts';
import {
  type Administrator,
  type ConversationRef,
  type Group,
  readAdministrators,
  readGroup,
  readGroupsOfAccount,
} from '../store/groups.ts';
import { insertNotice, type NoticeContent, type NoticeTarget, type Urgency } from '../store/notices.ts';
import type { Tx } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import type { ServiceContext } from './context.ts';
import type { Staff } from './roles.ts';
import { isToldInQuietHours, urgencyOf, urgencyOfChange } from './urgency.ts';

export interface AnnounceOptions {
  /** What caused it: the same cause is announced once to each group. */
  readonly key: string;
  /** What its cards are about, so that they can be changed later. */
  readonly subject?: string;
  /** A conversation that has been told already, by the answer to its own command. */
  readonly except?: string;
  /** A staff id that is not called by it, because it is for the others. */
  readonly notFor?: string;
  /** Somebody who is called by it too, in the group in which they asked for it. */
  readonly alsoFor?: Staff & { readonly group: ConversationRef };
}

/** What everyone in a group may ask for and see decided is shown there, wherever alerts go. */
const FOR_EVERYONE: readonly Announcement['kind'][] = ['approval_requested', 'approval_reminder'];

/**
 * Tells the administrators of all groups of an account, in the transaction that caused it: by a card in each group, by a message to each
 * of them, or both, as the account has set. (rules 21 and 22)
 */
export async function announce(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  announcement: Announcement,
  options: AnnounceOptions,
): Promise<void> {
  const settings = await readSettings(tx, account.id);
  const { alertsTo } = settings;
  const heldUntil = heldUntilOf(context, account, settings, announcement);
  const groups = await readGroupsOfAccount(tx, account.id);
  // An answer to a click in a direct conversation was told there alone.
  const isToldDirectly = context.source?.via === 'chat' && context.source.isDirect;
  const told = isToldDirectly ? undefined : groups.find(({ conversationId }) => conversationId === options.except);
  const others = groups.filter((group) => group !== told);
  if (alertsTo !== 'group') {
    await announceDirectly(context, tx, account, announcement, { ...options, groups: others, told, heldUntil });
    if (alertsTo === 'direct' && !FOR_EVERYONE.includes(announcement.kind)) return;
  }
  for (const group of others) {
    const administrators = await readAdministrators(tx, group);
    const called = administrators.filter(({ staffId }) => staffId !== options.notFor);
    const asked = options.alsoFor && isSame(options.alsoFor.group, group) ? options.alsoFor : undefined;
    const isCalled = called.some(({ staffId }) => staffId === asked?.staffId);
    const content = composeFor(context, account, group, announcement, asked && !isCalled ? [...called, asked] : called);
    await queueGroupNotice(context, tx, account.id, group, content, {
      key: `${options.key}/${group.conversationId}`,
      reason: announcement.kind,
      urgency: urgencyOf(announcement),
      // Also who is not called by it, where the group cannot be reached.
      directTo: called.map(({ staffId }) => staffId),
      subject: options.subject ?? null,
      heldUntil,
    });
  }
}

/** Whether an announcement is said in the groups without waiting for quiet hours to be over. (rule 21) */
export async function isShownAtOnce(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  kind: Announcement['kind'],
): Promise<boolean> {
  const settings = await readSettings(tx, account.id);
  return settings.alertsTo !== 'direct' && heldUntilOf(context, account, settings, { kind }) === null;
}

/** Tells one person in a group, who need not be an administrator, by a card that calls them alone; directly where it cannot be reached. */
export async function announceToOne(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  group: Group,
  person: Staff,
  announcement: Announcement,
  { key }: { readonly key: string },
): Promise<void> {
  const content = composeFor(context, account, group, announcement, [person]);
  await queueGroupNotice(context, tx, account.id, group, content, {
    key,
    reason: announcement.kind,
    urgency: urgencyOf(announcement),
    directTo: [person.staffId],
    subject: null,
  });
}

/** Rule 21: what can wait is held back until quiet hours are over. */
function heldUntilOf(
  context: ServiceContext,
  account: Account,
  { quietHours }: AccountSettings,
  news: Parameters<typeof isToldInQuietHours>[0],
): Temporal.Instant | null {
  return isToldInQuietHours(news) ? null : quietUntil(quietHours, account.timeZone, context.clock.now());
}

/**
 * Tells one person of the organization who is no administrator, by a message of their own in the language of the account's first group. (rule 21)
 * @returns false, and nothing happens, in an account without groups
 */
export async function announceToPerson(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  staffId: string,
  announcement: Announcement,
  options: { readonly key: string; readonly subject: string },
): Promise<boolean> {
  const [group] = await readGroupsOfAccount(tx, account.id);
  if (!group) return false;
  const content = composeFor(context, account, group, announcement, await readAdministrators(tx, group));
  await queueCard(context, tx, account.id, { corpId: group.corpId, conversationId: staffId }, content, {
    ...options,
    reason: announcement.kind,
    urgency: urgencyOf(announcement),
    target: { type: 'direct', userId: staffId },
    actsIn: group.conversationId,
  });
  return true;
}

/**
 * Tells each administrator by a message of their own: once, also who is one in several groups, in the language of the first of them. Its
 * buttons act in that group, for as long as they are an administrator there.
 */
async function announceDirectly(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  announcement: Announcement,
  options: AnnounceOptions & {
    readonly groups: readonly Group[];
    readonly told: Group | undefined;
    readonly heldUntil: Temporal.Instant | null;
  },
): Promise<void> {
  const { groups, told, key, subject = null, notFor, heldUntil } = options;
  const seen = new Set((told ? await readAdministrators(tx, told) : []).map(({ staffId }) => staffId));
  if (notFor !== undefined) seen.add(notFor);
  for (const group of groups) {
    for (const person of await readAdministrators(tx, group)) {
      if (seen.has(person.staffId)) continue;
      seen.add(person.staffId);
      const content = composeFor(context, account, group, announcement, [person]);
      const space = { corpId: group.corpId, conversationId: person.staffId };
      await queueCard(context, tx, account.id, space, content, {
        key: `${key}/direct/${person.staffId}`,
        reason: announcement.kind,
        urgency: urgencyOf(announcement),
        target: { type: 'direct', userId: person.staffId },
        subject,
        actsIn: group.conversationId,
        heldUntil,
      });
    }
  }
}

/**
 * Changes every card about a subject to say what is so now. `key` tells a further change from the first one of its kind. `former`: the
 * group that has just been unbound, whose own card still says so.
 */
export async function changeCards(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  subject: string,
  announcement: Announcement,
  key: string = announcement.kind,
  former?: Group,
): Promise<void> {
  for (const card of await readCardsOfSubject(tx, account.id, subject)) {
    const { conversationId, actsIn } = card;
    const group = await groupOf(tx, account, card, announcement, former);
    if (!group) continue;
    if (actsIn !== null && actsIn !== group.conversationId) await actIn(tx, card.outTrackId, group.conversationId);
    const target = {
      type: 'card',
      conversationId,
      ...(actsIn === null ? {} : { userId: conversationId }),
      ...(isAnsweredBeside(context, card, announcement, subject) ? { isSaidBeside: true } : {}),
    } as const;
    const content = composeFor(context, account, group, announcement, await readAdministrators(tx, group));
    const added = content.buttons.filter(({ id }) => card.buttons.every((button) => button.id !== id));
    // Those from before stay: somebody may press one that has just been taken away, and is told so.
    if (added.length > 0) await changeButtons(tx, card.outTrackId, [...card.buttons, ...added]);
    await insertNotice(
      tx,
      {
        accountId: account.id,
        key: `${subject}/${key}/${card.outTrackId}`,
        reason: announcement.kind,
        recipient: recipientOf(card),
        target,
        content,
        outTrackId: card.outTrackId,
        urgency: urgencyOfChange(announcement, isAnswer(context, card)),
      },
      context.clock.now(),
    );
  }
}

type CardPlace = ConversationRef & { readonly actsIn: string | null };

/**
 * Whose words a card has, and where its buttons act; undefined where it is to say nothing more. A group that is another account's by now
 * learns nothing of this one. A card in somebody's own conversation follows them: to another group in which they are an administrator, and
 * who is one nowhere any more is told nothing more; the second contact needs to be none.
 */
async function groupOf(
  tx: Tx,
  account: Account,
  { corpId, conversationId, actsIn }: CardPlace,
  { episode }: Announcement,
  former: Group | undefined,
): Promise<Group | undefined> {
  const place = { corpId, conversationId: actsIn ?? conversationId };
  const left = former && isSame(former, place) ? former : undefined;
  if (actsIn === null) {
    const bound = await readGroup(tx, place);
    return bound?.accountId === account.id ? bound : left;
  }
  const groups = (await readGroupsOfAccount(tx, account.id)).toSorted(
    (a, b) => Number(isSame(b, place)) - Number(isSame(a, place)),
  );
  if (episode?.as === 'second_contact') return groups[0];
  for (const group of groups) {
    const administrators = await readAdministrators(tx, group);
    if (administrators.some(({ staffId }) => staffId === conversationId)) return group;
  }
  return left;
}

/** Whether an answer says it in the card's own conversation in words, so that it need not be said anew where the card cannot change. */
function isAnsweredBeside(
  { source }: ServiceContext,
  card: ConversationRef,
  announcement: Announcement,
  subject: string,
): boolean {
  if (source?.via !== 'chat' || source.isDirect || !isSame(source, card)) return false;
  if (announcement.kind === 'approval_decided') {
    return announcement.deciderName !== null && source.pressed?.subject !== subject;
  }
  // Any other click is answered to who clicked alone.
  return source.pressed === null;
}

/** Whether the change of a card answers what somebody pressed or typed in its conversation. */
function isAnswer({ source }: ServiceContext, card: CardPlace): boolean {
  if (source?.via !== 'chat') return false;
  return source.isDirect ? card.actsIn !== null : isSame(source, card);
}

function isSame(one: ConversationRef, other: ConversationRef): boolean {
  return one.corpId === other.corpId && one.conversationId === other.conversationId;
}

/** Queues a card for a group. */
async function queueGroupNotice(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  group: ConversationRef,
  content: NoticeContent,
  options: {
    key: string;
    reason: string;
    urgency: Urgency;
    directTo: readonly string[];
    subject: string | null;
    heldUntil?: Temporal.Instant | null;
  },
): Promise<void> {
  const { directTo, ...others } = options;
  const target = { type: 'group', conversationId: group.conversationId, directTo } as const;
  await queueCard(context, tx, accountId, group, content, { ...others, target, actsIn: null });
}

async function queueCard(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  space: ConversationRef,
  content: NoticeContent,
  options: {
    key: string;
    reason: string;
    urgency: Urgency;
    target: NoticeTarget;
    subject: string | null;
    actsIn: string | null;
    heldUntil?: Temporal.Instant | null;
  },
): Promise<void> {
  const now = context.clock.now();
  const outTrackId = newOutTrackId();
  const { key, reason, urgency, target, subject, actsIn, heldUntil = null } = options;
  const queued = await insertNotice(
    tx,
    {
      accountId,
      key,
      reason,
      recipient: recipientOf(space),
      target,
      content,
      outTrackId,
      urgency,
      // A card that is changed later has to stay a card of its own.
      merges: subject === null,
      heldUntil,
    },
    now,
  );
  if (!queued) return;
  const { corpId, conversationId } = space;
  await insertCard(
    tx,
    { outTrackId, accountId, corpId, conversationId, buttons: content.buttons, subject, actsIn },
    now,
  );
}

/** The name under which notices to a conversation are kept in order. */
export function recipientOf(conversation: ConversationRef): string {
  return `${conversation.corpId}/${conversation.conversationId}`;
}

/** An id for a card that nobody can guess, within the platform's 64 characters. */
export function newOutTrackId(): string {
  return `steward-${randomBytes(18).toString('base64url')}`;
}

function composeFor(
  context: ServiceContext,
  account: Account,
  group: Group,
  announcement: Announcement,
  administrators: readonly Administrator[],
): NoticeContent {
  return context.compose(announcement, {
    language: group.language,
    accountName: account.name,
    currency: account.currency,
    timeZone: account.timeZone,
    administrators,
    at: context.clock.now(),
  });
}

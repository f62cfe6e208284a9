import { randomBytes } from 'node:crypto';
import type { Announcement } from '../domain/announcement.ts';
import type { Account } from '../store/accounts.ts';
import { insertCard, readCardsOfSubject } from '../store/cards.ts';
import {
  type ConversationRef,
  type Group,
  readAdministrators,
  readGroup,
  readGroupsOfAccount,
} from '../store/groups.ts';
import { insertNotice, type NoticeContent } from '../store/notices.ts';
import type { Tx } from '../store/schema.ts';
import type { ServiceContext } from './context.ts';

export interface AnnounceOptions {
  /** What caused it: the same cause is announced once to each group. */
  readonly key: string;
  /** What its cards are about, so that they can be changed later. */
  readonly subject?: string;
  /** A conversation that has been told already, by the answer to its own command. */
  readonly except?: string;
}

/**
 * Tells the administrators of all groups of an account, in the transaction that caused it. (rules 21 and 22)
 */
export async function announce(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  announcement: Announcement,
  options: AnnounceOptions,
): Promise<void> {
  for (const group of await readGroupsOfAccount(tx, account.id)) {
    if (group.conversationId === options.except) continue;
    const content = await composeFor(context, tx, account, group, announcement);
    await queueGroupNotice(context, tx, account.id, group, content, {
      key: `${options.key}/${group.conversationId}`,
      reason: announcement.kind,
      directTo: content.mentions.map((person) => person.userId),
      subject: options.subject ?? null,
    });
  }
}

/** Changes every card about a subject to say what is so now. */
export async function changeCards(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  subject: string,
  announcement: Announcement,
): Promise<void> {
  for (const card of await readCardsOfSubject(tx, account.id, subject)) {
    const group = await readGroup(tx, card);
    if (!group) continue;
    await insertNotice(
      tx,
      {
        accountId: account.id,
        key: `${subject}/${announcement.kind}/${card.outTrackId}`,
        reason: announcement.kind,
        recipient: recipientOf(group),
        target: { type: 'card', conversationId: group.conversationId },
        content: await composeFor(context, tx, account, group, announcement),
        outTrackId: card.outTrackId,
      },
      context.clock.now(),
    );
  }
}

/** Queues a card for a group. */
export async function queueGroupNotice(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  group: ConversationRef,
  content: NoticeContent,
  options: { key: string; reason: string; directTo: readonly string[]; subject: string | null },
): Promise<void> {
  const now = context.clock.now();
  const outTrackId = newOutTrackId();
  const queued = await insertNotice(
    tx,
    {
      accountId,
      key: options.key,
      reason: options.reason,
      recipient: recipientOf(group),
      target: { type: 'group', conversationId: group.conversationId, directTo: options.directTo },
      content,
      outTrackId,
    },
    now,
  );
  if (!queued) return;
  await insertCard(
    tx,
    {
      outTrackId,
      accountId,
      corpId: group.corpId,
      conversationId: group.conversationId,
      buttons: content.buttons,
      subject: options.subject,
    },
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

async function composeFor(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  group: Group,
  announcement: Announcement,
): Promise<NoticeContent> {
  return context.compose(announcement, {
    language: group.language,
    accountName: account.name,
    currency: account.currency,
    timeZone: account.timeZone,
    administrators: await readAdministrators(tx, group),
    at: context.clock.now(),
  });
}

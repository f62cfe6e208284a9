import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Executor, Tx } from './schema.ts';

/** The owner of notices that answer a conversation which no account owns. */
export const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000';

/** A button and the command that it stands for; pressing it is saying the command. (rule 18) */
export interface NoticeButton {
  readonly id: string;
  readonly label: string;
  readonly style: 'primary' | 'danger' | 'plain';
  readonly command: string;
}

/** All that is said, as it was when it was decided. (rule 22) */
export interface NoticeContent {
  /** What a push notification and the conversation list show. */
  readonly title: string;
  readonly markdown: string;
  readonly buttons: readonly NoticeButton[];
  /** Said in the place of buttons where there can be none: the commands to type. */
  readonly hint: string;
  readonly mentions: readonly { readonly userId: string; readonly name: string }[];
}

/** Where a notice goes, and where it goes when that fails. */
export type NoticeTarget =
  | {
      readonly type: 'group';
      readonly conversationId: string;
      /** Told directly when the group cannot be reached. */
      readonly directTo: readonly string[];
    }
  | { readonly type: 'direct'; readonly userId: string }
  | {
      readonly type: 'reply';
      readonly conversationKind: 'group' | 'direct';
      readonly conversationId: string;
      /** Who asked; null for someone without a staff id. */
      readonly userId: string | null;
      readonly webhook: string;
      readonly webhookExpiresAt: string;
    }
  /** Changes a card that was shown before; said anew in its conversation where that fails. */
  | { readonly type: 'card'; readonly conversationId: string };

export interface NewNotice {
  readonly accountId: string;
  /** The same key again is the same notice. */
  readonly key: string;
  /** Why it is told: the kind of announcement, or `reply`. */
  readonly reason: string;
  /** Notices of one recipient are delivered in the order in which they were queued. */
  readonly recipient: string;
  readonly target: NoticeTarget;
  readonly content: NoticeContent;
  readonly outTrackId: string | null;
}

/** A notice that this process may deliver until the lease ends. */
export interface LeasedNotice extends NewNotice {
  readonly id: string;
  readonly leaseId: string;
  /** The form that was reached in earlier attempts. */
  readonly form: string | null;
  /** Counts this attempt. */
  readonly attempts: number;
}

let ordinal = 0n;

/** Orders notices that this process queues in the same instant. */
function nextOrdinal(): bigint {
  ordinal += 1n;
  return ordinal;
}

/** Queues a notice; false when its key is there already. */
export async function insertNotice(tx: Tx, notice: NewNotice, now: Temporal.Instant): Promise<boolean> {
  const inserted = await tx
    .insertInto('notices')
    .values({
      account_id: notice.accountId,
      notice_id: randomUUID(),
      key: notice.key,
      reason: notice.reason,
      recipient: notice.recipient,
      target: JSON.stringify(notice.target),
      content: JSON.stringify(notice.content),
      out_track_id: notice.outTrackId,
      state: 'waiting',
      next_attempt_at: now,
      queued_at: now,
      ordinal: nextOrdinal(),
    })
    .onConflict((oc) => oc.columns(['account_id', 'key']).doNothing())
    .returning('notice_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/**
 * Leases due notices: for each recipient only the one that was queued first, so that order is kept. A lease that ran out is free
 * again, so a process that died loses nothing.
 */
export async function leaseDueNotices(
  db: Executor,
  now: Temporal.Instant,
  options: { limit: number; leaseUntil: Temporal.Instant },
): Promise<LeasedNotice[]> {
  const { rows } = await sql<{
    account_id: string;
    notice_id: string;
    key: string;
    reason: string;
    recipient: string;
    target: NoticeTarget;
    content: NoticeContent;
    out_track_id: string | null;
    form: string | null;
    attempts: number;
    lease_id: string;
  }>`
    with due as (
      select account_id, notice_id from notices n
      where state = 'waiting' and next_attempt_at <= ${now} and (leased_until is null or leased_until <= ${now})
        and not exists (
          select 1 from notices earlier
          where earlier.recipient = n.recipient and earlier.state = 'waiting'
            and (earlier.queued_at, earlier.ordinal) < (n.queued_at, n.ordinal))
      order by queued_at, ordinal limit ${options.limit}
      for update skip locked)
    update notices n
    set lease_id = gen_random_uuid(), leased_until = ${options.leaseUntil}, attempts = attempts + 1
    from due where n.account_id = due.account_id and n.notice_id = due.notice_id
    returning n.account_id, n.notice_id, n.key, n.reason, n.recipient, n.target, n.content, n.out_track_id, n.form,
      n.attempts, n.lease_id`.execute(db);
  return rows.map((row) => ({
    accountId: row.account_id,
    id: row.notice_id,
    key: row.key,
    reason: row.reason,
    recipient: row.recipient,
    target: row.target,
    content: row.content,
    outTrackId: row.out_track_id,
    form: row.form,
    attempts: row.attempts,
    leaseId: row.lease_id,
  }));
}

/** What became of an attempt. */
export type NoticeResult =
  | { readonly state: 'delivered'; readonly form: string }
  | {
      readonly state: 'waiting';
      readonly form: string;
      readonly nextAttemptAt: Temporal.Instant;
      readonly error: string;
    }
  | { readonly state: 'dead'; readonly error: string };

/** Records what became of an attempt; nothing when the lease was lost meanwhile. */
export async function finishAttempt(
  db: Executor,
  notice: LeasedNotice,
  result: NoticeResult,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .updateTable('notices')
    .set({
      state: result.state,
      lease_id: null,
      leased_until: null,
      ...(result.state === 'delivered' ? { form: result.form, finished_at: now, last_error: null } : {}),
      ...(result.state === 'waiting'
        ? { form: result.form, next_attempt_at: result.nextAttemptAt, last_error: result.error }
        : {}),
      ...(result.state === 'dead' ? { finished_at: now, last_error: result.error } : {}),
    })
    .where('account_id', '=', notice.accountId)
    .where('notice_id', '=', notice.id)
    .where('lease_id', '=', notice.leaseId)
    .execute();
}

/**
 * When the next notice may be tried, of those that may after `after`; null when none waits. One that queues behind another of its
 * recipient does not count.
 */
export async function nextNoticeAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ at: Temporal.Instant | null }>`
    select min(greatest(next_attempt_at, leased_until)) as at from notices n
    where state = 'waiting' and not exists (
      select 1 from notices earlier
      where earlier.recipient = n.recipient and earlier.state = 'waiting'
        and (earlier.queued_at, earlier.ordinal) < (n.queued_at, n.ordinal))
      and greatest(next_attempt_at, leased_until) > ${after ?? '-infinity'}`.execute(db);
  return rows[0]?.at ?? null;
}

/** How many notices wait, were delivered, or are dead letters; of all accounts and of none. */
export async function countNotices(db: Executor): Promise<Record<'waiting' | 'delivered' | 'dead', number>> {
  const rows = await db
    .selectFrom('notices')
    .select(['state', sql<bigint>`count(*)`.as('count')])
    .groupBy('state')
    .execute();
  const counts = { waiting: 0, delivered: 0, dead: 0 };
  for (const { state, count } of rows) counts[state] = Number(count);
  return counts;
}

import { sql } from 'kysely';
import type { NoticeContent } from './notices.ts';
import type { Executor, Tx } from './schema.ts';

export const NOTICE_STATES = ['waiting', 'delivered', 'dead', 'dropped'] as const;
export type NoticeState = (typeof NOTICE_STATES)[number];

/** A notice as the operator sees it. */
export interface NoticeLetter {
  readonly id: string;
  readonly accountId: string;
  readonly reason: string;
  readonly recipient: string;
  readonly state: NoticeState;
  readonly urgency: string;
  readonly form: string | null;
  readonly attempts: number;
  readonly queuedAt: Temporal.Instant;
  readonly nextAttemptAt: Temporal.Instant;
  readonly finishedAt: Temporal.Instant | null;
  readonly lastError: string | null;
  /** The notice in whose message it is said. */
  readonly mergedInto: string | null;
  readonly trace: string | null;
  readonly content: NoticeContent;
}

/** Which notices are meant; all that are left out do not matter. */
export interface LetterFilter {
  /** Or the beginning of it. */
  readonly id?: string | undefined;
  readonly state?: NoticeState | undefined;
  readonly accountId?: string | undefined;
}

/** Notices, the newest first. */
export async function readLetters(db: Executor, filter: LetterFilter, limit: number): Promise<NoticeLetter[]> {
  const { id, state, accountId } = filter;
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .$if(id !== undefined, (query) =>
      query.where(sql<boolean>`starts_with(notice_id::text, ${id?.toLowerCase() ?? ''})`),
    )
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'dead'))
    .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
    .orderBy('queued_at', 'desc')
    .orderBy('ordinal', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.notice_id,
    accountId: row.account_id,
    reason: row.reason,
    recipient: row.recipient,
    state: row.state,
    urgency: row.urgency,
    form: row.form,
    attempts: row.attempts,
    queuedAt: row.queued_at,
    nextAttemptAt: row.next_attempt_at,
    finishedAt: row.finished_at,
    lastError: row.last_error,
    mergedInto: row.merged_into,
    trace: row.trace,
    content: row.content as unknown as NoticeContent,
  }));
}

/** Those that a filter means, and whatever is said in one message with them. */
function together(filter: LetterFilter) {
  const { id, accountId } = filter;
  return sql<boolean>`
    state = 'dead'
    and (${id ?? null}::uuid is null or coalesce(merged_into, notice_id) in (
      select coalesce(merged_into, notice_id) from notices where notice_id = ${id ?? null}::uuid))
    and (${accountId ?? null}::uuid is null or account_id = ${accountId ?? null}::uuid)`;
}

/**
 * Those too that changed the cards of these afterwards, and that nobody got either. Without them a card would be shown as it was at first, with
 * buttons that act no more.
 */
function withLaterChanges(filter: LetterFilter) {
  return sql<boolean>`(${together(filter)} or state = 'dead' and target ->> 'type' = 'card' and exists (
    select 1 from notices chosen
    where chosen.account_id = notices.account_id and chosen.out_track_id = notices.out_track_id
      and (chosen.queued_at, chosen.ordinal) < (notices.queued_at, notices.ordinal)
      and chosen.notice_id in (select notice_id from notices where ${together(filter)})))`;
}

/** What a letter is known by when it is there no more. */
export type LetterName = Pick<NoticeLetter, 'id' | 'accountId' | 'reason'>;

/**
 * Gives dead letters all their attempts again, from the best form on, with the later changes of their cards that nobody got. What was merged
 * stays together: its card may be there, and must not become another.
 *
 * @returns which, those of an account together
 */
export async function reviveLetters(tx: Tx, filter: LetterFilter, now: Temporal.Instant): Promise<LetterName[]> {
  const rows = await tx
    .updateTable('notices')
    .set({ state: 'waiting', attempts: 1, tried_since: now, form: null, finished_at: null, next_attempt_at: now })
    .where(withLaterChanges(filter))
    .returning(['account_id as accountId', 'notice_id as id', 'reason'])
    .execute();
  return inOrder(rows);
}

/**
 * Gives up dead letters whose card says something newer by now: a change of a card that was changed again since, or is about to be, and a card
 * of which a change was told in its place. Said now, they would take it back to what was so before. @returns which, those of an account together
 */
export async function dropOvertakenLetters(tx: Tx, filter: LetterFilter, now: Temporal.Instant): Promise<LetterName[]> {
  const rows = await tx
    .updateTable('notices')
    .set({ state: 'dropped', finished_at: now })
    .where(withLaterChanges(filter))
    .where(
      sql<boolean>`exists (
        select 1 from notices later
        where later.account_id = notices.account_id and later.out_track_id = notices.out_track_id
          and (later.state = 'delivered' or later.state = 'waiting' and notices.target ->> 'type' = 'card')
          and (later.queued_at, later.ordinal) > (notices.queued_at, notices.ordinal))`,
    )
    .returning(['account_id as accountId', 'notice_id as id', 'reason'])
    .execute();
  return inOrder(rows);
}

/** Gives dead letters up for good; they are deleted with the other finished ones. @returns which, those of an account together */
export async function dropLetters(tx: Tx, filter: LetterFilter, now: Temporal.Instant): Promise<LetterName[]> {
  const rows = await tx
    .updateTable('notices')
    .set({ state: 'dropped', finished_at: now })
    .where(together(filter))
    .returning(['account_id as accountId', 'notice_id as id', 'reason'])
    .execute();
  return inOrder(rows);
}

function inOrder(names: readonly LetterName[]): LetterName[] {
  const placeOf = ({ accountId, id }: LetterName) => `${accountId}/${id}`;
  return names.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

/** How many notices became dead letters since then; those to the operator themselves do not count. */
export async function countDeadSince(db: Executor, since: Temporal.Instant): Promise<number> {
  const row = await db
    .selectFrom('notices')
    .select(sql<bigint>`count(*)`.as('count'))
    .where('state', '=', 'dead')
    .where('finished_at', '>=', since)
    .where(sql<boolean>`target ->> 'type' <> 'operator'`)
    .executeTakeFirst();
  return Number(row?.count ?? 0n);
}

/**
 * Deletes notices that were delivered or dropped before `before`, some at a time so that no lock is held for long. Dead letters stay until
 * somebody retries or drops them. @returns how many
 */
export async function deleteFinished(db: Executor, before: Temporal.Instant, atOnce = 5_000): Promise<number> {
  for (let deleted = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`
      delete from notices where (account_id, notice_id) in (
        select account_id, notice_id from notices
        where state in ('delivered', 'dropped') and finished_at < ${before} limit ${atOnce})`.execute(db);
    deleted += Number(numAffectedRows);
    if (numAffectedRows < BigInt(atOnce)) return deleted;
  }
}

/** Takes the secret webhooks out of replies that still wait when these have expired. @returns how many */
export async function forgetExpiredWebhooks(db: Executor, now: Temporal.Instant): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update notices set target = target - 'webhook'
    where state = 'waiting' and target ? 'webhook' and (target ->> 'webhookExpiresAt')::timestamptz <= ${now}`.execute(
    db,
  );
  return Number(numAffectedRows);
}

/**
 * Gives up what was to be told to a recipient who may not be told any more: also what is being tried at this moment, which is not tried again,
 * and what nobody got. What they asked before is still answered.
 */
export async function dropUntoldNotices(
  tx: Tx,
  accountId: string,
  recipient: string,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable('notices')
    .set({ state: 'dropped', finished_at: now, lease_id: null, leased_until: null })
    .where('account_id', '=', accountId)
    .where('recipient', '=', recipient)
    .where('state', 'in', ['waiting', 'dead'])
    .where('reason', 'not in', ['reply', 'processing'])
    .execute();
}

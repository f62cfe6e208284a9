import { sql } from 'kysely';
import { REFUSAL_HOURS } from './call-limits.ts';
import type { NewNotice, NoticeContent, NoticeTarget, Urgency } from './notices.ts';
import type { Executor, Tx } from './schema.ts';

/** A notice that this process may deliver until the lease ends. */
export interface LeasedNotice extends Omit<NewNotice, 'trace' | 'urgency' | 'merges' | 'heldUntil'> {
  readonly id: string;
  readonly urgency: Urgency;
  readonly trace: string | null;
  readonly queuedAt: Temporal.Instant;
  readonly leaseId: string;
  /** The form that was reached in earlier attempts. */
  readonly form: string | null;
  /** Counts this attempt. */
  readonly attempts: number;
  /** When the first attempt was made. */
  readonly triedSince: Temporal.Instant;
}

/** What is said in one message: a notice, and those that were merged into it. */
export interface Parcel {
  readonly leader: LeasedNotice;
  /** In the order in which they were queued. */
  readonly merged: readonly LeasedNotice[];
  /** Whether the leader was never tried before and may be said together with others. */
  readonly isFresh: boolean;
  /** Whether more waits for the same recipient. */
  readonly hasMoreBehind: boolean;
}

/** What of the month's calls is left to say. (rule 23) */
export interface MonthlyBudget {
  /** `2026-03`, as the platform counts months. */
  readonly month: string;
  /** From so many calls on only replies and critical notices are said. */
  readonly sparingFrom: number;
  /** When the next month begins, and what was held back is said. */
  readonly endsAt: Temporal.Instant;
  readonly now: Temporal.Instant;
}

interface NoticeRow {
  account_id: string;
  notice_id: string;
  key: string;
  reason: string;
  recipient: string;
  target: NoticeTarget;
  content: NoticeContent;
  out_track_id: string | null;
  form: string | null;
  urgency: Urgency;
  trace: string | null;
  queued_at: Temporal.Instant;
  attempts: number;
  tried_since: Temporal.Instant;
  lease_id: string;
}

const COLUMNS = sql.raw(
  [
    'account_id',
    'notice_id',
    'key',
    'reason',
    'recipient',
    'target',
    'content',
    'out_track_id',
    'form',
    'urgency',
    'trace',
    'queued_at',
    'ordinal',
    'attempts',
    'tried_since',
    'lease_id',
  ]
    .map((column) => `n.${column}`)
    .join(', '),
);

/** Until when routine notices stay where they are and hold nobody up, because the month's calls run out; null when they need not. */
function sparingUntil(budget: MonthlyBudget | null) {
  if (budget === null) return sql<Temporal.Instant | null>`null::timestamptz`;
  const { month, sparingFrom, endsAt, now } = budget;
  const asksAgainAt = sql`exhausted_at + make_interval(hours => ${REFUSAL_HOURS}::int)`;
  return sql<Temporal.Instant | null>`(
    select case
      when used >= ${sparingFrom} then ${endsAt}::timestamptz
      when ${asksAgainAt} > ${now}::timestamptz then least(${asksAgainAt}, ${endsAt}::timestamptz) end
    from call_months where month = ${month})`;
}

/** Attempts after which a notice fails for more than a moment. */
const FAILED_SOME_TIMES = 3;

/** Whether somebody asked and waits; the change of a card that answers a press stays behind its card. */
function isAnswer(notice: string) {
  return sql`(${sql.ref(`${notice}.urgency`)} = 'reply' and ${sql.ref(`${notice}.target`)} ->> 'type' <> 'card')`;
}

/**
 * Whether `n` need not wait for `earlier`: an answer, for what fails and for all that waits behind that. Who asks is answered also where
 * alerts cannot be said, as through a conversation's own webhook.
 */
const PASSES = sql`(
  ${isAnswer('n')} and not ${isAnswer('earlier')} and exists (
    select 1 from notices failing
    where failing.recipient = n.recipient and failing.state = 'waiting' and failing.attempts >= ${FAILED_SOME_TIMES}
      and not ${isAnswer('failing')} and (failing.queued_at, failing.ordinal) <= (earlier.queued_at, earlier.ordinal)))`;

/**
 * Leases due notices, with those that are merged into them: for each recipient only the one that was queued first, so that order is
 * kept; the most urgent first. What is held back until a time is passed over until then, but not by the changes of its own card. A lease that ran out is free again, so a process that died loses nothing.
 */
export async function leaseDueNotices(
  db: Executor,
  now: Temporal.Instant,
  options: { limit: number; leaseUntil: Temporal.Instant; budget?: MonthlyBudget | null },
): Promise<Parcel[]> {
  const { limit, leaseUntil, budget = null } = options;
  const { rows } = await sql<NoticeRow & { merged_into: string | null; is_fresh: boolean; has_more_behind: boolean }>`
    -- A lease that a crash of the server takes away is only a lease that ends early, so its commit waits for no disk.
    with budget as materialized (select ${sparingUntil(budget)} is not null as is_sparing, set_config('synchronous_commit', 'off', true)),
    picked as materialized (
      select head.* from unnest(array['reply', 'critical', 'routine']) with ordinality as class (urgency, rank), budget,
      lateral (
        select n.account_id, n.notice_id, n.merges, n.next_attempt_at from notices n
        where n.state = 'waiting' and n.urgency = class.urgency and n.next_attempt_at <= ${now}
          and not (budget.is_sparing and class.urgency = 'routine')
          and not exists (
            select 1 from notices earlier
            where earlier.recipient = n.recipient and earlier.state = 'waiting'
              and (earlier.queued_at, earlier.ordinal) < (n.queued_at, n.ordinal)
              and (earlier.held_until is null or earlier.held_until <= ${now} or earlier.out_track_id = n.out_track_id)
              and not (budget.is_sparing and earlier.urgency = 'routine')
              and not ${PASSES})
        order by n.next_attempt_at, n.queued_at, n.ordinal limit ${limit}
        for update skip locked) head
      order by class.rank, head.next_attempt_at limit ${limit}),
    leaders as (
      update notices n
      set lease_id = gen_random_uuid(), leased_until = ${leaseUntil}, next_attempt_at = ${leaseUntil}, attempts = n.attempts + 1,
        tried_since = coalesce(n.tried_since, ${now}), merges = false
      from picked p where n.account_id = p.account_id and n.notice_id = p.notice_id
      returning ${COLUMNS}, null::uuid as merged_into, p.merges as is_fresh),
    followers as (
      update notices n
      set lease_id = leader.lease_id, leased_until = ${leaseUntil}, next_attempt_at = ${leaseUntil}, attempts = n.attempts + 1,
        tried_since = coalesce(n.tried_since, ${now})
      from leaders leader
      where leader.attempts > 1 and n.recipient = leader.recipient and n.state = 'waiting' and n.merged_into = leader.notice_id
      returning ${COLUMNS}, n.merged_into, false as is_fresh)
    select l.*, exists (
      select 1 from notices later where later.recipient = l.recipient and later.state = 'waiting'
        and (later.queued_at, later.ordinal) > (l.queued_at, l.ordinal)) as has_more_behind
    from leaders l
    union all select f.*, false from followers f
    order by queued_at, ordinal`.execute(db);
  return rows
    .filter((row) => row.merged_into === null)
    .map((row) => ({
      leader: toLeased(row),
      merged: rows.filter(({ merged_into }) => merged_into === row.notice_id).map(toLeased),
      isFresh: row.is_fresh,
      hasMoreBehind: row.has_more_behind,
    }));
}

/**
 * Merges into a leased, fresh notice those that wait right behind it and may be merged, as many as fit; from now on they are said, tried
 * again and finished with it. What is not due or may not be merged ends the row, so that order is kept; so does what is another account's,
 * because the buttons of a message act in one account. What the operator is told has none. (rule 23)
 */
export async function mergeWaiting(
  tx: Tx,
  leader: LeasedNotice,
  now: Temporal.Instant,
  options: { leaseUntil: Temporal.Instant; maxNotices: number; maxBytes: number; budget?: MonthlyBudget | null },
): Promise<LeasedNotice[]> {
  const { leaseUntil, maxNotices, maxBytes, budget = null } = options;
  const { rows } = await sql<NoticeRow>`
    with leader as (
      select queued_at, ordinal, octet_length(content::text) as bytes from notices
      where account_id = ${leader.accountId} and notice_id = ${leader.id} and lease_id = ${leader.leaseId}),
    behind as (
      select n.account_id, n.notice_id, n.queued_at, n.ordinal, octet_length(n.content::text) as bytes,
        n.merges and n.next_attempt_at <= ${now}
          and (n.account_id = ${leader.accountId} or n.target ->> 'type' = 'operator') as may_merge
      from notices n, leader
      where n.recipient = ${leader.recipient} and n.state = 'waiting'
        and (n.queued_at, n.ordinal) > (leader.queued_at, leader.ordinal)
        and (n.held_until is null or n.held_until <= ${now})
        and not (n.urgency = 'routine' and ${sparingUntil(budget)} is not null)
      order by n.queued_at, n.ordinal limit ${maxNotices - 1}),
    line as (
      select account_id, notice_id, bool_and(may_merge) over up_to_here as is_unbroken,
        (select bytes from leader) + sum(bytes) over up_to_here as bytes
      from behind window up_to_here as (order by queued_at, ordinal rows unbounded preceding)),
    merged as (
      update notices n
      set merged_into = ${leader.id}, lease_id = ${leader.leaseId}, leased_until = ${leaseUntil}, next_attempt_at = ${leaseUntil},
        attempts = n.attempts + 1, tried_since = coalesce(n.tried_since, ${now}), merges = false
      from line where n.account_id = line.account_id and n.notice_id = line.notice_id
        and n.state = 'waiting' and line.is_unbroken and line.bytes <= ${maxBytes}
      returning ${COLUMNS})
    select * from merged order by queued_at, ordinal`.execute(tx);
  return rows.map(toLeased);
}

function toLeased(row: NoticeRow): LeasedNotice {
  return {
    accountId: row.account_id,
    id: row.notice_id,
    key: row.key,
    reason: row.reason,
    recipient: row.recipient,
    target: row.target,
    content: row.content,
    outTrackId: row.out_track_id,
    form: row.form,
    urgency: row.urgency,
    trace: row.trace,
    queuedAt: row.queued_at,
    attempts: row.attempts,
    triedSince: row.tried_since,
    leaseId: row.lease_id,
  };
}

/** What became of an attempt. */
export type NoticeResult =
  | { readonly state: 'delivered'; readonly form: string }
  | {
      readonly state: 'waiting';
      readonly form: string;
      readonly nextAttemptAt: Temporal.Instant;
      readonly error: string;
      /** Until then it holds nobody up who waits behind it. */
      readonly standsAside: boolean;
    }
  | { readonly state: 'dead'; readonly error: string };

/**
 * Records what became of attempts, all in one statement; nothing of those whose lease was lost meanwhile. The secret webhook of a notice
 * goes when it is finished or the webhook has expired.
 *
 * @returns the ids of the notices whose result was recorded
 */
export async function recordResults(
  db: Executor,
  results: readonly { readonly notice: LeasedNotice; readonly result: NoticeResult }[],
  now: Temporal.Instant,
): Promise<Set<string>> {
  const column = <T>(of: (entry: (typeof results)[number]) => T): T[] => results.map(of);
  const { rows } = await sql<{ notice_id: string }>`
    update notices n
    set state = r.state, lease_id = null, leased_until = null,
      form = coalesce(r.form, n.form),
      next_attempt_at = coalesce(r.next_attempt_at, n.next_attempt_at),
      last_error = r.error,
      held_until = case when r.stands_aside then r.next_attempt_at else n.held_until end,
      finished_at = case when r.state = 'waiting' then null else ${now}::timestamptz end,
      target = case when r.state <> 'waiting' or (n.target ->> 'webhookExpiresAt')::timestamptz <= ${now}
        then n.target - 'webhook' else n.target end
    from unnest(
      ${column(({ notice }) => notice.accountId)}::uuid[],
      ${column(({ notice }) => notice.id)}::uuid[],
      ${column(({ notice }) => notice.leaseId)}::uuid[],
      ${column(({ result }) => result.state)}::text[],
      ${column(({ result }) => ('form' in result ? result.form : null))}::text[],
      ${column(({ result }) => ('nextAttemptAt' in result ? result.nextAttemptAt : null))}::timestamptz[],
      ${column(({ result }) => ('error' in result ? result.error : null))}::text[],
      ${column(({ result }) => 'standsAside' in result && result.standsAside)}::boolean[]
    ) as r (account_id, notice_id, lease_id, state, form, next_attempt_at, error, stands_aside)
    where n.account_id = r.account_id and n.notice_id = r.notice_id and n.lease_id = r.lease_id
    returning n.notice_id`.execute(db);
  return new Set(rows.map((row) => row.notice_id));
}

/** For how long between two times things were said, from the first to the last, in forms that are none of `notAs`; null where nothing was. */
export async function saidFor(
  db: Executor,
  { from, to, notAs }: { from: Temporal.Instant; to: Temporal.Instant; notAs: readonly string[] },
): Promise<Temporal.Duration | null> {
  const { rows } = await sql<{ first: Temporal.Instant | null; last: Temporal.Instant | null }>`
    select min(finished_at) as first, max(finished_at) as last
    from notices where state = 'delivered' and finished_at between ${from} and ${to} and form <> all (${notAs}::text[])`.execute(
    db,
  );
  const { first = null, last = null } = rows[0] ?? {};
  return first && last && first.until(last);
}

/** How many notices that wait were tried so often. */
export async function countTried(db: Executor, attempts: number): Promise<number> {
  const row = await db
    .selectFrom('notices')
    .select((eb) => eb.fn.countAll<bigint>().as('count'))
    .where('state', '=', 'waiting')
    .where('attempts', '>=', attempts)
    .executeTakeFirst();
  return Number(row?.count ?? 0n);
}

/**
 * When the next notice may be tried, as it is known at `now`, of those that may after `after`; null when none waits. One that queues behind
 * another of its recipient does not count, as it would not be leased then; what the budget holds back waits for the next month, or until the
 * platform is asked again.
 */
export async function nextNoticeAt(
  db: Executor,
  now: Temporal.Instant,
  {
    after,
    budget = null,
  }: { readonly after?: Temporal.Instant | undefined; readonly budget?: MonthlyBudget | null } = {},
): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ at: Temporal.Instant | null }>`
    with budget as materialized (select until is not null as is_sparing, until from (select ${sparingUntil(budget)} as until) month)
    select min(head.at) as at from unnest(array['reply', 'critical', 'routine']) as class (urgency), budget,
    lateral (
      select case when budget.is_sparing and class.urgency = 'routine'
        then greatest(n.next_attempt_at, budget.until) else n.next_attempt_at end as at
      from notices n
      where n.state = 'waiting' and n.urgency = class.urgency
        and (n.next_attempt_at > ${after ?? '-infinity'} or (budget.is_sparing and class.urgency = 'routine'))
        and not exists (
          select 1 from notices earlier
          where earlier.recipient = n.recipient and earlier.state = 'waiting'
            and (earlier.queued_at, earlier.ordinal) < (n.queued_at, n.ordinal)
            and (earlier.held_until is null or earlier.held_until <= greatest(n.next_attempt_at, ${now})
              or earlier.out_track_id = n.out_track_id)
            and not (budget.is_sparing and class.urgency <> 'routine' and earlier.urgency = 'routine')
            and not ${PASSES})
      order by n.next_attempt_at limit 1) head`.execute(db);
  return rows[0]?.at ?? null;
}

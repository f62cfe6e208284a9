import { sql } from 'kysely';
import type { Executor, Tx } from './schema.ts';

/**
 * Turns and counts need not survive a crash of the database server: it takes longer than they matter. So their commits wait for no disk,
 * which many a second would.
 */
const NEED_NOT_LAST = sql`need_not_last as materialized (select set_config('synchronous_commit', 'off', true))`;

/** How a reservation went: the first of its turns is in `delayMs`, or there is none within the time that was given. */
export interface Reservation {
  readonly isReserved: boolean;
  /** Milliseconds from now, by the database's clock, which all replicas share. */
  readonly delayMs: number;
}

/**
 * Reserves turns of a kind of call, one each `intervalMs`, after all that were reserved before on any replica. A burst of up to `burst`
 * calls may be made at once after a silence. Nothing is reserved when the first turn would be later than `withinMs`.
 *
 * What is reserved for later than anybody could have asked for was reserved by a clock that was ahead: of a server that failed over to this
 * one, or before this one's was set. It counts as now; else nothing would be said for as long as the clocks differ.
 */
export async function reserveTurns(
  db: Executor,
  scope: string,
  options: {
    count: number;
    intervalMs: number;
    burst?: number;
    withinMs: number;
    /** The longest pause of {@link holdTurns}. Default: nobody pauses these. */
    longestPauseMs?: number;
  },
): Promise<Reservation> {
  const { count, intervalMs, burst = 1, withinMs, longestPauseMs = 0 } = options;
  const span = sql`make_interval(secs => ${(count * intervalMs) / 1_000}::float8)`;
  const slack = sql`make_interval(secs => ${((burst - 1) * intervalMs) / 1_000}::float8)`;
  const within = sql`make_interval(secs => ${withinMs / 1_000}::float8)`;
  const farthest = Math.max(withinMs, longestPauseMs) + count * intervalMs;
  const isTooFar = sql`rate.free_at > clock_timestamp() + make_interval(secs => ${farthest / 1_000}::float8)`;
  const { rows } = await sql<{ is_reserved: boolean; delay_ms: number }>`
    with ${NEED_NOT_LAST}, reserved as (
      insert into call_rates as rate (scope, free_at)
      select ${scope}, clock_timestamp() - ${slack} + ${span} from need_not_last
      on conflict (scope) do update
        set free_at = case when ${isTooFar} then clock_timestamp() else greatest(rate.free_at, clock_timestamp() - ${slack}) end + ${span}
        where rate.free_at <= clock_timestamp() + ${within} or ${isTooFar}
      returning free_at)
    select true as is_reserved, extract(epoch from free_at - ${span} - clock_timestamp())::float8 * 1000 as delay_ms from reserved
    union all
    select false, extract(epoch from free_at - clock_timestamp())::float8 * 1000 from call_rates
    where scope = ${scope} and not exists (select 1 from reserved)`.execute(db);
  const row = rows[0];
  return { isReserved: row?.is_reserved ?? false, delayMs: Math.max(0, row?.delay_ms ?? 0) };
}

/**
 * The platform was called too fast: nobody's next turn comes before `pauseMs` are over, on any replica. What is later than the longest pause
 * gives way: it is of a clock that was ahead.
 */
export async function holdTurns(
  db: Executor,
  scope: string,
  { pauseMs, longestPauseMs }: { pauseMs: number; longestPauseMs: number },
): Promise<void> {
  const after = (ms: number) => sql`clock_timestamp() + make_interval(secs => ${ms / 1_000}::float8)`;
  const end = after(pauseMs);
  await sql`
    insert into call_rates as rate (scope, free_at) values (${scope}, ${end})
    on conflict (scope) do update
      set free_at = case when rate.free_at > ${after(longestPauseMs)} then ${end} else greatest(rate.free_at, ${end}) end`.execute(
    db,
  );
}

/** Forgets when calls were made that restrict none any more: one row for each conversation that was answered. */
export async function forgetOldTurns(db: Executor): Promise<void> {
  await sql`delete from call_rates where free_at < clock_timestamp() - interval '1 day'`.execute(db);
}

/**
 * So long the platform's word holds that there are no more calls in a month; then it is asked again. Calls may have been bought, or the month
 * had just begun and what was refused was the last one's.
 */
export const REFUSAL_HOURS = 24;

/** Whether the platform's word that there are no more calls still holds. */
export function isExhausted({ exhaustedAt }: Pick<CallMonth, 'exhaustedAt'>, now: Temporal.Instant): boolean {
  return exhaustedAt !== null && Temporal.Instant.compare(exhaustedAt, now.subtract({ hours: REFUSAL_HOURS })) > 0;
}

/** What is known of a month's calls. */
export interface CallMonth {
  readonly used: number;
  /** When the platform said that there are no more; it counts calls that we do not see. Holds for {@link REFUSAL_HOURS}. */
  readonly exhaustedAt: Temporal.Instant | null;
  /** When the operator was told that they run out. */
  readonly warnedAt: Temporal.Instant | null;
}

/** Counts calls of a month. @returns the month with them */
export async function countCalls(db: Executor, month: string, calls: number): Promise<CallMonth> {
  const { rows } = await sql<{
    used: bigint;
    exhausted_at: Temporal.Instant | null;
    warned_at: Temporal.Instant | null;
  }>`
    with ${NEED_NOT_LAST}
    insert into call_months as counted (month, used) select ${month}, ${calls} from need_not_last
    on conflict (month) do update set used = counted.used + excluded.used
    returning used, exhausted_at, warned_at`.execute(db);
  const [row] = rows;
  return { used: Number(row?.used ?? 0n), exhaustedAt: row?.exhausted_at ?? null, warnedAt: row?.warned_at ?? null };
}

export async function readCallMonth(db: Executor, month: string): Promise<CallMonth> {
  const row = await db.selectFrom('call_months').selectAll().where('month', '=', month).executeTakeFirst();
  return {
    used: Number(row?.used ?? 0n),
    exhaustedAt: row?.exhausted_at ?? null,
    warnedAt: row?.warned_at ?? null,
  };
}

/** Keeps that the platform gives no more calls this month. @returns false when that was known, and still holds */
export async function markExhausted(tx: Tx, month: string, now: Temporal.Instant): Promise<boolean> {
  return mark(tx, month, 'exhausted_at', now, now.subtract({ hours: REFUSAL_HOURS }));
}

/** Keeps that the operator was told that the month's calls run out. @returns false when they were told before */
export async function markWarned(tx: Tx, month: string, now: Temporal.Instant): Promise<boolean> {
  return mark(tx, month, 'warned_at', now);
}

/** @param until a mark of then or before counts as none */
async function mark(
  tx: Tx,
  month: string,
  column: 'exhausted_at' | 'warned_at',
  now: Temporal.Instant,
  until: Temporal.Instant | null = null,
) {
  const row = await tx
    .insertInto('call_months')
    .values({ month, [column]: now })
    .onConflict((oc) =>
      oc
        .column('month')
        .doUpdateSet({ [column]: now })
        .where(
          sql<boolean>`(call_months.${sql.ref(column)} is null or call_months.${sql.ref(column)} <= ${until}::timestamptz)`,
        ),
    )
    .returning('month')
    .executeTakeFirst();
  return row !== undefined;
}

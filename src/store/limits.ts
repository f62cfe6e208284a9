import { type Selectable, sql } from 'kysely';
import type { Limit, LimitKey, LimitValues, PeriodUse, UsePeriod } from '../domain/limit.ts';
import type { Executor, Schema, Tx } from './schema.ts';

export async function readLimits(db: Executor, accountId: string): Promise<Limit[]> {
  const rows = await db.selectFrom('account_limits').selectAll().where('account_id', '=', accountId).execute();
  return rows.map(toLimit);
}

export function toLimit(row: Selectable<Schema['account_limits']>): Limit {
  return {
    period: row.period,
    unit: row.unit,
    stop: row.stop_at,
    warn: row.warn_at,
    changedAt: row.changed_at,
    reached: row.reached_at && row.reached_in ? { at: row.reached_at, in: row.reached_in } : null,
  };
}

/** Sets a cap, as one that is not reached. */
export async function writeLimit(
  tx: Tx,
  accountId: string,
  { period, unit }: LimitKey,
  { stop, warn }: LimitValues,
  change: { readonly at: Temporal.Instant; readonly by: string },
): Promise<void> {
  const values = { stop_at: stop, warn_at: warn, changed_at: change.at, changed_by: change.by };
  await tx
    .insertInto('account_limits')
    .values({ account_id: accountId, period, unit, ...values, reached_at: null, reached_in: null })
    .onConflict((oc) =>
      oc.columns(['account_id', 'period', 'unit']).doUpdateSet({ ...values, reached_at: null, reached_in: null }),
    )
    .execute();
}

export async function removeLimit(tx: Tx, accountId: string, { period, unit }: LimitKey): Promise<void> {
  await tx
    .deleteFrom('account_limits')
    .where('account_id', '=', accountId)
    .where('period', '=', period)
    .where('unit', '=', unit)
    .execute();
}

/** Remembers that caps were reached; only an administrator lifts that. */
export async function markReached(
  tx: Tx,
  accountId: string,
  reached: readonly { readonly limit: LimitKey; readonly in: UsePeriod }[],
  now: Temporal.Instant,
): Promise<void> {
  if (reached.length === 0) return;
  await sql`
    update account_limits l set reached_at = ${now}, reached_in = r.reached_in
    from unnest(
      ${reached.map(({ limit }) => limit.period)}::text[],
      ${reached.map(({ limit }) => limit.unit)}::text[],
      ${reached.map((each) => each.in)}::text[]
    ) as r (period, unit, reached_in)
    where l.account_id = ${accountId} and l.period = r.period and l.unit = r.unit`.execute(tx);
}

/** Lifts a cap that was reached. */
export async function liftLimit(
  tx: Tx,
  accountId: string,
  { period, unit }: LimitKey,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable('account_limits')
    .set({ reached_at: null, reached_in: null, changed_at: now })
    .where('account_id', '=', accountId)
    .where('period', '=', period)
    .where('unit', '=', unit)
    .execute();
}

/** Adds to what was used in days and months; returns what each of them has come to. */
export async function addPeriodUse(tx: Tx, accountId: string, uses: readonly PeriodUse[]): Promise<PeriodUse[]> {
  if (uses.length === 0) return [];
  const { rows } = await sql<PeriodUse>`
    insert into period_use as known (account_id, period, segments, amount)
    select ${accountId}::uuid, u.* from unnest(
      ${uses.map(({ period }) => period)}::text[],
      ${uses.map(({ segments }) => segments)}::bigint[],
      ${uses.map(({ amount }) => amount)}::bigint[]
    ) as u
    on conflict (account_id, period) do update set
      segments = known.segments + excluded.segments, amount = known.amount + excluded.amount
    returning period, segments, amount`.execute(tx);
  return rows;
}

export async function readPeriodUse(
  db: Executor,
  accountId: string,
  periods: readonly UsePeriod[],
): Promise<PeriodUse[]> {
  return db
    .selectFrom('period_use')
    .select(['period', 'segments', 'amount'])
    .where('account_id', '=', accountId)
    .where('period', 'in', periods)
    .execute();
}

import { sql } from 'kysely';
import { IdFilter } from '../domain/id-filter.ts';
import type { UsageRecord } from '../domain/usage.ts';
import { textArray } from './array-literal.ts';
import type { Executor, Tx } from './schema.ts';

/** Until when the months of usage are sealed; null when none is. */
export async function readSealedUntil(db: Executor): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ until: Temporal.Instant | null }>`
    select max(begins_at) + interval '1 month' as until from sealed_months`.execute(db);
  return rows[0]?.until ?? null;
}

/** How many bytes the filters of an account take that are of months before `until`. */
export async function readFilterBytes(db: Executor, accountId: string, until: Temporal.Instant): Promise<number> {
  const { rows } = await sql<{ bytes: bigint }>`
    select coalesce(sum(length(bits)), 0) as bytes from id_filters
    where account_id = ${accountId} and month_begins_at < ${until}`.execute(db);
  return Number(rows[0]?.bytes ?? 0n);
}

/** The filters of an account, of the months that begin at `from` or later and before `until`. */
export async function readIdFilters(
  db: Executor,
  accountId: string,
  from: Temporal.Instant | null,
  until: Temporal.Instant,
): Promise<IdFilter[]> {
  const { rows } = await sql<{ bits: Buffer }>`
    select bits from id_filters
    where account_id = ${accountId} and month_begins_at >= coalesce(${from}::timestamptz, '-infinity') and month_begins_at < ${until}
    order by month_begins_at, part`.execute(db);
  return rows.map(({ bits }) => new IdFilter(bits));
}

/** A filter of some ids of an account in the month that begins then. */
export interface StoredFilter {
  readonly accountId: string;
  readonly part: number;
  readonly filter: IdFilter;
}

/** Stores filters of a month; those that a run which did not end stored are made anew. */
export async function writeIdFilters(
  db: Executor,
  monthStart: Temporal.Instant,
  filters: readonly StoredFilter[],
): Promise<void> {
  if (filters.length === 0) return;
  await sql`
    insert into id_filters (account_id, month_begins_at, part, bits)
    select f.account_id, ${monthStart}::timestamptz, f.part, f.bits
    from unnest(
      ${filters.map(({ accountId }) => accountId)}::uuid[],
      ${filters.map(({ part }) => part)}::integer[],
      ${filters.map(({ filter }) => Buffer.from(filter.bits))}::bytea[]
    ) as f (account_id, part, bits)
    on conflict (account_id, month_begins_at, part) do update set bits = excluded.bits`.execute(db);
}

export async function markSealed(db: Executor, monthStart: Temporal.Instant, now: Temporal.Instant): Promise<void> {
  await sql`
    insert into sealed_months (begins_at, sealed_at) values (${monthStart}, ${now}) on conflict do nothing`.execute(db);
}

/** Whose a recorded id is. */
export interface RecordedId {
  readonly account_id: string;
  readonly record_id: string;
}

/** Up to `limit` ids that were recorded for one month, each once, in the order of accounts and ids, after one of them. */
export async function readIdsAfter(
  db: Executor,
  [from, to]: readonly [Temporal.Instant, Temporal.Instant],
  after: RecordedId | null,
  limit: number,
): Promise<RecordedId[]> {
  const { rows } = await sql<RecordedId>`
    select account_id, record_id from usage_records
    where at >= ${from} and at < ${to}
      and ${after ? sql`(account_id, record_id) > (${after.account_id}::uuid, ${after.record_id}::text)` : sql`true`}
    order by account_id, record_id limit ${limit}`.execute(db);
  return rows;
}

/** The month of the oldest usage there can be; null when there is none. */
export async function oldestUsageMonth(db: Executor): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ month: string | null }>`
    select min(substring(inhrelid::regclass::text from '[0-9]{4}_[0-9]{2}$')) as month
    from pg_inherits where inhparent = 'usage_records'::regclass`.execute(db);
  const month = rows[0]?.month;
  return month ? Temporal.Instant.from(`${month.replace('_', '-')}-01T00:00:00Z`) : null;
}

/** Notes what arrived after its month may have been sealed. */
export async function insertLateArrivals(
  tx: Tx,
  accountId: string,
  records: readonly Pick<UsageRecord, 'id' | 'at'>[],
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    insert into late_arrivals (account_id, record_id, at)
    select ${accountId}::uuid, r.* from unnest(
      ${records.map(({ id }) => id)}::text[],
      ${records.map(({ at }) => new Date(at.epochMilliseconds).toISOString())}::timestamptz[]
    ) as r
    on conflict do nothing`.execute(tx);
}

/** Whether anything of an account arrived late for a month before `until`. */
export async function hasLateArrivals(tx: Tx, accountId: string, until: Temporal.Instant): Promise<boolean> {
  const { rows } = await sql`
    select from late_arrivals where account_id = ${accountId} and at < ${until} limit 1`.execute(tx);
  return rows.length > 0;
}

/** Those of these ids that arrived late for a month before `until`. */
export async function readLateArrivals(
  tx: Tx,
  accountId: string,
  ids: readonly string[],
  until: Temporal.Instant,
): Promise<string[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ record_id: string }>`
    select record_id from late_arrivals
    where account_id = ${accountId} and record_id = any((select ${textArray(ids)}::text[])::text[]) and at < ${until}`.execute(
    tx,
  );
  return rows.map(({ record_id }) => record_id);
}

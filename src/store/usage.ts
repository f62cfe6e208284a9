import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Conflict } from '../domain/metering.ts';
import type { Span } from '../domain/sealing.ts';
import { spanOf, type UsageRecord } from '../domain/usage.ts';
import { integerArray, textArray } from './array-literal.ts';
import type { Executor, Tx } from './schema.ts';

/** What other batches recorded under these ids, among what was sent in a span. (rule 1) */
export async function readKnownRecords(
  tx: Tx,
  accountId: string,
  batchId: string,
  ids: readonly string[],
  { from, until }: Span,
): Promise<UsageRecord[]> {
  if (ids.length === 0) return [];
  // As a parameter of the statement the array would be weighed by the planner, item by item.
  const { rows } = await sql<RecordRow>`
    select record_id, at, destination, country, template_type, segments, status, billing, late_month
    from usage_records
    where account_id = ${accountId} and record_id = any((select ${textArray(ids)}::text[])::text[]) and batch_id <> ${batchId}
      ${from ? sql`and at >= ${from}` : sql``} ${until ? sql`and at < ${until}` : sql``}`.execute(tx);
  return rows.map(toRecord);
}

function asTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/**
 * What waits for a price and goes to one of these countries, where it was sent before the time that stands with the country; the oldest
 * first. (rule 5)
 */
export async function readWaitingRecords(
  tx: Tx,
  accountId: string,
  countries: ReadonlyMap<string, Temporal.Instant | null>,
  limit: number,
): Promise<UsageRecord[]> {
  const { rows } = await sql<RecordRow>`
    select record_id, at, destination, country, template_type, segments, status, billing, late_month
    from usage_records
    join unnest(
      ${[...countries.keys()]}::text[],
      ${[...countries.values()].map((until) => until?.toString() ?? 'infinity')}::timestamptz[]
    ) as priced (country, until) using (country)
    where account_id = ${accountId} and billing = 'unpriced' and at < until
    order by at, record_id limit ${limit}`.execute(tx);
  return rows.map(toRecord);
}

/** Whether anything of an account waits for a price. */
export async function hasWaitingRecords(db: Executor, accountId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from usage_records where account_id = ${accountId} and billing = 'unpriced' limit 1`.execute(db);
  return rows.length > 0;
}

interface RecordRow {
  readonly record_id: string;
  readonly at: Temporal.Instant;
  readonly destination: UsageRecord['destination'];
  readonly country: string | null;
  readonly template_type: UsageRecord['templateType'];
  readonly segments: number;
  readonly status: UsageRecord['status'];
  readonly billing: UsageRecord['billing'];
  readonly late_month: string | null;
}

function toRecord(row: RecordRow): UsageRecord {
  return {
    id: row.record_id,
    destination: row.destination,
    country: row.country,
    templateType: row.template_type,
    segments: row.segments,
    status: row.status,
    at: row.at,
    billing: row.billing,
    lateMonth: row.late_month,
  };
}

/**
 * Records a batch, and says how many records are new to the month in which they were sent; an id that is there already is left as it is.
 * Needs no lock: whoever inserts the same id at the same time waits for the other's transaction. In the order of their ids, so that two
 * such batches do not wait for each other.
 */
export async function insertRecords(
  tx: Tx,
  accountId: string,
  batchId: string,
  unordered: readonly UsageRecord[],
  now: Temporal.Instant,
): Promise<number> {
  if (unordered.length === 0) return 0;
  const records = unordered.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const { facts, indexes } = distinctFacts(records);
  const { numAffectedRows = 0n } = await sql`
    insert into usage_records (account_id, batch_id, received_at,
      record_id, at, destination, country, template_type, segments, status, billing, late_month)
    select ${accountId}::uuid, ${batchId}::uuid, ${now}::timestamptz,
      r.id, to_timestamp(r.at_ms / 1000::float8), f.destination, f.country, f.template_type, f.segments, f.status, f.billing,
      f.late_month
    from unnest(
      ${textArray(records.map((r) => r.id))}::text[],
      ${integerArray(records.map((r) => r.at.epochMilliseconds))}::bigint[],
      ${integerArray(indexes)}::integer[]
    ) as r (id, at_ms, fact)
    join unnest(
      ${facts.map((f) => f.destination)}::text[],
      ${facts.map((f) => f.country)}::text[],
      ${facts.map((f) => f.templateType)}::text[],
      ${facts.map((f) => f.segments)}::integer[],
      ${facts.map((f) => f.status)}::text[],
      ${facts.map((f) => f.billing)}::text[],
      ${facts.map((f) => f.lateMonth)}::text[]
    ) with ordinality as f (destination, country, template_type, segments, status, billing, late_month, number) on f.number = r.fact
    on conflict do nothing`.execute(tx);
  return Number(numAffectedRows);
}

/**
 * Thousands of records differ in little but id and time. What they have in common is sent once, which halves what goes to the database;
 * `indexes` says, from 1, which of the `facts` each record has.
 */
function distinctFacts(records: readonly UsageRecord[]): { facts: UsageRecord[]; indexes: number[] } {
  const facts: UsageRecord[] = [];
  const known = new Map<string, number>();
  const indexes = records.map((record) => {
    const { destination, country, templateType, segments, status, billing, lateMonth } = record;
    const key = `${destination}|${country}|${templateType}|${segments}|${status}|${billing}|${lateMonth}`;
    let index = known.get(key);
    if (index === undefined) {
      index = facts.push(record);
      known.set(key, index);
    }
    return index;
  });
  return { facts, indexes };
}

/** Takes back records that this batch inserted: their ids were recorded before, with another time. */
export async function removeRecords(
  tx: Tx,
  accountId: string,
  batchId: string,
  records: readonly UsageRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const { from, to } = spanOf(records);
  await sql`
    delete from usage_records
    where account_id = ${accountId} and record_id = any(${records.map(({ id }) => id)}::text[]) and batch_id = ${batchId}
      and at between ${asTime(from)}::timestamptz and ${asTime(to)}::timestamptz`.execute(tx);
}

/** Moves known records on; `at` leads to the partition. */
export async function progressRecords(
  tx: Tx,
  accountId: string,
  batchId: string,
  records: readonly UsageRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const { from, to } = spanOf(records);
  await sql`
    update usage_records u
    set status = r.status, billing = r.billing, late_month = r.late_month, batch_id = ${batchId}::uuid
    from unnest(
      ${records.map((r) => r.id)}::text[],
      ${records.map(timeOf)}::timestamptz[],
      ${records.map((r) => r.status)}::text[],
      ${records.map((r) => r.billing)}::text[],
      ${records.map((r) => r.lateMonth)}::text[]
    ) as r (record_id, at, status, billing, late_month)
    where u.account_id = ${accountId} and u.record_id = r.record_id and u.at = r.at
      and u.at between ${asTime(from)}::timestamptz and ${asTime(to)}::timestamptz`.execute(tx);
}

/** Usage is kept to the millisecond. This way of writing it is several times as fast as an instant's own. */
function timeOf(record: UsageRecord): string {
  return asTime(record.at.epochMilliseconds);
}

/** Something that was reported and is not billed, for a person to look at. The same one again is kept once. */
export interface RejectedUsage {
  readonly recordId: string;
  readonly reason: string;
  readonly received: object;
  readonly stored: object | null;
}

export async function insertRejected(
  tx: Tx,
  accountId: string,
  rejected: readonly RejectedUsage[],
  now: Temporal.Instant,
): Promise<void> {
  if (rejected.length === 0) return;
  const texts = rejected.map(({ received }) => JSON.stringify(received));
  const digests = rejected.map(({ reason }, index) =>
    createHash('sha256').update(`${reason}\n${texts[index]}`).digest('hex'),
  );
  await sql`
    insert into rejected_usage (account_id, received_at, rejection_id, record_id, reason, digest, received, stored)
    select ${accountId}::uuid, ${now}::timestamptz, r.* from unnest(
      ${rejected.map(() => randomUUID())}::uuid[],
      ${rejected.map((r) => r.recordId)}::text[],
      ${rejected.map((r) => r.reason)}::text[],
      ${digests}::text[],
      ${texts}::jsonb[],
      ${rejected.map((r) => (r.stored === null ? null : JSON.stringify(r.stored)))}::jsonb[]
    ) as r
    on conflict (account_id, record_id, digest) do nothing`.execute(tx);
}

/** How a conflict is kept: both versions of the record. (rule 1) */
export function conflictToRejected({ report, known }: Conflict): RejectedUsage {
  return { recordId: report.id, reason: 'conflict', received: report, stored: known };
}

/**
 * Creates the partitions of the months (UTC) that lie in `[from, to]`, where they are missing; in each an id is one message of its account,
 * whatever the time. Not for use inside a transaction:
 * it waits for everyone who writes usage.
 */
export async function ensurePartitions(db: Executor, from: Temporal.Instant, to: Temporal.Instant): Promise<void> {
  let month = monthStart(from);
  const last = monthStart(to);
  while (Temporal.PlainDate.compare(month, last) <= 0) {
    const next = month.add({ months: 1 });
    const name = `usage_records_${month.toString().slice(0, 7).replace('-', '_')}`;
    const found = await sql`select 1 from pg_class where oid = to_regclass(${name})`.execute(db);
    if (found.rows.length === 0) {
      // Two that each took a weaker lock first, as the creation does, would wait for each other.
      await sql`do $$ begin
        lock table usage_records in access exclusive mode;
        create table if not exists ${sql.table(name)} partition of usage_records (primary key (account_id, record_id))
          for values from (${sql.lit(`${month}T00:00:00Z`)}) to (${sql.lit(`${next}T00:00:00Z`)});
      end $$`.execute(db);
    }
    month = next;
  }
}

function monthStart(at: Temporal.Instant): Temporal.PlainDate {
  return at.toZonedDateTimeISO('UTC').toPlainDate().with({ day: 1 });
}

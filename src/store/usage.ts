import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Conflict } from '../domain/metering.ts';
import type { UsageRecord } from '../domain/usage.ts';
import type { Executor, Tx } from './schema.ts';

/** What is recorded under these ids, in whichever month. */
export async function readKnownRecords(
  tx: Tx,
  accountId: string,
  ids: readonly string[],
): Promise<Map<string, UsageRecord>> {
  const { rows } = await sql<{
    record_id: string;
    at: Temporal.Instant;
    destination: UsageRecord['destination'];
    country: string | null;
    template_type: UsageRecord['templateType'];
    segments: number;
    status: UsageRecord['status'];
    billing: UsageRecord['billing'];
    plan_segments: number;
  }>`
    select record_id, at, destination, country, template_type, segments, status, billing, plan_segments
    from usage_records
    where account_id = ${accountId} and record_id = any(${ids}::text[])`.execute(tx);
  return new Map(
    rows.map((row) => [
      row.record_id,
      {
        id: row.record_id,
        destination: row.destination,
        country: row.country,
        templateType: row.template_type,
        segments: row.segments,
        status: row.status,
        at: row.at,
        billing: row.billing,
        planSegments: row.plan_segments,
      },
    ]),
  );
}

export async function insertRecords(
  tx: Tx,
  accountId: string,
  batchId: string,
  records: readonly UsageRecord[],
  now: Temporal.Instant,
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    insert into usage_records (account_id, batch_id, received_at,
      record_id, at, destination, country, template_type, segments, status, billing, plan_segments)
    select ${accountId}::uuid, ${batchId}::uuid, ${now}::timestamptz, r.* from unnest(
      ${records.map((r) => r.id)}::text[],
      ${records.map((r) => r.at.toString())}::timestamptz[],
      ${records.map((r) => r.destination)}::text[],
      ${records.map((r) => r.country)}::text[],
      ${records.map((r) => r.templateType)}::text[],
      ${records.map((r) => r.segments)}::integer[],
      ${records.map((r) => r.status)}::text[],
      ${records.map((r) => r.billing)}::text[],
      ${records.map((r) => r.planSegments)}::integer[]
    ) as r`.execute(tx);
}

/** Moves known records on; `at` leads to the partition. */
export async function progressRecords(
  tx: Tx,
  accountId: string,
  batchId: string,
  records: readonly UsageRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    update usage_records u
    set status = r.status, billing = r.billing, plan_segments = r.plan_segments, batch_id = ${batchId}::uuid
    from unnest(
      ${records.map((r) => r.id)}::text[],
      ${records.map((r) => r.at.toString())}::timestamptz[],
      ${records.map((r) => r.status)}::text[],
      ${records.map((r) => r.billing)}::text[],
      ${records.map((r) => r.planSegments)}::integer[]
    ) as r (record_id, at, status, billing, plan_segments)
    where u.account_id = ${accountId} and u.record_id = r.record_id and u.at = r.at`.execute(tx);
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
  const rows = rejected.map(({ recordId, reason, received, stored }) => {
    const text = JSON.stringify(received);
    return {
      account_id: accountId,
      rejection_id: randomUUID(),
      record_id: recordId,
      reason,
      digest: createHash('sha256').update(`${reason}\n${text}`).digest('hex'),
      received: text,
      stored: stored === null ? null : JSON.stringify(stored),
      received_at: now,
    };
  });
  await tx
    .insertInto('rejected_usage')
    .values(rows)
    .onConflict((oc) => oc.columns(['account_id', 'record_id', 'digest']).doNothing())
    .execute();
}

/** How a conflict is kept: both versions of the record. (rule 1) */
export function conflictToRejected({ report, known }: Conflict): RejectedUsage {
  return { recordId: report.id, reason: 'conflict', received: report, stored: known };
}

/** Creates the partitions of the months (UTC) that lie in `[from, to]`, where they are missing. */
export async function ensurePartitions(db: Executor, from: Temporal.Instant, to: Temporal.Instant): Promise<void> {
  let month = monthStart(from);
  const last = monthStart(to);
  while (Temporal.PlainDate.compare(month, last) <= 0) {
    const next = month.add({ months: 1 });
    const name = `usage_records_${month.toString().slice(0, 7).replace('-', '_')}`;
    const found = await sql`select 1 from pg_class where oid = to_regclass(${name})`.execute(db);
    if (found.rows.length === 0) {
      await sql`create table if not exists ${sql.table(name)} partition of usage_records
        for values from (${sql.lit(`${month}T00:00:00Z`)}) to (${sql.lit(`${next}T00:00:00Z`)})`.execute(db);
    }
    month = next;
  }
}

function monthStart(at: Temporal.Instant): Temporal.PlainDate {
  return at.toZonedDateTimeISO('UTC').toPlainDate().with({ day: 1 });
}

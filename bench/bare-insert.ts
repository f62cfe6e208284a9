import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../src/store/database.ts';
import { type Batch, NOW } from './metering-world.ts';

/** The table of the bare insert: that of usage, keys and checks included, without what metering does around it. */
export async function createBareTable(db: Database): Promise<void> {
  await sql`create table bare_records (like usage_records including all) partition by range (at)`.execute(db.kysely);
  await sql`create table bare_records_all partition of bare_records (primary key (account_id, record_id)) default`.execute(
    db.kysely,
  );
}

/** The least that any meter must do: keep each record once. */
export async function bareInsert(db: Database, { accountId, reports }: Batch): Promise<void> {
  await sql`
    insert into bare_records (account_id, received_at, batch_id,
      record_id, at, destination, country, template_type, segments, status, billing)
    select ${accountId}::uuid, ${NOW}::timestamptz, ${randomUUID()}::uuid, r.*, 'free' from unnest(
      ${reports.map((r) => r.id)}::text[],
      ${reports.map((r) => r.at.toString())}::timestamptz[],
      ${reports.map((r) => r.destination)}::text[],
      ${reports.map((r) => r.country)}::text[],
      ${reports.map((r) => r.templateType)}::text[],
      ${reports.map((r) => r.segments)}::integer[],
      ${reports.map((r) => r.status)}::text[]
    ) as r
    on conflict do nothing`.execute(db.kysely);
}

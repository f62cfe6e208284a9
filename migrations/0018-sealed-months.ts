import { type Kysely, sql } from 'kysely';

/**
 * Months of usage in which all is that came in time; filters of the ids in them, by account; and what came later than that. What came late so
 * far is noted, so that the months that are there can be sealed as well.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table sealed_months (
      begins_at timestamptz primary key,
      sealed_at timestamptz not null
    )`.execute(db);
  await sql`
    create table id_filters (
      account_id uuid not null,
      month_begins_at timestamptz not null,
      part integer not null,
      bits bytea not null,
      primary key (account_id, month_begins_at, part)
    )`.execute(db);
  // Random bits cannot be compressed; trying costs time.
  await sql`alter table id_filters alter column bits set storage external`.execute(db);
  await sql`
    create table late_arrivals (
      account_id uuid not null,
      record_id text not null,
      at timestamptz not null,
      primary key (account_id, record_id, at)
    )`.execute(db);
  await sql`
    insert into late_arrivals (account_id, record_id, at)
    select account_id, record_id, at from usage_records where received_at - at > interval '4 days'`.execute(db);
}

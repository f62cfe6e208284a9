import { type Kysely, sql } from 'kysely';

/** Who is told of changes of the sending state, and what is to be told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // What was told last, so that a change is told once; `sequence` counts the changes.
  await sql`
    alter table accounts
      add column sending_told text not null default 'clear:',
      add column sending_sequence bigint not null default 0`.execute(db);
  await sql`
    update accounts set sending_told = case
      when overdue_since + overdue_grace_hours * interval '1 hour' <= now() then 'overdue:suspended'
      else 'overdue:' end
    where overdue_since is not null`.execute(db);

  await sql`
    create table webhooks (
      account_id uuid not null references accounts,
      webhook_id uuid not null,
      url text not null,
      secret text not null,
      created_at timestamptz not null,
      removed_at timestamptz,
      lease_id uuid,
      leased_until timestamptz,
      primary key (account_id, webhook_id)
    )`.execute(db);
  await sql`
    create unique index webhooks_in_use on webhooks (account_id, url) where removed_at is null`.execute(db);

  await sql`
    create table webhook_events (
      account_id uuid not null,
      webhook_id uuid not null,
      event_id uuid not null,
      sequence bigint not null,
      body text not null,
      state text not null check (state in ('waiting', 'delivered', 'superseded', 'dead')),
      attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      last_error text,
      queued_at timestamptz not null,
      finished_at timestamptz,
      primary key (account_id, webhook_id, event_id),
      foreign key (account_id, webhook_id) references webhooks
    )`.execute(db);
  await sql`
    create index webhook_events_waiting on webhook_events (next_attempt_at) where state = 'waiting'`.execute(db);
  await sql`
    create index webhook_events_by_age on webhook_events (account_id, webhook_id, queued_at)`.execute(db);
}

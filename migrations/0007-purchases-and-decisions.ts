import { type Kysely, sql } from 'kysely';

/** The second person, confirm cards, reasons and reminders of requests; refunded plans; every step of a renewal. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts add column two_person boolean not null default false`.execute(db);

  await sql`
    alter table approvals
      add column confirm boolean not null default false,
      add column reason text,
      add column problem jsonb,
      add column remind_at timestamptz,
      drop constraint approvals_state_check,
      add constraint approvals_state_check
        check (state in ('pending', 'approved', 'rejected', 'expired', 'closed'))`.execute(db);
  await sql`
    update approvals set remind_at = expires_at - interval '2 hours'
    where state = 'pending' and expires_at - requested_at >= interval '4 hours'`.execute(db);
  await sql`
    create index approvals_to_remind on approvals (remind_at) where state = 'pending' and remind_at is not null`.execute(
    db,
  );

  await sql`
    alter table plans
      add column refunded_at timestamptz,
      add check (refunded_at is null or (remaining = 0 and expired_at is null))`.execute(db);

  // What a renewal has been, step by step; `renewals` says what it is.
  await sql`
    create table renewal_steps (
      account_id uuid not null,
      renewal_id uuid not null,
      ordinal integer not null check (ordinal > 0),
      state text not null check (state in ('requested', 'approved', 'paid', 'failed', 'stopped')),
      reason text,
      offer_id text not null,
      price bigint not null,
      missing bigint,
      by_name text,
      at timestamptz not null,
      primary key (account_id, renewal_id, ordinal),
      foreign key (account_id, renewal_id) references renewals
    )`.execute(db);
  await sql`
    insert into renewal_steps (account_id, renewal_id, ordinal, state, reason, offer_id, price, at)
    select account_id, renewal_id, 1, state, reason, offer_id, price, coalesce(closed_at, attempted_at, opened_at)
    from renewals`.execute(db);
  await sql`
    create trigger renewal_steps_append_only before update or delete on renewal_steps
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger renewal_steps_no_truncate before truncate on renewal_steps
    for each statement execute function refuse_change()`.execute(db);
  await sql`create index renewals_by_time on renewals (account_id, opened_at desc)`.execute(db);
}

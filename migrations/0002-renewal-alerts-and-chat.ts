import { type Kysely, sql } from 'kysely';

/** Auto-renewal, alerts, approvals, groups, keys, notices, the inbox and the record of job slots. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table renewal_policies (
      account_id uuid primary key references accounts,
      enabled boolean not null,
      threshold bigint not null check (threshold between 0 and 200000000),
      offer_id text references plan_offers,
      purchases_per_day integer not null check (purchases_per_day > 0),
      purchases_per_month integer not null check (purchases_per_month > 0),
      money_per_month bigint check (money_per_month >= 0),
      approval_above bigint check (approval_above >= 0),
      changed_at timestamptz not null,
      changed_by text not null,
      check (not enabled or offer_id is not null)
    )`.execute(db);

  await sql`
    create table renewals (
      account_id uuid not null references accounts,
      renewal_id uuid not null,
      trigger text not null check (trigger in ('threshold', 'expiry')),
      state text not null check (state in ('requested', 'approved', 'paid', 'failed', 'stopped')),
      reason text,
      offer_id text not null,
      price bigint not null,
      plan_id uuid,
      approval_id uuid,
      opened_at timestamptz not null,
      attempted_at timestamptz,
      next_attempt_at timestamptz,
      closed_at timestamptz,
      primary key (account_id, renewal_id)
    )`.execute(db);
  await sql`create unique index renewals_one_open on renewals (account_id) where closed_at is null`.execute(db);

  await sql`
    create table alerts (
      account_id uuid not null references accounts,
      alert_id uuid not null,
      kind text not null,
      subject text not null default '',
      level integer not null check (level > 0),
      opened_at timestamptz not null,
      level_since timestamptz not null,
      closed_at timestamptz,
      primary key (account_id, alert_id)
    )`.execute(db);
  await sql`create unique index alerts_one_open on alerts (account_id, kind, subject) where closed_at is null`.execute(
    db,
  );

  await sql`
    create table approvals (
      account_id uuid not null references accounts,
      approval_id uuid not null,
      code text not null,
      action jsonb not null,
      requested_by text not null,
      requester_name text,
      requested_at timestamptz not null,
      expires_at timestamptz not null,
      state text not null check (state in ('pending', 'approved', 'rejected', 'expired')),
      decided_by text,
      decider_name text,
      decided_at timestamptz,
      outcome text,
      primary key (account_id, approval_id)
    )`.execute(db);
  await sql`create unique index approvals_pending_code on approvals (account_id, code) where state = 'pending'`.execute(
    db,
  );
  await sql`create index approvals_expiring on approvals (expires_at) where state = 'pending'`.execute(db);

  await sql`
    create table groups (
      corp_id text not null,
      conversation_id text not null,
      account_id uuid not null references accounts,
      title text not null,
      language text not null check (language in ('zh-CN', 'en')),
      bound_at timestamptz not null,
      bound_by text not null,
      primary key (corp_id, conversation_id)
    )`.execute(db);
  await sql`create index groups_of_account on groups (account_id)`.execute(db);
  await sql`
    create table group_administrators (
      corp_id text not null,
      conversation_id text not null,
      staff_id text not null,
      name text not null,
      added_at timestamptz not null,
      primary key (corp_id, conversation_id, staff_id),
      foreign key (corp_id, conversation_id) references groups on delete cascade
    )`.execute(db);
  await sql`
    create table group_codes (
      code_hash text primary key,
      account_id uuid not null references accounts,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz
    )`.execute(db);
  await sql`
    create table group_code_attempts (
      corp_id text not null,
      conversation_id text not null,
      window_start timestamptz not null,
      failures integer not null,
      primary key (corp_id, conversation_id)
    )`.execute(db);

  await sql`
    create table api_keys (
      key_id text primary key,
      account_id uuid not null references accounts,
      secret_hash text not null,
      label text not null,
      created_at timestamptz not null,
      revoked_at timestamptz
    )`.execute(db);
  await sql`create index api_keys_of_account on api_keys (account_id)`.execute(db);

  await sql`
    create table inbox (
      corp_id text not null,
      message_id text not null,
      received_at timestamptz not null,
      primary key (corp_id, message_id)
    )`.execute(db);
  await sql`create index inbox_by_age on inbox (received_at)`.execute(db);

  await sql`
    create table notices (
      account_id uuid not null,
      notice_id uuid not null,
      key text not null,
      reason text not null,
      recipient text not null,
      target jsonb not null,
      content jsonb not null,
      out_track_id text,
      state text not null check (state in ('waiting', 'delivered', 'dead')),
      form text,
      attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      leased_until timestamptz,
      lease_id uuid,
      last_error text,
      queued_at timestamptz not null,
      ordinal bigint not null,
      finished_at timestamptz,
      primary key (account_id, notice_id),
      unique (account_id, key)
    )`.execute(db);
  await sql`create index notices_waiting on notices (next_attempt_at) where state = 'waiting'`.execute(db);
  await sql`
    create index notices_waiting_of_recipient on notices (recipient, queued_at, ordinal) where state = 'waiting'`.execute(
    db,
  );

  await sql`
    create table cards (
      out_track_id text primary key,
      account_id uuid,
      corp_id text not null,
      conversation_id text not null,
      buttons jsonb not null,
      subject text,
      created_at timestamptz not null
    )`.execute(db);
  await sql`create index cards_of_subject on cards (account_id, subject) where subject is not null`.execute(db);

  await sql`
    create table job_runs (
      job text not null,
      slot timestamptz not null,
      started_at timestamptz not null,
      finished_at timestamptz,
      outcome text,
      primary key (job, slot)
    )`.execute(db);
}

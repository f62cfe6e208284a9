import { type Kysely, sql } from 'kysely';

/** Accounts, the ledger, plans, tariffs and usage. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table tariffs (
      tariff_id text not null,
      version integer not null check (version > 0),
      currency text not null,
      effective_from timestamptz not null,
      document jsonb not null,
      imported_at timestamptz not null,
      primary key (tariff_id, version)
    )`.execute(db);

  await sql`
    create table plan_offers (
      offer_id text primary key,
      title text not null,
      segments bigint not null check (segments > 0),
      price bigint not null check (price >= 0),
      currency text not null,
      validity_months integer not null check (validity_months between 1 and 120),
      renewal_discount_bp integer not null default 0 check (renewal_discount_bp between 0 and 10000)
    )`.execute(db);

  await sql`
    create table accounts (
      account_id uuid primary key,
      name text not null check (name <> ''),
      currency text not null,
      time_zone text not null,
      tariff_id text not null,
      default_template_type text not null check (default_template_type in ('verification', 'notification', 'promotion')),
      credit_limit bigint not null default 0 check (credit_limit >= 0),
      overdue_grace_hours integer not null default 0 check (overdue_grace_hours >= 0),
      balance bigint not null default 0,
      overdue_since timestamptz,
      last_recharged_at timestamptz,
      next_review_at timestamptz not null,
      quota_watermark bigint,
      available_watermark bigint,
      created_at timestamptz not null
    )`.execute(db);
  await sql`create index accounts_due_for_review on accounts (next_review_at)`.execute(db);

  await sql`
    create table transfers (
      account_id uuid not null references accounts,
      transfer_id uuid not null,
      key text not null,
      kind text not null,
      unit text not null,
      from_book text not null,
      to_book text not null,
      amount bigint not null check (amount > 0),
      at timestamptz not null,
      details jsonb not null default '{}',
      primary key (account_id, transfer_id),
      unique (account_id, key),
      check (from_book <> to_book)
    )`.execute(db);
  await sql`create index transfers_by_time on transfers (account_id, at)`.execute(db);
  await sql`
    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
    end $$`.execute(db);
  await sql`
    create trigger transfers_append_only before update or delete on transfers
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger transfers_no_truncate before truncate on transfers
    for each statement execute function refuse_change()`.execute(db);

  await sql`
    create table plans (
      account_id uuid not null references accounts,
      plan_id uuid not null,
      key text not null,
      source text not null check (source in ('purchase', 'renewal', 'grant')),
      offer_id text,
      title text not null,
      total bigint not null check (total > 0),
      remaining bigint not null check (remaining between 0 and total),
      price bigint not null check (price >= 0),
      effective_at timestamptz not null,
      expires_at timestamptz not null check (expires_at > effective_at),
      expired_at timestamptz,
      primary key (account_id, plan_id),
      unique (account_id, key),
      check (expired_at is null or remaining = 0)
    )`.execute(db);
  await sql`create index plans_with_quota on plans (account_id, expires_at) where remaining > 0`.execute(db);

  // No reference to accounts: checking it costs as much again as the insert, and metering holds the account's row anyway.
  await sql`
    create table usage_records (
      account_id uuid not null,
      record_id text not null,
      at timestamptz not null,
      destination text not null check (destination in ('mainland', 'international')),
      country text,
      template_type text not null check (template_type in ('verification', 'notification', 'promotion')),
      segments integer not null check (segments > 0),
      status text not null check (status in ('submitted', 'delivered', 'failed')),
      billing text not null check (billing in ('free', 'charged', 'unpriced')),
      batch_id uuid not null,
      received_at timestamptz not null,
      primary key (account_id, record_id, at),
      check ((destination = 'international') = (country is not null))
    ) partition by range (at)`.execute(db);

  await sql`
    create table rejected_usage (
      account_id uuid not null references accounts,
      rejection_id uuid not null,
      record_id text not null,
      reason text not null,
      digest text not null,
      received jsonb not null,
      stored jsonb,
      received_at timestamptz not null,
      primary key (account_id, rejection_id),
      unique (account_id, record_id, digest)
    )`.execute(db);

  await sql`
    create table charges (
      account_id uuid not null references accounts,
      charge_id uuid not null,
      batch_id uuid not null,
      kind text not null check (kind in ('plan', 'payg', 'correction')),
      month text not null check (month ~ '^[0-9]{4}-[0-9]{2}$'),
      destination text not null,
      country text not null default '',
      template_type text not null,
      tariff_version integer not null,
      tier integer,
      plan_id uuid,
      segments bigint not null check (segments >= 0),
      unit_price bigint,
      amount bigint not null,
      at timestamptz not null,
      primary key (account_id, charge_id),
      check ((kind = 'plan') = (plan_id is not null))
    )`.execute(db);
  await sql`create index charges_by_month on charges (account_id, month)`.execute(db);
  await sql`
    create trigger charges_append_only before update or delete on charges
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger charges_no_truncate before truncate on charges
    for each statement execute function refuse_change()`.execute(db);

  await sql`
    create table monthly_volumes (
      account_id uuid not null references accounts,
      month text not null,
      destination text not null,
      country text not null default '',
      template_type text not null,
      tariff_version integer not null,
      plan_segments bigint not null default 0 check (plan_segments >= 0),
      payg_segments bigint not null default 0 check (payg_segments >= 0),
      charged bigint not null default 0,
      primary key (account_id, month, destination, country, template_type, tariff_version)
    )`.execute(db);

  await sql`
    create table hourly_usage (
      account_id uuid not null references accounts,
      hour timestamptz not null,
      destination text not null,
      template_type text not null,
      plan_segments bigint not null default 0,
      payg_segments bigint not null default 0,
      amount bigint not null default 0,
      primary key (account_id, hour, destination, template_type)
    )`.execute(db);

  await sql`
    create table template_codes (
      account_id uuid not null references accounts,
      template_code text not null,
      template_type text not null check (template_type in ('verification', 'notification', 'promotion')),
      primary key (account_id, template_code)
    )`.execute(db);
}

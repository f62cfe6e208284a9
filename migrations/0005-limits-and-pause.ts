import { type Kysely, sql } from 'kysely';

/** Caps and what counts against them, and the pause that a person sets. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table accounts
      add column paused_at timestamptz,
      add column paused_by text,
      add column paused_by_name text,
      add check ((paused_at is null) = (paused_by is null) and (paused_at is null) = (paused_by_name is null))`.execute(
    db,
  );

  await sql`
    create table account_limits (
      account_id uuid not null references accounts,
      period text not null check (period in ('day', 'month')),
      unit text not null check (unit in ('segments', 'money')),
      stop_at bigint check (stop_at > 0),
      warn_at bigint check (warn_at > 0),
      reached_at timestamptz,
      reached_in text,
      changed_at timestamptz not null,
      changed_by text not null,
      primary key (account_id, period, unit),
      check (stop_at is not null or warn_at is not null),
      check (warn_at < stop_at),
      check (reached_at is null or stop_at is not null),
      check ((reached_at is null) = (reached_in is null))
    )`.execute(db);

  // What was sent in a day (YYYY-MM-DD) or a month (YYYY-MM) of the account's time zone.
  await sql`
    create table period_use (
      account_id uuid not null references accounts,
      period text not null check (period ~ '^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$'),
      segments bigint not null check (segments >= 0),
      amount bigint not null,
      primary key (account_id, period)
    )`.execute(db);
  await sql`
    with days as (
      select u.account_id, to_char(u.at at time zone a.time_zone, 'YYYY-MM-DD') as period,
        sum(u.segments)::bigint as segments, 0::bigint as amount
      from usage_records u join accounts a using (account_id)
      where u.billing in ('charged', 'unpriced')
      group by 1, 2
      union all
      select h.account_id, to_char(h.hour at time zone a.time_zone, 'YYYY-MM-DD'), 0, sum(h.amount)::bigint
      from hourly_usage h join accounts a using (account_id)
      group by 1, 2)
    insert into period_use (account_id, period, segments, amount)
    select account_id, period, sum(segments), sum(amount) from days group by 1, 2
    union all
    select account_id, substr(period, 1, 7), sum(segments), sum(amount) from days group by 1, 2`.execute(db);
}

import { type Kysely, sql } from 'kysely';

/** Who runs a daily job now, every run of a job with its duration and outcome; and which summaries are due when. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // What a stopped process left behind is known by its missing end.
  await sql`
    alter table job_runs
      drop constraint job_runs_pkey,
      alter column slot drop not null,
      add column run_id uuid not null default gen_random_uuid() primary key,
      add column state text not null default 'done' check (state in ('running', 'done', 'failed')),
      add column caused_by text not null default 'schedule' check (caused_by in ('schedule', 'cli')),
      add column attempts integer not null default 1 check (attempts > 0),
      add column duration_ms bigint check (duration_ms >= 0),
      add unique (job, slot)`.execute(db);
  await sql`
    update job_runs set state = 'failed', outcome = coalesce(outcome, 'interrupted'), finished_at = started_at
    where finished_at is null`.execute(db);
  await sql`
    update job_runs set duration_ms = greatest(0, extract(epoch from finished_at - started_at) * 1000)::bigint`.execute(
    db,
  );
  await sql`create index job_runs_by_time on job_runs (job, started_at desc)`.execute(db);
  await sql`
    create table job_locks (
      job text primary key,
      holder uuid not null,
      held_until timestamptz not null
    )`.execute(db);

  // A day (YYYY-MM-DD) whose summary is to come, or a month (YYYY-MM) that was closed and not told yet.
  await sql`
    create table digests (
      account_id uuid not null references accounts,
      kind text not null check (kind in ('daily', 'monthly')),
      period text not null,
      due_at timestamptz not null,
      primary key (account_id, kind, period)
    )`.execute(db);
  await sql`create index digests_due on digests (due_at)`.execute(db);
  await sql`
    alter table account_settings
      add column monthly_digest_at text default '09:00'
        check (monthly_digest_at ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$')`.execute(db);
  // There was no daily summary until now, and every account that had changed anything else bore its time: who asked for it keeps it.
  await sql`
    update account_settings s set digest_at = null
    where not exists (
      select 1 from audit a
      where a.account_id = s.account_id and a.deed in ('carried_out', 'decided')
        and a.details -> 'action' ->> 'type' = 'change_settings' and a.details -> 'action' ->> 'setting' = 'digest_at')`.execute(
    db,
  );
  await sql`
    insert into digests (account_id, kind, period, due_at)
    select s.account_id, 'daily', to_char(day, 'YYYY-MM-DD'), (day + s.digest_at::time) at time zone a.time_zone
    from account_settings s join accounts a using (account_id),
      lateral (select (date_trunc('day', now() at time zone a.time_zone) + interval '1 day')::date as day) next
    where s.digest_at is not null`.execute(db);
}

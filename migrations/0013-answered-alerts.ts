import { type Kysely, sql } from 'kysely';

/**
 * Alerts that somebody acknowledges or snoozes, that are repeated and escalated until then, and what was told of them; notices that wait
 * until quiet hours are over.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table alerts
      add column code text,
      add column told jsonb,
      add column told_at timestamptz,
      add column awaited_since timestamptz,
      add column acked_at timestamptz,
      add column acked_by text,
      add column acked_name text,
      add column snoozed_at timestamptz,
      add column snoozed_until timestamptz,
      add column snoozed_by text,
      add column snoozed_name text,
      add column repeats integer not null default 0 check (repeats >= 0),
      add column second_contact_at timestamptz,
      add column second_contact_name text,
      add column operator_at timestamptz`.execute(db);
  // A letter, a digit, a letter, without those that people mix up: enough of them for what one account has open.
  await sql`
    with numbered as (
      select account_id, alert_id, (row_number() over (partition by account_id order by opened_at, alert_id) - 1)::integer as n
      from alerts where closed_at is null)
    update alerts a
    set code = substr('ABCDEFGHJKLMNPQRSTUVWXYZ', 1 + (n / 192) % 24, 1) || (2 + n % 8)::text ||
      substr('ABCDEFGHJKLMNPQRSTUVWXYZ', 1 + (n / 8) % 24, 1)
    from numbered where a.account_id = numbered.account_id and a.alert_id = numbered.alert_id`.execute(db);
  // What auto-renewal has told before these were alerts.
  await sql`
    insert into alerts (account_id, alert_id, kind, subject, level, opened_at, level_since, code)
    select account_id, gen_random_uuid(), 'renewal', renewal_id::text, case state when 'stopped' then 1 else 2 end,
      coalesce(attempted_at, opened_at), coalesce(attempted_at, opened_at), 'Z9Z'
    from renewals where closed_at is null and state in ('failed', 'stopped')`.execute(db);
  await sql`
    alter table alerts
      add check (closed_at is not null or code is not null),
      add check ((acked_at is null) = (acked_by is null) and (acked_at is null) = (acked_name is null)),
      add check ((snoozed_until is null) = (snoozed_by is null) and (snoozed_until is null) = (snoozed_name is null)
        and (snoozed_until is null) = (snoozed_at is null)),
      add check ((second_contact_at is null) = (second_contact_name is null)),
      add check ((told is null) = (told_at is null))`.execute(db);
  await sql`
    create unique index alerts_open_code on alerts (account_id, code) where closed_at is null`.execute(db);

  await sql`alter table notices add column held_until timestamptz`.execute(db);
}

import { type Kysely, sql } from 'kysely';

/**
 * Notices that can be said together, that can wait or cannot, and that a person drops; and what all replicas know of DingTalk's limits:
 * when the next call of each API may be made, and how many calls of the month are used.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table notices
      add column urgency text not null default 'critical' check (urgency in ('reply', 'critical', 'routine')),
      add column merges boolean not null default false,
      add column merged_into uuid,
      add column trace text,
      drop constraint notices_state_check,
      add constraint notices_state_check check (state in ('waiting', 'delivered', 'dead', 'dropped'))`.execute(db);
  await sql`update notices set urgency = 'reply' where reason = 'reply'`.execute(db);
  // From now on one column says when a notice may be taken; a lease moves it, too.
  await sql`
    update notices set next_attempt_at = greatest(next_attempt_at, leased_until)
    where state = 'waiting' and leased_until is not null`.execute(db);
  // A webhook is a secret that nobody needs any more.
  await sql`update notices set target = target - 'webhook' where state <> 'waiting' and target ? 'webhook'`.execute(db);

  await sql`drop index notices_waiting`.execute(db);
  await sql`create index notices_waiting on notices (urgency, next_attempt_at) where state = 'waiting'`.execute(db);
  await sql`
    create index notices_finished on notices (finished_at) where state in ('delivered', 'dropped')`.execute(db);
  await sql`create index notices_dead on notices (finished_at) where state = 'dead'`.execute(db);

  await sql`
    create table call_rates (
      scope text primary key,
      free_at timestamptz not null
    )`.execute(db);
  await sql`
    create table call_months (
      month text primary key,
      used bigint not null default 0 check (used >= 0),
      exhausted_at timestamptz,
      warned_at timestamptz
    )`.execute(db);
}

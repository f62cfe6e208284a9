import { type Kysely, sql } from 'kysely';

/**
 * Above how many segments in an hour an account is due for review, and how its days of the week differ: accounts that are in use get both
 * with their next review. And since when nothing is left of a plan.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts add column hour_watermarks jsonb`.execute(db);
  await sql`alter table plans add column empty_at timestamptz`.execute(db);
  await sql`
    update plans set empty_at = coalesce(expired_at, refunded_at, effective_at) where remaining = 0`.execute(db);
  // What was used up was empty with its last charge.
  await sql`
    update plans p set empty_at = last.at
    from (select account_id, plan_id, max(at) as at from charges where plan_id is not null group by 1, 2) last
    where p.account_id = last.account_id and p.plan_id = last.plan_id
      and p.remaining = 0 and p.expired_at is null and p.refunded_at is null`.execute(db);
  await sql`
    create table usage_patterns (
      account_id uuid primary key references accounts,
      midnight timestamptz not null,
      by_weekday jsonb not null,
      first_used_at timestamptz not null
    )`.execute(db);
}

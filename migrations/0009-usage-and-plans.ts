import { type Kysely, sql } from 'kysely';

/**
 * Above how many segments in an hour an account is due for review, and how its days of the week differ: accounts that are in use get both
 * with their next review. And since when nothing is left of a plan.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts add column hour_watermarks jsonb`.execute(db);
  await sql`alter table plans add column empty_at timestamptz`.execute(db);
  await sql`
    update plans p set empty_at = coalesce(p.expired_at, p.refunded_at,
      (select max(c.at) from charges c where c.account_id = p.account_id and c.plan_id = p.plan_id), p.effective_at)
    where remaining = 0`.execute(db);
  await sql`
    create table usage_patterns (
      account_id uuid primary key references accounts,
      midnight timestamptz not null,
      by_weekday jsonb not null,
      first_used_at timestamptz not null
    )`.execute(db);
}

import { type Kysely, sql } from 'kysely';

/**
 * Above how many segments in an hour an account is due for review, and how its days of the week differ. Accounts that are in use get both
 * with their next review.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts add column hour_watermarks jsonb`.execute(db);
  await sql`
    create table usage_patterns (
      account_id uuid primary key references accounts,
      midnight timestamptz not null,
      by_weekday jsonb not null,
      first_used_at timestamptz not null
    )`.execute(db);
}

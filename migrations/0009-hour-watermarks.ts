import { type Kysely, sql } from 'kysely';

/** Above how many segments in an hour an account is due for review. Accounts that are in use get them with their next review. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts add column hour_watermarks jsonb`.execute(db);
}

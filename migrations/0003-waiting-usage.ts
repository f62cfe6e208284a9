import { type Kysely, sql } from 'kysely';

/** Finds the records that wait for a price, which are few, among all that an account ever had. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index usage_records_waiting on usage_records (account_id, country, at) where billing = 'unpriced'`.execute(
    db,
  );
}

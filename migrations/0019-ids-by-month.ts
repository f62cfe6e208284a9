import { type Kysely, sql } from 'kysely';

/**
 * In the month in which it was sent, an id is one message of its account, whatever the time (rule 1). A key over all months would have to
 * hold the time too, and could not tell that; a key of each month can, and metering need not look an id up that is new to its month.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table usage_records drop constraint usage_records_pkey`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'usage_records'::regclass order by 1`.execute(
    db,
  );
  for (const { name } of rows) {
    await sql`alter table ${sql.table(name)} add primary key (account_id, record_id)`.execute(db);
  }
}

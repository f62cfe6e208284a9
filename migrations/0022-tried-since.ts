import { type Kysely, sql } from 'kysely';

/** A notice is given up by how long it has been tried, and not by how long it waited for its time. (rule 22) */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table notices add column tried_since timestamptz`.execute(db);
  await sql`update notices set tried_since = greatest(queued_at, held_until) where state = 'waiting' and attempts > 0`.execute(
    db,
  );
}

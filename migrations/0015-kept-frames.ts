import { type Kysely, sql } from 'kysely';

/** What DingTalk pushed and was acknowledged before it was handled: whoever has it in hand may end, and another replica handles it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table kept_frames (
      frame_id text primary key,
      frame json not null,
      kept_at timestamptz not null,
      due_at timestamptz not null
    )`.execute(db);
  await sql`create index kept_frames_due on kept_frames (due_at)`.execute(db);
}

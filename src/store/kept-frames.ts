import { sql } from 'kysely';
import type { Executor } from './schema.ts';

/** A frame of the platform's as it came. It may carry a secret, so it goes when it has been handled. */
export interface KeptFrame {
  readonly type: string;
  readonly topic: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: string;
}

/** Keeps a frame that one process has in hand until `dueAt`; from then on another one may handle it. Kept once. */
export async function keepFrame(
  db: Executor,
  frame: KeptFrame,
  times: { now: Temporal.Instant; dueAt: Temporal.Instant },
): Promise<void> {
  await db
    .insertInto('kept_frames')
    .values({ frame_id: frame.messageId, frame: JSON.stringify(frame), kept_at: times.now, due_at: times.dueAt })
    .onConflict((oc) => oc.doNothing())
    .execute();
}

/** Takes frames that nobody has in hand any more, the oldest first, and has them in hand until `dueAt`. */
export async function takeKeptFrames(
  db: Executor,
  now: Temporal.Instant,
  options: { dueAt: Temporal.Instant; limit: number },
): Promise<KeptFrame[]> {
  const { rows } = await sql<{ frame: KeptFrame }>`
    update kept_frames k set due_at = ${options.dueAt}
    from (
      select frame_id from kept_frames where due_at <= ${now} order by kept_at limit ${options.limit}
      for update skip locked) due
    where k.frame_id = due.frame_id
    returning k.frame`.execute(db);
  return rows.map(({ frame }) => frame);
}

/** A frame that was handled need not be kept. */
export async function dropKeptFrame(db: Executor, id: string): Promise<void> {
  await db.deleteFrom('kept_frames').where('frame_id', '=', id).execute();
}

/** Gives up frames that were kept before `before`; how many they were. */
export async function giveUpKeptFrames(db: Executor, before: Temporal.Instant): Promise<bigint> {
  const result = await db.deleteFrom('kept_frames').where('kept_at', '<', before).executeTakeFirst();
  return result.numDeletedRows;
}

/** When the next frame may be handled by another process, of those that may after `after`; null when none is kept. */
export async function nextKeptFrameAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ at: Temporal.Instant | null }>`
    select min(due_at) as at from kept_frames where due_at > ${after ?? '-infinity'}`.execute(db);
  return rows[0]?.at ?? null;
}

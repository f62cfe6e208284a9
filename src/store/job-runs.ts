import type { Executor } from './schema.ts';

/** Takes a slot of a job: true for exactly one caller, on however many replicas. */
export async function takeSlot(
  db: Executor,
  job: string,
  slot: Temporal.Instant,
  now: Temporal.Instant,
): Promise<boolean> {
  const taken = await db
    .insertInto('job_runs')
    .values({ job, slot, started_at: now })
    .onConflict((oc) => oc.doNothing())
    .returning('job')
    .executeTakeFirst();
  return taken !== undefined;
}

export async function finishSlot(
  db: Executor,
  job: string,
  slot: Temporal.Instant,
  outcome: string,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .updateTable('job_runs')
    .set({ finished_at: now, outcome })
    .where('job', '=', job)
    .where('slot', '=', slot)
    .execute();
}

/** The newest slot of a job that was taken. */
export async function lastSlot(db: Executor, job: string): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom('job_runs')
    .select('slot')
    .where('job', '=', job)
    .orderBy('slot', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.slot ?? null;
}

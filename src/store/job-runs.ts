import { sql } from 'kysely';
import type { Executor } from './schema.ts';

export type RunState = 'running' | 'done' | 'failed';
/** Who had a job run: its time had come, or the operator asked for it. */
export type RunCause = 'schedule' | 'cli';

/** A run of a job. */
export interface StoredRun {
  /** With the job's name the trace of what it did. */
  readonly id: string;
  readonly job: string;
  /** The moment of the schedule that it was for; null for a run that has none. */
  readonly slot: Temporal.Instant | null;
  readonly state: RunState;
  readonly causedBy: RunCause;
  readonly attempts: number;
  readonly startedAt: Temporal.Instant;
  readonly finishedAt: Temporal.Instant | null;
  /** By the machine's clock, not by the one that can be moved. */
  readonly durationMs: number | null;
  /** What came of it, or the code of what failed. */
  readonly outcome: string | null;
}

/**
 * Makes `holder` the only one to run a job until a time, on however many replicas; who held it before has not kept it.
 * @returns false while somebody else holds it
 */
export async function lockJob(
  db: Executor,
  job: string,
  holder: string,
  now: Temporal.Instant,
  until: Temporal.Instant,
): Promise<boolean> {
  const locked = await db
    .insertInto('job_locks')
    .values({ job, holder, held_until: until })
    .onConflict((oc) =>
      oc.column('job').doUpdateSet({ holder, held_until: until }).where('job_locks.held_until', '<=', now),
    )
    .returning('job')
    .executeTakeFirst();
  return locked !== undefined;
}

/** Holds a job for longer; false when another one has taken it over. */
export async function keepJob(db: Executor, job: string, holder: string, until: Temporal.Instant): Promise<boolean> {
  const kept = await db
    .updateTable('job_locks')
    .set({ held_until: until })
    .where('job', '=', job)
    .where('holder', '=', holder)
    .returning('job')
    .executeTakeFirst();
  return kept !== undefined;
}

export async function unlockJob(db: Executor, job: string, holder: string): Promise<void> {
  await db.deleteFrom('job_locks').where('job', '=', job).where('holder', '=', holder).execute();
}

/** Until when somebody holds a job; null while nobody does. */
export async function heldUntil(db: Executor, job: string): Promise<Temporal.Instant | null> {
  const row = await db.selectFrom('job_locks').select('held_until').where('job', '=', job).executeTakeFirst();
  return row?.held_until ?? null;
}

/**
 * Begins the run of a slot, which is done once: undefined when it has been done, or was tried too often. Of a slot that failed, or whose
 * runner is gone, it is another attempt. The job must be locked.
 */
export async function beginSlot(
  db: Executor,
  run: {
    readonly job: string;
    readonly slot: Temporal.Instant;
    readonly now: Temporal.Instant;
    readonly causedBy: RunCause;
    readonly maxAttempts: number;
  },
): Promise<string | undefined> {
  const { job, slot, now, causedBy, maxAttempts } = run;
  const begun = await db
    .insertInto('job_runs')
    .values({ job, slot, started_at: now, state: 'running', caused_by: causedBy })
    .onConflict((oc) =>
      oc
        .columns(['job', 'slot'])
        .doUpdateSet({
          started_at: now,
          state: 'running',
          caused_by: causedBy,
          finished_at: null,
          duration_ms: null,
          outcome: null,
          attempts: sql`job_runs.attempts + 1`,
        })
        .where('job_runs.state', '<>', 'done')
        .where('job_runs.attempts', '<', maxAttempts),
    )
    .returning('run_id')
    .executeTakeFirst();
  return begun?.run_id;
}

/** Begins a run that is for no slot. */
export async function beginRun(db: Executor, job: string, now: Temporal.Instant, causedBy: RunCause): Promise<string> {
  const { run_id } = await db
    .insertInto('job_runs')
    .values({ job, slot: null, started_at: now, state: 'running', caused_by: causedBy })
    .returning('run_id')
    .executeTakeFirstOrThrow();
  return run_id;
}

/** What came of a run. */
export interface RunEnd {
  readonly state: Exclude<RunState, 'running'>;
  readonly outcome: string;
  readonly durationMs: number;
  readonly finishedAt: Temporal.Instant;
}

export async function finishRun(db: Executor, runId: string, end: RunEnd): Promise<void> {
  const { state, outcome, durationMs, finishedAt } = end;
  await db
    .updateTable('job_runs')
    .set({ state, outcome, duration_ms: BigInt(Math.round(durationMs)), finished_at: finishedAt })
    .where('run_id', '=', runId)
    .execute();
}

/** Keeps a run that has ended and was for no slot. */
export async function insertRun(
  db: Executor,
  run: RunEnd & {
    readonly id: string;
    readonly job: string;
    readonly startedAt: Temporal.Instant;
    readonly causedBy: RunCause;
  },
): Promise<void> {
  await db
    .insertInto('job_runs')
    .values({
      run_id: run.id,
      job: run.job,
      slot: null,
      started_at: run.startedAt,
      finished_at: run.finishedAt,
      state: run.state,
      outcome: run.outcome,
      caused_by: run.causedBy,
      duration_ms: BigInt(Math.round(run.durationMs)),
    })
    .execute();
}

/** The run of the newest slot of a job that was begun. */
export async function lastSlot(db: Executor, job: string): Promise<(StoredRun & { slot: Temporal.Instant }) | null> {
  const row = await db
    .selectFrom('job_runs')
    .selectAll()
    .where('job', '=', job)
    .where('slot', 'is not', null)
    .orderBy('slot', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.slot ? { ...toRun(row), slot: row.slot } : null;
}

/** The newest run of each of these jobs, by name; what never ran is missing. */
export async function readLastRuns(db: Executor, jobs: readonly string[]): Promise<Map<string, StoredRun>> {
  const rows = await Promise.all(
    jobs.map((job) =>
      db
        .selectFrom('job_runs')
        .selectAll()
        .where('job', '=', job)
        .orderBy('started_at', 'desc')
        .limit(1)
        .executeTakeFirst(),
    ),
  );
  return new Map(rows.flatMap((row) => (row ? [[row.job, toRun(row)]] : [])));
}

/** Removes old runs: those of slots, and those that had none, of which there are many. */
export async function forgetRuns(
  db: Executor,
  before: { readonly slots: Temporal.Instant; readonly others: Temporal.Instant },
): Promise<bigint> {
  const { numDeletedRows } = await db
    .deleteFrom('job_runs')
    .where((eb) =>
      eb.or([
        eb('started_at', '<', before.slots),
        eb.and([eb('slot', 'is', null), eb('started_at', '<', before.others)]),
      ]),
    )
    .executeTakeFirstOrThrow();
  return numDeletedRows;
}

function toRun(row: {
  run_id: string;
  job: string;
  slot: Temporal.Instant | null;
  state: RunState;
  caused_by: RunCause;
  attempts: number;
  started_at: Temporal.Instant;
  finished_at: Temporal.Instant | null;
  duration_ms: bigint | null;
  outcome: string | null;
}): StoredRun {
  return {
    id: row.run_id,
    job: row.job,
    slot: row.slot,
    state: row.state,
    causedBy: row.caused_by,
    attempts: row.attempts,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms === null ? null : Number(row.duration_ms),
    outcome: row.outcome,
  };
}

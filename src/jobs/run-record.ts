import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../store/database.ts';
import { insertRun, type RunCause } from '../store/job-runs.ts';
import { failureOf } from './daily-slot.ts';
import type { JobRun } from './scheduler.ts';

/** Keeps what came of the runs of jobs that work by state; a run that found nothing to do is none, and daily jobs keep their slots. */
export class RunRecord {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #causedBy: RunCause;

  constructor(db: Database, clock: Clock, logger: Logger, causedBy: RunCause = 'schedule') {
    this.#db = db;
    this.#clock = clock;
    this.#logger = logger;
    this.#causedBy = causedBy;
  }

  /** What was done stays done where it cannot be recorded. */
  async add({ id, job, plan, outcome, seconds, startedAt, report, error }: JobRun): Promise<void> {
    if (plan.kind === 'daily' || (outcome === 'done' && report === null)) return;
    const run = { job, startedAt, causedBy: this.#causedBy, state: outcome, finishedAt: this.#clock.now() };
    try {
      await insertRun(this.#db.kysely, {
        id,
        ...run,
        outcome: outcome === 'failed' ? failureOf(error) : (report ?? ''),
        durationMs: seconds * 1_000,
      });
    } catch (cause) {
      this.#logger.warn({ err: cause, job }, 'a run of a job could not be recorded');
    }
  }
}

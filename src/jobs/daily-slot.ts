import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { RuleError } from '../domain/errors.ts';
import { codeOf } from '../store/connection.ts';
import type { Database } from '../store/database.ts';
import {
  beginRun,
  beginSlot,
  finishRun,
  heldUntil,
  keepJob,
  lastSlot,
  lockJob,
  type RunCause,
  unlockJob,
} from '../store/job-runs.ts';
import { traceOfRun, withTrace } from '../trace.ts';
import type { JobPlan } from './job.ts';

/** The time zone in which daily jobs have their times, unless the settings name another. */
export const SERVICE_TIME_ZONE = 'Asia/Shanghai';

/** A runner that was not heard of for so long is gone, and another replica takes over. */
const LEASE = Temporal.Duration.from({ minutes: 1 });
/** How often a runner says that it is still there. */
const KEEP_EVERY_MS = 20_000;
/** A slot that failed is tried again after this. */
const RETRY_AFTER = Temporal.Duration.from({ minutes: 15 });
const MAX_ATTEMPTS = 5;
/** For a person who asks for it once more. */
const ANY_NUMBER = 1_000_000;
/** A slot that is not made up may be so late: a tick can be. */
const ON_TIME = Temporal.Duration.from({ minutes: 10 });

export interface DailySlotOptions {
  readonly job: string;
  readonly plan: Extract<JobPlan, { kind: 'daily' }>;
  readonly db: Database;
  readonly clock: Clock;
  /** IANA name. Default: {@link SERVICE_TIME_ZONE}. */
  readonly timeZone?: string;
}

/**
 * Once a day at a time of day, on one replica. While it runs nobody else begins it, whatever slot is due; a runner that died is taken over
 * when its lease has ended. What fails is tried again, at most five times.
 */
export class DailySlot {
  readonly #options: DailySlotOptions;
  readonly #timeOfDay: Temporal.PlainTime;
  readonly #timeZone: string;

  constructor(options: DailySlotOptions) {
    this.#options = options;
    this.#timeOfDay = Temporal.PlainTime.from(options.plan.at);
    this.#timeZone = options.timeZone ?? SERVICE_TIME_ZONE;
  }

  /** When there is a slot to be taken next; with `after`, later than that. */
  async nextAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    const { db, job } = this.#options;
    const now = this.#options.clock.now();
    const current = this.#slotBefore(now);
    const last = await lastSlot(db.kysely, job);
    // After a clock that went back, the newest slot may lie ahead.
    const newest = last && isBefore(current, last.slot) ? last.slot : current;
    const due = await this.#dueAt(newest, last, now);
    return due && !(after && !isBefore(after, due)) ? due : this.#slotAfter(newest);
  }

  /** Does the work of the current slot, unless it is done or somebody else is at it; keeps what the work answers as its outcome. */
  async run(work: () => Promise<string>): Promise<string | null> {
    const { db, job, clock, plan } = this.#options;
    const now = clock.now();
    const slot = this.#slotBefore(now);
    if (plan.missed === 'skipped' && isBefore(slot.add(ON_TIME), now)) return null;
    return this.#exclusively(now, async () => {
      const last = await lastSlot(db.kysely, job);
      if (last && isBefore(slot, last.slot)) return null;
      const run = { job, slot, now, causedBy: 'schedule', maxAttempts: MAX_ATTEMPTS } as const;
      const runId = await beginSlot(db.kysely, run);
      return runId === undefined ? null : this.#carryOut(runId, work);
    });
  }

  /**
   * Does the work now: as the current slot where that has not been done, or else beside it.
   * @throws RuleError `job_running`
   */
  async runNow(work: () => Promise<string>, causedBy: RunCause = 'cli'): Promise<string> {
    const { db, job, clock } = this.#options;
    const now = clock.now();
    const outcome = await this.#exclusively(now, async () => {
      const run = { job, slot: this.#slotBefore(now), now, causedBy, maxAttempts: ANY_NUMBER };
      const runId = (await beginSlot(db.kysely, run)) ?? (await beginRun(db.kysely, job, now, causedBy));
      return this.#carryOut(runId, work);
    });
    if (outcome !== null) return outcome;
    throw new RuleError('job_running', `The job ${job} runs already; "npm run cli -- jobs list" shows since when.`, {
      job,
    });
  }

  /** When the newest slot is to be done: null when it has been, or when it is not made up. */
  async #dueAt(
    newest: Temporal.Instant,
    last: Awaited<ReturnType<typeof lastSlot>>,
    now: Temporal.Instant,
  ): Promise<Temporal.Instant | null> {
    const { db, job, plan } = this.#options;
    if (!last || isBefore(last.slot, newest)) {
      return plan.missed === 'skipped' && isBefore(newest.add(ON_TIME), now) ? null : newest;
    }
    if (last.state === 'done' || last.attempts >= MAX_ATTEMPTS) return null;
    if (last.state === 'failed') return (last.finishedAt ?? last.startedAt).add(RETRY_AFTER);
    return (await heldUntil(db.kysely, job)) ?? newest;
  }

  /** Null while somebody else holds the job. */
  async #exclusively(now: Temporal.Instant, work: () => Promise<string | null>): Promise<string | null> {
    const { db, job, clock } = this.#options;
    const holder = randomUUID();
    if (!(await lockJob(db.kysely, job, holder, now, now.add(LEASE)))) return null;
    const keep = setInterval(() => {
      // Where the database is away, the work fails by itself.
      keepJob(db.kysely, job, holder, clock.now().add(LEASE)).catch(() => undefined);
    }, KEEP_EVERY_MS);
    try {
      return await work();
    } finally {
      clearInterval(keep);
      await unlockJob(db.kysely, job, holder);
    }
  }

  async #carryOut(runId: string, work: () => Promise<string>): Promise<string> {
    const { db, clock, job } = this.#options;
    const start = performance.now();
    const finish = (state: 'done' | 'failed', outcome: string) =>
      finishRun(db.kysely, runId, {
        state,
        outcome,
        durationMs: performance.now() - start,
        finishedAt: clock.now(),
      });
    try {
      const outcome = await withTrace(traceOfRun(job, runId), work);
      await finish('done', outcome);
      return outcome;
    } catch (error) {
      await finish('failed', failureOf(error));
      throw error;
    }
  }

  /** The newest slot that has begun. */
  #slotBefore(now: Temporal.Instant): Temporal.Instant {
    const today = now.toZonedDateTimeISO(this.#timeZone).withPlainTime(this.#timeOfDay);
    const slot = isBefore(now, today.toInstant()) ? this.#onDay(today.toPlainDate().subtract({ days: 1 })) : today;
    return slot.toInstant();
  }

  #slotAfter(slot: Temporal.Instant): Temporal.Instant {
    return this.#onDay(slot.toZonedDateTimeISO(this.#timeZone).toPlainDate().add({ days: 1 })).toInstant();
  }

  #onDay(day: Temporal.PlainDate): Temporal.ZonedDateTime {
    return day.toZonedDateTime({ timeZone: this.#timeZone, plainTime: this.#timeOfDay });
  }
}

/** What is kept of an error: its code or kind, because messages may hold what people said. */
export function failureOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : 'failed');
}

function isBefore(a: Temporal.Instant, b: Temporal.Instant): boolean {
  return Temporal.Instant.compare(a, b) < 0;
}

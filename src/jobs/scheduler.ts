import { randomUUID } from 'node:crypto';
import { createTask, type ScheduledTask } from 'node-cron';
import type { Clock, JumpingClock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { withTrace } from '../trace.ts';
import type { Job } from './job.ts';

/** Every two seconds. A tick is only a reminder: what is due is read from the database. */
const TICK = '*/2 * * * * *';
/** When the same moment stays due this often while time is being advanced, the jobs cannot get on, and time moves a little without them. */
const MAX_ROUNDS_AT_ONE_MOMENT = 20;
const STEP_WHEN_STUCK = Temporal.Duration.from({ minutes: 1 });

/** A run of a job that was due. */
export interface JobRun {
  readonly job: string;
  readonly outcome: 'done' | 'failed';
  readonly seconds: number;
}

/** Runs jobs when they are due: at node-cron's ticks, or while the clock is being moved. */
export class Scheduler {
  readonly #jobs: readonly Job[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onRun: (run: JobRun) => void;
  #task: ScheduledTask | undefined;
  #running: Promise<void> | undefined;
  #move: Promise<void> | undefined;
  #isStopping = false;

  /** @param onRun called after each run, for metrics */
  constructor(jobs: readonly Job[], clock: Clock, logger: Logger, onRun: (run: JobRun) => void = () => {}) {
    this.#jobs = jobs;
    this.#clock = clock;
    this.#logger = logger;
    this.#onRun = onRun;
  }

  async start(): Promise<void> {
    this.#task = createTask(TICK, () => this.tick(), { name: 'tick', noOverlap: true });
    await this.#task.start();
  }

  /** No new tick; waits for the one that runs. A move of the clock ends where it is: a move of years would keep the program for hours. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#task?.destroy();
    await this.#move?.catch(() => undefined);
    await this.#running;
  }

  /** Does what is due now. A call while another one runs joins it. */
  tick(): Promise<void> {
    this.#running ??= this.#runDue().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /**
   * Moves a clock forward, stopping at each moment at which something is due and doing it then, so that a jump of a month gives what
   * the month would have given. One move at a time.
   */
  advanceTo(clock: JumpingClock, target: Temporal.Instant): Promise<void> {
    const move = this.#advance(clock, target);
    this.#move = move;
    return move;
  }

  async #advance(clock: JumpingClock, target: Temporal.Instant): Promise<void> {
    let rounds = 0;
    let moment: Temporal.Instant | undefined;
    await this.tick();
    while (!this.#isStopping) {
      const next = await this.#nextDueAt();
      if (!next || Temporal.Instant.compare(next, target) > 0) break;
      rounds = moment && Temporal.Instant.compare(next, moment) <= 0 ? rounds + 1 : 0;
      const isStuck = rounds > MAX_ROUNDS_AT_ONE_MOMENT;
      moment = isStuck ? clock.now().add(STEP_WHEN_STUCK) : next;
      if (Temporal.Instant.compare(moment, target) > 0) break;
      clock.jumpTo(moment);
      await this.tick();
    }
    if (this.#isStopping) return;
    clock.jumpTo(target);
    await this.tick();
  }

  async #runDue(): Promise<void> {
    for (const job of this.#jobs) {
      try {
        const due = await job.nextDueAt();
        if (due && Temporal.Instant.compare(due, this.#clock.now()) <= 0) await this.#runOne(job);
      } catch (error) {
        this.#logger.error({ err: error, job: job.name }, 'a job failed; the next tick tries again');
      }
    }
  }

  /** What a run tells bears the run's own trace. */
  async #runOne(job: Job): Promise<void> {
    const start = performance.now();
    let outcome: JobRun['outcome'] = 'failed';
    try {
      await withTrace(`${job.name}/${randomUUID()}`, () => job.run());
      outcome = 'done';
    } finally {
      this.#onRun({ job: job.name, outcome, seconds: (performance.now() - start) / 1_000 });
    }
  }

  /** The next moment at which time alone brings something; what is due already does not count. */
  async nextEventAt(): Promise<Temporal.Instant | null> {
    return (await this.#nextDueAt(this.#clock.now())) ?? null;
  }

  async #nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | undefined> {
    const moments = await Promise.all(this.#jobs.map((job) => job.nextDueAt(after)));
    return moments.filter((moment) => moment !== null).toSorted(Temporal.Instant.compare)[0];
  }
}

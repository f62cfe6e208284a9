import { randomUUID } from 'node:crypto';
import { type Logger as CronLogger, createTask, type ScheduledTask } from 'node-cron';
import type { Clock, JumpingClock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { traceOfRun, withTrace } from '../trace.ts';
import type { Job, JobPlan } from './job.ts';

/** Every two seconds. A tick is only a reminder: what is due is read from the database. */
const TICK = '*/2 * * * * *';
/** When the same moment stays due this often while time is being advanced, the jobs cannot get on, and time moves a little without them. */
const MAX_ROUNDS_AT_ONE_MOMENT = 20;
const STEP_WHEN_STUCK = Temporal.Duration.from({ minutes: 1 });

/** What node-cron has to say, such as of a tick that was missed, goes into the service's log instead of to the console. */
function cronLogger(logger: Logger): CronLogger {
  const log = (level: 'debug' | 'info' | 'warn' | 'error') => (said: string | Error, error?: Error) =>
    said instanceof Error
      ? logger[level]({ err: said }, 'node-cron')
      : logger[level]({ err: error }, `node-cron: ${said}`);
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

/** A run of a job that was due. */
export interface JobRun {
  readonly id: string;
  readonly job: string;
  readonly plan: JobPlan;
  readonly outcome: 'done' | 'failed';
  readonly seconds: number;
  readonly startedAt: Temporal.Instant;
  /** What came of it; null when there was nothing to do, or it failed. */
  readonly report: string | null;
  /** Why it failed; undefined when it did not. */
  readonly error?: unknown;
}

/** Runs jobs when they are due: at node-cron's ticks, or while the clock is being moved. */
export class Scheduler {
  readonly #jobs: readonly Job[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onRun: (run: JobRun) => unknown;
  /** Daily and slow jobs that are at work: they may take long, and hold up nothing else. */
  readonly #long = new Map<string, Promise<void>>();
  #task: ScheduledTask | undefined;
  #running: Promise<void> | undefined;
  #move: Promise<void> | undefined;
  #isStopping = false;

  /** @param onRun called after each run, for metrics and the record of it; what it promises is waited for */
  constructor(jobs: readonly Job[], clock: Clock, logger: Logger, onRun: (run: JobRun) => unknown = () => {}) {
    this.#jobs = jobs;
    this.#clock = clock;
    this.#logger = logger;
    this.#onRun = onRun;
  }

  async start(): Promise<void> {
    this.#task = createTask(TICK, () => this.#beat(), { name: 'tick', logger: cronLogger(this.#logger) });
    await this.#task.start();
  }

  /** No new tick; waits for the one that runs. A move of the clock ends where it is: a move of years would keep the program for hours. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#task?.destroy();
    await this.#move?.catch(() => undefined);
    await this.#running;
    await this.#longEnded();
  }

  /** Does what is due now, and waits for it. A call while another one runs joins it. */
  async tick(): Promise<void> {
    await this.#beat();
    await this.#longEnded();
  }

  /** Begins what is due now; waits for all but daily and slow jobs. */
  #beat(): Promise<void> {
    this.#running ??= this.#runDue().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #longEnded(): Promise<void> {
    await Promise.all(this.#long.values());
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
      if (this.#long.has(job.name)) continue;
      try {
        const due = await job.nextDueAt();
        if (!due || Temporal.Instant.compare(due, this.#clock.now()) > 0) continue;
        if (job.plan.kind === 'daily' || job.plan.isSlow) this.#long.set(job.name, this.#runLong(job));
        else await this.#run(job);
      } catch (error) {
        this.#complain(job, error);
      }
    }
  }

  async #runLong(job: Job): Promise<void> {
    try {
      await this.#run(job);
    } catch (error) {
      this.#complain(job, error);
    } finally {
      this.#long.delete(job.name);
    }
  }

  async #run(job: Job): Promise<void> {
    await runJob(job, this.#clock, (run) => {
      if (run.outcome === 'failed') this.#complain(job, run.error);
      return this.#onRun(run);
    });
  }

  #complain({ name }: Job, error: unknown): void {
    this.#logger.error({ err: error, job: name }, 'a job failed; a later tick tries again');
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

/**
 * Runs a job, hands on what came of it, and answers it: what the job throws is part of that. All that a run does and tells bears the run's own
 * trace.
 */
export function runJob(job: Job, clock: Clock, onRun: (run: JobRun) => unknown): Promise<JobRun> {
  const start = performance.now();
  const { name, plan } = job;
  const begun = { id: randomUUID(), job: name, plan, startedAt: clock.now() };
  const seconds = () => (performance.now() - start) / 1_000;
  return withTrace(traceOfRun(name, begun.id), async () => {
    const run = await job.run().then(
      (report): JobRun => ({ ...begun, outcome: 'done', seconds: seconds(), report }),
      (error: unknown): JobRun => ({ ...begun, outcome: 'failed', seconds: seconds(), report: null, error }),
    );
    await onRun(run);
    return run;
  });
}

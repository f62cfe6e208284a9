import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { ManualClock, OffsetClock } from '../../src/clock.ts';
import type { Job, JobPlan } from '../../src/jobs/job.ts';
import { type JobRun, Scheduler } from '../../src/jobs/scheduler.ts';
import { SERVICE_JOBS } from '../../src/jobs/service-jobs.ts';
import { NOW } from '../support/builders.ts';

const logger = pino({ level: 'silent' });
const BY_STATE = { kind: 'by_state', missed: 'once' } as const;

/** A job that is due at given moments, and notes the time at which it did each. */
class PlannedJob implements Job {
  readonly name: string;
  readonly plan = BY_STATE;
  readonly done: { due: Temporal.Instant; at: Temporal.Instant }[] = [];
  readonly #clock: { now(): Temporal.Instant };
  #due: Temporal.Instant[];

  constructor(name: string, clock: { now(): Temporal.Instant }, due: readonly Temporal.Instant[]) {
    this.name = name;
    this.#clock = clock;
    this.#due = due.toSorted(Temporal.Instant.compare);
  }

  expect(due: Temporal.Instant): void {
    this.#due = [...this.#due, due].toSorted(Temporal.Instant.compare);
  }

  async nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return this.#due.find((due) => !after || Temporal.Instant.compare(due, after) > 0) ?? null;
  }

  async run(): Promise<string> {
    const now = this.#clock.now();
    for (const due of this.#due.filter((moment) => Temporal.Instant.compare(moment, now) <= 0)) {
      this.done.push({ due, at: now });
    }
    this.#due = this.#due.filter((moment) => Temporal.Instant.compare(moment, now) > 0);
    return 'done';
  }
}

function broken(name: string, due: Temporal.Instant): Job {
  return {
    name,
    plan: BY_STATE,
    nextDueAt: async (after) => (after && Temporal.Instant.compare(due, after) <= 0 ? null : due),
    run: () => Promise.reject(new Error('out of order')),
  };
}

describe('tick', () => {
  const clock = new ManualClock(NOW);
  const past = NOW.subtract({ seconds: 1 });

  test('given jobs that are due and one that is not, then the due ones run, in their order', async () => {
    const ran: string[] = [];
    const job = (name: string, due: Temporal.Instant | null): Job => ({
      name,
      plan: BY_STATE,
      nextDueAt: async () => due,
      run: async () => {
        ran.push(name);
        return null;
      },
    });
    const jobs = [job('a', past), job('b', NOW.add({ seconds: 1 })), job('c', null), job('d', NOW)];
    await new Scheduler(jobs, clock, logger).tick();
    expect(ran).toEqual(['a', 'd']);
  });

  test('given a job that fails, or that cannot say when it is due, then the others run', async () => {
    const last = new PlannedJob('last', clock, [past]);
    const silent: Job = { ...broken('silent', past), nextDueAt: () => Promise.reject(new Error('no database')) };
    await new Scheduler([broken('broken', past), silent, last], clock, logger).tick();
    expect(last.done).toHaveLength(1);
  });

  test('given a tick while another one runs, then it joins it, and no job runs twice at once', async () => {
    const started = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<null>();
    let runs = 0;
    const job: Job = {
      name: 'slow',
      plan: BY_STATE,
      nextDueAt: async () => past,
      run: () => {
        runs += 1;
        started.resolve();
        return goOn.promise;
      },
    };
    const scheduler = new Scheduler([job], clock, logger);
    const first = scheduler.tick();
    await started.promise;
    const second = scheduler.tick();
    const stopped = scheduler.stop();
    goOn.resolve(null);
    await Promise.all([first, second, stopped]);
    expect(runs).toBe(1);
  });
});

test.each<JobPlan>([{ kind: 'daily', at: '03:00', missed: 'once' }, SERVICE_JOBS.delivery])(
  'given a job that takes long, %j, then the ticks go on without it, nobody begins it again, and a stop waits for it',
  async (plan) => {
    const goOn = Promise.withResolvers<string>();
    const [begun, another] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const long: Job = {
      name: 'long',
      plan,
      nextDueAt: async () => NOW,
      run: () => {
        runs += 1;
        begun.resolve();
        return goOn.promise;
      },
    };
    let ticks = 0;
    const short: Job = {
      name: 'short',
      plan: BY_STATE,
      nextDueAt: async () => NOW,
      run: async () => {
        ticks += 1;
        if (ticks === 2) another.resolve();
        return null;
      },
    };
    const kept: JobRun[] = [];
    const scheduler = new Scheduler([long, short], new ManualClock(NOW), logger, (run) => kept.push(run));
    await scheduler.start();
    await begun.promise;
    await another.promise;
    const stopped = scheduler.stop();
    goOn.resolve('took its time');
    await stopped;
    expect(runs).toBe(1);
    expect(kept.filter(({ job }) => job === 'long')).toMatchObject([
      { outcome: 'done', report: 'took its time', startedAt: NOW },
    ]);
  },
);

describe('advanceTo (promise 7)', () => {
  const days =
    (...numbers: number[]) =>
    (start: Temporal.Instant) =>
      numbers.map((number) => start.add({ hours: 24 * number }));

  test('given moments of several jobs, then each is visited at its own time, in order, and those beyond the target are not', async () => {
    const clock = new OffsetClock();
    const start = clock.now();
    const odd = new PlannedJob('odd', clock, days(1, 3, 5, 9)(start));
    const even = new PlannedJob('even', clock, days(2, 4, 6, 8)(start));
    const target = start.add({ hours: 24 * 7 });
    await new Scheduler([odd, even], clock, logger).advanceTo(clock, target);

    const visits = [...odd.done, ...even.done].toSorted((a, b) => Temporal.Instant.compare(a.at, b.at));
    expect(visits.map(({ due }) => due)).toEqual(days(1, 2, 3, 4, 5, 6)(start));
    for (const { due, at } of visits) {
      expect(Temporal.Instant.compare(at, due)).toBeGreaterThanOrEqual(0);
      expect(due.until(at).total('seconds')).toBeLessThan(60);
    }
    expect(Temporal.Instant.compare(clock.now(), target)).toBeGreaterThanOrEqual(0);
    expect(target.until(clock.now()).total('minutes')).toBeLessThan(1);
  });

  test('given a moment that a visit brings about, then it is visited too', async () => {
    const clock = new OffsetClock();
    const start = clock.now();
    const renewal = new PlannedJob('renewal', clock, []);
    let isPlanned = false;
    const review: Job = {
      name: 'review',
      plan: BY_STATE,
      nextDueAt: async () => (isPlanned ? null : start.add({ hours: 1 })),
      run: async () => {
        isPlanned = true;
        renewal.expect(clock.now().add({ hours: 2 }));
        return null;
      },
    };
    await new Scheduler([review, renewal], clock, logger).advanceTo(clock, start.add({ hours: 6 }));
    expect(renewal.done).toHaveLength(1);
    expect(start.until(renewal.done[0]?.at ?? start).total('hours')).toBeCloseTo(3, 1);
  });

  test('given a job that never gets on, then time goes on, and the others are visited', async () => {
    const clock = new OffsetClock();
    const start = clock.now();
    const job = new PlannedJob('job', clock, [start.add({ minutes: 5 }), start.add({ minutes: 25 })]);
    const scheduler = new Scheduler([broken('broken', start.add({ minutes: 10 })), job], clock, logger);
    await scheduler.advanceTo(clock, start.add({ minutes: 30 }));
    expect(job.done).toHaveLength(2);
  });

  test('given a move of a thousand years, when the scheduler is stopped meanwhile, then no job is asked any more and the clock stays where it came', async () => {
    const clock = new OffsetClock();
    const start = clock.now();
    const visited = Promise.withResolvers<void>();
    let isStopped = false;
    const askedLate: string[] = [];
    const hourly: Job = {
      name: 'hourly',
      plan: BY_STATE,
      nextDueAt: async () => {
        if (isStopped) askedLate.push('due');
        return clock.now().add({ hours: 1 });
      },
      run: async () => null,
    };
    const first = new PlannedJob('first', clock, [start.add({ hours: 24 })]);
    const watched: Job = {
      name: 'watched',
      plan: BY_STATE,
      nextDueAt: () => first.nextDueAt(),
      run: async () => {
        visited.resolve();
        return first.run();
      },
    };
    const scheduler = new Scheduler([hourly, watched], clock, logger);
    const move = scheduler.advanceTo(clock, start.add({ hours: 24 * 365_000 }));
    await visited.promise;
    await scheduler.stop();
    isStopped = true;
    await move;
    expect(askedLate).toEqual([]);
    expect(start.until(clock.now()).total('days')).toBeLessThan(365_000);
  });

  test('given a target that has passed, then what is due is done and the clock stays', async () => {
    const clock = new OffsetClock();
    const start = clock.now();
    const job = new PlannedJob('job', clock, [start]);
    await new Scheduler([job], clock, logger).advanceTo(clock, start.subtract({ hours: 1 }));
    expect(job.done).toHaveLength(1);
    expect(clock.offset.sign).toBe(0);
  });
});

test('given node-cron, when it ticks, then what is due is done, until the scheduler is stopped', async () => {
  const ran = Promise.withResolvers<void>();
  const job: Job = {
    name: 'due',
    plan: BY_STATE,
    nextDueAt: async () => NOW,
    run: async () => {
      ran.resolve();
      return null;
    },
  };
  const scheduler = new Scheduler([job], new ManualClock(NOW), logger);
  await scheduler.start();
  await ran.promise;
  await scheduler.stop();
});

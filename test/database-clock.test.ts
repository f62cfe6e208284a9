import { expect, test } from 'vitest';
import { ManualClock, SystemClock } from '../src/clock.ts';
import { DatabaseClock } from '../src/database-clock.ts';
import { createLogger } from '../src/log.ts';
import { readServerTime } from '../src/store/server-facts.ts';
import { createTestDatabase } from './support/test-database.ts';

const { db } = await createTestDatabase();
const logger = createLogger({ level: 'silent', name: 'test' });

/** A clock that is the right one, or as far from it as the test says. */
class WrongClock extends SystemClock {
  aheadSeconds = 0;

  override now(): Temporal.Instant {
    return super.now().add({ milliseconds: Math.round(this.aheadSeconds * 1_000) });
  }
}

/** Seconds by which the database is ahead of a clock. */
async function differenceOf(clock: DatabaseClock): Promise<number> {
  return clock
    .now()
    .until(await readServerTime(db.kysely))
    .total('seconds');
}

test.each([3_600, -3_600, 5, -90])(
  "given a machine whose clock is %d s ahead, then its time is the database's",
  async (aheadSeconds) => {
    const machine = new WrongClock();
    machine.aheadSeconds = aheadSeconds;
    const clock = new DatabaseClock({ db, logger, machine });
    await clock.look();
    expect(clock.aheadSeconds).toBeCloseTo(-aheadSeconds, 0);
    expect(machine.now().until(clock.now()).total('seconds')).toBeCloseTo(-aheadSeconds, 0);
  },
);

test("given clocks that differ by less than a second, then it begins with the machine's, so that time does not jump about", async () => {
  const machine = new WrongClock();
  for (const aheadSeconds of [0.5, -0.5, 0.2]) {
    machine.aheadSeconds = aheadSeconds;
    const clock = new DatabaseClock({ db, logger, machine });
    const atFirst = clock.now().since(Temporal.Now.instant()).total('seconds');
    await clock.look();
    expect(clock.aheadSeconds).toBe(0);
    expect(clock.now().since(Temporal.Now.instant()).total('seconds')).toBeCloseTo(atFirst, 1);
  }
});

test.each([3_600, -3_600, 180])(
  "given a machine whose clock is set by %d s between two looks, then the time is the database's before and after the next one",
  async (step) => {
    const machine = new WrongClock();
    const clock = new DatabaseClock({ db, logger, machine });
    await clock.look();
    machine.aheadSeconds = step;
    expect(await differenceOf(clock)).toBeCloseTo(0, 0);
    await clock.look();
    expect(await differenceOf(clock)).toBeCloseTo(0, 0);
    expect(clock.aheadSeconds).toBeCloseTo(-step, 0);
  },
);

test('given a clock that is set right, then it differs no more', async () => {
  const machine = new WrongClock();
  machine.aheadSeconds = 3_600;
  const clock = new DatabaseClock({ db, logger, machine });
  await clock.look();
  machine.aheadSeconds = 0;
  expect(await differenceOf(clock)).toBeCloseTo(0, 0);
  await clock.look();
  expect(clock.aheadSeconds).toBe(0);
  expect(await differenceOf(clock)).toBeCloseTo(0, 0);
});

test("given a machine that slept for an hour, and its stopwatch with it, then the time is the database's from the next look on", async () => {
  let sleptMs = 0;
  const clock = new DatabaseClock({ db, logger, stopwatch: () => performance.now() - sleptMs });
  await clock.look();
  sleptMs = 3_600_000;
  expect(await differenceOf(clock)).toBeCloseTo(3_600, 0);
  await clock.look();
  expect(await differenceOf(clock)).toBeCloseTo(0, 0);
  expect(clock.aheadSeconds).toBe(0);
});

test('given an answer that takes long, then what the way takes is no difference', async () => {
  const machine = new ManualClock(await readServerTime(db.kysely));
  let reads = 0;
  // The question, the second who reads it, leaves at once, and its answer comes ten minutes later by this stopwatch.
  const clock = new DatabaseClock({ db, logger, machine, stopwatch: () => (reads++ < 2 ? 0 : 600_000) });
  await clock.look();
  expect(clock.aheadSeconds).toBe(0);
  expect(machine.now().until(clock.now()).total('minutes')).toBe(10);
});

test('given a database that is away, then the time goes on from the last look', async () => {
  const { db: gone } = await createTestDatabase();
  const machine = new ManualClock('2026-03-15T00:00:00Z');
  const clock = new DatabaseClock({ db: gone, logger, machine });
  await clock.look();
  const { aheadSeconds } = clock;
  await gone.close();
  await expect(clock.look()).rejects.toThrow();
  expect(clock.aheadSeconds).toBe(aheadSeconds);
  expect(await differenceOf(clock)).toBeCloseTo(0, 0);
  expect(aheadSeconds).toBeGreaterThan(3_600);
});

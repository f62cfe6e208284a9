import { expect, test } from 'vitest';
import { ManualClock, SystemClock } from '../src/clock.ts';
import { DatabaseClock } from '../src/database-clock.ts';
import { createLogger } from '../src/log.ts';
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

test("given clocks that differ by less than a second, then the machine's is kept, so that time does not jump about", async () => {
  const machine = new WrongClock();
  for (const aheadSeconds of [0.5, -0.5, 0.2]) {
    machine.aheadSeconds = aheadSeconds;
    const clock = new DatabaseClock({ db, logger, machine });
    await clock.look();
    expect(clock.aheadSeconds).toBe(0);
  }
});

test('given a clock that is set right, then it is followed', async () => {
  const machine = new WrongClock();
  machine.aheadSeconds = 3_600;
  const clock = new DatabaseClock({ db, logger, machine });
  await clock.look();
  machine.aheadSeconds = 0;
  await clock.look();
  expect(clock.aheadSeconds).toBe(0);
});

test('given an answer that takes long, then what the way takes is no difference', async () => {
  const machine = new SystemClock();
  const start = machine.now();
  let reads = 0;
  // The question leaves at the right time, and its answer comes ten minutes later by this clock.
  const slow = { now: () => (reads++ === 0 ? start : start.add({ minutes: 10 })) };
  const clock = new DatabaseClock({ db, logger, machine: slow });
  await clock.look();
  expect(clock.aheadSeconds).toBe(0);
});

test('given a database that is away, then the last difference stands', async () => {
  const { db: gone } = await createTestDatabase();
  const machine = new ManualClock('2026-03-15T00:00:00Z');
  const clock = new DatabaseClock({ db: gone, logger, machine });
  await clock.look();
  const { aheadSeconds } = clock;
  await gone.close();
  await expect(clock.look()).rejects.toThrow();
  expect(clock.aheadSeconds).toBe(aheadSeconds);
  expect(aheadSeconds).toBeGreaterThan(3_600);
});

import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, SystemClock } from './clock.ts';
import type { Logger } from './log.ts';
import type { Database } from './store/database.ts';
import { readServerTime } from './store/server-facts.ts';

const LOOK_EVERY_MS = 10_000;
/** Machines that are set by NTP differ by less, and each keeps its own time. */
const TOLERANCE = Temporal.Duration.from({ seconds: 1 });

export interface DatabaseClockOptions {
  readonly db: Database;
  readonly logger: Logger;
  /** Default: this machine's. */
  readonly machine?: Clock;
}

/**
 * The time of the database, which all processes on it have in common: a lease that one took is over for another when it is over for the
 * first, whatever their machines' clocks say. It is the machine's clock, corrected by how far that differs from the database's.
 */
export class DatabaseClock implements Clock {
  readonly #options: DatabaseClockOptions;
  readonly #machine: Clock;
  readonly #stopped = new AbortController();
  #ahead = Temporal.Duration.from({ seconds: 0 });

  constructor(options: DatabaseClockOptions) {
    this.#options = options;
    this.#machine = options.machine ?? new SystemClock();
  }

  now(): Temporal.Instant {
    return this.#ahead.blank ? this.#machine.now() : this.#machine.now().add(this.#ahead);
  }

  /** How far the database's clock is taken to be ahead of the machine's; 0 for less than a second. */
  get aheadSeconds(): number {
    return this.#ahead.total('seconds');
  }

  /** Asks the database for its time. What the way there and back takes is no difference. */
  async look(): Promise<void> {
    const asked = this.#machine.now();
    const at = await readServerTime(this.#options.db.kysely);
    const took = asked.until(this.#machine.now());
    const halfway = Temporal.Duration.from({ nanoseconds: Math.round(took.total('nanoseconds') / 2) });
    const ahead = asked.add(halfway).until(at);
    const unsure = TOLERANCE.add(halfway.abs());
    if (isWithin(ahead.subtract(this.#ahead), unsure)) return;
    this.#ahead = isWithin(ahead, unsure) ? Temporal.Duration.from({ seconds: 0 }) : ahead;
    const seconds = Math.round(this.aheadSeconds);
    if (seconds === 0) this.#options.logger.info("this machine's clock agrees with the database's again");
    else {
      this.#options.logger.warn(
        { code: 'clock_differs', seconds },
        "this machine's clock differs from the database's, which is used; set both by NTP",
      );
    }
  }

  /** Looks every ten seconds, until it is stopped. While the database is away, the last difference stands. */
  async keepLooking(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.look().catch((error: unknown) =>
        this.#options.logger.debug({ err: error }, "the database's time could not be read"),
      );
    }
  }

  stop(): void {
    this.#stopped.abort();
  }
}

function isWithin(difference: Temporal.Duration, limit: Temporal.Duration): boolean {
  return Temporal.Duration.compare(difference.abs(), limit) <= 0;
}

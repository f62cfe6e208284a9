import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, SystemClock } from './clock.ts';
import type { Logger } from './log.ts';
import type { Database } from './store/database.ts';
import { readServerTime } from './store/server-facts.ts';

const LOOK_EVERY_MS = 10_000;
/** Machines that are set by NTP differ by less, and each keeps its own time. */
const TOLERANCE = Temporal.Duration.from({ seconds: 1 });

/** Milliseconds since some moment, which setting the machine's clock does not change. */
export type Stopwatch = () => number;

export interface DatabaseClockOptions {
  readonly db: Database;
  readonly logger: Logger;
  /** Default: this machine's. */
  readonly machine?: Clock;
  /** Default: this process' own. */
  readonly stopwatch?: Stopwatch;
}

/**
 * The time of the database, which all processes on it have in common: a lease that one took is over for another when it is over for the
 * first, whatever their machines' clocks say. It goes on by a stopwatch from a moment at which the database was asked, and not by the
 * machine's clock: that may be set while the program runs, and would be wrong by as much until the next look.
 */
export class DatabaseClock implements Clock {
  readonly #options: DatabaseClockOptions;
  readonly #machine: Clock;
  readonly #stopwatch: Stopwatch;
  readonly #stopped = new AbortController();
  /** What time it was when the stopwatch showed `ms`. Before the first look, and where that agrees with it, by the machine's clock. */
  #anchor: { readonly at: Temporal.Instant; readonly ms: number };
  #ahead = Temporal.Duration.from({ seconds: 0 });

  constructor(options: DatabaseClockOptions) {
    this.#options = options;
    this.#machine = options.machine ?? new SystemClock();
    this.#stopwatch = options.stopwatch ?? (() => performance.now());
    this.#anchor = { at: this.#machine.now(), ms: this.#stopwatch() };
  }

  now(): Temporal.Instant {
    return this.#timeAt(this.#stopwatch());
  }

  /** How far the database's clock was ahead of the machine's at the last look; 0 for less than a second. */
  get aheadSeconds(): number {
    return this.#ahead.total('seconds');
  }

  /**
   * Asks the database for its time, which is followed where the own one is not that: the database's clock was set, or the machine slept,
   * and the stopwatch with it. What the way there and back takes is no difference.
   */
  async look(): Promise<void> {
    const machineAsked = this.#machine.now();
    const asked = this.#stopwatch();
    const at = await readServerTime(this.#options.db.kysely);
    const halfMs = (this.#stopwatch() - asked) / 2;
    const half = durationOf(halfMs);
    const unsure = TOLERANCE.add(half);
    const ms = asked + halfMs;
    if (!isWithin(this.#timeAt(ms).until(at), unsure)) this.#anchor = { at, ms };
    this.#tell(machineAsked.add(half).until(at), unsure);
  }

  #timeAt(ms: number): Temporal.Instant {
    return this.#anchor.at.add(durationOf(ms - this.#anchor.ms));
  }

  /** Says once how far the machine's clock differs, and that it does no more. */
  #tell(ahead: Temporal.Duration, unsure: Temporal.Duration): void {
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

  /** Looks every ten seconds, until it is stopped. While the database is away, the time goes on from the last look. */
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

/** To the microsecond, as the database keeps times. */
function durationOf(ms: number): Temporal.Duration {
  return Temporal.Duration.from({ microseconds: Math.round(ms * 1_000) });
}

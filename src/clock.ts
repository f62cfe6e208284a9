/** The one source of the time. Everything that needs the time is handed a `Clock`, so the sandbox and the tests can move it. */
export interface Clock {
  now(): Temporal.Instant;
}

/** A clock that can be moved forward. */
export interface JumpingClock extends Clock {
  /** Jumps forward to `instant`; an instant that already passed leaves the clock as it is. */
  jumpTo(instant: Temporal.Instant): void;
}

/** The machine's own time. */
export class SystemClock implements Clock {
  now(): Temporal.Instant {
    return Temporal.Now.instant();
  }
}

/** Stands still until it is moved. For tests and for replaying history. */
export class ManualClock implements JumpingClock {
  #now: Temporal.Instant;

  constructor(start: Temporal.Instant | string) {
    this.#now = Temporal.Instant.from(start);
  }

  now(): Temporal.Instant {
    return this.#now;
  }

  set(instant: Temporal.Instant | string): void {
    this.#now = Temporal.Instant.from(instant);
  }

  jumpTo(instant: Temporal.Instant): void {
    if (Temporal.Instant.compare(instant, this.#now) > 0) this.#now = instant;
  }
}

/** Runs at the machine's pace, ahead of it by an offset that only grows. The sandbox's clock. */
export class OffsetClock implements JumpingClock {
  #offset: Temporal.Duration;

  constructor(offset: Temporal.Duration | string = 'PT0S') {
    this.#offset = Temporal.Duration.from(offset);
  }

  get offset(): Temporal.Duration {
    return this.#offset;
  }

  now(): Temporal.Instant {
    return Temporal.Now.instant().add(this.#offset);
  }

  jumpTo(instant: Temporal.Instant): void {
    const ahead = this.now().until(instant);
    if (ahead.sign > 0) this.#offset = this.#offset.add(ahead);
  }
}

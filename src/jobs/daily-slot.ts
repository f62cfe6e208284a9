import type { Clock } from '../clock.ts';
import type { Database } from '../store/database.ts';
import { finishSlot, lastSlot, takeSlot } from '../store/job-runs.ts';

/** Once a day at a time of day in UTC, on one replica. Slots that were missed are made up once. */
export class DailySlot {
  readonly #job: string;
  readonly #timeOfDay: Temporal.PlainTime;
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(job: string, timeOfDay: string, db: Database, clock: Clock) {
    this.#job = job;
    this.#timeOfDay = Temporal.PlainTime.from(timeOfDay);
    this.#db = db;
    this.#clock = clock;
  }

  /** When there is a slot to be taken next; with `after`, later than that. */
  async nextAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    const last = await lastSlot(this.#db.kysely, this.#job);
    const current = this.#current(this.#clock.now());
    const isDone = last && Temporal.Instant.compare(last, current) >= 0;
    const isPast = after && Temporal.Instant.compare(current, after) <= 0;
    return isDone || isPast ? current.add({ hours: 24 }) : current;
  }

  /** Does the work of the current slot, unless somebody has taken it; keeps what the work answers as the slot's outcome. */
  async run(work: () => Promise<string>): Promise<void> {
    const now = this.#clock.now();
    const slot = this.#current(now);
    if (!(await takeSlot(this.#db.kysely, this.#job, slot, now))) return;
    const outcome = await work();
    await finishSlot(this.#db.kysely, this.#job, slot, outcome, this.#clock.now());
  }

  /** The newest slot that has begun. */
  #current(now: Temporal.Instant): Temporal.Instant {
    const today = now.toZonedDateTimeISO('UTC').withPlainTime(this.#timeOfDay).toInstant();
    return Temporal.Instant.compare(today, now) <= 0 ? today : today.subtract({ hours: 24 });
  }
}

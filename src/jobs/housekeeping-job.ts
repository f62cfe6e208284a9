import type { Clock } from '../clock.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { forgetMessages } from '../store/inbox.ts';
import { finishSlot, lastSlot, takeSlot } from '../store/job-runs.ts';
import { ensurePartitions } from '../store/usage.ts';
import type { Job } from './job.ts';

/** A message is recognised when it is repeated within this time. */
const INBOX_DAYS = 30;
const HOUR_OF_DAY = 3;

/** Once a day (03:00 UTC): forgets old messages and makes the next months' partitions. Slots that were missed are made up once. */
export class HousekeepingJob implements Job {
  readonly name = 'housekeeping';
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  async nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    const last = await lastSlot(this.#db.kysely, this.name);
    const current = slotOf(this.#clock.now());
    const isDone = last && Temporal.Instant.compare(last, current) >= 0;
    const isPast = after && Temporal.Instant.compare(current, after) <= 0;
    return isDone || isPast ? current.add({ hours: 24 }) : current;
  }

  async run(): Promise<void> {
    const now = this.#clock.now();
    const slot = slotOf(now);
    if (!(await takeSlot(this.#db.kysely, this.name, slot, now))) return;
    await ensurePartitions(this.#db.kysely, now, now.add({ hours: 24 * 62 }));
    const forgotten = await inTransaction(this.#db, (tx) =>
      forgetMessages(tx, now.subtract({ hours: 24 * INBOX_DAYS })),
    );
    await finishSlot(this.#db.kysely, this.name, slot, `forgot ${forgotten} messages`, this.#clock.now());
  }
}

/** The newest slot that has begun. */
function slotOf(now: Temporal.Instant): Temporal.Instant {
  const today = now.toZonedDateTimeISO('UTC').startOfDay().add({ hours: HOUR_OF_DAY }).toInstant();
  return Temporal.Instant.compare(today, now) <= 0 ? today : today.subtract({ hours: 24 });
}

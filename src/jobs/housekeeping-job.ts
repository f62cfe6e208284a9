import type { Clock } from '../clock.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { forgetMessages } from '../store/inbox.ts';
import { ensurePartitions } from '../store/usage.ts';
import { DailySlot } from './daily-slot.ts';
import type { Job } from './job.ts';

/** A message is recognised when it is repeated within this time. */
const INBOX_DAYS = 30;
/** In UTC. */
const TIME_OF_DAY = '03:00';

/** Once a day: forgets old messages and makes the next months' partitions. */
export class HousekeepingJob implements Job {
  readonly name = 'housekeeping';
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #slot: DailySlot;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#slot = new DailySlot(this.name, TIME_OF_DAY, db, clock);
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    return this.#slot.nextAt(after);
  }

  run(): Promise<void> {
    return this.#slot.run(async () => {
      const now = this.#clock.now();
      await ensurePartitions(this.#db.kysely, now, now.add({ hours: 24 * 62 }));
      const forgotten = await inTransaction(this.#db, (tx) =>
        forgetMessages(tx, now.subtract({ hours: 24 * INBOX_DAYS })),
      );
      return `forgot ${forgotten} messages`;
    });
  }
}

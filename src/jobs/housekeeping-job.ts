import type { Clock } from '../clock.ts';
import { forgetOldTurns } from '../store/call-limits.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { forgetMessages } from '../store/inbox.ts';
import { deleteFinished, forgetExpiredWebhooks } from '../store/notice-letters.ts';
import { ensurePartitions } from '../store/usage.ts';
import { DailySlot } from './daily-slot.ts';
import type { Job } from './job.ts';

/** A message is recognised when it is repeated within this time. */
const INBOX_DAYS = 30;
/** Notices that were delivered or dropped can be looked at for so long. */
const NOTICE_DAYS = 90;
/** In UTC. */
const TIME_OF_DAY = '03:00';

/** Once a day: forgets old messages, notices and webhooks, and makes the next months' partitions. */
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
      const webhooks = await forgetExpiredWebhooks(this.#db.kysely, now);
      const notices = await deleteFinished(this.#db.kysely, now.subtract({ hours: 24 * NOTICE_DAYS }));
      await forgetOldTurns(this.#db.kysely);
      return `forgot ${forgotten} messages, ${notices} notices and ${webhooks} webhooks`;
    });
  }
}

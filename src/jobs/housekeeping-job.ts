import type { Clock } from '../clock.ts';
import { sealMonths } from '../services/sealing.ts';
import { forgetOldTurns } from '../store/call-limits.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { forgetMessages } from '../store/inbox.ts';
import { forgetRuns } from '../store/job-runs.ts';
import { deleteFinished, forgetExpiredWebhooks } from '../store/notice-letters.ts';
import { ensurePartitions } from '../store/usage.ts';
import { forgetWebhookEvents } from '../store/webhooks.ts';
import { DailySlot } from './daily-slot.ts';
import type { Job } from './job.ts';

/** A message is recognised when it is repeated within this time. */
const INBOX_DAYS = 30;
/** Notices that were delivered or dropped can be looked at for so long. */
const NOTICE_DAYS = 90;
/** What subscribers were told can be looked at for so long. */
const EVENT_DAYS = 30;
/** Runs of daily jobs can be looked at for so long, those of the others, which are many, for some days. */
const SLOT_DAYS = 90;
const RUN_DAYS = 3;

/** Once a day: makes the next months' partitions, seals those that are over, and forgets old messages, notices and webhooks. */
export class HousekeepingJob implements Job {
  readonly name = 'housekeeping';
  readonly plan = { kind: 'daily', at: '04:30', missed: 'once' } as const;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #slot: DailySlot;

  constructor(db: Database, clock: Clock, timeZone?: string) {
    this.#db = db;
    this.#clock = clock;
    this.#slot = new DailySlot({ job: this.name, plan: this.plan, db, clock, ...(timeZone && { timeZone }) });
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    return this.#slot.nextAt(after);
  }

  run(): Promise<string | null> {
    return this.#slot.run(() => this.#work());
  }

  runNow(): Promise<string> {
    return this.#slot.runNow(() => this.#work());
  }

  async #work(): Promise<string> {
    const now = this.#clock.now();
    await ensurePartitions(this.#db.kysely, now, now.add({ hours: 24 * 62 }));
    const sealed = await sealMonths(this.#db.kysely, now);
    const forgotten = await inTransaction(this.#db, (tx) =>
      forgetMessages(tx, now.subtract({ hours: 24 * INBOX_DAYS })),
    );
    const webhooks = await forgetExpiredWebhooks(this.#db.kysely, now);
    const notices = await deleteFinished(this.#db.kysely, now.subtract({ hours: 24 * NOTICE_DAYS }));
    await forgetWebhookEvents(this.#db.kysely, now.subtract({ hours: 24 * EVENT_DAYS }));
    await forgetOldTurns(this.#db.kysely);
    const days = (count: number) => now.subtract({ hours: 24 * count });
    await forgetRuns(this.#db.kysely, { slots: days(SLOT_DAYS), others: days(RUN_DAYS) });
    return `sealed ${sealed} months of usage; forgot ${forgotten} messages, ${notices} notices and ${webhooks} webhooks`;
  }
}

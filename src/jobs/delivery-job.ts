import type { Deliverer } from '../notify/deliverer.ts';
import type { Database } from '../store/database.ts';
import { nextNoticeAt } from '../store/notice-queue.ts';
import type { Job } from './job.ts';
import { SERVICE_JOBS } from './service-jobs.ts';

/** Delivers notices that wait for their next attempt, or that a process left behind. */
export class DeliveryJob implements Job {
  readonly name = 'delivery';
  readonly plan = SERVICE_JOBS.delivery;
  readonly #db: Database;
  readonly #deliverer: Deliverer;

  constructor(db: Database, deliverer: Deliverer) {
    this.#db = db;
    this.#deliverer = deliverer;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextNoticeAt(this.#db.kysely, after, this.#deliverer.budget);
  }

  async run(): Promise<string> {
    await this.#deliverer.deliverDue();
    return 'attempted what was due';
  }
}

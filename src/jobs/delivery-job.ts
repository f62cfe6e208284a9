import type { Deliverer } from '../notify/deliverer.ts';
import type { Database } from '../store/database.ts';
import { nextNoticeAt } from '../store/notice-queue.ts';
import type { Job } from './job.ts';

/** Delivers notices that wait for their next attempt, or that a process left behind. */
export class DeliveryJob implements Job {
  readonly name = 'delivery';
  readonly #db: Database;
  readonly #deliverer: Deliverer;

  constructor(db: Database, deliverer: Deliverer) {
    this.#db = db;
    this.#deliverer = deliverer;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextNoticeAt(this.#db.kysely, after, this.#deliverer.budget);
  }

  run(): Promise<void> {
    return this.#deliverer.deliverDue();
  }
}

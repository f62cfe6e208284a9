import type { Database } from '../store/database.ts';
import { nextEventAt } from '../store/webhooks.ts';
import type { WebhookDeliverer } from '../webhooks/deliverer.ts';
import type { Job } from './job.ts';
import { SERVICE_JOBS } from './service-jobs.ts';

/** A receiver that answers slowly holds up no other job for longer than this. */
const PATIENCE_MS = 1_000;

/** Tells subscribers what waits for its next attempt, or what another process left behind. */
export class WebhookJob implements Job {
  readonly name = 'webhooks';
  readonly plan = SERVICE_JOBS.webhooks;
  readonly #db: Database;
  readonly #deliverer: WebhookDeliverer;

  constructor(db: Database, deliverer: WebhookDeliverer) {
    this.#db = db;
    this.#deliverer = deliverer;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextEventAt(this.#db.kysely, after);
  }

  /** Resolves when all that is due was attempted, or a receiver takes its time: then it goes on without the job. */
  async run(): Promise<string> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, PATIENCE_MS);
    const delivery = this.#deliverer.deliverDue();
    delivery.catch(() => undefined);
    try {
      await Promise.race([delivery, over.promise]);
      return 'told subscribers what was due';
    } finally {
      clearTimeout(timer);
    }
  }
}

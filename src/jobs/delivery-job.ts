import type { Deliverer } from '../notify/deliverer.ts';
import type { Job } from './job.ts';
import { SERVICE_JOBS } from './service-jobs.ts';

/** Delivers notices that wait for their next attempt, or that a process left behind. */
export class DeliveryJob implements Job {
  readonly name = 'delivery';
  readonly plan = SERVICE_JOBS.delivery;
  readonly #deliverer: Deliverer;

  constructor(deliverer: Deliverer) {
    this.#deliverer = deliverer;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return this.#deliverer.nextDueAt(after);
  }

  async run(): Promise<string> {
    await this.#deliverer.deliverDue();
    return 'attempted what was due';
  }
}

import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { pauseAfter } from '../notify/retry.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Tx } from '../store/schema.ts';
import { type EventResult, finishEvent, type LeasedEvent, leaseDueEvents } from '../store/webhooks.ts';
import { withTrace } from '../trace.ts';
import { type CallResult, callWebhook, type WebhookCall } from './sender.ts';

/** Receivers that are called at the same time. */
const PARALLEL = 16;
/** Longer than a call may take; then another process takes over. */
const LEASE = Temporal.Duration.from({ seconds: 60 });
/** About half a day of trying. */
const MAX_ATTEMPTS = 60;

export interface WebhookDelivererOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: over HTTP. */
  readonly call?: (call: WebhookCall, at: Temporal.Instant) => Promise<CallResult>;
  /** Called in the transaction in which an event becomes a dead letter. */
  readonly onDead?: (tx: Tx, event: LeasedEvent, error: string) => Promise<void>;
}

/**
 * Tells subscribers of changed sending states: at least once and in order, the newest state in the place of older ones that were not
 * delivered. What fails is tried again with growing pauses and at last is a dead letter that can be seen.
 */
export class WebhookDeliverer {
  readonly #options: WebhookDelivererOptions;
  readonly #inFlight = new Set<Promise<void>>();
  #running: Promise<void> | undefined;
  #woken = Promise.withResolvers<void>();
  #stopped = false;

  constructor(options: WebhookDelivererOptions) {
    this.#options = options;
  }

  /** Delivers what is due, soon. */
  wake(): void {
    this.deliverDue().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'webhooks could not be called; the next tick tries again');
    });
  }

  /** Resolves when all that was due at the call has been attempted. */
  deliverDue(): Promise<void> {
    this.#woken.resolve();
    // It goes on for others than who asked.
    this.#running ??= withTrace(null, () => this.#run()).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Takes nothing new and waits for the calls that are under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#woken.resolve();
    await this.#running?.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (;;) {
      this.#woken = Promise.withResolvers();
      const events = await this.#lease();
      for (const event of events) {
        const attempt = this.#attempt(event)
          .catch((error: unknown) => {
            failures.push(error);
          })
          .finally(() => {
            this.#inFlight.delete(attempt);
            this.#woken.resolve();
          });
        this.#inFlight.add(attempt);
      }
      if (events.length > 0) continue;
      if (this.#inFlight.size === 0) break;
      // A receiver that hangs keeps no other waiting: whoever is due meanwhile is called.
      await this.#woken.promise;
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} webhooks could not be recorded`);
  }

  async #lease(): Promise<LeasedEvent[]> {
    const limit = PARALLEL - this.#inFlight.size;
    if (limit <= 0 || this.#stopped) return [];
    const now = this.#options.clock.now();
    return leaseDueEvents(this.#options.db.kysely, now, { limit, leaseUntil: now.add(LEASE) });
  }

  async #attempt(event: LeasedEvent): Promise<void> {
    const { db, clock, logger, call = callWebhook, onDead } = this.#options;
    const answer = await call(event, clock.now());
    const result = this.#resultOf(event, answer);
    await inTransaction(db, async (tx) => {
      const recorded = await finishEvent(tx, event, result, clock.now());
      if (recorded && result.state === 'dead') await onDead?.(tx, event, result.error);
    });
    const facts = { account: event.accountId, webhook: event.webhookId, event: event.eventId, attempt: event.attempts };
    if (result.state === 'delivered') logger.debug(facts, 'webhook delivered');
    else if (result.state === 'waiting') logger.warn({ ...facts, error: result.error }, 'webhook not delivered');
    else logger.error({ ...facts, code: 'webhook_dead', error: result.error }, 'a webhook was given up');
  }

  #resultOf({ attempts }: LeasedEvent, answer: CallResult): EventResult {
    if (answer.ok) return { state: 'delivered' };
    const { error, isGone } = answer;
    if (isGone || attempts >= MAX_ATTEMPTS) return { state: 'dead', error };
    return { state: 'waiting', error, nextAttemptAt: this.#options.clock.now().add(pauseAfter(attempts)) };
  }
}

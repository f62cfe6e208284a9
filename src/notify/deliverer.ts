import type { Clock } from '../clock.ts';
import { DingTalkError } from '../dingtalk/errors.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../store/database.ts';
import { finishAttempt, type LeasedNotice, leaseDueNotices, type NoticeResult } from '../store/notices.ts';
import { type Form, formsFor } from './forms.ts';
import type { Messenger } from './messenger.ts';
import { isLastAttempt, pauseAfter } from './retry.ts';

/** Recipients that are served at the same time. */
const PARALLEL = 16;
/** Longer than all forms of one attempt may take; then another process takes over. */
const LEASE = Temporal.Duration.from({ seconds: 120 });

export interface DelivererOptions {
  readonly db: Database;
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Delivers queued notices, at least once and in order per recipient; what cannot be delivered is retried, then said in another form,
 * and at last a visible dead letter. (rule 22)
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Delivers what is due, soon. */
  wake(): void {
    this.deliverDue().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'notices could not be delivered; the next tick tries again');
    });
  }

  /** Resolves when all that was due at the call has been attempted. */
  deliverDue(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Takes nothing new and waits for what is being said. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const notices = await this.#lease();
      if (notices.length === 0) continue;
      await Promise.all(notices.map((notice) => this.#attempt(notice)));
      this.#again = true;
    }
  }

  #lease(): Promise<LeasedNotice[]> {
    const now = this.#options.clock.now();
    return leaseDueNotices(this.#options.db.kysely, now, { limit: PARALLEL, leaseUntil: now.add(LEASE) });
  }

  async #attempt(notice: LeasedNotice): Promise<void> {
    const { db, clock, logger } = this.#options;
    const result = await this.#say(notice);
    await finishAttempt(db.kysely, notice, result, clock.now());
    const facts = { notice: notice.id, reason: notice.reason, attempt: notice.attempts };
    if (result.state === 'delivered') logger.debug({ ...facts, form: result.form }, 'notice delivered');
    else logger.warn({ ...facts, state: result.state, error: result.error }, 'notice not delivered');
  }

  /** Tries the forms from the one that was reached before, until one works or has to wait. */
  async #say(notice: LeasedNotice): Promise<NoticeResult> {
    const forms = formsFor(notice.target, notice.content);
    const reached = Math.max(0, forms.indexOf(notice.form as Form));
    let error = 'no form is left';
    for (const form of forms.slice(reached)) {
      try {
        await this.#options.messenger.say(notice, form);
        return { state: 'delivered', form };
      } catch (cause) {
        error = cause instanceof Error ? cause.message : String(cause);
        if (mayWorkLater(cause)) {
          if (isLastAttempt(notice.target, notice.attempts)) break;
          const pause = (cause instanceof DingTalkError && cause.retryAfter) || pauseAfter(notice.attempts);
          return { state: 'waiting', form, error, nextAttemptAt: this.#options.clock.now().add(pause) };
        }
      }
    }
    return { state: 'dead', error };
  }
}

/** An unknown outcome is tried again too: a duplicate beats a miss, and a card's id makes a repeat harmless. */
function mayWorkLater(error: unknown): boolean {
  if (!(error instanceof DingTalkError)) return false;
  return ['retry', 'throttled', 'token', 'unknown_outcome'].includes(error.kind);
}

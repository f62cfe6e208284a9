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
/** Attempts in which a form that may work later is given time; after them an attempt goes on to the next forms. */
const PATIENCE = 3;
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
 * and at last a visible dead letter. A retry begins with the best form that may still work, so an outage degrades nothing. (rule 22)
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
      // All of them come to their end, also when one could not be recorded: its lease runs out, and it is said again.
      const attempts = await Promise.allSettled(notices.map((notice) => this.#attempt(notice)));
      this.#again = true;
      const failed = attempts.find((attempt) => attempt.status === 'rejected');
      if (failed) throw failed.reason;
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

  /** Tries the forms from the best one that may still work; those before it have failed for good. */
  async #say(notice: LeasedNotice): Promise<NoticeResult> {
    const forms = formsFor(notice.target, notice.content);
    const reached = Math.max(0, forms.indexOf(notice.form as Form));
    let error = 'no form is left';
    let hope: { form: Form; cause: DingTalkError } | undefined;
    for (const form of forms.slice(reached)) {
      try {
        await this.#options.messenger.say(notice, form);
        return { state: 'delivered', form };
      } catch (cause) {
        error = cause instanceof Error ? cause.message : String(cause);
        if (!(cause instanceof DingTalkError) || !mayWorkLater(cause)) continue;
        hope ??= { form, cause };
        if (passesByItself(cause) && notice.attempts <= PATIENCE) break;
      }
    }
    if (!hope || isLastAttempt(notice.target, notice.attempts)) return { state: 'dead', error };
    const pause = hope.cause.retryAfter ?? pauseAfter(notice.attempts);
    const nextAttemptAt = this.#options.clock.now().add(pause);
    return { state: 'waiting', form: hope.form, error: hope.cause.message, nextAttemptAt };
  }
}

/** An unknown outcome is tried again too: a duplicate beats a miss, and a card's id makes a repeat harmless. */
function passesByItself({ kind }: DingTalkError): boolean {
  return ['retry', 'throttled', 'token', 'unknown_outcome'].includes(kind);
}

/** A permission that the platform refuses may be granted by a person; what this program refuses itself stays refused. */
function mayWorkLater(error: DingTalkError): boolean {
  return passesByItself(error) || (error.kind === 'not_allowed' && !error.code.startsWith('local.'));
}

import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import { reviewQuiet } from '../services/quiet-reviews.ts';
import { postponeReview, reviewAccount } from '../services/review.ts';
import { reached } from '../steps.ts';
import { findDueSince, nextAccountDueAt } from '../store/accounts.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Job } from './job.ts';
import { isStillHeld, LOCK_WAIT_MS, PASSED_OVER_AFTER } from './passed-over.ts';

/** Accounts that are looked at together: their locks are held for the length of a few reads. */
const BATCH = 100;
/** Batches at the same time, and reviews of single accounts after each; each holds a connection. */
const PARALLEL_BATCHES = 2;
const PARALLEL_REVIEWS = 3;
/** So many are waited for in one run, so that it keeps other jobs from nothing. */
const MAX_WAITED_FOR = 12;

export interface ReviewJobOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** Called after reviews that may have queued notices. */
  readonly onReviewed: () => void;
  /** How long the lock of an account that was passed over is waited for. Default: 2 s. */
  readonly lockWaitMs?: number;
}

/** Reviews the accounts that are due: by their time, or because metering or a command made them so. */
export class ReviewJob implements Job {
  readonly name = 'review';
  readonly plan = { kind: 'by_state', missed: 'once' } as const;
  readonly #options: ReviewJobOptions;
  readonly #running = new Set<Promise<void>>();
  /** Accounts whose own review is under way. */
  readonly #taken = new Set<string>();

  constructor(options: ReviewJobOptions) {
    this.#options = options;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextAccountDueAt(this.#options.db.kysely, after);
  }

  /** Reviews what is due now; an account that fails is put off and keeps no other from its review. */
  async run(): Promise<string | null> {
    let reviewed = 0;
    const worker = async () => {
      for (;;) {
        const batch = await this.#reviewBatch();
        reviewed += batch;
        // Accounts that another replica holds stay due; they are its business.
        if (batch === 0) return;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_BATCHES }, worker));
    reviewed += await this.#reviewPassedOver();
    return reviewed === 0 ? null : `reviewed ${reviewed} accounts`;
  }

  /** Reviews one account soon, without waiting for the next tick. */
  wake(accountId: string): void {
    const review = this.#review(accountId).then((reviewed) => {
      this.#running.delete(review);
      if (reviewed) this.#options.onReviewed();
    });
    this.#running.add(review);
  }

  /** Resolves when the reviews that were woken have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Looks at some accounts together, and then at each with which something is to be done; answers how many were reviewed. */
  async #reviewBatch(): Promise<number> {
    const { db, context } = this.#options;
    const { quiet, others } = await inTransaction(db, async (tx) => {
      reached('review.decide');
      const looked = await reviewQuiet(context, tx, { limit: BATCH, except: [...this.#taken] });
      reached('review.commit');
      return looked;
    });
    return quiet + (await this.#reviewEach(others));
  }

  /** Looks at accounts that somebody held whenever one looked. */
  async #reviewPassedOver(): Promise<number> {
    const { db, context, lockWaitMs = LOCK_WAIT_MS } = this.#options;
    const since = context.clock.now().subtract(PASSED_OVER_AFTER);
    return this.#reviewEach(await findDueSince(db.kysely, since, MAX_WAITED_FOR), lockWaitMs);
  }

  /** Answers how many were reviewed. */
  async #reviewEach(accountIds: readonly string[], waitMs = 0): Promise<number> {
    const mine = accountIds.filter((accountId) => !this.#taken.has(accountId));
    for (const accountId of mine) this.#taken.add(accountId);
    const queue = mine.values();
    let reviewed = 0;
    const worker = async () => {
      for (const accountId of queue) {
        if (await this.#review(accountId, waitMs)) reviewed += 1;
        this.#taken.delete(accountId);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_REVIEWS }, worker));
    if (reviewed > 0) this.#options.onReviewed();
    return reviewed;
  }

  async #review(accountId: string, waitMs = 0): Promise<boolean> {
    const { db, context, logger } = this.#options;
    try {
      const reviewed = await inTransaction(db, async (tx) => {
        reached('review.decide');
        const isOurs = await reviewAccount(context, tx, accountId, waitMs);
        reached('review.commit');
        return isOurs;
      });
      reached('review.tell');
      return reviewed;
    } catch (error) {
      if (isStillHeld(error, waitMs)) return false;
      logger.error({ err: error, account: accountId }, 'a review failed; it is tried again in a few minutes');
      try {
        await inTransaction(db, (tx) => postponeReview(context, tx, accountId));
      } catch (postponeError) {
        logger.error({ err: postponeError, account: accountId }, 'a failed review could not be put off');
      }
      return false;
    }
  }
}

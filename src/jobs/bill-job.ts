import type { Logger } from '../log.ts';
import { billWaitOf, closeBill } from '../services/bills.ts';
import type { ServiceContext } from '../services/context.ts';
import { reached } from '../steps.ts';
import { type EndedMonth, findEndedMonths, nextMonthEnd } from '../store/bills.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { DueWork } from './due-work.ts';
import type { Job } from './job.ts';
import { isStillHeld, LOCK_WAIT_MS, PASSED_OVER_AFTER } from './passed-over.ts';

export interface BillJobOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** Called after bills that may have queued notices. */
  readonly onClosed: () => void;
}

/** Closes the months that are over and whose wait for late records is too; missed ones in their order, each on its own. (rule 10) */
export class BillJob implements Job {
  readonly name = 'bills';
  readonly plan = { kind: 'by_state', missed: 'each' } as const;
  readonly #options: BillJobOptions;
  readonly #due: DueWork<EndedMonth>;

  constructor(options: BillJobOptions) {
    this.#options = options;
    this.#due = new DueWork({
      clock: options.context.clock,
      keyOf: ({ accountId }) => accountId,
      onFailure: (error, { accountId }) =>
        options.logger.error(
          { err: error, account: accountId },
          'a bill could not be closed; it is tried again in a few minutes',
        ),
    });
  }

  async nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    const wait = billWaitOf(this.#options.context);
    const end = await nextMonthEnd(this.#options.db.kysely, after?.subtract(wait));
    return end?.add(wait) ?? null;
  }

  /** Closes what is due now: one month of an account after the other, until it has no more or another replica has it. */
  async run(): Promise<string | null> {
    const { db, context, onClosed } = this.#options;
    const until = context.clock.now().subtract(billWaitOf(context));
    let closed = 0;
    await this.#due.each(
      (limit, after) => findEndedMonths(db.kysely, until, limit, after),
      async ({ accountId, monthEndsAt }) => {
        const isPassedOver = Temporal.Instant.compare(monthEndsAt, until.subtract(PASSED_OVER_AFTER)) <= 0;
        while (await this.#closeOne(accountId, isPassedOver ? LOCK_WAIT_MS : 0)) closed += 1;
      },
    );
    if (closed === 0) return null;
    onClosed();
    return `closed ${closed} bills`;
  }

  /** Null where no month is over, or another replica has the account. */
  async #closeOne(accountId: string, waitMs: number): Promise<string | null> {
    const { db, context } = this.#options;
    try {
      const month = await inTransaction(db, async (tx) => {
        reached('bill.decide');
        const closed = await closeBill(context, tx, accountId, waitMs);
        reached('bill.commit');
        return closed;
      });
      reached('bill.tell');
      return month;
    } catch (error) {
      if (isStillHeld(error, waitMs)) return null;
      throw error;
    }
  }
}

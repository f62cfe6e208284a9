import type { Logger } from '../log.ts';
import { billWaitOf, closeBill } from '../services/bills.ts';
import type { ServiceContext } from '../services/context.ts';
import { reached } from '../steps.ts';
import { type EndedMonth, findEndedMonths, nextMonthEnd } from '../store/bills.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Job } from './job.ts';

const BATCH = 200;
/** Bills that are made at the same time; each holds a connection. */
const PARALLEL = 4;
/** How long an account whose bill could not be made is left alone by this replica. */
const POSTPONE = Temporal.Duration.from({ minutes: 5 });

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
  readonly #postponed = new Map<string, Temporal.Instant>();

  constructor(options: BillJobOptions) {
    this.#options = options;
  }

  async nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    const wait = billWaitOf(this.#options.context);
    const end = await nextMonthEnd(this.#options.db.kysely, after?.subtract(wait));
    return end?.add(wait) ?? null;
  }

  /** Closes what is due now; an account that fails keeps no other from its bill. */
  async run(): Promise<string | null> {
    const { db, context, onClosed } = this.#options;
    const until = context.clock.now().subtract(billWaitOf(context));
    let closed = 0;
    let after: EndedMonth | undefined;
    do {
      const ended = await findEndedMonths(db.kysely, until, BATCH, after);
      after = ended.length === BATCH ? ended.at(-1) : undefined;
      const queue = ended.values();
      const worker = async () => {
        for (const { accountId } of queue) closed += await this.#closeAll(accountId);
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
    } while (after);
    if (closed === 0) return null;
    onClosed();
    return `closed ${closed} bills`;
  }

  /** Closes one month after the other, until the account has no more or another replica has it; answers how many. */
  async #closeAll(accountId: string): Promise<number> {
    const { context, logger } = this.#options;
    const until = this.#postponed.get(accountId);
    if (until && Temporal.Instant.compare(context.clock.now(), until) < 0) return 0;
    this.#postponed.delete(accountId);
    let closed = 0;
    try {
      while (await this.#closeOne(accountId)) closed += 1;
    } catch (error) {
      logger.error(
        { err: error, account: accountId },
        'a bill could not be closed; it is tried again in a few minutes',
      );
      this.#postponed.set(accountId, context.clock.now().add(POSTPONE));
    }
    return closed;
  }

  /** Null where no month is over, or another replica has the account. */
  async #closeOne(accountId: string): Promise<string | null> {
    const { db, context } = this.#options;
    const month = await inTransaction(db, async (tx) => {
      reached('bill.decide');
      const closed = await closeBill(context, tx, accountId);
      reached('bill.commit');
      return closed;
    });
    reached('bill.tell');
    return month;
  }
}

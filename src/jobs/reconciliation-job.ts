import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import { tellDifferences } from '../services/operator.ts';
import { reconcile } from '../services/reconcile.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { DailySlot } from './daily-slot.ts';
import type { Job } from './job.ts';

export interface ReconciliationJobOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** The service's. Default: `SERVICE_TIME_ZONE`. */
  readonly timeZone?: string;
  /** Called after a night that may have queued notices. */
  readonly onTold: () => void;
}

/** Once a night: derives every balance, plan and volume from its entries, logs each difference and tells the operator. (rule 8) */
export class ReconciliationJob implements Job {
  readonly name = 'reconciliation';
  readonly plan = { kind: 'daily', at: '03:30', missed: 'once' } as const;
  readonly #options: ReconciliationJobOptions;
  readonly #slot: DailySlot;

  constructor(options: ReconciliationJobOptions) {
    this.#options = options;
    const { db, context, timeZone } = options;
    this.#slot = new DailySlot({
      job: this.name,
      plan: this.plan,
      db,
      clock: context.clock,
      ...(timeZone && { timeZone }),
    });
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    return this.#slot.nextAt(after);
  }

  run(): Promise<string | null> {
    return this.#slot.run(() => this.#work());
  }

  runNow(): Promise<string> {
    return this.#slot.runNow(() => this.#work());
  }

  async #work(): Promise<string> {
    const { db, context, logger, onTold } = this.#options;
    const differences = await reconcile(db, null);
    for (const { accountId, figure, subject, unit, stored, derived } of differences) {
      logger.error(
        {
          code: 'books_differ',
          account: accountId,
          figure,
          subject,
          unit,
          stored: `${stored}`,
          derived: `${derived}`,
        },
        'a stored figure does not follow from its entries; "npm run cli -- reconcile" shows all that differ',
      );
    }
    if (differences.length > 0) {
      await inTransaction(db, (tx) => tellDifferences(context, tx, differences));
      onTold();
    }
    return `found ${differences.length} differences`;
  }
}

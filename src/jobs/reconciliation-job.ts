import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import { tellDifferences } from '../services/operator.ts';
import { reconcile } from '../services/reconcile.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { DailySlot } from './daily-slot.ts';
import type { Job } from './job.ts';

/** In UTC: at night in China. */
const TIME_OF_DAY = '19:30';

export interface ReconciliationJobOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** Called after a night that may have queued notices. */
  readonly onTold: () => void;
}

/** Once a night: derives every balance, plan and volume from its entries, logs each difference and tells the operator. (rule 8) */
export class ReconciliationJob implements Job {
  readonly name = 'reconciliation';
  readonly #options: ReconciliationJobOptions;
  readonly #slot: DailySlot;

  constructor(options: ReconciliationJobOptions) {
    this.#options = options;
    this.#slot = new DailySlot(this.name, TIME_OF_DAY, options.db, options.context.clock);
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    return this.#slot.nextAt(after);
  }

  run(): Promise<void> {
    return this.#slot.run(async () => {
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
    });
  }
}

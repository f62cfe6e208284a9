import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { reconcile } from '../services/reconcile.ts';
import type { Database } from '../store/database.ts';
import { DailySlot } from './daily-slot.ts';
import type { Job } from './job.ts';

/** In UTC: at night in China. */
const TIME_OF_DAY = '19:30';

/** Once a night: derives every balance, plan and volume from its entries, and logs each difference as an error. (rule 8) */
export class ReconciliationJob implements Job {
  readonly name = 'reconciliation';
  readonly #db: Database;
  readonly #logger: Logger;
  readonly #slot: DailySlot;

  constructor(db: Database, clock: Clock, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
    this.#slot = new DailySlot(this.name, TIME_OF_DAY, db, clock);
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant> {
    return this.#slot.nextAt(after);
  }

  run(): Promise<void> {
    return this.#slot.run(async () => {
      const differences = await reconcile(this.#db, null);
      for (const { accountId, figure, subject, unit, stored, derived } of differences) {
        this.#logger.error(
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
      return `found ${differences.length} differences`;
    });
  }
}

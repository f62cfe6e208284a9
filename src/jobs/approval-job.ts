import { expireApproval } from '../services/approvals.ts';
import type { ServiceContext } from '../services/context.ts';
import { findExpiredApprovals, nextApprovalExpiry } from '../store/approvals.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Job } from './job.ts';

const BATCH = 100;

/** Ends requests that nobody decided in time. (rule 17) */
export class ApprovalJob implements Job {
  readonly name = 'approvals';
  readonly #db: Database;
  readonly #context: ServiceContext;
  readonly #onExpired: () => void;

  constructor(db: Database, context: ServiceContext, onExpired: () => void) {
    this.#db = db;
    this.#context = context;
    this.#onExpired = onExpired;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextApprovalExpiry(this.#db.kysely, after);
  }

  async run(): Promise<void> {
    const expired = await findExpiredApprovals(this.#db.kysely, this.#context.clock.now(), BATCH);
    const errors: unknown[] = [];
    for (const { accountId, code } of expired) {
      // One that fails keeps no other from its end.
      await inTransaction(this.#db, (tx) => expireApproval(this.#context, tx, accountId, code)).catch((error) =>
        errors.push(error),
      );
    }
    if (expired.length > errors.length) this.#onExpired();
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} requests could not be ended`);
  }
}

import { expireApproval, remindOfApproval } from '../services/approvals.ts';
import type { ServiceContext } from '../services/context.ts';
import { findApprovalsToRemind, findExpiredApprovals, nextApprovalDueAt } from '../store/approvals.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Tx } from '../store/schema.ts';
import type { Job } from './job.ts';

const BATCH = 100;

/** Reminds of requests that expire soon, and ends those that nobody decided in time. (rule 17) */
export class ApprovalJob implements Job {
  readonly name = 'approvals';
  readonly plan = { kind: 'by_state', missed: 'once' } as const;
  readonly #db: Database;
  readonly #context: ServiceContext;
  readonly #onTold: () => void;

  constructor(db: Database, context: ServiceContext, onTold: () => void) {
    this.#db = db;
    this.#context = context;
    this.#onTold = onTold;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextApprovalDueAt(this.#db.kysely, after);
  }

  async run(): Promise<string | null> {
    const { kysely } = this.#db;
    const now = this.#context.clock.now();
    // Those that are over first: of them there is nothing to remind.
    const work = [
      ...(await findExpiredApprovals(kysely, now, BATCH)).map((found) => ({ ...found, end: expireApproval })),
      ...(await findApprovalsToRemind(kysely, now, BATCH)).map((found) => ({ ...found, end: remindOfApproval })),
    ];
    const errors: unknown[] = [];
    for (const { accountId, code, end } of work) {
      // One that fails keeps no other from its end.
      await inTransaction(this.#db, (tx: Tx) => end(this.#context, tx, accountId, code)).catch((error) =>
        errors.push(error),
      );
    }
    if (work.length > errors.length) this.#onTold();
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} requests could not be settled`);
    return work.length === 0 ? null : `settled ${work.length} requests`;
  }
}

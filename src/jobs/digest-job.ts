import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import { tellDigest } from '../services/digest.ts';
import { reached } from '../steps.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { findDueDigests, nextDigestAt, type PlannedDigest } from '../store/digests.ts';
import { DueWork } from './due-work.ts';
import type { Job } from './job.ts';

export interface DigestJobOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** Called after summaries that may have queued notices. */
  readonly onTold: () => void;
}

/** Sends the summaries that are due, each account's at its own time. (rule 20) */
export class DigestJob implements Job {
  readonly name = 'digests';
  readonly plan = { kind: 'by_state', missed: 'once within 12 h' } as const;
  readonly #options: DigestJobOptions;
  readonly #due: DueWork<PlannedDigest>;

  constructor(options: DigestJobOptions) {
    this.#options = options;
    this.#due = new DueWork({
      clock: options.context.clock,
      keyOf: ({ accountId, kind, period }) => `${accountId}/${kind}/${period}`,
      onFailure: (error, { accountId }) =>
        options.logger.error(
          { err: error, account: accountId },
          'a summary could not be made; it is tried again in a few minutes',
        ),
    });
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextDigestAt(this.#options.db.kysely, after);
  }

  async run(): Promise<string | null> {
    const { db, context, onTold } = this.#options;
    const now = context.clock.now();
    let told = 0;
    await this.#due.each(
      (limit, after) => findDueDigests(db.kysely, now, limit, after),
      async (planned) => {
        if (await this.#tell(planned)) told += 1;
      },
    );
    if (told === 0) return null;
    onTold();
    return `made ${told} summaries`;
  }

  /** False when somebody else has told, dropped or moved it. */
  async #tell(planned: PlannedDigest): Promise<boolean> {
    const { db, context } = this.#options;
    const isOurs = await inTransaction(db, async (tx) => {
      reached('digest.decide');
      const told = await tellDigest(context, tx, planned);
      reached('digest.commit');
      return told;
    });
    reached('digest.tell');
    return isOurs;
  }
}

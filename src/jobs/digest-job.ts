import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import { tellDigest } from '../services/digest.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { findDueDigests, nextDigestAt, type PlannedDigest } from '../store/digests.ts';
import type { Job } from './job.ts';

const BATCH = 200;
/** Summaries that are made at the same time; each holds a connection. */
const PARALLEL = 4;
/** How long a summary that could not be made is left alone by this replica. */
const POSTPONE = Temporal.Duration.from({ minutes: 5 });

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
  readonly #postponed = new Map<string, Temporal.Instant>();

  constructor(options: DigestJobOptions) {
    this.#options = options;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextDigestAt(this.#options.db.kysely, after);
  }

  /** One that fails keeps no other from being sent. */
  async run(): Promise<string | null> {
    const { db, context, onTold } = this.#options;
    const now = context.clock.now();
    let told = 0;
    let after: PlannedDigest | undefined;
    do {
      const due: PlannedDigest[] = await findDueDigests(db.kysely, now, BATCH, after);
      after = due.length === BATCH ? due.at(-1) : undefined;
      const queue = due.values();
      const worker = async () => {
        for (const planned of queue) if (await this.#tell(planned)) told += 1;
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
    } while (after);
    if (told === 0) return null;
    onTold();
    return `made ${told} summaries`;
  }

  async #tell(planned: PlannedDigest): Promise<boolean> {
    const { db, context, logger } = this.#options;
    const key = `${planned.accountId}/${planned.kind}/${planned.period}`;
    const until = this.#postponed.get(key);
    if (until && Temporal.Instant.compare(context.clock.now(), until) < 0) return false;
    this.#postponed.delete(key);
    try {
      return await inTransaction(db, (tx) => tellDigest(context, tx, planned));
    } catch (error) {
      logger.error(
        { err: error, account: planned.accountId },
        'a summary could not be made; it is tried again in a few minutes',
      );
      this.#postponed.set(key, context.clock.now().add(POSTPONE));
      return false;
    }
  }
}

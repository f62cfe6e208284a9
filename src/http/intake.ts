import type { UsageReport } from '../domain/usage.ts';
import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import { meterUsage, type ReportOutcome } from '../services/metering.ts';
import { tellUnpriced } from '../services/operator.ts';
import { reached } from '../steps.ts';
import { readAccount } from '../store/accounts.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Tx } from '../store/schema.ts';
import { insertRejected, type RejectedUsage } from '../store/usage.ts';
import { currentTrace, withTrace } from '../trace.ts';
import { AccountQueue, QueueFullError } from './account-queue.ts';
import { HttpError, isDatabaseTrouble } from './errors.ts';
import { Partitions } from './partitions.ts';

/** What one request brings. */
export interface Submission {
  readonly reports: readonly UsageReport[];
  /** What could not be read, to be kept for a person. */
  readonly rejected: readonly RejectedUsage[];
}

/** A submission that waits, and the trace of the request that brought it. */
interface Waiting extends Submission {
  readonly trace: string | null;
}

/** What became of a request's reports. */
export interface SubmissionResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly conflicts: readonly string[];
  readonly unpriced: number;
}

export interface IntakeOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Called after the commit, when an account has something to be decided. */
  readonly onReviewDue: (accountId: string) => void;
}

/** Connections that the intake uses at most, so that it leaves some of the pool to chat and jobs. */
const MAX_RUNNING = 4;
/** While one batch of an account makes its bill, the next one's records are written already. */
const MAX_RUNNING_PER_ACCOUNT = 2;
const MAX_TOGETHER = 10_000;
const MAX_WAITING = 50_000;

/** Records usage: few transactions per account at a time, each with everything that waits for it. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #partitions: Partitions;
  readonly #queue: AccountQueue<Waiting, SubmissionResult>;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#partitions = new Partitions(options.db);
    this.#queue = new AccountQueue({
      run: (accountId, submissions) => this.#together(accountId, submissions),
      sizeOf: ({ reports, rejected }) => reports.length + rejected.length,
      isOfOneJob: (error) => !isDatabaseTrouble(error),
      maxRunning: MAX_RUNNING,
      maxRunningPerAccount: MAX_RUNNING_PER_ACCOUNT,
      maxTogether: MAX_TOGETHER,
      maxWaiting: MAX_WAITING,
    });
  }

  /**
   * Records a request's usage; resolves when it is committed.
   *
   * @throws HttpError `busy` when too much of the account waits already
   */
  async take(accountId: string, submission: Submission): Promise<SubmissionResult> {
    if (submission.reports.length + submission.rejected.length === 0) return summarize([], []);
    try {
      return await this.#queue.add(accountId, { ...submission, trace: currentTrace() ?? null });
    } catch (error) {
      if (error instanceof QueueFullError) throw new HttpError('busy', { cause: error });
      throw error;
    }
  }

  /** What is recorded together bears the trace of the first request, and so does the review that it wakes; those of the others lead to it. */
  #together(accountId: string, submissions: readonly Waiting[]): Promise<SubmissionResult[]> {
    const trace = submissions[0]?.trace ?? null;
    for (const other of new Set(submissions.map((submission) => submission.trace))) {
      if (other !== trace)
        this.#options.logger?.debug({ trace: other, account: accountId, with: trace }, 'recorded together');
    }
    return withTrace(trace, () => this.#record(accountId, submissions));
  }

  async #record(accountId: string, submissions: readonly Submission[]): Promise<SubmissionResult[]> {
    const { db, context, onReviewDue } = this.#options;
    reached('usage.receive');
    const reports = submissions.flatMap((submission) => submission.reports);
    const rejected = submissions.flatMap((submission) => submission.rejected);
    await this.#partitions.ensure(reports);
    const { outcomes, reviewDue } = await inTransaction(db, async (tx) => {
      reached('usage.decide');
      const metered = reports.length > 0 ? await meterUsage(context, tx, accountId, reports) : undefined;
      await insertRejected(tx, accountId, rejected, context.clock.now());
      await this.#tellUnpriced(tx, accountId, reports, metered?.reports ?? []);
      reached('usage.commit');
      return { outcomes: metered?.reports ?? [], reviewDue: metered?.reviewDue ?? false };
    });
    reached('usage.answer');
    if (reviewDue) onReviewDue(accountId);
    let start = 0;
    return submissions.map((submission) => {
      const end = start + submission.reports.length;
      const result = summarize(submission.reports, outcomes.slice(start, end));
      start = end;
      return result;
    });
  }

  /** Rule 5: the operator is told, once a day for each country. */
  async #tellUnpriced(
    tx: Tx,
    accountId: string,
    reports: readonly UsageReport[],
    outcomes: readonly ReportOutcome[],
  ): Promise<void> {
    const countries = new Map<string, number>();
    for (const [index, { country }] of reports.entries()) {
      if (outcomes[index] !== 'unpriced' || country === null) continue;
      countries.set(country, (countries.get(country) ?? 0) + 1);
    }
    if (countries.size === 0) return;
    const { id, name } = await readAccount(tx, accountId);
    await tellUnpriced(this.#options.context, tx, { id, name }, countries);
  }
}

function summarize(reports: readonly UsageReport[], outcomes: readonly ReportOutcome[]): SubmissionResult {
  const count = (outcome: ReportOutcome) => outcomes.filter((each) => each === outcome).length;
  const unpriced = count('unpriced');
  return {
    accepted: count('accepted') + unpriced,
    duplicates: count('duplicate'),
    conflicts: reports.filter((_, index) => outcomes[index] === 'conflict').map((report) => report.id),
    unpriced,
  };
}

import type { Logger } from '../log.ts';
import { monthlyBudget } from '../notify/limits.ts';
import type { ServiceContext } from '../services/context.ts';
import type { Database } from '../store/database.ts';
import { nextKeptFrameAt } from '../store/kept-frames.ts';
import { nextNoticeAt } from '../store/notice-queue.ts';
import type { Executor } from '../store/schema.ts';
import { nextEventAt } from '../store/webhooks.ts';
import { ApprovalJob } from './approval-job.ts';
import { BillJob } from './bill-job.ts';
import { DigestJob } from './digest-job.ts';
import { HousekeepingJob } from './housekeeping-job.ts';
import type { Job } from './job.ts';
import { ReconciliationJob } from './reconciliation-job.ts';
import { ReviewJob } from './review-job.ts';
import type { ServiceJobName } from './service-jobs.ts';

export interface JobsOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** In which daily jobs have their times. Default: `SERVICE_TIME_ZONE`. */
  readonly timeZone?: string;
  /** Called after work that may have queued notices. */
  readonly onTold: () => void;
  /** Called after reviews, which may have changed whether an account may send, too. Default: `onTold`. */
  readonly onReviewed?: () => void;
}

/** The jobs that need nothing but the database, in their order: what a review prices or forfeits belongs to the bill that is closed after it. */
export function databaseJobs(options: JobsOptions): { readonly reviews: ReviewJob; readonly jobs: readonly Job[] } {
  const { db, context, logger, timeZone, onTold, onReviewed = onTold } = options;
  const reviews = new ReviewJob({ db, context, logger, onReviewed });
  const jobs = [
    reviews,
    new BillJob({ db, context, logger, onClosed: onTold }),
    new DigestJob({ db, context, logger, onTold }),
    new ApprovalJob(db, context, onTold),
    new HousekeepingJob(db, context.clock, timeZone),
    new ReconciliationJob({ db, context, logger, onTold, ...(timeZone && { timeZone }) }),
  ];
  return { reviews, jobs };
}

/** When the jobs that run in the service alone are due next, where the organisation has so many calls in a month. */
export async function serviceJobsDueAt(
  db: Executor,
  { now, callsPerMonth }: { readonly now: Temporal.Instant; readonly callsPerMonth: number },
): Promise<Record<ServiceJobName, Temporal.Instant | null>> {
  const [frames, delivery, webhooks] = await Promise.all([
    nextKeptFrameAt(db),
    nextNoticeAt(db, now, { budget: monthlyBudget(callsPerMonth, now) }),
    nextEventAt(db),
  ]);
  return { frames, delivery, webhooks };
}

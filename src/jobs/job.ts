/**
 * When a job's time comes.
 *
 * `daily`: at a time of day in the service's time zone. Its slot is a unique row, which one replica takes.
 * `by_state`: when something stored is due. Every replica works on it, row by row, and passes over what another one holds.
 */
export type JobPlan =
  | { readonly kind: 'daily' /** `HH:MM` */; readonly at: string; readonly missed: 'once' | 'skipped' }
  | {
      readonly kind: 'by_state';
      readonly missed: Missed;
      /** It waits for what may answer slowly, such as DingTalk, so no other job waits for it. Default: false. */
      readonly isSlow?: boolean;
    };

/**
 * What becomes of moments that were missed while nothing ran. `once`: one run makes up for all of them. `each`: every one is made up, in its
 * order. `once within 12 h`: the newest one is made up unless it is older than that. `skipped`: none is.
 */
export type Missed = 'once' | 'each' | 'once within 12 h' | 'skipped';

/** Work that is done when its time has come. What is due is read from the database, so any number of replicas may run it. */
export interface Job {
  readonly name: string;
  readonly plan: JobPlan;
  /** When there is something to do next; null when nothing is planned. With `after`, what is due by then already does not count. */
  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null>;
  /**
   * Does what is due. Running it with nothing due does nothing.
   * @returns what came of it, in a few words without names; null when there was nothing to do, or another replica does it
   */
  run(): Promise<string | null>;
  /**
   * Does it now, though its time has not come. Where a job has none, `run` does.
   * @throws RuleError `job_running`
   */
  runNow?(): Promise<string>;
}

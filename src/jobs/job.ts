/** Work that is done when its time has come. What is due is read from the database, so any number of replicas may run it. */
export interface Job {
  readonly name: string;
  /** When there is something to do next; null when nothing is planned. With `after`, what is due by then already does not count. */
  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null>;
  /** Does what is due. Running it with nothing due does nothing. */
  run(): Promise<void>;
}

export interface AccountQueueOptions<Job, Answer> {
  /**
   * Does several jobs of one account in one go, in the order given, and answers each. It does all of them or, when it throws, none.
   */
  readonly run: (accountId: string, jobs: readonly Job[]) => Promise<readonly Answer[]>;
  /** How much a job is; the unit of the limits. */
  readonly sizeOf: (job: Job) => number;
  /** Whether a failure may be the doing of one of the jobs, so that each is to be tried alone. */
  readonly isOfOneJob: (error: unknown) => boolean;
  /** So many runs there are at a time, of all accounts. */
  readonly maxRunning: number;
  /** And so many of one account. */
  readonly maxRunningPerAccount: number;
  /** Jobs are done together up to this size; a larger one alone. */
  readonly maxTogether: number;
  /** An account may have this much waiting. */
  readonly maxWaiting: number;
}

interface Waiting<Job, Answer> {
  readonly job: Job;
  readonly size: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Line<Job, Answer> {
  readonly accountId: string;
  readonly waiting: Waiting<Job, Answer>[];
  size: number;
  running: number;
}

/** More of an account is waiting than it may have. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/**
 * Does jobs, those of one account in few runs at a time, begun in their order of arrival. Jobs that arrive while their account is busy
 * are then done together: they would only have waited for the account's row in the database, each on a connection of its own.
 */
export class AccountQueue<Job, Answer> {
  readonly #options: AccountQueueOptions<Job, Answer>;
  /** Accounts with jobs, running or waiting. */
  readonly #lines = new Map<string, Line<Job, Answer>>();
  /** Accounts that wait for their turn, the first in front. */
  readonly #ready = new Set<Line<Job, Answer>>();
  #running = 0;

  constructor(options: AccountQueueOptions<Job, Answer>) {
    this.#options = options;
  }

  /**
   * Does a job, soon.
   *
   * @throws QueueFullError when too much of its account waits; and what the job itself fails with
   */
  add(accountId: string, job: Job): Promise<Answer> {
    const size = this.#options.sizeOf(job);
    let line = this.#lines.get(accountId);
    if (line && line.size > 0 && line.size + size > this.#options.maxWaiting) {
      return Promise.reject(new QueueFullError(`${line.size} of account ${accountId} wait already`));
    }
    if (!line) {
      line = { accountId, waiting: [], size: 0, running: 0 };
      this.#lines.set(accountId, line);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    line.waiting.push({ job, size, resolve, reject });
    line.size += size;
    this.#makeReady(line);
    this.#start();
    return promise;
  }

  #start(): void {
    for (const line of this.#ready) {
      if (this.#running >= this.#options.maxRunning) return;
      this.#ready.delete(line);
      void this.#work(line);
    }
  }

  async #work(line: Line<Job, Answer>): Promise<void> {
    this.#running += 1;
    line.running += 1;
    const entries = this.#take(line);
    this.#makeReady(line);
    await this.#do(line.accountId, entries);
    this.#running -= 1;
    line.running -= 1;
    this.#makeReady(line);
    if (line.waiting.length === 0 && line.running === 0) this.#lines.delete(line.accountId);
    this.#start();
  }

  /** At the back, so that a busy account leaves the others their turn. */
  #makeReady(line: Line<Job, Answer>): void {
    if (line.waiting.length > 0 && line.running < this.#options.maxRunningPerAccount) this.#ready.add(line);
  }

  #take(line: Line<Job, Answer>): Waiting<Job, Answer>[] {
    let size = 0;
    let count = 0;
    for (const next of line.waiting) {
      if (count > 0 && size + next.size > this.#options.maxTogether) break;
      size += next.size;
      count += 1;
    }
    line.size -= size;
    return line.waiting.splice(0, count);
  }

  /** Settles every one of `entries`; never throws. */
  async #do(accountId: string, entries: readonly Waiting<Job, Answer>[]): Promise<void> {
    try {
      const answers = await this.#options.run(
        accountId,
        entries.map(({ job }) => job),
      );
      for (const [index, entry] of entries.entries()) entry.resolve(answers[index] as Answer);
    } catch (error) {
      if (entries.length > 1 && this.#options.isOfOneJob(error)) {
        for (const entry of entries) await this.#do(accountId, [entry]);
        return;
      }
      for (const entry of entries) entry.reject(error);
    }
  }
}

const KEPT = 10_000;
/** How long is waited, in real time, for what should come at once: long, because a busy machine may stand still for seconds. */
export const PATIENCE_MS = 60_000;

interface Waiter<T> {
  readonly predicate: (entry: T) => boolean;
  readonly resolve: (entry: T) => void;
}

/** What happened, oldest first, and a way to wait for what is to happen. Keeps the newest 10,000 entries. */
export class EventLog<T> {
  readonly #subject: string;
  readonly #entries: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();

  /** @param subject what an entry is, for the message of a wait that ends in vain */
  constructor(subject: string) {
    this.#subject = subject;
  }

  get entries(): readonly T[] {
    return this.#entries;
  }

  add(entry: T): void {
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries.shift();
    for (const waiter of [...this.#waiters]) if (waiter.predicate(entry)) waiter.resolve(entry);
  }

  /**
   * Resolves with the first entry, past or future, for which `predicate` holds.
   * Rejects when there was none within `timeoutMs` of real time (default 60 s).
   */
  waitFor(predicate: (entry: T) => boolean, timeoutMs = PATIENCE_MS): Promise<T> {
    const past = this.#entries.find(predicate);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = {
        predicate,
        resolve: (entry) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(entry);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(
          new Error(
            `No such ${this.#subject} within ${timeoutMs} ms; seen: ${JSON.stringify(this.#entries.slice(-5))}`,
          ),
        );
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }
}

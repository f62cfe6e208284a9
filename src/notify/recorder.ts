import { setTimeout as pause } from 'node:timers/promises';
import { type Database, inTransaction } from '../store/database.ts';
import { type LeasedNotice, type NoticeResult, recordResults } from '../store/notice-queue.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { STUCK_ATTEMPTS } from './retry.ts';

/** Between two statements, when more has come meanwhile: each commit waits for the disk, however little is in it. */
const PAUSE_MS = 10;

export interface Outcome {
  readonly notice: LeasedNotice;
  readonly result: NoticeResult;
}

interface Entry {
  readonly outcomes: readonly Outcome[];
  readonly done: PromiseWithResolvers<void>;
}

/** A notice that nobody got, and why. */
export interface DeadNotice {
  readonly notice: LeasedNotice;
  readonly error: string;
}

export interface RecorderOptions {
  readonly db: Database;
  readonly now: () => Temporal.Instant;
  /** Called in the transaction in which notices become dead letters. */
  readonly onDead: (tx: Tx, dead: readonly DeadNotice[]) => Promise<void>;
  /** Called in the transaction which records that a notice could not be said in half a day; again at each attempt after that. */
  readonly onStuck: (tx: Tx, error: string) => Promise<void>;
}

/** Records what became of attempts: all that are done while a statement is under way go into the next one. */
export class Recorder {
  readonly #options: RecorderOptions;
  #waiting: Entry[] = [];
  #isWriting = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Resolves when it is committed; all of `outcomes` are, or none is. */
  record(outcomes: readonly Outcome[]): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ outcomes, done });
    void this.#write();
    return done.promise;
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const entries = this.#waiting;
      this.#waiting = [];
      try {
        await this.#record(entries.flatMap(({ outcomes }) => outcomes));
        for (const { done } of entries) done.resolve();
      } catch (error) {
        for (const { done } of entries) done.reject(error);
      }
      if (this.#waiting.length > 0) await pause(PAUSE_MS);
    }
    this.#isWriting = false;
  }

  async #record(outcomes: readonly Outcome[]): Promise<void> {
    const { db, now, onDead, onStuck } = this.#options;
    const write = (executor: Executor) => recordResults(executor, outcomes, now());
    const dead = outcomes.flatMap(({ notice, result }) =>
      result.state === 'dead' ? [{ notice, error: result.error }] : [],
    );
    const stuck = outcomes.flatMap(({ notice, result }) =>
      result.state === 'waiting' && notice.attempts >= STUCK_ATTEMPTS ? [{ notice, error: result.error }] : [],
    );
    if (dead.length > 0 || stuck.length > 0) {
      await inTransaction(db, async (tx) => {
        const recorded = await write(tx);
        const isOurs = ({ notice }: DeadNotice) => recorded.has(notice.id);
        const ours = dead.filter(isOurs);
        if (ours.length > 0) await onDead(tx, ours);
        const stillStuck = stuck.find(isOurs);
        if (stillStuck) await onStuck(tx, stillStuck.error);
      });
      return;
    }
    // What is not recorded is said again. A transaction is tried again by itself, and what the first try recorded is not recorded twice.
    await write(db.kysely).catch(() => inTransaction(db, write));
  }
}

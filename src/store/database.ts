import { setTimeout as pause } from 'node:timers/promises';
import { isAbortedTransactionError, Kysely, PostgresDialect, type Transaction } from 'kysely';
import type { Logger } from '../log.ts';
import {
  ConnectionLostError,
  codeOf,
  createPool,
  DatabaseUnreachableError,
  DEFAULT_TIME_OUTS,
  type PoolConnections,
  type TimeOuts,
} from './connection.ts';
import { StoreError } from './errors.ts';
import { pipelined } from './pipelined.ts';
import { PreparedRead } from './prepared.ts';
import type { Schema } from './schema.ts';

const DEFAULT_CONNECTIONS = 10;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Connections open at the same time. Default: 10. */
  readonly maxConnections?: number;
  readonly logger: Logger;
  /** Default: 30 s for a statement, 10 s for a lock or a connection, 60 s idle in a transaction. */
  readonly timeOuts?: Partial<TimeOuts>;
}

/** The database: `kysely` for queries, {@link inTransaction} for everything that writes. */
export class Database<S = Schema> {
  readonly kysely: Kysely<S>;
  readonly logger: Logger;
  readonly #options: DatabaseOptions;
  readonly #pool: { readonly connections: PoolConnections };

  constructor(options: DatabaseOptions) {
    const { url, maxConnections = DEFAULT_CONNECTIONS, logger, timeOuts } = options;
    this.#options = options;
    this.logger = logger;
    const pool = createPool(url, maxConnections, { ...DEFAULT_TIME_OUTS, ...timeOuts }, logger);
    this.#pool = pool;
    this.kysely = new Kysely<S>({ dialect: new PostgresDialect({ pool }) });
  }

  /** The connections that are open now. */
  get connections(): PoolConnections {
    return this.#pool.connections;
  }

  /** One more connection to the same database, for work that may take as long as it takes. Close it afterwards. */
  patient(): Database<S> {
    const timeOuts = { ...this.#options.timeOuts, statement: 0, lock: 0, idleInTransaction: 0 };
    return new Database<S>({ ...this.#options, maxConnections: 1, timeOuts });
  }

  /** A statement that is read very often, with connections of its own beside those of this database. Close it afterwards. */
  prepare<Row>(statement: { name: string; text: string; connections: number }): PreparedRead<Row> {
    return new PreparedRead<Row>(this.#options, statement);
  }

  /** Waits for the running queries and closes the connections. */
  async close(): Promise<void> {
    await this.kysely.destroy();
  }
}

/**
 * Opens the database; connections are made when they are needed.
 *
 * `bigint` columns are `bigint`, `timestamptz` is `Temporal.Instant` (to the microsecond), `date` and `numeric` are strings,
 * `jsonb` is parsed. Parameters may be all of these; an array is a PostgreSQL array, so JSON arrays are given as text.
 */
export function openDatabase<S = Schema>(options: DatabaseOptions): Database<S> {
  return new Database<S>(options);
}

/**
 * Whether a transaction took effect cannot be known: the connection broke after its commit was sent.
 * Whoever asked must look at the data before doing the same again.
 */
export class CommitUnknownError extends StoreError {
  constructor(cause: unknown) {
    super(
      'commit_unknown',
      'The connection to the database was lost while the change was being saved. See whether it is there before repeating it.',
      { cause },
    );
  }
}

/** What the work had read before it took a lock is not so any more under it: {@link inTransaction} does the work again. */
export class OutdatedReadError extends StoreError {
  constructor() {
    super(
      'read_outdated',
      'The account was changed again and again while this waited for it; nothing was saved. Try again.',
    );
  }
}

const MAX_ATTEMPTS = 6;
const FIRST_CONFLICT_PAUSE_MS = 10;
const FIRST_LOSS_PAUSE_MS = 100;

/**
 * Runs `work` in one transaction (READ COMMITTED) and commits it.
 *
 * A serialization failure, a deadlock, an {@link OutdatedReadError}, or a connection lost before the commit was sent rolls everything back
 * and runs `work` again, at most six times within a few seconds; so `work` must change nothing but the database. All other errors roll back
 * and are thrown as they are.
 *
 * @throws CommitUnknownError when the connection broke during the commit; it is never retried
 * @throws StoreError `transaction_aborted` when `work` went on after a statement had failed, which saves nothing
 */
export async function inTransaction<S, T>(db: Database<S>, work: (trx: Transaction<S>) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptTransaction(db.kysely, work);
    } catch (error) {
      const firstPause = firstPauseAfter(error);
      if (firstPause === undefined || attempt === MAX_ATTEMPTS) throw error;
      db.logger.debug({ err: error, attempt }, 'the transaction is run again');
      // Two that met once would meet again after equal pauses.
      await pause(firstPause * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }
}

async function attemptTransaction<S, T>(kysely: Kysely<S>, work: (trx: Transaction<S>) => Promise<T>): Promise<T> {
  const trx = await kysely.startTransaction().setIsolationLevel('read committed').execute();
  let result: T;
  try {
    result = await work(await pipelined(trx));
  } catch (error) {
    await rollBack(trx);
    throw error;
  }
  try {
    await trx.commit().execute();
    return result;
  } catch (error) {
    await rollBack(trx);
    if (isAbortedTransactionError(error)) {
      throw new StoreError(
        'transaction_aborted',
        'A statement failed and the transaction went on as if it had not, so nothing was saved. This is a defect: report it.',
        { cause: error },
      );
    }
    if (isOutcomeUnknown(error)) throw new CommitUnknownError(error);
    throw error;
  }
}

/** Rolls back and gives the connection back. On a broken connection the server rolls back by itself. */
async function rollBack(trx: { rollback(): { execute(): Promise<void> } }): Promise<void> {
  await trx
    .rollback()
    .execute()
    .catch(() => undefined);
}

/** Codes of a server that failed or went away while it committed; with every other code it says that it did not commit. */
const SERVER_FAILURE = /^(08|53|57P|58|XX)/;

function isOutcomeUnknown(commitError: unknown): boolean {
  if (commitError instanceof ConnectionLostError) return commitError.sent;
  return SERVER_FAILURE.test(codeOf(commitError) ?? 'XX');
}

const CONFLICTS = new Set(['40001', '40P01', 'read_outdated']);
/** The server ends the connection, restarts, or has no connection to spare; the system cannot connect. */
const LOSSES = /^(08...|57P0[123]|25P03|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;

function firstPauseAfter(error: unknown): number | undefined {
  if (error instanceof ConnectionLostError) return FIRST_LOSS_PAUSE_MS;
  const code = codeOf(error instanceof DatabaseUnreachableError ? error.cause : error) ?? '';
  if (CONFLICTS.has(code)) return FIRST_CONFLICT_PAUSE_MS;
  return LOSSES.test(code) ? FIRST_LOSS_PAUSE_MS : undefined;
}

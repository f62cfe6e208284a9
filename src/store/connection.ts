import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { Logger } from '../log.ts';
import { StoreError } from './errors.ts';

/** Longest waits of one connection, in milliseconds; 0 waits for ever. */
export interface TimeOuts {
  /** A statement, run by the server. */
  readonly statement: number;
  /** A statement's wait for a row or table that another transaction holds. */
  readonly lock: number;
  /** A transaction in which nothing happens: its program stands still while it holds locks. */
  readonly idleInTransaction: number;
  /** A free or a new connection. */
  readonly connect: number;
  /** An answer that is this much later than its statement may take will not come: the connection has gone silent. */
  readonly silence: number;
}

export const DEFAULT_TIME_OUTS: TimeOuts = {
  statement: 30_000,
  lock: 10_000,
  idleInTransaction: 60_000,
  connect: 10_000,
  silence: 10_000,
};

/** The connection broke. `sent` tells whether the statement it was needed for may have reached the server. */
export class ConnectionLostError extends StoreError {
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super(
      'connection_lost',
      'The connection to the database was lost. See whether the database runs; then try again.',
      {
        cause,
      },
    );
    this.sent = sent;
  }
}

/** The database cannot be reached, or refuses the connection; `cause` is what the driver said. */
export class DatabaseUnreachableError extends StoreError {
  constructor(cause: unknown) {
    const said = cause instanceof Error ? cause.message || codeOf(cause) : String(cause);
    super(
      'database_unreachable',
      `The database cannot be reached (${said}). See that it runs and DATABASE_URL is right.`,
      {
        cause,
      },
    );
  }
}

/** The stable code that the driver, the server or the system gave to an error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Connections of a pool, and how many callers wait for one. */
export interface PoolConnections {
  readonly open: number;
  readonly idle: number;
  readonly awaited: number;
}

/** Opens the pool of connections that Kysely works with. Values cross it as `docs/database.md` lists them. */
export function createPool(
  url: string,
  maxConnections: number,
  timeOuts: TimeOuts,
  logger: Logger,
): Omit<PostgresPool, 'connect'> & {
  connect(): Promise<GuardedClient>;
  readonly connections: PoolConnections;
} {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'sms-steward',
    max: maxConnections,
    types: valueTypes(),
    // What the server would otherwise take from its own configuration; values are read in this form.
    options: '-c timezone=UTC -c datestyle=ISO',
    statement_timeout: timeOuts.statement,
    lock_timeout: timeOuts.lock,
    idle_in_transaction_session_timeout: timeOuts.idleInTransaction,
    connectionTimeoutMillis: timeOuts.connect,
    ...(timeOuts.statement > 0 && { query_timeout: timeOuts.statement + timeOuts.silence }),
    // Statements that do not wait for each other travel together: `Promise.all` in a transaction costs one round trip.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    idleTimeoutMillis: 30_000,
  });
  // Without a listener, an idle connection that breaks would end the program. The pool replaces it by itself.
  pool.on('error', (error) => {
    if (!pool.ending)
      logger.warn({ code: codeOf(error), reason: error.message }, 'an idle database connection was lost');
  });
  return {
    options: pool.options,
    connect: async () => {
      try {
        return guard(await pool.connect());
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('timeout exceeded'))) {
          throw new DatabaseUnreachableError(error);
        }
        throw new StoreError(
          'database_busy',
          `All ${maxConnections} connections to the database stayed in use for ${timeOuts.connect} ms. Try again in a moment.`,
          { cause: error },
        );
      }
    },
    end: () => pool.end(),
    get connections() {
      return { open: pool.totalCount, idle: pool.idleCount, awaited: pool.waitingCount };
    },
  };
}

/** A connection that is checked out. */
export interface GuardedClient extends PostgresPoolClient {
  /** Runs a statement that the server parses and plans once for this connection. */
  prepared<Row>(name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]>;
}

/** One checked-out connection that says clearly when it broke, and is then thrown away instead of being used again. */
function guard(client: pg.PoolClient): GuardedClient {
  let broken: unknown;
  // While a connection is checked out the pool does not listen, and an error that nobody listens to ends the program.
  const onError = (error: unknown): void => {
    broken ??= error;
  };
  client.on('error', onError);

  const run = async (text: string, parameters: readonly unknown[], name?: string) => {
    if (broken !== undefined) throw new ConnectionLostError(false, broken);
    try {
      return await client.query({ text, values: parameters.map(toParameter), ...(name === undefined ? {} : { name }) });
    } catch (error) {
      if (!isLost(error)) throw error;
      broken ??= error;
      throw new ConnectionLostError(true, error);
    }
  };

  return {
    // Kysely's overload for cursors is never called: no cursor is configured.
    query: run as unknown as PostgresPoolClient['query'],
    prepared: async <Row>(name: string, text: string, parameters: readonly unknown[]) =>
      (await run(text, parameters, name)).rows as Row[],
    release: (destroy = false) => {
      client.off('error', onError);
      client.release(destroy || broken !== undefined);
    },
  };
}

/** The server's own errors carry a code; a value that cannot be sent is a TypeError. Anything else is the connection. */
function isLost(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) && !(error instanceof TypeError) && !(error instanceof RangeError);
}

/**
 * pg sends unknown objects as JSON, an instant too, in quotes that make it no timestamp. PostgreSQL keeps microseconds and
 * would round what is finer, perhaps into the future; it is cut off instead.
 */
function toParameter(value: unknown): unknown {
  if (value instanceof Temporal.Instant) return value.toString({ smallestUnit: 'microsecond' });
  // An array is of one type, and some have thousands of items.
  if (Array.isArray(value) && firstOf(value) instanceof Temporal.Instant) return value.map(toParameter);
  return value;
}

function firstOf(items: readonly unknown[]): unknown {
  return items.find((item) => item !== null && item !== undefined);
}

function valueTypes(): InstanceType<typeof pg.TypeOverrides> {
  const { builtins } = pg.types;
  const types = new pg.TypeOverrides();
  const text = (value: string): string => value;
  // Its declared type says that it parses numbers.
  const parseTextArray: unknown = types.getTypeParser(ARRAY_OF.TEXT, 'text');
  const textArray = parseTextArray as (value: string) => (string | null)[];
  const each =
    <T>(parse: (value: string) => T) =>
    (value: string): (T | null)[] =>
      textArray(value).map((item) => (item === null ? null : parse(item)));
  const instant = (value: string): Temporal.Instant => Temporal.Instant.from(value);

  types.setTypeParser(builtins.INT8, 'text', BigInt);
  types.setTypeParser(ARRAY_OF.INT8, 'text', each(BigInt));
  types.setTypeParser(builtins.TIMESTAMPTZ, 'text', instant);
  types.setTypeParser(ARRAY_OF.TIMESTAMPTZ, 'text', each(instant));
  types.setTypeParser(builtins.DATE, 'text', text);
  types.setTypeParser(ARRAY_OF.DATE, 'text', each(text));
  types.setTypeParser(ARRAY_OF.NUMERIC, 'text', each(text));
  return types;
}

// The package's list of types names none of the arrays.
const ARRAY_OF = { TEXT: 1009, INT8: 1016, TIMESTAMPTZ: 1185, DATE: 1182, NUMERIC: 1231 } as const;

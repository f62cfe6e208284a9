import type { Logger } from '../log.ts';
import { ConnectionLostError, createPool, type TimeOuts } from './connection.ts';

/** Who asks often and waits for nothing: an answer that takes longer is no answer. */
const TIME_OUTS: TimeOuts = { statement: 2_000, lock: 2_000, idleInTransaction: 2_000, connect: 2_000, silence: 1_000 };

/**
 * A statement that only reads and is asked for very often. It is parsed and planned once per connection, and has connections of its own,
 * so that nothing that writes can keep it waiting for one.
 */
export class PreparedRead<Row> {
  readonly #pool: ReturnType<typeof createPool>;
  readonly #name: string;
  readonly #text: string;
  readonly #connections: number;

  constructor(
    { url, logger }: { readonly url: string; readonly logger: Logger },
    { name, text, connections }: { name: string; text: string; connections: number },
  ) {
    this.#pool = createPool(url, connections, TIME_OUTS, logger);
    this.#name = name;
    this.#text = text;
    this.#connections = connections;
  }

  /** Its rows, with values for `$1` and so on. Connections that turn out to be broken are replaced, once each: all may have been cut at once. */
  async rows(values: readonly unknown[]): Promise<readonly Row[]> {
    for (let broken = 0; ; broken += 1) {
      try {
        return await this.#attempt(values);
      } catch (error) {
        if (!isOfConnection(error) || broken >= this.#connections) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #attempt(values: readonly unknown[]): Promise<readonly Row[]> {
    const client = await this.#pool.connect();
    let isOver = false;
    try {
      return await client.prepared<Row>(this.#name, this.#text, values);
    } catch (error) {
      isOver = isOfConnection(error);
      throw error;
    } finally {
      client.release(isOver);
    }
  }
}

/** The connection is over, and not the statement wrong: it was lost, or the server said that it ends it. */
function isOfConnection(error: unknown): boolean {
  return (
    error instanceof ConnectionLostError ||
    (error instanceof Error && 'severity' in error && error.severity === 'FATAL')
  );
}

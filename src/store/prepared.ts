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

  constructor(
    { url, logger }: { readonly url: string; readonly logger: Logger },
    { name, text, connections }: { name: string; text: string; connections: number },
  ) {
    this.#pool = createPool(url, connections, TIME_OUTS, logger);
    this.#name = name;
    this.#text = text;
  }

  /** Its rows, with values for `$1` and so on. A connection that turns out to be broken is replaced once. */
  async rows(values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return await this.#attempt(values);
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error;
      return this.#attempt(values);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #attempt(values: readonly unknown[]): Promise<readonly Row[]> {
    const client = await this.#pool.connect();
    try {
      return await client.prepared<Row>(this.#name, this.#text, values);
    } finally {
      client.release();
    }
  }
}

import type { Clock } from '../clock.ts';

const BATCH = 200;
/** Pieces that are carried out at the same time; each holds a connection. */
const PARALLEL = 4;
/** How long a piece that failed is left alone by this replica. */
const POSTPONE = Temporal.Duration.from({ minutes: 5 });

export interface DueWorkOptions<Piece> {
  readonly clock: Clock;
  /** What a piece is known by, each time that it is found. */
  readonly keyOf: (piece: Piece) => string;
  /** Told of each that fails; it is tried again in a few minutes. */
  readonly onFailure: (error: unknown, piece: Piece) => void;
}

/** Carries out what is due for many accounts, each piece on its own: one that fails keeps no other from its turn. */
export class DueWork<Piece> {
  readonly #options: DueWorkOptions<Piece>;
  readonly #postponed = new Map<string, Temporal.Instant>();

  constructor(options: DueWorkOptions<Piece>) {
    this.#options = options;
  }

  /**
   * Resolves when all that is due has been tried.
   * @param find reads up to `limit` pieces, in an order that does not change, those behind `after`
   */
  async each(
    find: (limit: number, after: Piece | undefined) => Promise<Piece[]>,
    carryOut: (piece: Piece) => Promise<void>,
  ): Promise<void> {
    let after: Piece | undefined;
    do {
      const found: Piece[] = await find(BATCH, after);
      after = found.length === BATCH ? found.at(-1) : undefined;
      const queue = found.values();
      const worker = async () => {
        for (const piece of queue) await this.#try(piece, carryOut);
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
    } while (after);
  }

  async #try(piece: Piece, carryOut: (piece: Piece) => Promise<void>): Promise<void> {
    const { clock, keyOf, onFailure } = this.#options;
    const key = keyOf(piece);
    const until = this.#postponed.get(key);
    if (until && Temporal.Instant.compare(clock.now(), until) < 0) return;
    this.#postponed.delete(key);
    try {
      await carryOut(piece);
    } catch (error) {
      onFailure(error, piece);
      this.#postponed.set(key, clock.now().add(POSTPONE));
    }
  }
}

/**
 * The ids of the frames that came lately, to tell a repeated push from a new one. A convenience of one process; what must happen at most
 * once needs a row in the database.
 */
export class FrameMemory {
  readonly #forMs: number;
  readonly #entries: number;
  /** Oldest first. */
  readonly #seenAt = new Map<string, number>();

  constructor(forMs: number, entries: number) {
    this.#forMs = forMs;
    this.#entries = entries;
  }

  /** @returns whether the id is new */
  remember(id: string): boolean {
    const now = performance.now();
    const seenAt = this.#seenAt.get(id);
    if (seenAt !== undefined && now - seenAt < this.#forMs) return false;
    this.#seenAt.delete(id);
    this.#seenAt.set(id, now);
    for (const [oldest, at] of this.#seenAt) {
      if (this.#seenAt.size <= this.#entries && now - at < this.#forMs) break;
      this.#seenAt.delete(oldest);
    }
    return true;
  }

  /** So that a repeat is new again. */
  forget(id: string): void {
    this.#seenAt.delete(id);
  }
}

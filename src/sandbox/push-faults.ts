/** A repeated frame goes to the connection that it went to before, or to another. */
export type RepeatOn = 'same' | 'other';

interface Reordering {
  readonly count: number;
  readonly withinMs: number;
  readonly held: (() => void)[];
  timer?: NodeJS.Timeout;
}

/** What the next callbacks meet on their way: they come twice, or in the wrong order. */
export class PushFaults {
  #repeats: { readonly on: RepeatOn; left: number }[] = [];
  #reorderings: Reordering[] = [];

  /** The next `times` callbacks are sent twice. */
  repeatNext(on: RepeatOn, times: number): void {
    this.#repeats.push({ on, left: times });
  }

  /**
   * Holds the next `count` callbacks back, and sends them with the last one first. When not all of them have come `withinMs` of real
   * time after the first, those that have are sent.
   */
  reorderNext(count: number, withinMs: number): void {
    this.#reorderings.push({ count, withinMs, held: [] });
  }

  /** Those that still wait for their callbacks, as the control API lists them. */
  get waiting(): Record<string, unknown>[] {
    return [
      ...this.#repeats.map(({ on, left }) => ({ fault: 'repeat', on, left })),
      ...this.#reorderings.map(({ count, held }) => ({ fault: 'reorder', count, left: count - held.length })),
    ];
  }

  /** Sends a callback, as the faults that wait for it want it. */
  carry(send: () => void, sendAgain: (on: RepeatOn) => void): void {
    const [repeat] = this.#repeats;
    const sendAll = () => {
      send();
      if (repeat !== undefined) sendAgain(repeat.on);
    };
    if (repeat !== undefined) {
      repeat.left -= 1;
      if (repeat.left === 0) this.#repeats.shift();
    }
    const [reordering] = this.#reorderings;
    if (reordering === undefined) {
      sendAll();
      return;
    }
    reordering.held.push(sendAll);
    reordering.timer ??= setTimeout(() => this.#release(reordering), reordering.withinMs);
    if (reordering.held.length === reordering.count) this.#release(reordering);
  }

  /** Forgets what waits; callbacks that are held back are sent. */
  clear(): void {
    this.#repeats = [];
    for (const reordering of [...this.#reorderings]) this.#release(reordering);
  }

  #release(reordering: Reordering): void {
    clearTimeout(reordering.timer);
    this.#reorderings = this.#reorderings.filter((one) => one !== reordering);
    for (const send of reordering.held.toReversed()) send();
  }
}

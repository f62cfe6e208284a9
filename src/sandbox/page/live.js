const pauses = [500, 1_000, 2_000, 4_000];

/**
 * The sandbox's change feed. Tells `open` on every (re)connection, when what was missed has to be fetched; `lost` when the
 * connection breaks; and `message`, `clock`, `connection`, `faults` with the event's data as detail. It reconnects for ever.
 */
export class Live extends EventTarget {
  #source;
  #failures = 0;

  start() {
    const source = new EventSource('/api/events');
    this.#source = source;
    source.addEventListener('open', () => {
      this.#failures = 0;
      this.dispatchEvent(new CustomEvent('open'));
    });
    source.addEventListener('error', () => this.#retry(source));
    for (const type of ['message', 'clock', 'connection', 'faults']) {
      source.addEventListener(type, (event) => {
        this.dispatchEvent(new CustomEvent(type, { detail: JSON.parse(event.data) }));
      });
    }
  }

  /** The browser gives up on some errors by itself, so every error is answered with a new source. */
  #retry(source) {
    if (source !== this.#source) return;
    source.close();
    this.#source = undefined;
    this.dispatchEvent(new CustomEvent('lost'));
    const pause = pauses[Math.min(this.#failures, pauses.length - 1)];
    this.#failures += 1;
    setTimeout(() => this.start(), pause);
  }
}

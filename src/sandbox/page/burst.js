const mostPerCall = 5_000;
const callsPerSecond = 4;

/**
 * Messages sent at a rate, as a gateway does: call after call, each waiting for its turn. It tells `change` whenever something of it
 * changed, and ends as `done`, `stopped` or `failed`.
 */
export class Burst extends EventTarget {
  /** `running`, `paused`, `done`, `stopped` or `failed`. */
  state = 'running';
  /** How many have been sent. */
  sent = 0;
  #send;
  #total;
  #rate;
  #turn = Promise.withResolvers();

  /** `send(count)` resolves with how many of them were taken; `rate` is per second. */
  constructor(send, total, rate) {
    super();
    this.#send = send;
    this.#total = total;
    this.#rate = rate;
  }

  get total() {
    return this.#total;
  }

  /** Sends until all are sent or somebody stops it; throws what a call throws. */
  async run() {
    const size = Math.min(mostPerCall, Math.max(1, Math.round(this.#rate / callsPerSecond)));
    try {
      while (this.sent < this.#total && this.state !== 'stopped') {
        const began = performance.now();
        const count = Math.min(size, this.#total - this.sent);
        this.sent += await this.#send(count);
        this.#tell();
        if (this.sent < this.#total) await this.#pause((count / this.#rate) * 1_000 - (performance.now() - began));
      }
      if (this.state !== 'stopped') this.state = 'done';
    } catch (error) {
      this.state = 'failed';
      throw error;
    } finally {
      this.#tell();
    }
  }

  pause() {
    if (this.state === 'running') this.#become('paused');
  }

  resume() {
    if (this.state === 'paused') this.#become('running');
  }

  stop() {
    if (this.state === 'running' || this.state === 'paused') this.#become('stopped');
  }

  #become(state) {
    this.state = state;
    this.#turn.resolve();
    this.#turn = Promise.withResolvers();
    this.#tell();
  }

  /** Waits for the next call's turn, and for as long as the burst is paused. */
  async #pause(milliseconds) {
    const timer = Promise.withResolvers();
    const id = setTimeout(() => timer.resolve(), Math.max(0, milliseconds));
    do {
      await Promise.race([this.state === 'paused' ? this.#turn.promise : timer.promise, this.#turn.promise]);
    } while (this.state === 'paused');
    clearTimeout(id);
  }

  #tell() {
    this.dispatchEvent(new CustomEvent('change'));
  }
}

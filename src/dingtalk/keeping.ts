import type { Logger } from '../log.ts';
import type { StreamFrame } from './messages.ts';

/**
 * Where a frame is kept that is to be acknowledged before it has been handled, so that another process handles it when this one ends.
 * `drop` is called when it was handled.
 */
export interface FrameKeeper {
  keep(frame: StreamFrame): Promise<void>;
  drop(frame: StreamFrame): Promise<void>;
}

/** One frame at work: kept when that takes long, so that it can be acknowledged in time without being lost. */
export class Keeping {
  /** Resolves when the frame cannot be lost any more: it was handled, or kept. Rejects when it was neither. */
  readonly safe: Promise<void>;
  readonly #frame: StreamFrame;
  readonly #keeper: FrameKeeper | undefined;
  readonly #logger: Logger;
  readonly #resolve: () => void;
  readonly #reject: (reason: Error) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #kept: Promise<boolean> = Promise.resolve(false);

  /** @param keeper without it nothing is kept, and `safe` means nothing */
  constructor(frame: StreamFrame, keeper: FrameKeeper | undefined, afterMs: number, logger: Logger) {
    this.#frame = frame;
    this.#keeper = keeper;
    this.#logger = logger;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.safe = promise;
    // Who waits for it knows; without a keeper nobody does.
    promise.catch(() => {});
    this.#resolve = resolve;
    this.#reject = reject;
    if (!keeper) return;
    this.#timer = setTimeout(() => {
      this.#kept = this.#keep(keeper);
    }, afterMs);
  }

  /** The frame was handled: it need not be kept. */
  async handled(): Promise<void> {
    clearTimeout(this.#timer);
    this.#resolve();
    if (!(await this.#kept)) return;
    // A frame that stays is handled again, which changes nothing.
    await this.#keeper?.drop(this.#frame).catch((error: unknown) => this.#warn(error, 'could not be dropped'));
  }

  /** The frame could not be handled: what was kept will be, what was not was never taken. */
  async failed(): Promise<void> {
    clearTimeout(this.#timer);
    if (!(await this.#kept)) this.#reject(new Error('The frame was not handled.'));
  }

  async #keep(keeper: FrameKeeper): Promise<boolean> {
    try {
      await keeper.keep(this.#frame);
      this.#resolve();
      return true;
    } catch (error) {
      this.#warn(error, 'could not be kept');
      return false;
    }
  }

  #warn(error: unknown, what: string): void {
    this.#logger.warn({ err: error, frameId: this.#frame.messageId }, `a frame ${what}`);
  }
}

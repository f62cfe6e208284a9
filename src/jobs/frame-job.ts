import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../store/database.ts';
import {
  dropKeptFrame,
  giveUpKeptFrames,
  type KeptFrame,
  nextKeptFrameAt,
  takeKeptFrames,
} from '../store/kept-frames.ts';
import type { Job } from './job.ts';
import { SERVICE_JOBS } from './service-jobs.ts';

const BATCH = 50;
/** Until then no other replica handles what this one has taken. */
const IN_HAND = Temporal.Duration.from({ seconds: 60 });
/** Nobody waits any longer for what could not be handled for a day. */
const GIVE_UP_AFTER = Temporal.Duration.from({ hours: 24 });

export interface FrameJobOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Handles a frame as if it had just come. That it had its effect before is not its business. */
  readonly handle: (frame: KeptFrame) => Promise<void>;
}

/** Handles frames that a process had acknowledged and could not handle before it ended. */
export class FrameJob implements Job {
  readonly name = 'frames';
  readonly plan = SERVICE_JOBS.frames;
  readonly #options: FrameJobOptions;

  constructor(options: FrameJobOptions) {
    this.#options = options;
  }

  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    return nextKeptFrameAt(this.#options.db.kysely, after);
  }

  async run(): Promise<string | null> {
    const { db, clock, logger } = this.#options;
    const now = clock.now();
    const givenUp = await giveUpKeptFrames(db.kysely, now.subtract(GIVE_UP_AFTER));
    if (givenUp > 0n) logger.error({ frames: Number(givenUp) }, 'what people said could not be handled for a day');
    const taken = await takeKeptFrames(db.kysely, now, { dueAt: now.add(IN_HAND), limit: BATCH });
    let handled = 0;
    for (const frame of taken) if (await this.#handle(frame)) handled += 1;
    return taken.length === 0 ? null : `handled ${handled} of ${taken.length} frames`;
  }

  /** One that fails keeps no other from being handled; it is tried again when its time is over. */
  async #handle(frame: KeptFrame): Promise<boolean> {
    const { db, logger, handle } = this.#options;
    try {
      await handle(frame);
      await dropKeptFrame(db.kysely, frame.messageId);
      return true;
    } catch (error) {
      logger.error(
        { err: error, frameId: frame.messageId },
        'a kept frame could not be handled; it is tried again in a minute',
      );
      return false;
    }
  }
}

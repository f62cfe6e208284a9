import type { Clock } from './clock.ts';
import type { FrameKeeper } from './dingtalk/keeping.ts';
import type { StreamFrame } from './dingtalk/messages.ts';
import type { Logger } from './log.ts';
import { reached } from './steps.ts';
import { type Database, openDatabase } from './store/database.ts';
import { dropKeptFrame, keepFrame } from './store/kept-frames.ts';

/** How long the process that kept a frame has it for itself; longer than a command waits for its locks. */
const KEPT_FOR = Temporal.Duration.from({ seconds: 60 });

/**
 * Keeps frames in the database that take long, so that they can be acknowledged: the loss of this process then loses nothing. It has a
 * connection of its own, because a frame takes long when all others are in use.
 */
export class FrameShelf implements FrameKeeper {
  readonly #own: Database;
  readonly #clock: Clock;

  constructor(options: { databaseUrl: string; clock: Clock; logger: Logger }) {
    const { databaseUrl, clock, logger } = options;
    this.#own = openDatabase({ url: databaseUrl, maxConnections: 1, logger });
    this.#clock = clock;
  }

  async keep(frame: StreamFrame): Promise<void> {
    reached('command.keep');
    const now = this.#clock.now();
    await keepFrame(this.#own.kysely, frame, { now, dueAt: now.add(KEPT_FOR) });
  }

  async drop({ messageId }: StreamFrame): Promise<void> {
    await dropKeptFrame(this.#own.kysely, messageId);
  }

  async close(): Promise<void> {
    await this.#own.close();
  }
}

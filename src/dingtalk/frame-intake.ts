import { EventAck, TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import type { Logger } from '../log.ts';
import { withTrace } from '../trace.ts';
import { FrameMemory } from './frame-memory.ts';
import { type FrameKeeper, Keeping } from './keeping.ts';
import {
  type CardClick,
  MalformedFrameError,
  type PlatformEvent,
  parseCardClick,
  parseEvent,
  parseRobotPush,
  type RobotMessage,
  type StreamFrame,
} from './messages.ts';
import type { StreamClient } from './stream-client.ts';
import type { StreamTuning } from './stream-tuning.ts';

/** What they reject with is logged; the frame's repeat is then handled again. */
export interface FrameHandlers {
  onMessage(message: RobotMessage): Promise<void>;
  onClick(click: CardClick): Promise<void>;
  /** Without it, no events are subscribed to. */
  onEvent?(event: PlatformEvent): Promise<void>;
}

/** Since the start of the process. */
export interface FrameCounts {
  /** Events and callbacks received, whatever became of them. */
  frames: number;
  duplicates: number;
  malformed: number;
  /** Frames whose connection was gone before they could be acknowledged. */
  unacknowledged: number;
  handlerFailures: number;
}

export interface FrameIntakeOptions {
  readonly handlers: FrameHandlers;
  /** Default: none, and frames are acknowledged before they are handled. */
  readonly keeper: FrameKeeper | undefined;
  readonly tuning: Pick<StreamTuning, 'dedupeMs' | 'dedupeEntries' | 'keepAfterMs'>;
  readonly logger: Logger;
  /** Called when a push came without its text, because the month's quota of them is used up. */
  readonly onQuotaExhausted: () => void;
}

/** What there is to do for a frame, and what it is acknowledged with. */
interface ReadFrame {
  readonly answer: unknown;
  readonly work: () => Promise<void>;
}

/** Takes what comes over the connections: hands each frame once to its handler, and acknowledges it where it came from. */
export class FrameIntake {
  readonly #options: FrameIntakeOptions;
  readonly #memory: FrameMemory;
  readonly #atWork = new Set<Promise<void>>();
  /** Of the frames at work: resolves when it may be acknowledged, rejects when it must not. */
  readonly #safe = new Map<string, Promise<void>>();
  readonly #counts: FrameCounts = { frames: 0, duplicates: 0, malformed: 0, unacknowledged: 0, handlerFailures: 0 };
  #isOpen = true;

  constructor(options: FrameIntakeOptions) {
    this.#options = options;
    this.#memory = new FrameMemory(options.tuning.dedupeMs, options.tuning.dedupeEntries);
  }

  get counts(): Readonly<FrameCounts> {
    return { ...this.#counts };
  }

  /** How many frames are with their handlers. */
  get atWork(): number {
    return this.#atWork.size;
  }

  /** Resolves when no frame is with its handler. */
  async drained(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.all(this.#atWork);
  }

  /** Takes nothing any more. */
  close(): void {
    this.#isOpen = false;
  }

  /** Answers on the connection the frame came from, within the 2 s that the platform waits. */
  receive(client: StreamClient, frame: StreamFrame): void {
    if (!this.#isOpen) return;
    this.#counts.frames += 1;
    const read = this.#read(frame);
    if (read) {
      this.#take(client, frame, read);
      return;
    }
    this.#options.logger.warn({ topic: frame.topic }, 'no handler for this topic of the stream');
    this.#acknowledge(client, frame.messageId, 404, 'no handler', {});
  }

  /** Says that a frame cannot be understood. */
  refuse(client: StreamClient, error: unknown, messageId: string): void {
    this.#counts.malformed += 1;
    const reason = error instanceof MalformedFrameError ? error.reason : 'unexpected';
    this.#options.logger.warn({ reason, frameId: messageId }, 'a frame was refused');
    if (messageId !== '') this.#acknowledge(client, messageId, 400, 'malformed', {});
  }

  /**
   * Handles a frame that was kept, and acknowledged when it came.
   *
   * @throws MalformedFrameError, and what its handler rejects with
   */
  async handleKept(frame: StreamFrame): Promise<void> {
    await withTrace(frame.messageId, async () => this.#read(frame)?.work());
  }

  /** What there is to do for a frame, and its answer; undefined for a topic that nobody handles. */
  #read(frame: StreamFrame): ReadFrame | undefined {
    const { handlers, onQuotaExhausted } = this.#options;
    if (frame.type === 'CALLBACK' && frame.topic === TOPIC_ROBOT) {
      const push = parseRobotPush(frame);
      const work = async () => {
        if (push.type === 'message') await handlers.onMessage(push.message);
        else onQuotaExhausted();
      };
      return { answer: { response: null }, work };
    }
    if (frame.type === 'CALLBACK' && frame.topic === TOPIC_CARD) {
      const click = parseCardClick(frame);
      // Empty: card data in the response would change the clicker's view only.
      return { answer: { response: {} }, work: () => handlers.onClick(click) };
    }
    if (frame.type === 'EVENT') {
      const event = parseEvent(frame);
      return { answer: { status: EventAck.SUCCESS }, work: async () => await handlers.onEvent?.(event) };
    }
    return undefined;
  }

  #take(client: StreamClient, frame: StreamFrame, { answer, work }: ReadFrame): void {
    const { keeper, tuning, logger } = this.#options;
    const acknowledge = () => this.#acknowledge(client, frame.messageId, 200, 'OK', answer);
    if (!this.#memory.remember(frame.messageId)) {
      this.#counts.duplicates += 1;
      const safe = this.#safe.get(frame.messageId);
      if (safe) void safe.then(acknowledge, () => {});
      else acknowledge();
      return;
    }
    logger.debug({ topic: frame.topic, trace: frame.messageId }, 'a frame was taken');
    const keeping = new Keeping(frame, keeper, tuning.keepAfterMs, logger);
    if (keeper) {
      this.#safe.set(frame.messageId, keeping.safe);
      keeping.safe.then(acknowledge, () => {});
    } else {
      acknowledge();
    }
    const running = withTrace(frame.messageId, async () => {
      try {
        await work();
        await keeping.handled();
      } catch (error) {
        this.#counts.handlerFailures += 1;
        this.#memory.forget(frame.messageId);
        logger.error({ err: error, topic: frame.topic, frameId: frame.messageId }, 'the handler of a frame failed');
        await keeping.failed();
      }
      this.#safe.delete(frame.messageId);
    });
    this.#atWork.add(running);
    void running.then(() => this.#atWork.delete(running));
  }

  #acknowledge(client: StreamClient, messageId: string, code: 200 | 400 | 404, message: string, data: unknown): void {
    if (!client.acknowledge(messageId, code, message, data)) this.#counts.unacknowledged += 1;
  }
}

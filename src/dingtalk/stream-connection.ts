import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventAck, TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import { type Clock, SystemClock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { withTrace } from '../trace.ts';
import { fullJitter } from './backoff.ts';
import { DingTalkError, isCredentialRefusal } from './errors.ts';
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
import type { DingTalkSettings } from './settings.ts';
import { StreamClient } from './stream-client.ts';
import { STREAM_DEFAULTS, type StreamTuning } from './stream-tuning.ts';

/** What there is to do for a frame, and what it is acknowledged with. */
interface ReadFrame {
  readonly answer: unknown;
  readonly work: () => Promise<void>;
}

/** What they reject with is logged; the frame's repeat is then handled again. */
export interface StreamHandlers {
  onMessage(message: RobotMessage): Promise<void>;
  onClick(click: CardClick): Promise<void>;
  /** Without it, no events are subscribed to. */
  onEvent?(event: PlatformEvent): Promise<void>;
  onAlarm?(alarm: StreamAlarm): void | Promise<void>;
}

/** What a person has to do something about. */
export interface StreamAlarm {
  /**
   * - `credentials_refused`: the platform does not accept the client id and secret
   * - `gateway_refused`: it accepts them but opens no connection: app not published, robot not in Stream mode, address not allowed
   * - `quota_exhausted`: the month's quota of pushes is used up; messages come without their text
   */
  readonly code: 'credentials_refused' | 'gateway_refused' | 'quota_exhausted';
  readonly message: string;
  readonly at: Temporal.Instant;
}

export interface StreamStatus {
  /** `open`: the platform can push to us. `waiting`: for the next attempt. */
  readonly state: 'connecting' | 'open' | 'waiting' | 'stopped';
  /** When it came to be so. */
  readonly since: Temporal.Instant;
  /** Since when the platform cannot push to us; null while it can. However often it is tried meanwhile, this stays. */
  readonly downSince: Temporal.Instant | null;
  /** When the platform last gave a sign of life. */
  readonly lastFrameAt: Temporal.Instant | null;
  /** Failed attempts in a row; 0 once a connection has held. */
  readonly attempts: number;
  /** The code of the last failed attempt; null once a connection has held. */
  readonly lastError: string | null;
  readonly counts: Readonly<StreamCounts>;
}

/** Since the start of the process. */
export interface StreamCounts {
  /** Events and callbacks received, whatever became of them. */
  frames: number;
  duplicates: number;
  malformed: number;
  /** Frames whose connection was gone before they could be acknowledged. */
  unacknowledged: number;
  handlerFailures: number;
  /** Connections that were opened. */
  connections: number;
}

export interface StreamConnectionOptions {
  readonly settings: DingTalkSettings;
  readonly logger: Logger;
  readonly handlers: StreamHandlers;
  /**
   * With it a frame is acknowledged when it cannot be lost any more: when it was handled, or kept. Default: none, and frames are
   * acknowledged before they are handled.
   */
  readonly keeper?: FrameKeeper;
  readonly tuning?: Partial<StreamTuning> | undefined;
  /** For the times in the status. Default: the machine's clock, as the time of the sandbox jumps. */
  readonly clock?: Clock;
}

/**
 * The bot's ear: keeps one connection to DingTalk's Stream gateway for as long as it runs, and hands what comes in to the handlers. Emits
 * `state` with each change of the state. See README.md for what it promises.
 */
export class StreamConnection extends EventEmitter<{ state: [StreamStatus] }> {
  readonly #settings: DingTalkSettings;
  readonly #logger: Logger;
  readonly #handlers: StreamHandlers;
  readonly #tuning: StreamTuning;
  readonly #clock: Clock;
  readonly #memory: FrameMemory;
  readonly #clients = new Set<StreamClient>();
  readonly #keeper: FrameKeeper | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  /** Of the frames at work: resolves when it may be acknowledged, rejects when it must not. */
  readonly #safe = new Map<string, Promise<void>>();
  readonly #alarms = new Map<StreamAlarm['code'], number>();
  readonly #stopping = new AbortController();
  readonly #counts: StreamCounts = {
    frames: 0,
    duplicates: 0,
    malformed: 0,
    unacknowledged: 0,
    handlerFailures: 0,
    connections: 0,
  };
  #loop: Promise<void> | undefined;
  #stop: Promise<{ unfinished: number }> | undefined;
  #isListening = true;
  #phase: StreamStatus['state'] = 'stopped';
  #state: StreamStatus['state'] = 'stopped';
  #since: Temporal.Instant;
  #downSince: Temporal.Instant | null;
  #lastFrameAt: Temporal.Instant | null = null;
  #attempts = 0;
  #lastError: string | null = null;
  #openedAt: number | undefined;

  constructor(options: StreamConnectionOptions) {
    super();
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#handlers = options.handlers;
    this.#keeper = options.keeper;
    this.#tuning = { ...STREAM_DEFAULTS, ...options.tuning };
    this.#clock = options.clock ?? new SystemClock();
    this.#memory = new FrameMemory(this.#tuning.dedupeMs, this.#tuning.dedupeEntries);
    this.#since = this.#clock.now();
    this.#downSince = this.#since;
  }

  get status(): StreamStatus {
    const holds = this.#openedAt !== undefined && this.#hasHeld(this.#openedAt);
    return {
      state: this.#state,
      since: this.#since,
      downSince: this.#downSince,
      lastFrameAt: this.#lastFrameAt,
      attempts: holds ? 0 : this.#attempts,
      lastError: holds ? null : this.#lastError,
      counts: { ...this.#counts },
    };
  }

  /** Begins to connect, and goes on until `stop`. Failures show in the status, the log and the alarms. */
  start(): void {
    if (this.#stop) throw new TypeError('A stream connection that was stopped does not start again; make a new one.');
    this.#loop ??= this.#run();
  }

  /**
   * Stops: waits for the handlers that are at work (frames that come meanwhile are still handled), at most `drainTimeoutMs`, and closes
   * the connection last. Can be called more than once.
   *
   * @returns how many handlers were still at work at the deadline
   */
  stop(): Promise<{ unfinished: number }> {
    this.#stop ??= this.#drainAndClose();
    return this.#stop;
  }

  /** One attempt after the other, never two at once: however it fails, it cannot multiply. */
  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#enter('connecting');
      const client = this.#newClient();
      let pauseMs: number;
      try {
        await client.connect();
        this.#openedAt = performance.now();
        this.#counts.connections += 1;
        this.#alarms.delete('credentials_refused');
        this.#alarms.delete('gateway_refused');
        this.#enter('open');
        pauseMs = await this.#whileOpen(client, this.#openedAt);
      } catch (error) {
        pauseMs = this.#pauseAfterFailure(error);
      }
      this.#openedAt = undefined;
      if (pauseMs > 0 && !this.#isStopping) {
        this.#enter('waiting');
        // Rejects only when stopping.
        await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  /** @returns how long to wait before the next connection, in milliseconds */
  async #whileOpen(client: StreamClient, openedAt: number): Promise<number> {
    const reason = await client.ended;
    if (this.#isStopping) return 0;
    this.#logger.info({ reason }, 'stream connection ended');
    // It stays open beside its successor: the platform still waits for acknowledgements on it, and closes it itself.
    if (reason === 'announced') this.#retire(client);
    if (this.#hasHeld(openedAt)) {
      this.#attempts = 0;
      this.#lastError = null;
      if (reason === 'announced') return 0;
    }
    this.#attempts += 1;
    this.#lastError = `stream.${reason}`;
    return this.#backoff();
  }

  #pauseAfterFailure(error: unknown): number {
    if (this.#isStopping) return 0;
    this.#attempts += 1;
    if (!(error instanceof DingTalkError)) {
      this.#lastError = 'unexpected';
      this.#logger.error({ err: error }, 'stream connection failed unexpectedly');
      return this.#backoff();
    }
    this.#lastError = error.code;
    this.#logger.warn({ code: error.code, attempts: this.#attempts }, error.message);
    if (isCredentialRefusal(error)) {
      this.#raise('credentials_refused', error.message);
      return this.#tuning.refusedPauseMs;
    }
    if (error.kind === 'rejected' || error.kind === 'not_allowed') this.#raise('gateway_refused', error.message);
    return Math.max(this.#backoff(), error.retryAfter?.total('milliseconds') ?? 0);
  }

  #backoff(): number {
    const { backoffBaseMs, backoffCapMs } = this.#tuning;
    // At least a millisecond: a pause is what keeps a failing gateway from being called in a busy loop.
    return Math.max(1, fullJitter(this.#attempts, backoffBaseMs, backoffCapMs));
  }

  #hasHeld(openedAt: number): boolean {
    return performance.now() - openedAt >= this.#tuning.stableAfterMs;
  }

  /** A new client for each attempt: nothing of a failed one can leak into the next. */
  #newClient(): StreamClient {
    const client = new StreamClient({
      settings: this.#settings,
      tuning: this.#tuning,
      subscriptions: [
        { type: 'CALLBACK', topic: TOPIC_ROBOT },
        { type: 'CALLBACK', topic: TOPIC_CARD },
        ...(this.#handlers.onEvent ? [{ type: 'EVENT', topic: '*' } as const] : []),
      ],
      onTraffic: () => {
        this.#lastFrameAt = this.#clock.now();
      },
      onFrame: (from, frame) => this.#receive(from, frame),
      onFrameError: (from, error, messageId) => this.#refuse(from, error, messageId),
    });
    this.#clients.add(client);
    void client.closed.then(() => {
      this.#clients.delete(client);
      this.#refreshState();
    });
    return client;
  }

  #retire(client: StreamClient): void {
    const timer = setTimeout(() => client.disconnect(), this.#tuning.retireAfterMs);
    void client.closed.then(() => clearTimeout(timer));
  }

  /**
   * Handles a frame that was kept, and acknowledged when it came.
   *
   * @throws MalformedFrameError, and what its handler rejects with
   */
  async handleKept(frame: StreamFrame): Promise<void> {
    await withTrace(frame.messageId, async () => this.#readFrame(frame)?.work());
  }

  /** Answers on the connection the frame came from, within the 2 s that the platform waits. */
  #receive(client: StreamClient, frame: StreamFrame): void {
    if (!this.#isListening) return;
    this.#counts.frames += 1;
    const read = this.#readFrame(frame);
    if (read) {
      this.#take(client, frame, read);
      return;
    }
    this.#logger.warn({ topic: frame.topic }, 'no handler for this topic of the stream');
    this.#acknowledge(client, frame.messageId, 404, 'no handler', {});
  }

  /** What there is to do for a frame, and its answer; undefined for a topic that nobody handles. */
  #readFrame(frame: StreamFrame): ReadFrame | undefined {
    if (frame.type === 'CALLBACK' && frame.topic === TOPIC_ROBOT) {
      const push = parseRobotPush(frame);
      const work = async () => {
        if (push.type === 'message') await this.#handlers.onMessage(push.message);
        else
          this.#raise(
            'quota_exhausted',
            'The monthly quota of DingTalk pushes is used up. Buy more, or wait for the 1st.',
          );
      };
      return { answer: { response: null }, work };
    }
    if (frame.type === 'CALLBACK' && frame.topic === TOPIC_CARD) {
      const click = parseCardClick(frame);
      // Empty: card data in the response would change the clicker's view only.
      return { answer: { response: {} }, work: () => this.#handlers.onClick(click) };
    }
    if (frame.type === 'EVENT') {
      const event = parseEvent(frame);
      return { answer: { status: EventAck.SUCCESS }, work: async () => await this.#handlers.onEvent?.(event) };
    }
    return undefined;
  }

  #take(client: StreamClient, frame: StreamFrame, { answer, work }: ReadFrame): void {
    const acknowledge = () => this.#acknowledge(client, frame.messageId, 200, 'OK', answer);
    if (!this.#memory.remember(frame.messageId)) {
      this.#counts.duplicates += 1;
      const safe = this.#safe.get(frame.messageId);
      if (safe) void safe.then(acknowledge, () => {});
      else acknowledge();
      return;
    }
    this.#logger.debug({ topic: frame.topic, trace: frame.messageId }, 'a frame was taken');
    const keeping = new Keeping(frame, this.#keeper, this.#tuning.keepAfterMs, this.#logger);
    if (this.#keeper) {
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
        this.#logger.error(
          { err: error, topic: frame.topic, frameId: frame.messageId },
          'the handler of a frame failed',
        );
        await keeping.failed();
      }
      this.#safe.delete(frame.messageId);
    });
    this.#inFlight.add(running);
    void running.then(() => this.#inFlight.delete(running));
  }

  #refuse(client: StreamClient, error: unknown, messageId: string): void {
    this.#counts.malformed += 1;
    const reason = error instanceof MalformedFrameError ? error.reason : 'unexpected';
    this.#logger.warn({ reason, frameId: messageId }, 'a frame was refused');
    if (messageId !== '') this.#acknowledge(client, messageId, 400, 'malformed', {});
  }

  #acknowledge(client: StreamClient, messageId: string, code: 200 | 400 | 404, message: string, data: unknown): void {
    if (!client.acknowledge(messageId, code, message, data)) this.#counts.unacknowledged += 1;
  }

  /** Tells a person, once per outage and not more often than `alarmRepeatMs`. */
  #raise(code: StreamAlarm['code'], message: string): void {
    const last = this.#alarms.get(code);
    if (last !== undefined && performance.now() - last < this.#tuning.alarmRepeatMs) return;
    this.#alarms.set(code, performance.now());
    this.#logger.error({ alarm: code }, message);
    const alarm = { code, message, at: this.#clock.now() };
    void (async () => await this.#handlers.onAlarm?.(alarm))().catch((error: unknown) =>
      this.#logger.error({ err: error, alarm: code }, 'the handler of an alarm failed'),
    );
  }

  async #drainAndClose(): Promise<{ unfinished: number }> {
    this.#stopping.abort();
    const deadline = new AbortController();
    await Promise.race([
      this.#drained(),
      sleep(this.#tuning.drainTimeoutMs, undefined, { signal: deadline.signal }).catch(() => {}),
    ]);
    deadline.abort();
    const unfinished = this.#inFlight.size;
    if (unfinished > 0) this.#logger.warn({ unfinished }, 'stream connection stopped before its handlers were done');
    this.#isListening = false;
    for (const client of this.#clients) client.disconnect();
    await Promise.all([...this.#clients].map((client) => client.closed));
    await this.#loop;
    this.#enter('stopped');
    return { unfinished };
  }

  async #drained(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #enter(phase: StreamStatus['state']): void {
    this.#phase = phase;
    this.#refreshState();
  }

  /** Open is what counts: while an ending connection is still there, its successor's attempts do not show. */
  #refreshState(): void {
    const isOpen = [...this.#clients].some((client) => client.isOpen);
    const state = isOpen && this.#phase !== 'stopped' ? 'open' : this.#phase;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#clock.now();
    this.#downSince = isOpen ? null : (this.#downSince ?? this.#since);
    this.#logger.info({ state, attempts: this.#attempts }, 'stream connection');
    try {
      this.emit('state', this.status);
    } catch (error) {
      this.#logger.error({ err: error }, 'a listener to the state of the stream failed');
    }
  }
}

import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import { type Clock, SystemClock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { fullJitter } from './backoff.ts';
import { DingTalkError, isCredentialRefusal } from './errors.ts';
import { type FrameCounts, type FrameHandlers, FrameIntake } from './frame-intake.ts';
import type { FrameKeeper } from './keeping.ts';
import type { StreamFrame } from './messages.ts';
import type { DingTalkSettings } from './settings.ts';
import { StreamClient } from './stream-client.ts';
import { STREAM_DEFAULTS, type StreamTuning } from './stream-tuning.ts';

export interface StreamHandlers extends FrameHandlers {
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
  /** How long that is, whatever became of the machine's clock meanwhile; null while it can. */
  readonly downSeconds: number | null;
  /** So long ago the platform last gave a sign of life; null before the first. */
  readonly lastFrameSeconds: number | null;
  /** Failed attempts in a row; 0 once a connection has held. */
  readonly attempts: number;
  /** The code of the last failed attempt; null once a connection has held. */
  readonly lastError: string | null;
  readonly counts: Readonly<StreamCounts>;
}

/** Since the start of the process. */
export interface StreamCounts extends FrameCounts {
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
  readonly #frames: FrameIntake;
  readonly #clients = new Set<StreamClient>();
  readonly #alarms = new Map<StreamAlarm['code'], number>();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #stop: Promise<{ unfinished: number }> | undefined;
  #phase: StreamStatus['state'] = 'stopped';
  #state: StreamStatus['state'] = 'stopped';
  #since: Temporal.Instant;
  /** `ms` here and below is by `performance.now`, which goes on when the machine's clock is set. */
  #down: { readonly since: Temporal.Instant; readonly ms: number } | null;
  #lastFrameMs: number | undefined;
  #attempts = 0;
  #lastError: string | null = null;
  #openedAt: number | undefined;
  #connections = 0;

  constructor(options: StreamConnectionOptions) {
    super();
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#handlers = options.handlers;
    this.#tuning = { ...STREAM_DEFAULTS, ...options.tuning };
    this.#clock = options.clock ?? new SystemClock();
    this.#frames = new FrameIntake({
      handlers: options.handlers,
      keeper: options.keeper,
      tuning: this.#tuning,
      logger: options.logger,
      onQuotaExhausted: () =>
        this.#raise(
          'quota_exhausted',
          'The monthly quota of DingTalk pushes is used up. Buy more, or wait for the 1st.',
        ),
    });
    this.#since = this.#clock.now();
    this.#down = { since: this.#since, ms: performance.now() };
  }

  get status(): StreamStatus {
    const holds = this.#openedAt !== undefined && this.#hasHeld(this.#openedAt);
    return {
      state: this.#state,
      since: this.#since,
      downSince: this.#down?.since ?? null,
      downSeconds: this.#down ? secondsSince(this.#down.ms) : null,
      lastFrameSeconds: this.#lastFrameMs === undefined ? null : secondsSince(this.#lastFrameMs),
      attempts: holds ? 0 : this.#attempts,
      lastError: holds ? null : this.#lastError,
      counts: { ...this.#frames.counts, connections: this.#connections },
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

  /**
   * Handles a frame that was kept, and acknowledged when it came.
   *
   * @throws MalformedFrameError, and what its handler rejects with
   */
  handleKept(frame: StreamFrame): Promise<void> {
    return this.#frames.handleKept(frame);
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
        this.#connections += 1;
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
        this.#lastFrameMs = performance.now();
      },
      onFrame: (from, frame) => this.#frames.receive(from, frame),
      onFrameError: (from, error, messageId) => this.#frames.refuse(from, error, messageId),
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
      this.#frames.drained(),
      sleep(this.#tuning.drainTimeoutMs, undefined, { signal: deadline.signal }).catch(() => {}),
    ]);
    deadline.abort();
    const unfinished = this.#frames.atWork;
    if (unfinished > 0) this.#logger.warn({ unfinished }, 'stream connection stopped before its handlers were done');
    this.#frames.close();
    for (const client of this.#clients) client.disconnect();
    await Promise.all([...this.#clients].map((client) => client.closed));
    await this.#loop;
    this.#enter('stopped');
    return { unfinished };
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
    this.#down = isOpen ? null : (this.#down ?? { since: this.#since, ms: performance.now() });
    this.#logger.info({ state, attempts: this.#attempts }, 'stream connection');
    try {
      this.emit('state', this.status);
    } catch (error) {
      this.#logger.error({ err: error }, 'a listener to the state of the stream failed');
    }
  }
}

function secondsSince(ms: number): number {
  return (performance.now() - ms) / 1_000;
}

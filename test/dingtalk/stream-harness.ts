import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Clock } from '../../src/clock.ts';
import type { FrameKeeper } from '../../src/dingtalk/keeping.ts';
import type { CardClick, PlatformEvent, RobotMessage } from '../../src/dingtalk/messages.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import {
  type StreamAlarm,
  StreamConnection,
  type StreamHandlers,
  type StreamStatus,
} from '../../src/dingtalk/stream-connection.ts';
import type { StreamTuning } from '../../src/dingtalk/stream-tuning.ts';
import { Queue } from './hostile-gateway.ts';

export const SECRET = 'the-client-secret-nobody-may-see';

/** Short pauses, so that tests are quick; long where the test must not depend on it. */
const QUICK: Partial<StreamTuning> = { backoffBaseMs: 5, backoffCapMs: 20, stableAfterMs: 0, closeTimeoutMs: 500 };

/** A stream connection with all that it does kept in queues. */
export class StreamHarness {
  readonly messages = new Queue<RobotMessage>();
  readonly clicks = new Queue<CardClick>();
  readonly events = new Queue<PlatformEvent>();
  readonly alarms = new Queue<StreamAlarm>();
  readonly states: StreamStatus['state'][] = [];
  readonly logLines: string[] = [];
  readonly connection: StreamConnection;

  constructor(
    apiBase: string,
    options: {
      tuning?: Partial<StreamTuning>;
      handlers?: Partial<StreamHandlers>;
      keeper?: FrameKeeper;
      withoutEvents?: true;
      clientId?: string;
      clientSecret?: string;
      clock?: Clock;
    } = {},
  ) {
    const log = new Writable({
      write: (chunk, _encoding, done) => {
        this.logLines.push(String(chunk));
        done();
      },
    });
    this.connection = new StreamConnection({
      settings: completeSettings({
        clientId: options.clientId ?? 'dingapp',
        clientSecret: options.clientSecret ?? SECRET,
        apiBase,
        oapiBase: apiBase,
      }),
      logger: pino({ level: 'trace' }, log),
      tuning: { ...QUICK, ...options.tuning },
      ...(options.clock && { clock: options.clock }),
      ...(options.keeper && { keeper: options.keeper }),
      handlers: {
        onMessage: async (message) => this.messages.push(message),
        onClick: async (click) => this.clicks.push(click),
        ...(options.withoutEvents ? {} : { onEvent: async (event: PlatformEvent) => this.events.push(event) }),
        onAlarm: (alarm) => this.alarms.push(alarm),
        ...options.handlers,
      },
    });
    this.connection.on('state', ({ state }) => this.states.push(state));
  }

  /** Resolves when the connection is in the state, now or later. */
  reaches(state: StreamStatus['state']): Promise<void> {
    return this.#until((status) => status.state === state);
  }

  /** Resolves when the connection is open, and it is at least the `count`th. */
  opens(count: number): Promise<void> {
    return this.#until(({ state, counts }) => state === 'open' && counts.connections >= count);
  }

  async #until(holds: (status: StreamStatus) => boolean): Promise<void> {
    if (holds(this.connection.status)) return;
    await new Promise<void>((resolve) => {
      const listener = (status: StreamStatus) => {
        if (!holds(status)) return;
        this.connection.off('state', listener);
        resolve();
      };
      this.connection.on('state', listener);
    });
  }
}

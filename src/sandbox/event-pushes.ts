import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Acknowledgement, Gateway } from './gateway.ts';

/** So many events are remembered. */
const KEPT = 1_000;

const acknowledgementSchema = z.looseObject({ status: z.literal('SUCCESS') });

/** An event of the organisation, and what has become of it. */
export interface RaisedEvent {
  readonly eventId: string;
  readonly eventType: string;
  /** How often it has been pushed; a push for which no connection was open does not count. */
  readonly attempts: number;
  /** `given_up` after the last attempt, or when the sandbox stopped. */
  readonly state: 'waiting' | 'acknowledged' | 'given_up';
}

export interface EventPushesOptions {
  readonly gateway: Gateway;
  /** Epoch milliseconds by the sandbox's clock. */
  readonly now: () => number;
  readonly corpId: string;
  readonly appId: string;
  /** Real time that the bot has to acknowledge an event. */
  readonly acknowledgeWithinMs: number;
  /** Real time between an attempt that failed and the next. */
  readonly retryAfterMs: number;
  readonly maxAttempts: number;
}

/** Events: pushed to one connection of the bot, again and again until one is acknowledged with `SUCCESS`. */
export class EventPushes {
  readonly #options: EventPushesOptions;
  readonly #events = new Map<string, RaisedEvent>();
  readonly #stopped = new AbortController();

  constructor(options: EventPushesOptions) {
    this.#options = options;
  }

  /**
   * Raises an event; it is pushed at once.
   * @param eventType such as `chat_add_member`
   * @param data the event's own fields, as DingTalk documents them for this type
   */
  raise(eventType: string, data: Record<string, unknown>): RaisedEvent {
    const eventId = randomUUID().replaceAll('-', '');
    this.#keep({ eventId, eventType, attempts: 0, state: 'waiting' });
    const bornAt = this.#options.now();
    void this.#deliver(eventId, { ...data, eventType }, bornAt);
    return this.#event(eventId);
  }

  get(eventId: string): RaisedEvent | undefined {
    return this.#events.get(eventId);
  }

  /** Gives up what still waits. */
  stop(): void {
    this.#stopped.abort();
  }

  async #deliver(eventId: string, data: Record<string, unknown>, bornAt: number): Promise<void> {
    const { gateway, corpId, appId, acknowledgeWithinMs, retryAfterMs, maxAttempts } = this.#options;
    const { eventType } = this.#event(eventId);
    const headers = {
      eventId,
      eventType,
      eventCorpId: corpId,
      eventBornTime: String(bornAt),
      eventUnifiedAppId: appId,
    };
    for (let round = 0; round < maxAttempts && !this.#stopped.signal.aborted; round += 1) {
      const messageId = gateway.push({ type: 'EVENT', topic: '*', headers }, () => data);
      if (messageId !== null) {
        this.#keep({ ...this.#event(eventId), attempts: this.#event(eventId).attempts + 1 });
        const answer = await gateway.acknowledgementOf(messageId, acknowledgeWithinMs);
        if (answer !== null && isSuccess(answer)) {
          this.#keep({ ...this.#event(eventId), state: 'acknowledged' });
          return;
        }
      }
      await this.#pause(retryAfterMs);
    }
    this.#keep({ ...this.#event(eventId), state: 'given_up' });
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  #event(eventId: string): RaisedEvent {
    return this.#events.get(eventId) ?? { eventId, eventType: '', attempts: 0, state: 'given_up' };
  }

  #keep(event: RaisedEvent): void {
    this.#events.set(event.eventId, event);
    if (this.#events.size > KEPT) {
      for (const oldest of this.#events.keys()) {
        this.#events.delete(oldest);
        break;
      }
    }
  }
}

function isSuccess(answer: Acknowledgement): boolean {
  try {
    return answer.code === 200 && acknowledgementSchema.safeParse(JSON.parse(answer.data)).success;
  } catch {
    return false;
  }
}

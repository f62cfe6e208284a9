import type { AccessTokens } from './access-tokens.ts';
import { ANY_CALL, type CallFaults } from './call-faults.ts';
import type { Conversations } from './conversations.ts';
import type { Gateway, HandshakeFault } from './gateway.ts';
import { OPEN_PATH } from './gateway-api.ts';
import type { MonthlyQuota, QuotaKind } from './monthly-quota.ts';
import type { RepeatOn } from './push-faults.ts';

/** What faults take hold of. */
export interface FaultyParts {
  readonly gateway: Gateway;
  readonly calls: CallFaults;
  readonly tokens: AccessTokens;
  readonly quota: MonthlyQuota;
  readonly conversations: Conversations;
}

/** What can go wrong. Nothing here is undone by itself but what names how often it happens; `clear` undoes the rest. */
export class Faults {
  readonly #gateway: Gateway;
  readonly #calls: CallFaults;
  readonly #tokens: AccessTokens;
  readonly #quota: MonthlyQuota;
  readonly #conversations: Conversations;
  readonly #listeners = new Set<() => void>();

  constructor({ gateway, calls, tokens, quota, conversations }: FaultyParts) {
    this.#gateway = gateway;
    this.#calls = calls;
    this.#tokens = tokens;
    this.#quota = quota;
    this.#conversations = conversations;
    const tell = () => this.#tell();
    calls.onUse = tell;
    gateway.onFaultUse = tell;
    // A silent connection that ends is silent no more.
    gateway.onCount(tell);
  }

  /** Calls `listener` whenever `armed` may have changed. Returns the way to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What still waits or still lasts, as the control API lists it. */
  get armed(): Record<string, unknown>[] {
    const silent = this.#gateway.connections.filter((connection) => connection.silent).length;
    return [
      ...this.#calls.waiting,
      ...describeHandshakes(this.#gateway.handshakeFaults),
      ...this.#gateway.pushFaults.waiting,
      ...(silent > 0 ? [{ fault: 'silence', of: 'open', connections: silent }] : []),
      ...this.#quota.exhausted.map((quota) => ({ fault: 'exhaust-quota', quota })),
    ];
  }

  /** Refuses the next `times` requests for a connection. 401 is `authFailed`, 400 and others `systemError`, as on the platform. */
  refuseGatewayOpens(status: number, times = 1): void {
    const [code, message] = status === 401 ? ['authFailed', '鉴权失败'] : ['systemError', '系统错误'];
    const body = { requestid: 'SANDBOX-FAULT', code, message };
    this.#calls.plan(OPEN_PATH, { kind: 'answer', status, body }, times, 'refuse');
    this.#tell();
  }

  /** Refuses the next `times` WebSocket handshakes, after their ticket has been used. */
  refuseHandshakes(status = 503, times = 1): void {
    this.#nextHandshakes({ status }, times);
  }

  /** Never answers the next `times` WebSocket handshakes. */
  hangHandshakes(times = 1): void {
    this.#nextHandshakes('hang', times);
  }

  /** Accepts the next `times` connections and then says nothing on them. */
  silentHandshakes(times = 1): void {
    this.#nextHandshakes('silent', times);
  }

  /** Answers the next `times` calls of a route (`/path` or `METHOD /path`, without a query) with this, and carries nothing out. */
  answerCalls(route: string, answer: { status: number; body: unknown }, times = 1): void {
    this.#calls.plan(route, { kind: 'answer', ...answer }, times);
    this.#tell();
  }

  /** Answers the next `times` calls of a route as the platform does when there are too many, and carries nothing out. */
  throttleCalls(route: string = ANY_CALL, times = 1): void {
    this.#calls.plan(route, { kind: 'throttle' }, times);
    this.#tell();
  }

  /** Answers the next `times` calls of a route with HTTP 200 and a body that makes no sense, and carries nothing out. */
  garbleCalls(route: string = ANY_CALL, times = 1): void {
    this.#calls.plan(route, { kind: 'garbage' }, times, 'garbage-answer');
    this.#tell();
  }

  /** Leaves the next `times` calls of a route without an answer, on an open connection. */
  hangCalls(route: string, times = 1): void {
    this.#calls.plan(route, { kind: 'hang' }, times);
    this.#tell();
  }

  /** Resets the connection of the next `times` calls of a route: `after` they have had their effect, or `before`. */
  dropCalls(route: string, when: 'before' | 'after', times = 1): void {
    this.#calls.plan(route, { kind: 'drop', when }, times);
    this.#tell();
  }

  /** Makes the access token invalid before its time. */
  revokeToken(): void {
    this.#tokens.revoke();
  }

  /** Makes every `sessionWebhook` that was given out invalid before its time. */
  expireSessions(): void {
    this.#conversations.expireSessions();
  }

  /** Leaves nothing of a quota until the month ends. */
  exhaustQuota(kind: QuotaKind): void {
    this.#quota.exhaust(kind);
    this.#tell();
  }

  /** Announces the end of every open connection, and ends them when the platform's grace is over. */
  disconnect(reason = 'connection is expired'): void {
    this.#gateway.disconnect(reason);
  }

  /** Ends every open connection without a word. */
  killSockets(): void {
    for (const connection of this.#gateway.connections) connection.kill();
  }

  /** The connections that are open now stay open, but nothing comes any more: no frame, no pong. */
  goSilent(): void {
    for (const connection of this.#gateway.connections) connection.silence();
    this.#tell();
  }

  /** Sends a SYSTEM ping on every connection. */
  ping(): void {
    this.#gateway.ping();
  }

  /** Sends this text as a frame, whatever it is, on every connection. */
  sendRaw(text: string): void {
    for (const connection of this.#gateway.connections) connection.sendRaw(text);
  }

  /**
   * Sends a callback frame again, the last one unless a message id is given: on the connection it went to, or on another.
   * Throws where there is no such frame or no such connection.
   */
  repeatFrame(on: RepeatOn = 'same', messageId?: string): void {
    if (!this.#gateway.repeat(on, messageId))
      throw new Error(`There is no frame to repeat, or no ${on} connection for it.`);
  }

  /** Sends each of the next `times` callbacks twice. On another connection only where there is one. */
  repeatNext(on: RepeatOn = 'same', times = 1): void {
    this.#gateway.pushFaults.repeatNext(on, times);
    this.#tell();
  }

  /** Sends the next `count` callbacks in reverse order; those that came when not all of them come within `withinMs` of real time. */
  reorderNext(count = 2, withinMs = 5_000): void {
    this.#gateway.pushFaults.reorderNext(count, withinMs);
    this.#tell();
  }

  /** Forgets every fault that still waits, sends what was held back, restores quotas, and lets silent connections speak again. */
  clear(): void {
    this.#calls.clear();
    this.#gateway.handshakeFaults.length = 0;
    this.#gateway.pushFaults.clear();
    this.#quota.restore();
    for (const connection of this.#gateway.connections) connection.wake();
    this.#tell();
  }

  #nextHandshakes(fault: HandshakeFault, times: number): void {
    for (let count = 0; count < times; count += 1) this.#gateway.handshakeFaults.push(fault);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Equal faults one after the other are one entry. */
function describeHandshakes(faults: readonly HandshakeFault[]): Record<string, unknown>[] {
  const entries: { about: Record<string, unknown>; left: number }[] = [];
  for (const fault of faults) {
    const about = describeHandshake(fault);
    const last = entries.at(-1);
    if (last !== undefined && JSON.stringify(last.about) === JSON.stringify(about)) last.left += 1;
    else entries.push({ about, left: 1 });
  }
  return entries.map(({ about, left }) => ({ ...about, left }));
}

function describeHandshake(fault: HandshakeFault): Record<string, unknown> {
  if (fault === 'hang') return { fault: 'hang-handshake' };
  if (fault === 'silent') return { fault: 'silence', of: 'next' };
  return { fault: 'refuse-handshake', status: fault.status };
}

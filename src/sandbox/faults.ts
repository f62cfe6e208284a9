import type { AccessTokens } from './access-tokens.ts';
import type { CallFaults } from './call-faults.ts';
import type { Gateway, HandshakeFault } from './gateway.ts';
import { OPEN_PATH } from './gateway-api.ts';

/** What tests let go wrong. Nothing here is undone by itself but what names how often it happens; `clear` undoes the rest. */
export class Faults {
  readonly #gateway: Gateway;
  readonly #calls: CallFaults;
  readonly #tokens: AccessTokens;

  constructor(gateway: Gateway, calls: CallFaults, tokens: AccessTokens) {
    this.#gateway = gateway;
    this.#calls = calls;
    this.#tokens = tokens;
  }

  /** Refuses the next `times` requests for a connection. 401 is `authFailed`, 400 and others `systemError`, as on the platform. */
  refuseGatewayOpens(status: number, times = 1): void {
    const [code, message] = status === 401 ? ['authFailed', '鉴权失败'] : ['systemError', '系统错误'];
    this.answerCalls(OPEN_PATH, { status, body: { requestid: 'SANDBOX-FAULT', code, message } }, times);
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
  }

  /** Leaves the next `times` calls of a route without an answer, on an open connection. */
  hangCalls(route: string, times = 1): void {
    this.#calls.plan(route, { kind: 'hang' }, times);
  }

  /** Resets the connection of the next `times` calls of a route: `after` they have had their effect, or `before`. */
  dropCalls(route: string, when: 'before' | 'after', times = 1): void {
    this.#calls.plan(route, { kind: 'drop', when }, times);
  }

  /** Makes the access token invalid before its time. */
  revokeToken(): void {
    this.#tokens.revoke();
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
  repeatFrame(on: 'same' | 'other' = 'same', messageId?: string): void {
    if (!this.#gateway.repeat(on, messageId))
      throw new Error(`There is no frame to repeat, or no ${on} connection for it.`);
  }

  /** Forgets every fault that still waits, and lets silent connections speak again. */
  clear(): void {
    this.#calls.clear();
    this.#gateway.handshakeFaults.length = 0;
    for (const connection of this.#gateway.connections) connection.wake();
  }

  #nextHandshakes(fault: HandshakeFault, times: number): void {
    for (let count = 0; count < times; count += 1) this.#gateway.handshakeFaults.push(fault);
  }
}

import { randomUUID } from 'node:crypto';
import type { Subscription } from './stream-connection.ts';

/** A ticket opens one connection, once, within this time (protocol). */
const LIFETIME_MS = 90_000;

/** Tickets for connections, each with what its connection subscribes to. */
export class Tickets {
  readonly #now: () => number;
  readonly #open = new Map<string, { expiresAt: number; subscriptions: readonly Subscription[] }>();

  /** @param now epoch milliseconds, by the sandbox's clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  issue(subscriptions: readonly Subscription[]): string {
    const now = this.#now();
    for (const [ticket, { expiresAt }] of this.#open) if (expiresAt <= now) this.#open.delete(ticket);
    const ticket = randomUUID();
    this.#open.set(ticket, { expiresAt: now + LIFETIME_MS, subscriptions });
    return ticket;
  }

  /** Uses a ticket up; undefined where it is none, was used before, or is too old. */
  take(ticket: string): readonly Subscription[] | undefined {
    const found = this.#open.get(ticket);
    this.#open.delete(ticket);
    return found === undefined || found.expiresAt <= this.#now() ? undefined : found.subscriptions;
  }
}

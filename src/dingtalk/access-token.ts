import { z } from 'zod';
import { call } from './http.ts';
import type { DingTalkSettings } from './settings.ts';

const tokenSchema = z.object({ accessToken: z.string().min(1), expireIn: z.number().positive() });

/**
 * The app's access token: kept while it is valid, renewed early, fetched once however many ask. Its time is the machine's monotonic
 * one: validity is a matter between two machines, whatever the service's clock says.
 */
export class AccessToken {
  readonly #settings: DingTalkSettings;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  #held: { readonly token: string; readonly renewAt: number; readonly endsAt: number } | undefined;
  #renewal: Promise<string> | undefined;

  /** @param now monotonic milliseconds */
  constructor(settings: DingTalkSettings, timeoutMs: number, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** @throws DingTalkError when there is no valid token and none can be had */
  async get(): Promise<string> {
    const held = this.#held;
    if (held && this.#now() < held.renewAt) return held.token;
    try {
      return await this.#renew();
    } catch (error) {
      // Renewing is early, so a failure need not stop anything yet.
      if (held && this.#held === held && this.#now() < held.endsAt) return held.token;
      throw error;
    }
  }

  /** Forgets `token`, which the platform refused; a newer one stays. */
  drop(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  #renew(): Promise<string> {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #fetch(): Promise<string> {
    const askedAt = this.#now();
    const { accessToken, expireIn } = await call(
      {
        call: 'accessToken',
        method: 'POST',
        url: `${this.#settings.apiBase}/v1.0/oauth2/accessToken`,
        body: { appKey: this.#settings.clientId, appSecret: this.#settings.clientSecret },
        effect: 'read',
        timeoutMs: this.#timeoutMs,
      },
      tokenSchema,
    );
    const validMs = expireIn * 1_000;
    const earlyMs = Math.min(300_000, validMs / 2);
    this.#held = { token: accessToken, renewAt: askedAt + validMs - earlyMs, endsAt: askedAt + validMs };
    return accessToken;
  }
}

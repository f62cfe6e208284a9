import { randomBytes } from 'node:crypto';

/** Seconds that an access token is valid for. */
export const TOKEN_LIFETIME_S = 7200;

/** The app's access token. Asking again while it is valid gives the same token and a new lifetime, as on the platform. */
export class AccessTokens {
  readonly #now: () => number;
  #token = '';
  #expiresAt = 0;

  /** @param now epoch milliseconds, by the sandbox's clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  issue(): string {
    if (!this.isValid(this.#token)) this.#token = randomBytes(16).toString('hex');
    this.#expiresAt = this.#now() + TOKEN_LIFETIME_S * 1000;
    return this.#token;
  }

  isValid(token: string): boolean {
    return token !== '' && token === this.#token && this.#now() < this.#expiresAt;
  }

  /** Makes the token invalid before its time. */
  revoke(): void {
    this.#expiresAt = 0;
  }
}

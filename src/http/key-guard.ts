import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { accountOfKey } from '../services/api-keys.ts';
import type { Database } from '../store/database.ts';
import { HttpError } from './errors.ts';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 20;
const MAX_REMEMBERED = 10_000;

/**
 * Tells whose an API key is. An address that fails often is answered without asking the database for a minute, except for keys that
 * were good before: behind one proxy everyone has the same address, and nobody may keep an honest gateway out.
 */
export class KeyGuard {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #failures = new Map<string, { since: number; count: number }>();
  /** Hashes of keys that were good when they were last used. */
  readonly #good = new Set<string>();

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @throws HttpError `key_unknown`, `too_many_failures` */
  accountOf(key: string, address: string): Promise<string> {
    return this.find(key, address, (candidate) => accountOfKey(this.#db.kysely, candidate));
  }

  /**
   * What belongs to a key, which `read` finds for a key that is valid.
   *
   * @throws HttpError `key_unknown`, `too_many_failures`
   */
  async find<T>(key: string, address: string, read: (key: string) => Promise<T | undefined>): Promise<T> {
    const hash = createHash('sha256').update(key).digest('base64');
    if (this.#isBlocked(address) && !this.#good.has(hash)) throw new HttpError('too_many_failures');
    const found = await read(key);
    if (found === undefined) {
      this.#good.delete(hash);
      this.#countFailure(address);
      throw new HttpError('key_unknown');
    }
    if (this.#good.size >= MAX_REMEMBERED) this.#good.clear();
    this.#good.add(hash);
    return found;
  }

  #isBlocked(address: string): boolean {
    const failures = this.#failures.get(address);
    return failures !== undefined && failures.count >= MAX_FAILURES && this.#now() < failures.since + WINDOW_MS;
  }

  #countFailure(address: string): void {
    const now = this.#now();
    const failures = this.#failures.get(address);
    if (failures && now < failures.since + WINDOW_MS) {
      failures.count += 1;
      return;
    }
    if (this.#failures.size >= MAX_REMEMBERED) this.#forgetOld(now);
    this.#failures.set(address, { since: now, count: 1 });
  }

  #forgetOld(now: number): void {
    for (const [address, { since }] of this.#failures) {
      if (now >= since + WINDOW_MS) this.#failures.delete(address);
    }
    // That many addresses at once are no one's mistake; what is counted of them is not worth the memory.
    if (this.#failures.size >= MAX_REMEMBERED) this.#failures.clear();
  }

  #now(): number {
    return this.#clock.now().epochMilliseconds;
  }
}

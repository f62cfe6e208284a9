import { hashOf, type IdFilter } from '../domain/id-filter.ts';
import { sealableBefore } from '../domain/sealing.ts';
import type { Tx } from '../store/schema.ts';
import { readFilterBytes, readIdFilters, readSealedUntil } from '../store/sealed-months.ts';

/** Enough for the filters of 128 million records. */
const MAX_BYTES = 256 * 1024 * 1024;
/** What an account takes here beside its filters. */
const BYTES_PER_ACCOUNT = 500;
/** What can be sealed, and is not, is asked for again after this time. */
const ASK_AGAIN_MS = 60_000;

/** Where ids that were recorded before have to be looked for. */
export interface PastSearch {
  /** All ids are looked for in what was sent from here on; null: in all there is. */
  readonly openFrom: Temporal.Instant | null;
  /** Those that may be recorded earlier; a thousandth of those that are not, too. */
  readonly suspects: readonly string[];
}

interface Held {
  readonly sealedUntil: Temporal.Instant | null;
  /** null: they are more than may be held. */
  readonly filters: readonly IdFilter[] | null;
  readonly bytes: number;
  readonly askedAt: Temporal.Instant;
}

/**
 * Tells which ids may have been recorded in sealed months, whose filters it holds in memory, those of the accounts that were asked about
 * last. So a report is not looked for in every month that an account ever had.
 *
 * A sealed month's filter does not change, and what it does not have is noted where it can be found (`late_arrivals`). So what is held is
 * right however old it is: it may only cover less.
 */
export class PastIds {
  readonly #maxBytes: number;
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  async search(tx: Tx, accountId: string, ids: readonly string[], now: Temporal.Instant): Promise<PastSearch> {
    const { sealedUntil, filters } = await this.#of(tx, accountId, now);
    if (sealedUntil === null || filters === null) return { openFrom: null, suspects: [] };
    if (filters.length === 0) return { openFrom: sealedUntil, suspects: [] };
    const suspects = ids.filter((id) => {
      const hash = hashOf(id);
      return filters.some((filter) => filter.mayHold(hash));
    });
    return { openFrom: sealedUntil, suspects };
  }

  async #of(tx: Tx, accountId: string, now: Temporal.Instant): Promise<Held> {
    const held = this.#held.get(accountId);
    if (held && isFresh(held, now)) {
      this.#keep(accountId, held);
      return held;
    }
    const renewed = await this.#read(tx, accountId, held, now);
    this.#keep(accountId, renewed);
    return renewed;
  }

  async #read(tx: Tx, accountId: string, held: Held | undefined, now: Temporal.Instant): Promise<Held> {
    const known = held?.sealedUntil ?? null;
    const sealedUntil = await readSealedUntil(tx);
    if (held && (sealedUntil === null || (known && Temporal.Instant.compare(sealedUntil, known) <= 0))) {
      return { ...held, askedAt: now };
    }
    const none = { sealedUntil, filters: [], bytes: BYTES_PER_ACCOUNT, askedAt: now };
    if (sealedUntil === null) return none;
    const bytes = (await readFilterBytes(tx, accountId, sealedUntil)) + BYTES_PER_ACCOUNT;
    if (bytes > this.#maxBytes) return { ...none, filters: null };
    const added = await readIdFilters(tx, accountId, known, sealedUntil);
    return { ...none, filters: [...(held?.filters ?? []), ...added], bytes };
  }

  /** Holds it as the newest, and gives up the oldest ones beyond what may be held. */
  #keep(accountId: string, held: Held): void {
    this.#bytes += held.bytes - (this.#held.get(accountId)?.bytes ?? 0);
    this.#held.delete(accountId);
    this.#held.set(accountId, held);
    for (const [oldest, { bytes }] of this.#held) {
      if (this.#bytes <= this.#maxBytes || oldest === accountId) break;
      this.#held.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

function isFresh({ sealedUntil, askedAt }: Held, now: Temporal.Instant): boolean {
  if (sealedUntil && Temporal.Instant.compare(sealedUntil, sealableBefore(now)) >= 0) return true;
  const age = now.epochMilliseconds - askedAt.epochMilliseconds;
  return age >= 0 && age < ASK_AGAIN_MS;
}

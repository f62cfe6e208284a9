/** Quotas are counted by calendar months of this zone. */
const TIME_ZONE = 'Asia/Shanghai';

/** What an organisation has paid for: calls of the OpenAPI, and pushes over the stream. */
export type QuotaKind = 'calls' | 'pushes';

/** Counts what the organisation uses in a month, by the sandbox's clock. */
export class MonthlyQuota {
  readonly #now: () => number;
  readonly #limits: Readonly<Record<QuotaKind, number>>;
  #month = '';
  #used: Record<QuotaKind, number> = { calls: 0, pushes: 0 };
  #exhausted = new Set<QuotaKind>();

  /** @param now epoch milliseconds, by the sandbox's clock */
  constructor(now: () => number, limits: Readonly<Record<QuotaKind, number>>) {
    this.#now = now;
    this.#limits = limits;
  }

  /** The quotas that were used up by `exhaust` and not by use. */
  get exhausted(): QuotaKind[] {
    this.#turnMonth();
    return [...this.#exhausted];
  }

  /** Counts one, and says whether there was one left. */
  take(kind: QuotaKind): boolean {
    this.#turnMonth();
    if (this.#exhausted.has(kind) || this.#used[kind] >= this.#limits[kind]) return false;
    this.#used[kind] += 1;
    return true;
  }

  /** Leaves nothing of this quota for the rest of the month. */
  exhaust(kind: QuotaKind): void {
    this.#turnMonth();
    this.#exhausted.add(kind);
  }

  /** Undoes every `exhaust`. */
  restore(): void {
    this.#exhausted.clear();
  }

  #turnMonth(): void {
    const today = Temporal.Instant.fromEpochMilliseconds(this.#now()).toZonedDateTimeISO(TIME_ZONE);
    const month = today.toPlainDate().toPlainYearMonth().toString();
    if (month === this.#month) return;
    this.#month = month;
    this.#used = { calls: 0, pushes: 0 };
    this.#exhausted.clear();
  }
}

// Slow and obvious on purpose, and with arithmetic of its own: it shares nothing with what it checks but the shape of its input.

export interface OracleReport {
  readonly id: string;
  readonly destination: 'mainland' | 'international';
  readonly country: string | null;
  readonly templateType: string | null;
  readonly segments: number;
  readonly status: 'submitted' | 'delivered' | 'failed';
  readonly at: Temporal.Instant;
}

export interface OraclePlan {
  readonly id: string;
  readonly segments: number;
  readonly from: Temporal.Instant;
  readonly until: Temporal.Instant;
}

export interface OracleTariff {
  readonly from: Temporal.Instant;
  readonly mode: 'volume' | 'graduated';
  readonly planUsageCounts: boolean;
  /** By template type, in order: up to and including so many segments (null: any) a segment costs so many micro-units. */
  readonly mainland: Readonly<Record<string, readonly { upTo: number | null; micro: number }[]>>;
  /** Micro-units by country. */
  readonly international: Readonly<Record<string, number>>;
}

/** One segment that was billed. */
interface Segment {
  /** Of its own time, or where it is billed late. */
  readonly month: string;
  /** Destination, country and template type. */
  readonly kind: string;
  readonly templateType: string;
  readonly country: string | null;
  readonly tariff: number;
  readonly plan: string | null;
}

/** Bills one report at a time, in the order of arrival, segment by segment. */
export class Oracle {
  readonly #timeZone: string;
  readonly #defaultTemplateType: string;
  readonly #tariffs: OracleTariff[];
  readonly #plans: (OraclePlan & { left: number })[] = [];
  readonly #records = new Map<string, OracleReport & { templateType: string }>();
  /** Every segment that was ever billed, in the order in which it was. */
  readonly #segments: Segment[] = [];
  #unpriced: (OracleReport & { templateType: string })[] = [];
  #duplicates = 0;
  #conflicts = 0;
  /** The bills of all months before this one are closed; null before the first one is. */
  #closedBefore: string | null = null;

  constructor(setup: { timeZone: string; defaultTemplateType: string; tariffs: readonly OracleTariff[] }) {
    this.#timeZone = setup.timeZone;
    this.#defaultTemplateType = setup.defaultTemplateType;
    this.#tariffs = [...setup.tariffs];
  }

  addPlan(plan: OraclePlan): void {
    this.#plans.push({ ...plan, left: plan.segments });
  }

  /** A price list that begins after all that are known. */
  addTariff(tariff: OracleTariff): void {
    this.#tariffs.push(tariff);
  }

  /** What a plan has left is gone: forfeited, or refunded. */
  takeAway(planId: string): void {
    for (const plan of this.#plans) if (plan.id === planId) plan.left = 0;
  }

  leftOf(planId: string): number {
    return this.#plans.find(({ id }) => id === planId)?.left ?? 0;
  }

  /** The bills of all months before this one are closed: what belongs to one of them and comes from now on is late. */
  closeBefore(month: string): void {
    this.#closedBefore = month;
  }

  /** Bills what had no price: at the price of its own time, or else at the first one that there was afterwards. */
  priceWaiting(now: Temporal.Instant): void {
    const waiting = this.#unpriced;
    this.#unpriced = [];
    for (const record of waiting) {
      let tariff = this.#tariffFor(record.at);
      while (tariff < this.#tariffs.length && !this.#hasPrice(tariff, record, now)) tariff += 1;
      if (tariff < this.#tariffs.length) this.#billUnder(tariff, record, now);
      else this.#unpriced.push(record);
    }
  }

  #hasPrice(index: number, record: OracleReport, now: Temporal.Instant): boolean {
    const tariff = this.#tariffs[index];
    if (!tariff || tariff.from.epochNanoseconds > now.epochNanoseconds) return false;
    return tariff.international[record.country ?? ''] !== undefined;
  }

  /** @param now only matters once a bill is closed or a plan is over */
  report(report: OracleReport, now: Temporal.Instant = report.at): void {
    const known = this.#records.get(report.id);
    if (!known) {
      const record = { ...report, templateType: report.templateType ?? this.#defaultTemplateType };
      this.#records.set(report.id, record);
      if (record.destination === 'international' || record.status === 'delivered') this.#bill(record, now);
      return;
    }
    const contradicts =
      known.destination !== report.destination ||
      known.country !== report.country ||
      known.segments !== report.segments ||
      !known.at.equals(report.at) ||
      (report.templateType !== null && report.templateType !== known.templateType);
    const contradictsOutcome =
      known.status !== 'submitted' && report.status !== 'submitted' && known.status !== report.status;
    if (contradicts || contradictsOutcome) {
      this.#conflicts += 1;
      return;
    }
    if (known.status !== 'submitted' || report.status === 'submitted') {
      this.#duplicates += 1;
      return;
    }
    const moved = { ...known, status: report.status };
    this.#records.set(report.id, moved);
    if (moved.destination === 'mainland' && moved.status === 'delivered') this.#bill(moved, now);
  }

  #bill(record: OracleReport & { templateType: string }, now: Temporal.Instant): void {
    const tariff = this.#tariffFor(record.at);
    if (
      record.destination === 'international' &&
      this.#tariffs[tariff]?.international[record.country ?? ''] === undefined
    ) {
      this.#unpriced.push(record);
      return;
    }
    this.#billUnder(tariff, record, now);
  }

  /** `YYYY-MM` of a moment. */
  monthOf(at: Temporal.Instant): string {
    const local = at.toZonedDateTimeISO(this.#timeZone);
    return `${local.year}-${String(local.month).padStart(2, '0')}`;
  }

  #billUnder(tariff: number, record: OracleReport & { templateType: string }, now: Temporal.Instant): void {
    const own = this.monthOf(record.at);
    const isLate = this.#closedBefore !== null && own < this.#closedBefore;
    for (let count = 0; count < record.segments; count += 1) {
      this.#segments.push({
        month: isLate ? this.monthOf(now) : own,
        kind: `${record.destination} ${record.country} ${record.templateType}`,
        templateType: record.templateType,
        country: record.country,
        tariff,
        plan: record.destination === 'mainland' ? this.#takeFromPlan(record.at, now) : null,
      });
    }
  }

  /** What has not come a day after a plan's end is not the plan's any more. */
  #takeFromPlan(at: Temporal.Instant, now: Temporal.Instant): string | null {
    const candidates = this.#plans.filter(
      (plan) =>
        plan.left > 0 &&
        at.epochNanoseconds >= plan.from.epochNanoseconds &&
        at.epochNanoseconds < plan.until.epochNanoseconds &&
        now.epochMilliseconds < plan.until.epochMilliseconds + 24 * 3_600_000,
    );
    candidates.sort(
      (a, b) =>
        a.until.epochMilliseconds - b.until.epochMilliseconds ||
        a.from.epochMilliseconds - b.from.epochMilliseconds ||
        a.id.localeCompare(b.id, 'en'),
    );
    const plan = candidates[0];
    if (!plan) return null;
    plan.left -= 1;
    return plan.id;
  }

  #tariffFor(at: Temporal.Instant): number {
    let found = 0;
    this.#tariffs.forEach((tariff, index) => {
      if (tariff.from.epochNanoseconds <= at.epochNanoseconds) found = index;
    });
    return found;
  }

  /** What everything has come to: money in micro-units, what each plan has left, the months, and how many reports were what. */
  get result() {
    const months = new Map<string, { plan: number; payg: number; micro: number }>();
    this.#segments.forEach((segment, index) => {
      const id = `${segment.month} ${segment.kind} v${segment.tariff + 1}`;
      const month = months.get(id) ?? { plan: 0, payg: 0, micro: 0 };
      if (segment.plan === null) {
        month.payg += 1;
        month.micro += this.#priceOf(segment, index);
      } else {
        month.plan += 1;
      }
      months.set(id, month);
    });
    return {
      micro: [...months.values()].reduce((sum, month) => sum + month.micro, 0),
      left: new Map(this.#plans.map(({ id, left }) => [id, left])),
      months,
      records: this.#records.size,
      unpriced: this.#unpriced.length,
      duplicates: this.#duplicates,
      conflicts: this.#conflicts,
    };
  }

  #priceOf(segment: Segment, index: number): number {
    const tariff = this.#tariffs[segment.tariff];
    if (!tariff) throw new RangeError('no tariff');
    if (segment.kind.startsWith('international')) return tariff.international[segment.country ?? ''] ?? 0;
    const tiers = tariff.mainland[segment.templateType] ?? [];
    const counts = (other: Segment) =>
      other.month === segment.month &&
      other.kind === segment.kind &&
      (other.plan === null || (this.#tariffs[other.tariff]?.planUsageCounts ?? false));
    const reached =
      tariff.mode === 'graduated'
        ? // the place at which the segment arrived
          this.#segments.slice(0, index).filter(counts).length + 1
        : // all that counted until this price list ended
          this.#segments.filter((other) => counts(other) && other.tariff <= segment.tariff).length;
    const tier = tiers.find(({ upTo }) => upTo === null || reached <= upTo);
    if (!tier) throw new RangeError('no tier');
    return tier.micro;
  }
}

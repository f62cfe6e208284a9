import { Oracle, type OracleReport, type OracleTariff } from './oracle.ts';

// Slow and obvious like the oracle of usage, and with arithmetic of its own: everything is derived from lists of what happened.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Movement {
  readonly month: string;
  readonly figure: 'recharges' | 'withdrawals' | 'purchases' | 'renewals' | 'refunds' | 'rounding';
  /** What it does to the balance, in micro-units. */
  readonly micro: number;
}

interface KnownPlan {
  readonly id: string;
  readonly segments: number;
  readonly from: Temporal.Instant;
  readonly until: Temporal.Instant;
  readonly price: number;
}

interface OracleTerms {
  readonly segments: number;
  readonly months: number;
  readonly micro: number;
  /** When renewed. */
  readonly renewalMicro: number;
}

/** An offer as the oracle needs it: what it is at first, and what it becomes, null for not sold, from when. In the order of time. */
export interface OracleOffer extends OracleTerms {
  readonly id: string;
  readonly changes: readonly { readonly from: Temporal.Instant; readonly to: OracleTerms | null }[];
}

export interface OraclePolicy {
  readonly threshold: number;
  readonly offer: OracleOffer;
  readonly perDay: number;
  readonly perMonth: number;
}

export interface OracleBill {
  readonly month: string;
  readonly opening: number;
  readonly recharges: number;
  readonly withdrawals: number;
  readonly purchases: number;
  readonly renewals: number;
  readonly refunds: number;
  /** Pay-as-you-go and corrections together. */
  readonly usage: number;
  readonly rounding: number;
  readonly closing: number;
}

/** One account, fed one event at a time in the order of arrival. (rules 1 to 15) */
export class AccountOracle {
  readonly #timeZone: string;
  readonly #usage: Oracle;
  readonly #policy: OraclePolicy | null;
  readonly #movements: Movement[] = [];
  readonly #plans: KnownPlan[] = [];
  readonly #bills: OracleBill[] = [];
  readonly #renewedAt: Temporal.Instant[] = [];
  readonly #firstMonth: string;
  #openMonth: string;
  #planNumber = 0;
  #lastRechargeAt: Temporal.Instant | null = null;
  /** An attempt to renew that bought nothing, while its trigger holds. */
  #failed: { at: Temporal.Instant; nextAt: Temporal.Instant; forMoney: boolean } | null = null;

  constructor(setup: {
    timeZone: string;
    defaultTemplateType: string;
    tariffs: readonly OracleTariff[];
    policy: OraclePolicy | null;
    openedAt: Temporal.Instant;
  }) {
    this.#timeZone = setup.timeZone;
    this.#usage = new Oracle(setup);
    this.#policy = setup.policy;
    this.#firstMonth = this.#usage.monthOf(setup.openedAt);
    this.#openMonth = this.#firstMonth;
  }

  report(report: OracleReport, now: Temporal.Instant): void {
    this.#usage.report(report, now);
  }

  recharge(micro: number, now: Temporal.Instant): void {
    this.#move(now, 'recharges', micro);
    this.#lastRechargeAt = now;
  }

  /** Takes money out if it is there, or may be owed; false when not. */
  withdraw(micro: number, mayOverdraw: boolean, now: Temporal.Instant): boolean {
    if (this.balance < micro && !mayOverdraw) return false;
    this.#move(now, 'withdrawals', -micro);
    return true;
  }

  /** Adds a plan without payment. */
  grant(offer: OracleOffer, now: Temporal.Instant): void {
    this.#addPlan(lastTerms(offer, now), 0, now);
  }

  /** Buys a plan if it is sold and there is money for it; false when not. */
  buy(offer: OracleOffer, now: Temporal.Instant): boolean {
    const { micro } = lastTerms(offer, now);
    if (!isSold(offer, now) || this.balance < micro) return false;
    this.#move(now, 'purchases', -micro);
    this.#addPlan(lastTerms(offer, now), micro, now);
    return true;
  }

  /** Takes back the plan of this number if nothing of it was used and it is valid; false when not. */
  refund(number: number, now: Temporal.Instant): boolean {
    const plan = this.#plans[number];
    if (!plan || this.#usage.leftOf(plan.id) !== plan.segments) return false;
    if (now.epochMilliseconds >= plan.until.epochMilliseconds) return false;
    this.#usage.takeAway(plan.id);
    if (plan.price > 0) this.#move(now, 'refunds', plan.price);
    return true;
  }

  /** What is looked at now and then: forfeits, a day after the end, then auto-renewal. */
  review(now: Temporal.Instant): void {
    for (const plan of this.#plans) {
      if (plan.until.epochMilliseconds + DAY_MS <= now.epochMilliseconds) this.#usage.takeAway(plan.id);
    }
    this.#renew(now);
  }

  #renew(now: Temporal.Instant): void {
    const policy = this.#policy;
    if (!policy) return;
    const nowMs = now.epochMilliseconds;
    const active = this.#plans.filter(({ id, until }) => this.#usage.leftOf(id) > 0 && until.epochMilliseconds > nowMs);
    const quota = active.reduce((sum, { id }) => sum + this.#usage.leftOf(id), 0);
    const lastEnd = Math.max(...active.map(({ until }) => until.epochMilliseconds));
    if (quota > policy.threshold && nowMs < lastEnd - 10 * DAY_MS) {
      this.#failed = null;
      return;
    }
    if (this.#failed) {
      const { at, nextAt, forMoney } = this.#failed;
      const rechargedSince =
        this.#lastRechargeAt !== null && this.#lastRechargeAt.epochMilliseconds >= at.epochMilliseconds;
      if (nowMs < nextAt.epochMilliseconds && !(forMoney && rechargedSince)) return;
    }
    const terms = lastTerms(policy.offer, now);
    if (!isSold(policy.offer, now) || terms.segments <= policy.threshold) {
      const changeMs = policy.offer.changes.map(({ from }) => from.epochMilliseconds).find((ms) => ms > nowMs);
      const nextMs = Math.min(nowMs + DAY_MS, changeMs ?? Number.POSITIVE_INFINITY);
      this.#failed = { at: now, nextAt: Temporal.Instant.fromEpochMilliseconds(nextMs), forMoney: false };
      return;
    }
    const day = (at: Temporal.Instant) => at.toZonedDateTimeISO(this.#timeZone).toPlainDate();
    const today = day(now);
    const inMonth = this.#renewedAt.filter((at) => day(at).toPlainYearMonth().equals(today.toPlainYearMonth()));
    if (inMonth.length >= policy.perMonth) {
      const next = today.with({ day: 1 }).add({ months: 1 });
      this.#failed = { at: now, nextAt: next.toZonedDateTime(this.#timeZone).toInstant(), forMoney: false };
      return;
    }
    if (inMonth.filter((at) => day(at).equals(today)).length >= policy.perDay) {
      const next = today.add({ days: 1 });
      this.#failed = { at: now, nextAt: next.toZonedDateTime(this.#timeZone).toInstant(), forMoney: false };
      return;
    }
    if (this.balance < terms.renewalMicro) {
      this.#failed = { at: now, nextAt: now.add({ hours: 24 }), forMoney: true };
      return;
    }
    this.#move(now, 'renewals', -terms.renewalMicro);
    this.#addPlan(terms, terms.renewalMicro, now);
    this.#renewedAt.push(now);
    this.#failed = null;
  }

  /** Closes every month that has been over for a day. */
  closeBills(now: Temporal.Instant): void {
    for (;;) {
      const month = Temporal.PlainYearMonth.from(this.#openMonth);
      const next = month.add({ months: 1 });
      const end = next.toPlainDate({ day: 1 }).toZonedDateTime(this.#timeZone).toInstant();
      if (now.epochMilliseconds < end.epochMilliseconds + DAY_MS) return;
      this.#closeBill(month.toString());
      this.#openMonth = next.toString();
      this.#usage.closeBefore(this.#openMonth);
    }
  }

  #closeBill(month: string): void {
    const cost = this.#usageOf(month);
    const rounded = toFen(cost);
    const rounding = cost - rounded;
    if (rounding !== 0) this.#movements.push({ month, figure: 'rounding', micro: rounding });
    const sum = (figure: Movement['figure']) =>
      this.#movements
        .filter((each) => each.month === month && each.figure === figure)
        .reduce((all, { micro }) => all + micro, 0);
    const opening = this.#bills.at(-1)?.closing ?? 0;
    const figures = {
      recharges: sum('recharges'),
      withdrawals: sum('withdrawals'),
      purchases: sum('purchases'),
      renewals: sum('renewals'),
      refunds: sum('refunds'),
      usage: 0 - cost,
      rounding,
    };
    const closing = Object.values(figures).reduce((all, micro) => all + micro, opening);
    this.#bills.push({ month, opening, ...figures, closing });
  }

  /** What pay-as-you-go of a month costs; the first month takes what was sent before the account was opened. */
  #usageOf(month: string): number {
    let micro = 0;
    for (const [name, volume] of this.#usage.result.months) {
      const own = name.slice(0, 7);
      if (own === month || (month === this.#firstMonth && own < month)) micro += volume.micro;
    }
    return micro;
  }

  #move(now: Temporal.Instant, figure: Movement['figure'], micro: number): void {
    this.#movements.push({ month: this.#usage.monthOf(now), figure, micro });
  }

  #addPlan({ segments, months }: OracleTerms, price: number, from: Temporal.Instant): void {
    this.#planNumber += 1;
    const id = `plan ${String(this.#planNumber).padStart(3, '0')}`;
    const until = from.toZonedDateTimeISO(this.#timeZone).add({ months }).toInstant();
    this.#plans.push({ id, segments, from, until, price });
    this.#usage.addPlan({ id, segments, from, until });
  }

  get balance(): number {
    return this.#movements.reduce((sum, { micro }) => sum + micro, 0) - this.#usage.result.micro;
  }

  get bills(): readonly OracleBill[] {
    return this.#bills;
  }

  get months(): ReadonlyMap<string, { plan: number; payg: number; micro: number }> {
    return this.#usage.result.months;
  }

  /** What each plan has left, in the order in which they were added. */
  get left(): number[] {
    return this.#plans.map(({ id }) => this.#usage.leftOf(id));
  }

  /** How many plans there have been. */
  get planCount(): number {
    return this.#plans.length;
  }
}

/** To the nearest ten thousand micro-units; half-way to the even one. */
function toFen(micro: number): number {
  const below = Math.floor(micro / 10_000);
  const rest = micro - below * 10_000;
  if (rest > 5_000 || (rest === 5_000 && below % 2 !== 0)) return (below + 1) * 10_000;
  return below * 10_000;
}

/** What an offer is at a time, or was when it was sold last. */
function lastTerms(offer: OracleOffer, now: Temporal.Instant): OracleTerms {
  let terms: OracleTerms = offer;
  for (const { from, to } of offer.changes) if (from.epochMilliseconds <= now.epochMilliseconds && to) terms = to;
  return terms;
}

function isSold(offer: OracleOffer, now: Temporal.Instant): boolean {
  let sold = true;
  for (const { from, to } of offer.changes) if (from.epochMilliseconds <= now.epochMilliseconds) sold = to !== null;
  return sold;
}

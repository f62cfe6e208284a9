import type { Micro } from './money.ts';
import { roundToFen } from './money.ts';

/** A plan that can be bought: one version of an entry of the catalogue, sold from a time until the next version begins. */
export interface PlanOffer {
  readonly id: string;
  readonly version: number;
  readonly effectiveFrom: Temporal.Instant;
  readonly title: string;
  readonly segments: bigint;
  readonly price: Micro;
  readonly currency: string;
  readonly validityMonths: number;
  /** Taken off the price when auto-renewal buys it, in hundredths of a per cent (500 = 5 %). (rule 15) */
  readonly renewalDiscountBp: number;
}

/** A bought plan. Its total never changes; `remaining` only falls. */
export interface Plan {
  readonly id: string;
  readonly title: string;
  readonly total: bigint;
  readonly remaining: bigint;
  readonly price: Micro;
  readonly effectiveAt: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
}

/** A plan with what became of it. */
export interface PlanRecord extends Plan {
  readonly source: 'purchase' | 'renewal' | 'grant';
  /** When what was left was forfeited; null before. */
  readonly expiredAt: Temporal.Instant | null;
  readonly refundedAt: Temporal.Instant | null;
}

/** What a plan is to who looks at it. */
export type PlanState = 'active' | 'used_up' | 'expired' | 'refunded';

export function planStateOf(plan: PlanRecord, now: Temporal.Instant): PlanState {
  if (plan.refundedAt) return 'refunded';
  if (plan.expiredAt || Temporal.Instant.compare(plan.expiresAt, now) <= 0) return 'expired';
  return plan.remaining === 0n ? 'used_up' : 'active';
}

/** Covers messages sent from `effectiveAt` up to, not including, `expiresAt`. (rule 3) */
export function coversTime(plan: Pick<Plan, 'effectiveAt' | 'expiresAt'>, at: Temporal.Instant): boolean {
  return Temporal.Instant.compare(plan.effectiveAt, at) <= 0 && Temporal.Instant.compare(at, plan.expiresAt) < 0;
}

/** Rule 3: the plan that expires first is used first, then the older one; the id decides between twins. */
export function consumptionOrder(a: Plan, b: Plan): number {
  return (
    Temporal.Instant.compare(a.expiresAt, b.expiresAt) ||
    Temporal.Instant.compare(a.effectiveAt, b.effectiveAt) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Plans that can cover a message sent now. */
export function activePlans<P extends Plan>(plans: readonly P[], now: Temporal.Instant): P[] {
  return plans.filter((plan) => plan.remaining > 0n && coversTime(plan, now));
}

/** Quota: what all active plans have left together, in segments. */
export function quotaOf(plans: readonly Plan[], now: Temporal.Instant): bigint {
  return activePlans(plans, now).reduce((sum, plan) => sum + plan.remaining, 0n);
}

/** What auto-renewal pays for an offer: its price less the renewal discount, to the fen. (rule 15) */
export function renewalPrice(offer: PlanOffer): Micro {
  return roundToFen(offer.price, BigInt(10_000 - offer.renewalDiscountBp), 10_000n);
}

/** When a plan bought at `at` expires: its validity in calendar months of the account's time zone later. */
export function expiryOf(
  offer: Pick<PlanOffer, 'validityMonths'>,
  at: Temporal.Instant,
  timeZone: string,
): Temporal.Instant {
  return at.toZonedDateTimeISO(timeZone).add({ months: offer.validityMonths }).toInstant();
}

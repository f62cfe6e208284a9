import { RuleError } from './errors.ts';
import { MICRO, type Micro } from './money.ts';
import type { OfferState, OfferVersion } from './offer.ts';
import { type Plan, type PlanOffer, renewalPrice } from './plan.ts';

/** The highest threshold that the SMS console accepts. (rule 13) */
export const MAX_THRESHOLD = 200_000_000n;
/** The largest guards: more than any account buys, and what can be kept. */
const MAX_PURCHASES = 1_000_000;
const MAX_GUARD_AMOUNT = 1_000_000_000_000n * MICRO;
/** Trigger B: this long before the last active plan expires. (rule 12) */
const EXPIRY_LEAD = Temporal.Duration.from({ hours: 240 });
/** Rule 14: a failed renewal is retried once a day. */
const RETRY_AFTER = Temporal.Duration.from({ hours: 24 });

/** A request that nobody decided is asked again after these days, the last of them from then on: who has left cannot answer daily. */
const ASK_AGAIN_AFTER_DAYS = [1, 3, 7] as const;

export type RenewalTrigger = 'threshold' | 'expiry';
export type RenewalState = 'requested' | 'approved' | 'paid' | 'failed' | 'stopped';
/** What stops a renewal: a guard, or that its offer cannot be bought, or would not suffice, any more. */
export const RENEWAL_STOPS = [
  'purchases_per_day',
  'purchases_per_month',
  'money_per_month',
  'offer_not_sold',
  'offer_too_small',
] as const;
export type RenewalStop = (typeof RENEWAL_STOPS)[number];
/** Those of them that another version of the offer may end. */
export const OFFER_STOPS = ['offer_not_sold', 'offer_too_small'] as const satisfies readonly RenewalStop[];

/** What the account's administrators have set. (rule 13) */
export interface RenewalPolicy {
  readonly enabled: boolean;
  /** In segments; also the level of the quota alert. */
  readonly threshold: bigint;
  readonly offerId: string | null;
  readonly purchasesPerDay: number;
  readonly purchasesPerMonth: number;
  /** What renewals may cost in a calendar month; null is no limit. */
  readonly moneyPerMonth: Micro | null;
  /** A renewal that costs more needs an administrator's approval; null never asks. */
  readonly approvalAbove: Micro | null;
}

/** An episode that has not ended: from the trigger until a plan was bought, it was turned off, or the trigger is gone. (rule 12) */
export interface OpenRenewal {
  readonly id: string;
  readonly trigger: RenewalTrigger;
  readonly state: RenewalState;
  /** Why nothing was bought at the last attempt; null before the first one, and when the policy was changed since. */
  readonly reason: string | null;
  readonly attemptedAt: Temporal.Instant | null;
  /** When to try again; null waits for a decision or for a new episode. */
  readonly nextAttemptAt: Temporal.Instant | null;
}

/** What auto-renewal already bought, by the account's calendar. */
export interface RenewalHistory {
  readonly purchasesToday: number;
  readonly purchasesThisMonth: number;
  readonly spentThisMonth: Micro;
}

export interface RenewalInput {
  readonly now: Temporal.Instant;
  readonly timeZone: string;
  readonly plans: readonly Plan[];
  readonly policy: RenewalPolicy;
  /** As it is sold now, or was sold last; null where none is chosen. */
  readonly offer: PlanOffer | null;
  readonly isSold: boolean;
  /** The next change of the offer that is announced. */
  readonly next: OfferVersion | null;
  readonly open: OpenRenewal | null;
  readonly history: RenewalHistory;
  readonly available: Micro;
  /** The last recharge, refund or rise of the credit limit. */
  readonly lastFundedAt: Temporal.Instant | null;
  /** The purchase was approved by an administrator for this price. */
  readonly approved?: boolean;
}

/** What auto-renewal does now. */
export type RenewalStep =
  | { readonly type: 'none' }
  | { readonly type: 'close'; readonly reason: 'turned_off' | 'trigger_gone' }
  | ({ readonly type: 'buy' } & Purchase)
  | ({ readonly type: 'ask' } & Purchase)
  | ({ readonly type: 'fail'; readonly missing: Micro } & Failure & Purchase)
  | ({ readonly type: 'stop'; readonly guard: RenewalStop } & Failure & Purchase);

/** An attempt that did not buy. */
interface Failure {
  /** What stopped it, or `insufficient_balance`. */
  readonly reason: string;
  readonly nextAttemptAt: Temporal.Instant;
  /** Whether it is to be told: a daily retry that fails like the one before it is not. */
  readonly isNews: boolean;
}

export interface Purchase {
  readonly trigger: RenewalTrigger;
  readonly offer: PlanOffer;
  readonly price: Micro;
}

/**
 * Rule 12: which trigger holds; both at once count as the threshold's, so that they buy one plan. A plan that begins later was bought by a
 * clock that is ahead of this one: it counts, so that clocks which differ do not buy twice.
 */
export function renewalTrigger(
  plans: readonly Plan[],
  threshold: bigint,
  now: Temporal.Instant,
): RenewalTrigger | undefined {
  const usable = plans.filter((plan) => Temporal.Instant.compare(now, plan.expiresAt) < 0);
  if (usable.reduce((sum, plan) => sum + plan.remaining, 0n) <= threshold) return 'threshold';
  const due = expiryTriggerAt(plans, now);
  return due && Temporal.Instant.compare(due, now) <= 0 ? 'expiry' : undefined;
}

/** When trigger B begins to hold for the plans as they are: 10 days before the last active one expires. */
export function expiryTriggerAt(plans: readonly Plan[], now: Temporal.Instant): Temporal.Instant | undefined {
  const last = plans
    .filter((plan) => plan.remaining > 0n && Temporal.Instant.compare(now, plan.expiresAt) < 0)
    .map((plan) => plan.expiresAt)
    .toSorted(Temporal.Instant.compare)
    .at(-1);
  return last?.subtract(EXPIRY_LEAD);
}

/** When a renewal is asked for again that was asked for `times` times in its episode, and last expired at `expiredAt`. (rule 17) */
export function askAgainAt(expiredAt: Temporal.Instant, times: number): Temporal.Instant {
  const days = ASK_AGAIN_AFTER_DAYS[Math.min(times, ASK_AGAIN_AFTER_DAYS.length) - 1] ?? ASK_AGAIN_AFTER_DAYS[0];
  return expiredAt.add({ hours: 24 * days });
}

/** Decides what auto-renewal does with the account as it is. (rules 11 to 14) */
export function decideRenewal(input: RenewalInput): RenewalStep {
  const { policy, offer, open, now } = input;
  if (!policy.enabled || !offer) return open ? { type: 'close', reason: 'turned_off' } : { type: 'none' };
  const trigger = renewalTrigger(input.plans, policy.threshold, now);
  if (!trigger) return open ? { type: 'close', reason: 'trigger_gone' } : { type: 'none' };
  if (open && !input.approved && !isRetryDue(open, now, input.lastFundedAt)) return { type: 'none' };

  const purchase: Purchase = { trigger, offer, price: renewalPrice(offer) };
  const stopped = offerThatStops(input, offer) ?? guardThatStops(input, purchase.price);
  if (stopped) return { type: 'stop', ...stopped, ...purchase, ...failure(input, stopped.guard) };
  const missing = purchase.price - input.available;
  if (missing > 0n) {
    const nextAttemptAt = now.add(RETRY_AFTER);
    return { type: 'fail', missing, nextAttemptAt, ...purchase, ...failure(input, 'insufficient_balance') };
  }
  return { type: mustAsk(policy, offer) && !input.approved ? 'ask' : 'buy', ...purchase };
}

/** Rule 13: whether a renewal costs so much that an administrator is asked first. */
export function mustAsk({ approvalAbove }: RenewalPolicy, offer: PlanOffer): boolean {
  return approvalAbove !== null && renewalPrice(offer) > approvalAbove;
}

/** A failure is news when it has another reason than the last one, or when money came that was not enough. */
function failure({ open, lastFundedAt }: RenewalInput, reason: string): { reason: string; isNews: boolean } {
  return { reason, isNews: open?.reason !== reason || fundedAfterAttempt(open, lastFundedAt) > 0 };
}

/** Positive when money came after the last attempt; zero in the same moment: which came first is not known. */
function fundedAfterAttempt({ attemptedAt }: OpenRenewal, lastFundedAt: Temporal.Instant | null): number {
  if (lastFundedAt === null) return -1;
  return attemptedAt === null ? 1 : Temporal.Instant.compare(lastFundedAt, attemptedAt);
}

/** Rule 14: once a day, and as soon as there is more money. */
function isRetryDue(open: OpenRenewal, now: Temporal.Instant, lastFundedAt: Temporal.Instant | null): boolean {
  if (!open.nextAttemptAt) return false;
  if (Temporal.Instant.compare(open.nextAttemptAt, now) <= 0) return true;
  return open.state === 'failed' && fundedAfterAttempt(open, lastFundedAt) >= 0;
}

/** Whether an offer can be bought, and lifts the quota above a threshold; else what keeps it from that. (rule 13) */
export function offerProblem(
  { offer, isSold }: Pick<OfferState, 'offer' | 'isSold'>,
  threshold: bigint,
): (typeof OFFER_STOPS)[number] | undefined {
  if (!isSold) return 'offer_not_sold';
  return offer.segments <= threshold ? 'offer_too_small' : undefined;
}

/**
 * What is bought is what is sold at the moment of the purchase. An offer that was withdrawn, or has too few segments by now to end the
 * episode, waits for another one; it is tried again once a day, and when it changes next.
 */
function offerThatStops(
  { policy, isSold, next, now }: RenewalInput,
  offer: PlanOffer,
): { guard: RenewalStop; nextAttemptAt: Temporal.Instant } | undefined {
  const guard = offerProblem({ offer, isSold }, policy.threshold);
  if (!guard) return undefined;
  const tomorrow = now.add(RETRY_AFTER);
  const changesBefore = next !== null && Temporal.Instant.compare(next.effectiveFrom, tomorrow) < 0;
  return { guard, nextAttemptAt: changesBefore ? next.effectiveFrom : tomorrow };
}

/** Rule 13: the first guard that the purchase would break, and when it may pass again. */
function guardThatStops(
  { policy, history, now, timeZone }: RenewalInput,
  price: Micro,
): { guard: RenewalStop; nextAttemptAt: Temporal.Instant } | undefined {
  const day = now.toZonedDateTimeISO(timeZone).startOfDay();
  const nextMonth = day.with({ day: 1 }).add({ months: 1 }).startOfDay().toInstant();
  if (history.purchasesThisMonth >= policy.purchasesPerMonth) {
    return { guard: 'purchases_per_month', nextAttemptAt: nextMonth };
  }
  if (policy.moneyPerMonth !== null && history.spentThisMonth + price > policy.moneyPerMonth) {
    return { guard: 'money_per_month', nextAttemptAt: nextMonth };
  }
  if (history.purchasesToday >= policy.purchasesPerDay) {
    return { guard: 'purchases_per_day', nextAttemptAt: day.add({ days: 1 }).startOfDay().toInstant() };
  }
  return undefined;
}

/**
 * Rule 13: what a threshold and guards may be.
 * @throws RuleError `threshold_out_of_range`, `guard_out_of_range`
 */
export function assertGuards(policy: RenewalPolicy): void {
  if (policy.threshold < 0n || policy.threshold > MAX_THRESHOLD) {
    throw new RuleError('threshold_out_of_range', `The threshold must be from 0 to ${MAX_THRESHOLD} segments.`, {
      max: MAX_THRESHOLD.toString(),
    });
  }
  const purchases = [policy.purchasesPerDay, policy.purchasesPerMonth];
  const amounts = [policy.moneyPerMonth ?? 0n, policy.approvalAbove ?? 0n];
  if (
    purchases.some((count) => !Number.isInteger(count) || count < 1 || count > MAX_PURCHASES) ||
    amounts.some((amount) => amount < 0n || amount > MAX_GUARD_AMOUNT)
  ) {
    throw new RuleError(
      'guard_out_of_range',
      'Auto-renewal may be limited to 1 to 1,000,000 purchases a day and a month, and to amounts of zero to 1,000,000,000,000; turn it off to stop it.',
    );
  }
}

/**
 * Rule 13: what may be configured, with an offer that is chosen.
 * @throws RuleError what `assertGuards` refuses, `offer_missing`, `offer_too_small`
 */
export function assertPolicy(policy: RenewalPolicy, offer: PlanOffer | null): void {
  assertGuards(policy);
  if (!policy.enabled) return;
  if (!offer) {
    throw new RuleError('offer_missing', 'Auto-renewal needs a plan offer to buy; choose one first.');
  }
  if (offer.segments <= policy.threshold) {
    throw new RuleError(
      'offer_too_small',
      `Offer "${offer.title}" has ${offer.segments} segments and cannot lift the quota above the threshold of ${policy.threshold}; choose a larger offer or a lower threshold.`,
      { offer: offer.title, segments: offer.segments.toString(), threshold: policy.threshold.toString() },
    );
  }
}

import { RuleError } from './errors.ts';
import type { Micro } from './money.ts';
import { expiryOf, type Plan, type PlanOffer, quotaOf, renewalPrice } from './plan.ts';
import { type RenewalPolicy, renewalTrigger } from './renewal.ts';
import { availableOf, type MoneyState } from './standing.ts';

/** A plan at its price, as a request holds it: numbers as decimal text, because JSON has no big ones. (rule 17) */
export interface PlanTerms {
  readonly offerId: string;
  /** Which version of the offer it is. */
  readonly offerVersion: number;
  readonly offerTitle: string;
  readonly segments: string;
  /** In micro-units of the account's currency. */
  readonly price: string;
}

/** All that a purchase is agreed on: with any other offer, price, validity or price list it is another purchase. (rule 17) */
export interface PurchaseTerms extends PlanTerms {
  readonly validityMonths: number;
  /** The price list beside which it was offered: with another one the plan may not be worth its price. */
  readonly tariffId: string;
  readonly tariffVersion: number;
}

/** Auto-renewal that begins with a purchase: from the next time on, this plan is bought at the renewal price. */
export interface RenewalTerms extends PlanTerms {
  /** In segments. */
  readonly threshold: string;
}

/** What a purchase would come to at the moment of the quote; shown, and not agreed on, because usage goes on. */
export interface QuoteOutlook {
  readonly balanceBefore: string;
  readonly balanceAfter: string;
  readonly quotaBefore: string;
  readonly quotaAfter: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Whether auto-renewal would be due at once, bought or not: its threshold is above the quota after the purchase. */
  readonly renewsAtOnce: boolean;
  /** With what auto-renewal may begin; null where it is on already, left out of requests from before there was one. */
  readonly suggestion?: RenewalSuggestion | null;
  /** Whether auto-renewal is on already, so that another threshold or plan changes it. Default: false. */
  readonly isRenewing?: boolean;
}

/** What the policy says, or else what the offer is good for. */
export interface RenewalSuggestion {
  /** In segments. */
  readonly threshold: string;
  readonly offerId: string;
  readonly offerTitle: string;
}

export interface QuoteInput {
  readonly offer: PlanOffer;
  readonly tariff: { readonly id: string; readonly version: number };
  readonly money: MoneyState;
  readonly plans: readonly Plan[];
  readonly timeZone: string;
  readonly now: Temporal.Instant;
  readonly policy: Pick<RenewalPolicy, 'enabled' | 'threshold' | 'offerId'>;
  /** What the policy says is bought; null where none is chosen. */
  readonly policyOffer: PlanOffer | null;
  /** Auto-renewal that is to begin with it. */
  readonly renewal: { readonly threshold: bigint; readonly offer: PlanOffer } | null;
}

/** Auto-renewal as it was when something was agreed on that changes it. */
export interface PolicyThen {
  readonly enabled: boolean;
  /** In segments. */
  readonly threshold: string;
  readonly offerId: string | null;
}

export interface PurchaseQuote {
  readonly terms: PurchaseTerms;
  readonly renewal: RenewalTerms | null;
  /** Auto-renewal at the quote: with any other, what begins with the purchase was not agreed on. Left out of requests from before it was kept. */
  readonly policyThen?: PolicyThen;
  readonly outlook: QuoteOutlook;
}

/** What a plan costs when it is bought by hand: its price, without the renewal discount. */
export function purchaseTerms(offer: PlanOffer, tariff: QuoteInput['tariff']): PurchaseTerms {
  return {
    ...planTerms(offer, offer.price),
    validityMonths: offer.validityMonths,
    tariffId: tariff.id,
    tariffVersion: tariff.version,
  };
}

/** What auto-renewal pays for an offer. (rule 15) */
export function renewalTerms(offer: PlanOffer): PlanTerms {
  return planTerms(offer, renewalPrice(offer));
}

/** Auto-renewal as a request keeps it. */
export function policyThen({
  enabled,
  threshold,
  offerId,
}: Pick<RenewalPolicy, 'enabled' | 'threshold' | 'offerId'>): PolicyThen {
  return { enabled, threshold: threshold.toString(), offerId };
}

function planTerms(offer: PlanOffer, price: Micro): PlanTerms {
  return {
    offerId: offer.id,
    offerVersion: offer.version,
    offerTitle: offer.title,
    segments: offer.segments.toString(),
    price: price.toString(),
  };
}

/** Whether two agreements are the same; what an offer is called does not matter. */
export function sameTerms(one: PlanTerms | PurchaseTerms, other: PlanTerms | PurchaseTerms): boolean {
  const { offerTitle: _, ...agreed } = one;
  const { offerTitle: __, ...wanted } = other;
  const keys = Object.keys({ ...agreed, ...wanted }) as (keyof typeof agreed)[];
  return keys.every((key) => agreed[key] === wanted[key]);
}

/** A purchase as it would be now. (rule 17) */
export function quotePurchase(input: QuoteInput): PurchaseQuote {
  const { offer, money, plans, now, policy, policyOffer, renewal } = input;
  const expiresAt = expiryOf(offer, now, input.timeZone);
  const quota = quotaOf(plans, now);
  const bought: Plan = {
    id: '',
    title: offer.title,
    total: offer.segments,
    remaining: offer.segments,
    price: offer.price,
    effectiveAt: now,
    expiresAt,
  };
  return {
    terms: purchaseTerms(offer, input.tariff),
    renewal: renewal && { ...renewalTerms(renewal.offer), threshold: renewal.threshold.toString() },
    policyThen: policyThen(policy),
    outlook: {
      balanceBefore: money.balance.toString(),
      balanceAfter: (money.balance - offer.price).toString(),
      quotaBefore: quota.toString(),
      quotaAfter: (quota + offer.segments).toString(),
      expiresAt: expiresAt.toString(),
      renewsAtOnce: renewal !== null && renewalTrigger([...plans, bought], renewal.threshold, now) !== undefined,
      suggestion: policy.enabled ? null : suggestionOf(policyOffer ?? offer, policy.threshold),
      isRenewing: policy.enabled,
    },
  };
}

function suggestionOf(offer: PlanOffer, threshold: bigint): RenewalSuggestion {
  return { threshold: suggestedThreshold(offer, threshold).toString(), offerId: offer.id, offerTitle: offer.title };
}

/** What an offer can lift the quota above: the threshold that is set, or else a tenth of the offer. (rule 13) */
export function suggestedThreshold(offer: PlanOffer, present: bigint): bigint {
  return present > 0n && present < offer.segments ? present : offer.segments / 10n;
}

/** How much is missing for a price; zero when it can be paid. In micro-units. */
export function missingFor(price: Micro, money: MoneyState): Micro {
  const missing = price - availableOf(money);
  return missing > 0n ? missing : 0n;
}

/**
 * A plan is paid from what is available, credit included.
 * @throws RuleError `insufficient_balance`, with how much is missing
 */
export function assertPayable(price: Micro, money: MoneyState): void {
  const missing = missingFor(price, money);
  if (missing === 0n) return;
  const available = availableOf(money);
  throw new RuleError(
    'insufficient_balance',
    `The price is ${price} micro-units, ${available} are available and ${missing} are missing; recharge the account first.`,
    { price: price.toString(), available: available.toString(), missing: missing.toString() },
  );
}

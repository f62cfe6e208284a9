import { isDeepStrictEqual } from 'node:util';
import { RuleError } from '../domain/errors.ts';
import { type PlanOffer, quotaOf } from '../domain/plan.ts';
import {
  assertPayable,
  type PlanTerms,
  type PurchaseQuote,
  policyThen,
  purchaseTerms,
  quotePurchase,
  renewalTerms,
  sameTerms,
} from '../domain/quote.ts';
import { assertPolicy } from '../domain/renewal.ts';
import { type Account, makeDue, readAccount } from '../store/accounts.ts';
import { readPlansWithQuota } from '../store/plans.ts';
import { readPolicy } from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { readAutoRenewal, setAutoRenewal } from './auto-renewal.ts';
import type { ServiceContext } from './context.ts';
import { findOffer, findSoldOffer } from './offers.ts';
import { addPlan, assertCurrency } from './plans.ts';
import { readTierState } from './prices.ts';
import type { Requester } from './requester.ts';
import type { Staff } from './roles.ts';

export interface PurchaseWish {
  readonly offerId: string;
  /** Auto-renewal that is to begin with it. */
  readonly renewal: { readonly threshold: bigint; readonly offerId: string } | null;
}

/**
 * What a purchase would cost and change now. Nothing is kept of it: the request for it is.
 * @throws InputError `account_unknown`, `offer_unknown`; RuleError `offer_not_sold`, `offer_currency`, and what `assertPolicy` refuses of the
 * renewal
 */
export async function quote(
  context: ServiceContext,
  db: Executor,
  accountId: string,
  { offerId, renewal }: PurchaseWish,
): Promise<PurchaseQuote> {
  const account = await readAccount(db, accountId);
  const now = context.clock.now();
  const offer = await soldTo(db, account, offerId, now);
  const renewalOffer = renewal && (await soldTo(db, account, renewal.offerId, now));
  if (renewal && renewalOffer) await assertRenewal(db, account, renewal.threshold, renewalOffer);
  const { tariff } = await readTierState(db, account, now);
  const { policy, offer: policyOffer, isSold } = await readAutoRenewal(db, account.id, now);
  return quotePurchase({
    offer,
    tariff,
    money: account.money,
    plans: await readPlansWithQuota(db, account.id),
    timeZone: account.timeZone,
    now,
    policy,
    policyOffer: isSold && policyOffer?.currency === offer.currency ? policyOffer : null,
    renewal: renewal && renewalOffer && { threshold: renewal.threshold, offer: renewalOffer },
  });
}

/**
 * Whether a quote still says what would be bought now: the offers and the price list are as they were. (rule 17)
 * @throws RuleError `offer_not_sold` when one of the offers is not sold any more
 */
export async function isStillQuoted(
  context: ServiceContext,
  db: Executor,
  account: Account,
  { terms, renewal }: PurchaseQuote,
): Promise<boolean> {
  const now = context.clock.now();
  const offer = await findSoldOffer(db, terms.offerId, now);
  const { tariff } = await readTierState(db, account, now);
  if (!sameTerms(terms, purchaseTerms(offer, tariff))) return false;
  if (!renewal) return true;
  const { threshold: _, ...renewed } = renewal;
  return sameTerms(renewed, renewalTerms(await findSoldOffer(db, renewal.offerId, now)));
}

/**
 * Refuses a purchase that cannot be made now, before anything is written.
 * @throws RuleError `offer_currency`, `insufficient_balance`, `setting_moved` where auto-renewal is not as it was at the quote, and what
 * `assertPolicy` refuses of the renewal that begins with it
 */
export async function assertPurchase(
  tx: Tx,
  account: Account,
  { terms, renewal, policyThen: then }: PurchaseQuote,
): Promise<void> {
  assertCurrency(account, await quotedOffer(tx, terms));
  if (renewal) {
    const now = policyThen(await readPolicy(tx, account.id));
    if (then && !isDeepStrictEqual(now, then)) {
      // Somebody may have turned it off meanwhile, and a brake stays a brake.
      throw new RuleError(
        'setting_moved',
        'The setting was changed by somebody else meanwhile, so nothing was done; look at it and ask again.',
      );
    }
    const offer = await quotedOffer(tx, renewal);
    assertCurrency(account, offer);
    await assertRenewal(tx, account, BigInt(renewal.threshold), offer);
  }
  assertPayable(BigInt(terms.price), account.money);
}

/**
 * Buys what was quoted, turns auto-renewal on where that was part of it, and tells the account's groups; in one transaction. It counts
 * against no guard of auto-renewal, and ends its episode where it lifts the quota above the threshold. The account must be locked, and
 * the caller must have checked the quote and the money. (rules 12, 13 and 17)
 * @param key the same key again is the same purchase
 * @param requester who asked for it, where that is somebody else
 */
export async function purchase(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { terms, renewal }: PurchaseQuote,
  { key, by, requester = null }: { key: string; by: Staff; requester?: Requester | null },
): Promise<void> {
  const offer = await quotedOffer(tx, terms);
  const price = BigInt(terms.price);
  const plan = await addPlan(context, tx, account, { source: 'purchase', offer, price, key, by: by.staffId });
  const now = context.clock.now();
  if (renewal) {
    const policy = await readPolicy(tx, account.id);
    const threshold = BigInt(renewal.threshold);
    const { offerId } = renewal;
    const begun = { ...policy, enabled: true, threshold, offerId };
    await setAutoRenewal(context, tx, account.id, begun, by.staffId, { isAgreed: true });
  }
  await announce(
    context,
    tx,
    account,
    {
      kind: 'purchased',
      title: offer.title,
      segments: offer.segments,
      price,
      balanceBefore: account.money.balance,
      balance: account.money.balance - price,
      quota: quotaOf(await readPlansWithQuota(tx, account.id), now),
      expiresAt: plan.expiresAt,
      byName: by.name,
      requesterName: requester?.name ?? null,
      renewal: renewal && { threshold: BigInt(renewal.threshold), offerTitle: renewal.offerTitle },
    },
    { key, ...(requester ? { alsoFor: requester } : {}) },
  );
  await makeDue(tx, account.id, now);
}

async function soldTo(db: Executor, account: Account, offerId: string, now: Temporal.Instant): Promise<PlanOffer> {
  const offer = await findSoldOffer(db, offerId, now);
  assertCurrency(account, offer);
  return offer;
}

/** The version that was quoted, whatever has begun since: versions are never changed. */
async function quotedOffer(db: Executor, { offerId, offerVersion }: PlanTerms): Promise<PlanOffer> {
  const offer = (await findOffer(db, offerId)).version(offerVersion);
  if (!offer) throw new RangeError(`the offer "${offerId}" has no version ${offerVersion} that is sold`);
  return offer;
}

async function assertRenewal(db: Executor, account: Account, threshold: bigint, offer: PlanOffer): Promise<void> {
  const policy = await readPolicy(db, account.id);
  assertPolicy({ ...policy, enabled: true, threshold, offerId: offer.id }, offer);
}

import { InputError } from '../domain/errors.ts';
import { type PlanOffer, quotaOf } from '../domain/plan.ts';
import {
  assertPayable,
  type PurchaseQuote,
  purchaseTerms,
  quotePurchase,
  renewalTerms,
  sameTerms,
} from '../domain/quote.ts';
import { assertPolicy } from '../domain/renewal.ts';
import { type Account, makeDue, readAccount } from '../store/accounts.ts';
import { readOffer, readPlansWithQuota } from '../store/plans.ts';
import { readPolicy } from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { setAutoRenewal } from './auto-renewal.ts';
import type { ServiceContext } from './context.ts';
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
 * @throws InputError `account_unknown`, `offer_unknown`; RuleError `offer_currency`, and what `assertPolicy` refuses of the renewal
 */
export async function quote(
  context: ServiceContext,
  db: Executor,
  accountId: string,
  { offerId, renewal }: PurchaseWish,
): Promise<PurchaseQuote> {
  const account = await readAccount(db, accountId);
  const now = context.clock.now();
  const offer = await offerOf(db, account, offerId);
  const renewalOffer = renewal && (await offerOf(db, account, renewal.offerId));
  if (renewal && renewalOffer) await assertRenewal(db, account, renewal.threshold, renewalOffer);
  const { tariff } = await readTierState(db, account, now);
  return quotePurchase({
    offer,
    tariff,
    money: account.money,
    plans: await readPlansWithQuota(db, account.id),
    timeZone: account.timeZone,
    now,
    policy: await readPolicy(db, account.id),
    renewal: renewal && renewalOffer && { threshold: renewal.threshold, offer: renewalOffer },
  });
}

/** Whether a quote still says what would be bought now: the offers and the price list are as they were. (rule 17) */
export async function isStillQuoted(
  context: ServiceContext,
  db: Executor,
  account: Account,
  { terms, renewal }: PurchaseQuote,
): Promise<boolean> {
  const offer = await readOffer(db, terms.offerId);
  if (!offer) return false;
  const { tariff } = await readTierState(db, account, context.clock.now());
  if (!sameTerms(terms, purchaseTerms(offer, tariff))) return false;
  if (!renewal) return true;
  const { threshold: _, ...renewed } = renewal;
  const renewalOffer = await readOffer(db, renewal.offerId);
  return renewalOffer !== undefined && sameTerms(renewed, renewalTerms(renewalOffer));
}

/**
 * Refuses a purchase that cannot be made now, before anything is written.
 * @throws RuleError `offer_currency`, `insufficient_balance`, and what `assertPolicy` refuses of the renewal that begins with it
 */
export async function assertPurchase(tx: Tx, account: Account, { terms, renewal }: PurchaseQuote): Promise<void> {
  await offerOf(tx, account, terms.offerId);
  if (renewal) {
    await assertRenewal(tx, account, BigInt(renewal.threshold), await offerOf(tx, account, renewal.offerId));
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
  const offer = await offerOf(tx, account, terms.offerId);
  const price = BigInt(terms.price);
  const plan = await addPlan(context, tx, account, { source: 'purchase', offer, price, key, by: by.staffId });
  const now = context.clock.now();
  if (renewal) {
    const policy = await readPolicy(tx, account.id);
    const threshold = BigInt(renewal.threshold);
    const { offerId } = renewal;
    await setAutoRenewal(context, tx, account.id, { ...policy, enabled: true, threshold, offerId }, by.staffId);
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

async function offerOf(db: Executor, account: Account, offerId: string): Promise<PlanOffer> {
  const offer = await readOffer(db, offerId);
  if (!offer) {
    throw new InputError(
      'offer_unknown',
      `There is no plan offer "${offerId}"; "npm run cli -- offer list" lists them.`,
      { offer: offerId },
    );
  }
  assertCurrency(account, offer);
  return offer;
}

async function assertRenewal(db: Executor, account: Account, threshold: bigint, offer: PlanOffer): Promise<void> {
  const policy = await readPolicy(db, account.id);
  assertPolicy({ ...policy, enabled: true, threshold, offerId: offer.id }, offer);
}

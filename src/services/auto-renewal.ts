import { randomUUID } from 'node:crypto';
import type { PlanOffer } from '../domain/plan.ts';
import { assertGuards, assertPolicy, mustAsk, type OpenRenewal, type RenewalPolicy } from '../domain/renewal.ts';
import { type Account, lockAccount, makeDue } from '../store/accounts.ts';
import {
  pauseRenewal,
  readOpenRenewal,
  readPolicy,
  readRenewalPurchase,
  readToldVersion,
  retryRenewal,
  writePolicy,
} from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import type { ServiceContext } from './context.ts';
import { assertSold, type ChosenOffer, readChosenOffer } from './offers.ts';
import { assertCurrency } from './plans.ts';

/** Auto-renewal with the offer that it would buy now. */
export interface AutoRenewal extends ChosenOffer {
  readonly policy: RenewalPolicy;
}

export async function readAutoRenewal(db: Executor, accountId: string, now: Temporal.Instant): Promise<AutoRenewal> {
  const policy = await readPolicy(db, accountId);
  return { policy, ...(await readChosenOffer(db, policy.offerId, now)) };
}

/** The episode that has not ended, if auto-renewal tries or waits for something now. (rule 14) */
export function readRenewalEpisode(db: Executor, accountId: string): Promise<OpenRenewal | null> {
  return readOpenRenewal(db, accountId);
}

/**
 * Sets an account's auto-renewal; it is looked at again at once. An offer that is not sold is refused when it is chosen or auto-renewal is
 * turned on, one that is too small also when the threshold changes; an offer that has changed since hinders no other setting. (rules 11 to 13)
 * @param agreement whether the offer was agreed to at its present price, though it is the same one as before
 * @throws RuleError what `assertPolicy` refuses, `offer_currency` or `offer_not_sold`
 */
export async function setAutoRenewal(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  policy: RenewalPolicy,
  by: string,
  agreement: { readonly isAgreed: boolean } = { isAgreed: false },
): Promise<AutoRenewal> {
  const account = await lockAccount(tx, accountId);
  const now = context.clock.now();
  const before = await readPolicy(tx, accountId);
  const chosen = await readChosenOffer(tx, policy.offerId, now);
  const { offer, isSold } = chosen;
  const isAgreed = agreement.isAgreed || policy.offerId !== before.offerId || (policy.enabled && !before.enabled);
  if (isAgreed || policy.threshold !== before.threshold) assertPolicy(policy, offer);
  else assertGuards(policy);
  assertCurrency(account, offer);
  if (offer && isAgreed) assertSold(offer, isSold);
  const offerVersion = isAgreed ? (offer?.version ?? null) : await readToldVersion(tx, accountId);
  await writePolicy(tx, accountId, policy, { at: now, by, offerVersion });
  await endNeedlessWait(tx, accountId, policy, offer, now);
  // What failed, was stopped or was rejected under the old policy may pass under the new one.
  await retryRenewal(tx, accountId, now);
  await makeDue(tx, accountId, now);
  return { policy, ...chosen };
}

/**
 * A renewal waits for an administrator no longer than the policy wants what it asked for, and wants to ask: else whoever rejects the old request
 * would stop what was chosen since, and who says that nobody has to be asked would wait for an answer. The next review closes the request.
 */
async function endNeedlessWait(
  tx: Tx,
  accountId: string,
  policy: RenewalPolicy,
  offer: PlanOffer | null,
  now: Temporal.Instant,
): Promise<void> {
  const open = await readOpenRenewal(tx, accountId);
  if (open?.state !== 'requested') return;
  const asked = await readRenewalPurchase(tx, accountId, open.id);
  if (asked.offerId === offer?.id && mustAsk(policy, offer)) return;
  await pauseRenewal(tx, accountId, open.id, { reason: 'policy_changed', at: now, nextAttemptAt: now });
}

/** Turns auto-renewal on or off and tells the account's groups, except the one whose command says so itself. */
export async function switchAutoRenewal(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  change: { enabled: boolean; by: string; byName: string; except?: string },
): Promise<AutoRenewal> {
  const policy = await readPolicy(tx, account.id);
  const result = await setAutoRenewal(context, tx, account.id, { ...policy, enabled: change.enabled }, change.by);
  await announce(
    context,
    tx,
    account,
    {
      kind: 'auto_renewal_changed',
      enabled: change.enabled,
      byName: change.byName,
      threshold: policy.threshold,
      offerTitle: result.offer?.title ?? null,
    },
    { key: `auto_renewal/${randomUUID()}`, ...(change.except === undefined ? {} : { except: change.except }) },
  );
  return result;
}

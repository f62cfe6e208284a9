import { randomUUID } from 'node:crypto';
import type { PlanOffer } from '../domain/plan.ts';
import { assertPolicy, type OpenRenewal, type RenewalPolicy } from '../domain/renewal.ts';
import { type Account, lockAccount, makeDue } from '../store/accounts.ts';
import { readOffer } from '../store/plans.ts';
import { readOpenRenewal, readPolicy, retryRenewal, writePolicy } from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import type { ServiceContext } from './context.ts';
import { assertCurrency } from './plans.ts';

export interface AutoRenewal {
  readonly policy: RenewalPolicy;
  readonly offer: PlanOffer | null;
}

export async function readAutoRenewal(db: Executor, accountId: string): Promise<AutoRenewal> {
  const policy = await readPolicy(db, accountId);
  return { policy, offer: policy.offerId === null ? null : ((await readOffer(db, policy.offerId)) ?? null) };
}

/** The episode that has not ended, if auto-renewal tries or waits for something now. (rule 14) */
export function readRenewalEpisode(db: Executor, accountId: string): Promise<OpenRenewal | null> {
  return readOpenRenewal(db, accountId);
}

/**
 * Sets an account's auto-renewal; it is looked at again at once. (rules 11 to 13)
 * @throws RuleError what `assertPolicy` refuses, or `offer_currency`
 */
export async function setAutoRenewal(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  policy: RenewalPolicy,
  by: string,
): Promise<AutoRenewal> {
  const account = await lockAccount(tx, accountId);
  const now = context.clock.now();
  const offer = policy.offerId === null ? null : ((await readOffer(tx, policy.offerId)) ?? null);
  assertPolicy(policy, offer);
  assertCurrency(account, offer);
  await writePolicy(tx, accountId, policy, { at: now, by });
  // What failed, was stopped or was rejected under the old policy may pass under the new one.
  await retryRenewal(tx, accountId, now);
  await makeDue(tx, accountId, now);
  return { policy, offer };
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

import { decideRenewal, type OpenRenewal, type RenewalPolicy, type RenewalStep } from '../domain/renewal.ts';
import { availableOf } from '../domain/standing.ts';
import type { Account } from '../store/accounts.ts';
import { readPlansWithQuota } from '../store/plans.ts';
import { readOpenRenewal, readPolicy, readRenewalHistory } from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import { readChosenOffer } from './offers.ts';

/**
 * What auto-renewal does now with an account that is locked and was read after the lock. Whoever promises a purchase asks the same as who makes
 * it. (rules 11 to 14)
 */
export async function nextRenewalStep(
  tx: Tx,
  account: Account,
  now: Temporal.Instant,
  approved = false,
): Promise<{ readonly open: OpenRenewal | null; readonly step: RenewalStep }> {
  const open = await readOpenRenewal(tx, account.id);
  const policy = await readPolicy(tx, account.id);
  return { open, step: await decide(tx, account, now, { policy, open, approved }) };
}

/** What auto-renewal would do as soon as it is turned on: that has whatever is open tried anew. (rule 13) */
export async function stepWhenOn(tx: Tx, account: Account, now: Temporal.Instant): Promise<RenewalStep> {
  const policy = { ...(await readPolicy(tx, account.id)), enabled: true };
  return decide(tx, account, now, { policy, open: null, approved: false });
}

async function decide(
  tx: Tx,
  account: Account,
  now: Temporal.Instant,
  given: { readonly policy: RenewalPolicy; readonly open: OpenRenewal | null; readonly approved: boolean },
): Promise<RenewalStep> {
  return decideRenewal({
    ...given,
    now,
    timeZone: account.timeZone,
    plans: await readPlansWithQuota(tx, account.id),
    ...(await readChosenOffer(tx, given.policy.offerId, now)),
    history: await readRenewalHistory(tx, account.id, now, account.timeZone),
    available: availableOf(account.money),
    lastFundedAt: account.lastFundedAt,
  });
}

import { renewalTerms, sameTerms } from '../../domain/quote.ts';
import { askAgainAt } from '../../domain/renewal.ts';
import { type Account, makeDue } from '../../store/accounts.ts';
import {
  approveRenewal,
  countExpired,
  pauseRenewal,
  readOpenRenewal,
  readPolicy,
  readRenewalPurchase,
} from '../../store/renewals.ts';
import type { Tx } from '../../store/schema.ts';
import { readChosenOffer } from '../offers.ts';
import { renewIfDue } from '../renewal.ts';
import type { ActionHandler } from './action.ts';

/** Buys what auto-renewal asked for, because it costs more than the policy lets it spend by itself. (rules 13 and 17) */
export const renewAction: ActionHandler<'renew'> = {
  check: async () => undefined,
  atOnce: async () => 'never',
  isNeeded: (_context, tx, account, _action, approvalId) => isAwaited(tx, account, approvalId),
  carryOut: async (context, tx, account, action, { actor, approvalId }) => {
    if (!(await isAwaited(tx, account, approvalId))) return 'no_longer_needed';
    const policy = await readPolicy(tx, account.id);
    // What the purchase ends, or what is to be asked for again, is for the next review.
    const now = context.clock.now();
    const { offer, isSold } = await readChosenOffer(tx, policy.offerId, now);
    await approveRenewal(tx, account.id, action.renewalId, { at: now, byName: actor.name });
    await makeDue(tx, account.id, now);
    const { type: _, renewalId: __, ...terms } = action;
    // One that is not sold any more stops the renewal, which says so.
    const isAsQuoted = offer?.currency === account.currency && (!isSold || sameTerms(terms, renewalTerms(offer)));
    if (offer?.id !== action.offerId || !isAsQuoted) {
      await pauseRenewal(tx, account.id, action.renewalId, { reason: 'price_changed', at: now, nextAttemptAt: now });
      return 'price_changed';
    }
    if (await renewIfDue(context, tx, account, true)) return 'done';
    // An episode that is still open wanted to buy and could not, for lack of money or because of a guard.
    return (await readOpenRenewal(tx, account.id)) ? 'not_carried_out' : 'no_longer_needed';
  },
  // A renewal that was rejected is not attempted again in its episode; one that nobody decided is asked for again, ever more rarely.
  refused: async (context, tx, account, { renewalId }, { how, byName, approvalId }) => {
    if (!(await isAwaited(tx, account, approvalId))) return;
    const at = context.clock.now();
    const nextAttemptAt =
      how === 'expired' ? askAgainAt(at, 1 + (await countExpired(tx, account.id, renewalId))) : null;
    await pauseRenewal(tx, account.id, renewalId, { reason: how, at, nextAttemptAt, byName });
  },
};

/**
 * Whether the open episode waits for this request. A changed policy ends the wait, and may ask anew in the same episode: what becomes of the
 * request from before it says nothing about what the policy wants now. (rule 13)
 */
async function isAwaited(tx: Tx, account: Account, approvalId: string | null): Promise<boolean> {
  const open = await readOpenRenewal(tx, account.id);
  if (open?.state !== 'requested') return false;
  return (await readRenewalPurchase(tx, account.id, open.id)).approvalId === approvalId;
}

import { renewalTerms, sameTerms } from '../../domain/quote.ts';
import { askAgainAt } from '../../domain/renewal.ts';
import { makeDue } from '../../store/accounts.ts';
import { approveRenewal, countExpired, pauseRenewal, readOpenRenewal, readPolicy } from '../../store/renewals.ts';
import { readChosenOffer } from '../offers.ts';
import { renewIfDue } from '../renewal.ts';
import type { ActionHandler } from './action.ts';

/** Buys what auto-renewal asked for, because it costs more than the policy lets it spend by itself. (rules 13 and 17) */
export const renewAction: ActionHandler<'renew'> = {
  check: async () => undefined,
  atOnce: async () => 'never',
  isNeeded: async (_context, tx, account, { renewalId }) => {
    const open = await readOpenRenewal(tx, account.id);
    return open?.id === renewalId && open.state === 'requested';
  },
  carryOut: async (context, tx, account, action, { actor }) => {
    const open = await readOpenRenewal(tx, account.id);
    if (open?.id !== action.renewalId || open.state !== 'requested') return 'no_longer_needed';
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
  refused: async (context, tx, account, { renewalId }, { how, byName }) => {
    const at = context.clock.now();
    const nextAttemptAt =
      how === 'expired' ? askAgainAt(at, 1 + (await countExpired(tx, account.id, renewalId))) : null;
    await pauseRenewal(tx, account.id, renewalId, { reason: how, at, nextAttemptAt, byName });
  },
};

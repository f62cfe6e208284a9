import { RuleError } from '../../domain/errors.ts';
import { sameTerms } from '../../domain/quote.ts';
import { assertPurchase, isStillQuoted, purchase } from '../purchase.ts';
import type { ActionHandler } from './action.ts';

/** Buys a plan by hand, as it was quoted. (rules 16 and 17) */
export const purchaseAction: ActionHandler<'purchase'> = {
  check: async (context, tx, account, action) => {
    if (!(await isStillQuoted(context, tx, account, action))) {
      const offer = action.terms.offerTitle;
      throw new RuleError('offer_changed', `Offer "${offer}" is not as it was quoted; ask for its price again.`, {
        offer,
      });
    }
    await assertPurchase(tx, account, action);
  },
  atOnce: async () => 'never',
  isSame: (one, other) =>
    sameTerms(one.terms, other.terms) &&
    (one.renewal && other.renewal ? sameTerms(one.renewal, other.renewal) : one.renewal === other.renewal),
  // With and without auto-renewal is one wish, told twice: who confirms both would pay twice.
  replaces: (older, newer) => older.terms.offerId === newer.terms.offerId,
  carryOut: async (context, tx, account, action, { actor: { staffId, name }, approvalId, requester }) => {
    if (approvalId === null || staffId === null) throw new RangeError('a purchase needs an approval');
    if (!(await isStillQuoted(context, tx, account, action))) return 'price_changed';
    await assertPurchase(tx, account, action);
    const by = { staffId, name };
    await purchase(context, tx, account, action, { key: `purchase/${approvalId}`, by, requester });
    return 'done';
  },
};

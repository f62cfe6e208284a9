import { RuleError } from '../../domain/errors.ts';
import { type PlanTerms, renewalTerms, sameTerms } from '../../domain/quote.ts';
import { assertPolicy } from '../../domain/renewal.ts';
import type { Account } from '../../store/accounts.ts';
import { readPolicy } from '../../store/renewals.ts';
import type { Tx } from '../../store/schema.ts';
import { readAutoRenewal, switchAutoRenewal } from '../auto-renewal.ts';
import type { ServiceContext } from '../context.ts';
import { assertSold } from '../offers.ts';
import { assertCurrency } from '../plans.ts';
import { stepWhenOn } from '../renewal-step.ts';
import type { ActionHandler } from './action.ts';

/** Turns auto-renewal on or off. What it would buy at once belongs to what is confirmed. (rules 11 and 17) */
export const switchAutoRenewalAction: ActionHandler<'switch_auto_renewal'> = {
  complete: async (context, tx, account, { type, enabled }) => {
    const buysNow = enabled ? await purchaseAtOnce(context, tx, account) : undefined;
    return { type, enabled, ...(buysNow ? { buysNow } : {}) };
  },
  check: async (context, tx, account, { enabled }) => {
    const { policy, offer, isSold } = await readAutoRenewal(tx, account.id, context.clock.now());
    if (policy.enabled === enabled) {
      const state = enabled ? 'on' : 'off';
      throw new RuleError('already_so', `Auto-renewal is already ${state}.`, { state });
    }
    assertPolicy({ ...policy, enabled }, offer);
    if (!enabled || !offer) return;
    assertCurrency(account, offer);
    assertSold(offer, isSold);
  },
  atOnce: async (_context, _tx, _account, { enabled, buysNow }) => {
    if (!enabled) return 'always';
    return buysNow ? 'never' : 'unless_second_person';
  },
  isNeeded: async (_context, tx, account, { enabled }) => (await readPolicy(tx, account.id)).enabled !== enabled,
  replaces: (older, newer) => older.enabled === newer.enabled,
  carryOut: async (context, tx, account, { enabled, buysNow }, { group, actor }) => {
    const { policy, offer, isSold } = await readAutoRenewal(tx, account.id, context.clock.now());
    if (policy.enabled === enabled) return 'no_longer_needed';
    if (enabled && offer) assertSold(offer, isSold);
    if (buysNow && !(offer && sameTerms(buysNow, renewalTerms(offer)))) return 'price_changed';
    if (enabled && !buysNow) await assertBuysNothing(context, tx, account);
    await switchAutoRenewal(context, tx, account, {
      enabled,
      by: actor.staffId ?? '',
      byName: actor.name,
      except: group.conversationId,
    });
    return 'done';
  },
};

/** What auto-renewal would buy as soon as it is on; nothing where it would ask, or something would stop it. (rules 12 to 14) */
async function purchaseAtOnce(context: ServiceContext, tx: Tx, account: Account): Promise<PlanTerms | undefined> {
  const step = await stepWhenOn(tx, account, context.clock.now());
  return step.type === 'buy' ? renewalTerms(step.offer) : undefined;
}

/** Rule 17: a purchase that was not named is not agreed to. The quota may have come down, or money come, since it was asked. */
async function assertBuysNothing(context: ServiceContext, tx: Tx, account: Account): Promise<void> {
  const purchase = await purchaseAtOnce(context, tx, account);
  if (!purchase) return;
  const { offerTitle: offer, price } = purchase;
  throw new RuleError(
    'buys_at_once',
    `Auto-renewal would buy "${offer}" as soon as it is on, which was not so when it was asked for; ask again.`,
    { offer, price },
  );
}

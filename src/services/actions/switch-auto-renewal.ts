import { RuleError } from '../../domain/errors.ts';
import { type PlanTerms, renewalTerms, sameTerms } from '../../domain/quote.ts';
import { assertPolicy, renewalTrigger } from '../../domain/renewal.ts';
import type { Account } from '../../store/accounts.ts';
import { readPlansWithQuota } from '../../store/plans.ts';
import { readPolicy } from '../../store/renewals.ts';
import type { Tx } from '../../store/schema.ts';
import { readAutoRenewal, switchAutoRenewal } from '../auto-renewal.ts';
import type { ServiceContext } from '../context.ts';
import { assertSold } from '../offers.ts';
import { assertCurrency } from '../plans.ts';
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
    await switchAutoRenewal(context, tx, account, {
      enabled,
      by: actor.staffId ?? '',
      byName: actor.name,
      except: group.conversationId,
    });
    return 'done';
  },
};

/** What auto-renewal would buy as soon as it is on, because its trigger holds now. (rule 12) */
async function purchaseAtOnce(context: ServiceContext, tx: Tx, account: Account): Promise<PlanTerms | undefined> {
  const now = context.clock.now();
  const { policy, offer } = await readAutoRenewal(tx, account.id, now);
  const plans = await readPlansWithQuota(tx, account.id);
  return offer && renewalTrigger(plans, policy.threshold, now) ? renewalTerms(offer) : undefined;
}

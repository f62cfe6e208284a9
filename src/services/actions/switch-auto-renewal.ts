import { RuleError } from '../../domain/errors.ts';
import { assertPolicy } from '../../domain/renewal.ts';
import { readPolicy } from '../../store/renewals.ts';
import { readAutoRenewal, switchAutoRenewal } from '../auto-renewal.ts';
import type { ActionHandler } from './action.ts';

/** Turns auto-renewal on or off. (rule 11) */
export const switchAutoRenewalAction: ActionHandler<'switch_auto_renewal'> = {
  check: async (_context, tx, account, { enabled }) => {
    const { policy, offer } = await readAutoRenewal(tx, account.id);
    if (policy.enabled === enabled) {
      const state = enabled ? 'on' : 'off';
      throw new RuleError('already_so', `Auto-renewal is already ${state}.`, { state });
    }
    assertPolicy({ ...policy, enabled }, offer);
  },
  atOnce: async (_context, _tx, _account, { enabled }) => (enabled ? 'unless_second_person' : 'always'),
  carryOut: async (context, tx, account, { enabled }, { group, actor }) => {
    if ((await readPolicy(tx, account.id)).enabled === enabled) return 'no_longer_needed';
    await switchAutoRenewal(context, tx, account, {
      enabled,
      by: actor.staffId ?? '',
      byName: actor.name,
      except: group.conversationId,
    });
    return 'done';
  },
};

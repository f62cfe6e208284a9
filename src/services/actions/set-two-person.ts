import { RuleError } from '../../domain/errors.ts';
import { assertTwoAdministrators, setTwoPerson } from '../second-person.ts';
import type { ActionHandler } from './action.ts';

/** Demands a second person for everything that is approved, or not any more; the latter needs the second person itself. (rule 16) */
export const setTwoPersonAction: ActionHandler<'set_two_person'> = {
  check: async (_context, tx, account, { enabled }) => {
    if (account.twoPerson !== enabled) {
      if (enabled) await assertTwoAdministrators(tx, account.id);
      return;
    }
    throw new RuleError('already_so', `The second person is already ${enabled ? 'demanded' : 'not demanded'}.`, {
      state: enabled ? 'two_person_on' : 'two_person_off',
    });
  },
  atOnce: async () => 'never',
  isNeeded: async (_context, _tx, account, { enabled }) => account.twoPerson !== enabled,
  carryOut: async (context, tx, account, { enabled }, { group, actor }) => {
    if (account.twoPerson === enabled) return 'no_longer_needed';
    if (enabled) await assertTwoAdministrators(tx, account.id);
    await setTwoPerson(context, tx, account, { enabled, byName: actor.name, except: group.conversationId });
    return 'done';
  },
};

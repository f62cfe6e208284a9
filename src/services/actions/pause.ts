import { RuleError } from '../../domain/errors.ts';
import { pauseSending } from '../limits.ts';
import type { ActionHandler } from './action.ts';

/** Stops sending: a brake, so an administrator's own request is carried out at once, also where a second person is demanded. (rule 16) */
export const pauseAction: ActionHandler<'pause'> = {
  check: async (_context, _tx, account) => {
    if (account.pause) throw new RuleError('already_so', 'Sending is already paused.', { state: 'paused' });
  },
  atOnce: async () => 'always',
  isNeeded: async (_context, _tx, account) => account.pause === null,
  carryOut: async (context, tx, account, _action, { group, actor }) => {
    if (account.pause) return 'no_longer_needed';
    await pauseSending(context, tx, account, {
      by: actor.staffId ?? '',
      byName: actor.name,
      except: group.conversationId,
    });
    return 'done';
  },
};

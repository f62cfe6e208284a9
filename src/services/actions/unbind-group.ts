import { randomUUID } from 'node:crypto';
import { RuleError } from '../../domain/errors.ts';
import type { Account } from '../../store/accounts.ts';
import { deleteGroup, type Group, readAdministrators, readGroup, readGroupsOfAccount } from '../../store/groups.ts';
import { dropUntoldNotices } from '../../store/notice-letters.ts';
import type { Tx } from '../../store/schema.ts';
import { announce, recipientOf } from '../announce.ts';
import type { ActionHandler } from './action.ts';
import { assertTwoRemain, dropDirectNotices, readBoundGroup } from './administrators.ts';

/**
 * Ends a group's authorization: from then on nobody is answered there with anything about the account, and nothing is told there. What
 * was not told there yet is dropped. The account itself goes on as it is, auto-renewal included.
 */
export const unbindGroupAction: ActionHandler<'unbind_group'> = {
  check: async (_context, tx, account, { group, others }) => {
    await assertAsShown(tx, account, await readBoundGroup(tx, account, group), others);
  },
  atOnce: async () => 'never',
  isNeeded: async (_context, tx, account, { group }) => (await readGroup(tx, group))?.accountId === account.id,
  carryOut: async (context, tx, account, { group, others }, { actor }) => {
    const bound = await readGroup(tx, group);
    if (bound?.accountId !== account.id) return 'no_longer_needed';
    await assertAsShown(tx, account, bound, others);
    const now = context.clock.now();
    await dropUntoldNotices(tx, account.id, recipientOf(bound), now);
    const former = await readAdministrators(tx, bound);
    await deleteGroup(tx, bound);
    await dropDirectNotices(
      context,
      tx,
      account,
      bound,
      former.map(({ staffId }) => staffId),
    );
    await announce(
      context,
      tx,
      account,
      { kind: 'group_unbound', groupTitle: bound.title, byName: actor.name },
      { key: `group_unbound/${randomUUID()}` },
    );
    return 'done';
  },
};

/** Rule 17: who agreed to unbind one of several groups did not agree that nobody is told of anything any more. */
async function assertAsShown(tx: Tx, account: Account, group: Group, others: number): Promise<void> {
  const left = (await readGroupsOfAccount(tx, account.id)).length - 1;
  if ((left === 0) !== (others === 0)) {
    throw new RuleError(
      'setting_moved',
      'The setting was changed by somebody else meanwhile, so nothing was done; look at it and ask again.',
    );
  }
  if (account.twoPerson && left > 0) await assertTwoRemain(tx, account, group, []);
}

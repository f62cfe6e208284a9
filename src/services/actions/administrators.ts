import { randomUUID } from 'node:crypto';
import type { GroupOfAction } from '../../domain/approval.ts';
import { RuleError } from '../../domain/errors.ts';
import type { Account } from '../../store/accounts.ts';
import {
  type Administrator,
  deleteAdministrator,
  type Group,
  insertAdministrator,
  readAdministrators,
  readGroup,
  readGroupsOfAccount,
} from '../../store/groups.ts';
import { dropUntoldNotices } from '../../store/notice-letters.ts';
import type { Executor, Tx } from '../../store/schema.ts';
import { readSettings } from '../../store/settings.ts';
import { announce, recipientOf } from '../announce.ts';
import type { ServiceContext } from '../context.ts';
import type { ActionHandler, CarryOut } from './action.ts';

/** Makes somebody of the organization an administrator of a group. */
export const addAdministratorAction: ActionHandler<'add_administrator'> = {
  check: async (_context, tx, account, { group, person }) => {
    await readBoundGroup(tx, account, group);
    if ((await findAdministrator(tx, group, person.id)) === undefined) return;
    throw new RuleError('already_administrator', `${person.name} is an administrator of this group already.`, {
      name: person.name,
    });
  },
  atOnce: async () => 'never',
  isNeeded: async (_context, tx, account, { group, person }) =>
    (await isBound(tx, account, group)) && (await findAdministrator(tx, group, person.id)) === undefined,
  carryOut: async (context, tx, account, { group, person }, by) => {
    const bound = await readBoundGroup(tx, account, group);
    if (await findAdministrator(tx, bound, person.id)) return 'no_longer_needed';
    await insertAdministrator(tx, bound, { staffId: person.id, name: person.name }, context.clock.now());
    await tellOthers(context, tx, account, bound, 'added', person.name, by);
    return 'done';
  },
};

/** Takes an administrator's rights away, at once: roles are read for each command. The last one of a group stays. */
export const removeAdministratorAction: ActionHandler<'remove_administrator'> = {
  check: async (_context, tx, account, { group, person }) => {
    const bound = await readBoundGroup(tx, account, group);
    if ((await findAdministrator(tx, bound, person.id)) === undefined) {
      throw new RuleError('administrator_unknown', `${person.name} is not an administrator of this group.`, {
        name: person.name,
      });
    }
    await assertCanGo(tx, account, bound, person.id);
  },
  atOnce: async () => 'never',
  isNeeded: async (_context, tx, account, { group, person }) =>
    (await isBound(tx, account, group)) && (await findAdministrator(tx, group, person.id)) !== undefined,
  carryOut: async (context, tx, account, { group, person }, by) => {
    const bound = await readBoundGroup(tx, account, group);
    if ((await findAdministrator(tx, bound, person.id)) === undefined) return 'no_longer_needed';
    await assertCanGo(tx, account, bound, person.id);
    await deleteAdministrator(tx, bound, person.id);
    await dropDirectNotices(context, tx, account, bound, [person.id]);
    await tellOthers(context, tx, account, bound, 'removed', person.name, by);
    return 'done';
  },
};

/**
 * The group that an action is about, if it still belongs to the account.
 * @throws RuleError `group_gone`
 */
export async function readBoundGroup(db: Executor, account: Account, group: GroupOfAction): Promise<Group> {
  const bound = await readGroup(db, group);
  if (bound?.accountId === account.id) return bound;
  throw new RuleError('group_gone', 'The group is not bound to this account any more, so nothing was changed.');
}

async function isBound(db: Executor, account: Account, group: GroupOfAction): Promise<boolean> {
  return (await readGroup(db, group))?.accountId === account.id;
}

async function findAdministrator(
  db: Executor,
  group: Pick<Group, 'corpId' | 'conversationId'>,
  staffId: string,
): Promise<Administrator | undefined> {
  return (await readAdministrators(db, group)).find((administrator) => administrator.staffId === staffId);
}

/**
 * A group without an administrator could decide nothing any more, and an account that demands a second person needs two. The account is
 * locked, so two removals at once cannot both find the other one still there.
 * @throws RuleError `last_administrator`, `second_person_needed`
 */
async function assertCanGo(tx: Tx, account: Account, group: Group, staffId: string): Promise<void> {
  const others = (await readAdministrators(tx, group)).filter((administrator) => administrator.staffId !== staffId);
  if (others.length === 0) {
    throw new RuleError(
      'last_administrator',
      'This is the last administrator of the group; add another one first, or unbind the group.',
    );
  }
  if (account.twoPerson) await assertTwoRemain(tx, account, group, others);
}

/**
 * Refuses what would leave one person alone in an account that demands two.
 * @param left the administrators that the group has afterwards.
 * @throws RuleError `second_person_needed`
 */
export async function assertTwoRemain(
  tx: Tx,
  account: Account,
  group: Group,
  left: readonly Administrator[],
): Promise<void> {
  const people = new Set(left.map(({ staffId }) => staffId));
  for (const other of await readGroupsOfAccount(tx, account.id)) {
    if (other.corpId === group.corpId && other.conversationId === group.conversationId) continue;
    for (const { staffId } of await readAdministrators(tx, other)) people.add(staffId);
  }
  if (people.size > 1) return;
  throw new RuleError(
    'second_person_needed',
    'This account demands a second person, and only one administrator would be left; add another one first, or end that demand.',
  );
}

/**
 * Drops what was still to be told directly to people who administer no group of the account any more, as what quiet hours hold back. Who is its
 * second contact keeps it: what they are told in that role is told there, too. (rule 21)
 */
export async function dropDirectNotices(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { corpId }: Pick<Group, 'corpId'>,
  staffIds: readonly string[],
): Promise<void> {
  const staying = new Set([(await readSettings(tx, account.id)).secondContact?.staffId]);
  for (const group of await readGroupsOfAccount(tx, account.id)) {
    for (const { staffId } of await readAdministrators(tx, group)) staying.add(staffId);
  }
  const now = context.clock.now();
  for (const conversationId of staffIds) {
    if (staying.has(conversationId)) continue;
    await dropUntoldNotices(tx, account.id, recipientOf({ corpId, conversationId }), now);
  }
}

async function tellOthers(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  group: Group,
  change: 'added' | 'removed',
  personName: string,
  by: CarryOut,
): Promise<void> {
  await announce(
    context,
    tx,
    account,
    { kind: 'administrators_changed', change, personName, groupTitle: group.title, byName: by.actor.name },
    { key: `administrators/${randomUUID()}`, except: by.group.conversationId },
  );
}

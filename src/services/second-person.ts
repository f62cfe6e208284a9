import { randomUUID } from 'node:crypto';
import { RuleError } from '../domain/errors.ts';
import { type Account, writeTwoPerson } from '../store/accounts.ts';
import { readAdministrators, readGroupsOfAccount } from '../store/groups.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import type { ServiceContext } from './context.ts';

/** Whether an account has an administrator, in any of its groups, besides this person. */
async function hasOtherAdministrator(db: Executor, accountId: string, staffId: string): Promise<boolean> {
  for (const group of await readGroupsOfAccount(db, accountId)) {
    const administrators = await readAdministrators(db, group);
    if (administrators.some((administrator) => administrator.staffId !== staffId)) return true;
  }
  return false;
}

/**
 * A second person can be demanded only where there are two.
 * @throws RuleError `too_few_administrators`
 */
export async function assertTwoAdministrators(db: Executor, accountId: string): Promise<void> {
  const [group] = await readGroupsOfAccount(db, accountId);
  const [someone] = group ? await readAdministrators(db, group) : [];
  if (someone && (await hasOtherAdministrator(db, accountId, someone.staffId))) return;
  throw new RuleError(
    'too_few_administrators',
    'A second person can be demanded where there are two administrators; add another one first.',
  );
}

/**
 * Refuses what nobody but the person who asks could approve. (rule 16)
 * @throws RuleError `nobody_else`
 */
export async function assertOtherAdministrator(db: Executor, accountId: string, staffId: string): Promise<void> {
  if (await hasOtherAdministrator(db, accountId, staffId)) return;
  throw new RuleError(
    'nobody_else',
    'A second person is demanded, and this account has only one administrator; add another administrator first.',
  );
}

/**
 * Sets whether nobody may approve what they asked for, and tells the account's groups, except the one whose command says so itself. The
 * account must be locked. (rule 16)
 * @param change `byName` is null for the operator
 */
export async function setTwoPerson(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  change: { enabled: boolean; byName: string | null; except?: string },
): Promise<void> {
  await writeTwoPerson(tx, account.id, change.enabled);
  await announce(
    context,
    tx,
    account,
    { kind: 'two_person_changed', enabled: change.enabled, byName: change.byName },
    { key: `two_person/${randomUUID()}`, ...(change.except === undefined ? {} : { except: change.except }) },
  );
}

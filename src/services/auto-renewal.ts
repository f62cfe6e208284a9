import { randomUUID } from 'node:crypto';
import { RuleError } from '../domain/errors.ts';
import type { PlanOffer } from '../domain/plan.ts';
import { assertPolicy, type OpenRenewal, type RenewalPolicy } from '../domain/renewal.ts';
import { type Account, lockAccount, makeDue } from '../store/accounts.ts';
import { type NewApproval, readPendingApprovals } from '../store/approvals.ts';
import type { Group } from '../store/groups.ts';
import { readOffer } from '../store/plans.ts';
import { readOpenRenewal, readPolicy, retryRenewal, writePolicy } from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { requestApproval } from './approval-request.ts';
import type { ServiceContext } from './context.ts';
import { assertCurrency } from './plans.ts';
import { type Actor, assertAdministrator } from './roles.ts';

export interface AutoRenewal {
  readonly policy: RenewalPolicy;
  readonly offer: PlanOffer | null;
}

export async function readAutoRenewal(db: Executor, accountId: string): Promise<AutoRenewal> {
  const policy = await readPolicy(db, accountId);
  return { policy, offer: policy.offerId === null ? null : ((await readOffer(db, policy.offerId)) ?? null) };
}

/** The episode that has not ended, if auto-renewal tries or waits for something now. (rule 14) */
export function readRenewalEpisode(db: Executor, accountId: string): Promise<OpenRenewal | null> {
  return readOpenRenewal(db, accountId);
}

/**
 * Sets an account's auto-renewal; it is looked at again at once. (rules 11 to 13)
 * @throws RuleError what `assertPolicy` refuses, or `offer_currency`
 */
export async function setAutoRenewal(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  policy: RenewalPolicy,
  by: string,
): Promise<AutoRenewal> {
  const account = await lockAccount(tx, accountId);
  const now = context.clock.now();
  const offer = policy.offerId === null ? null : ((await readOffer(tx, policy.offerId)) ?? null);
  assertPolicy(policy, offer);
  assertCurrency(account, offer);
  await writePolicy(tx, accountId, policy, { at: now, by });
  // What failed, was stopped or was rejected under the old policy may pass under the new one.
  await retryRenewal(tx, accountId, now);
  await makeDue(tx, accountId, now);
  return { policy, offer };
}

/** Turns auto-renewal on or off and tells the account's groups, except the one whose command says so itself. */
export async function switchAutoRenewal(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  change: { enabled: boolean; by: string; byName: string; except?: string },
): Promise<AutoRenewal> {
  const policy = await readPolicy(tx, account.id);
  const result = await setAutoRenewal(context, tx, account.id, { ...policy, enabled: change.enabled }, change.by);
  await announce(
    context,
    tx,
    account,
    {
      kind: 'auto_renewal_changed',
      enabled: change.enabled,
      byName: change.byName,
      threshold: policy.threshold,
      offerTitle: result.offer?.title ?? null,
    },
    { key: `auto_renewal/${randomUUID()}`, ...(change.except === undefined ? {} : { except: change.except }) },
  );
  return result;
}

/**
 * An administrator's own switch.
 * @throws RuleError `not_administrator`, or what `assertPolicy` refuses
 */
export async function switchAutoRenewalAs(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  enabled: boolean,
): Promise<AutoRenewal> {
  const account = await lockAccount(tx, group.accountId);
  await assertAdministrator(tx, group, actor);
  return switchAutoRenewal(context, tx, account, {
    enabled,
    by: actor.staffId ?? '',
    byName: actor.name,
    except: group.conversationId,
  });
}

/**
 * A member's wish to switch, for an administrator to decide. (rule 16)
 * @throws RuleError `identity_unknown` for someone without a staff id, `already_so` when there is nothing to switch,
 *   `already_requested`, or what `assertPolicy` refuses
 */
export async function requestAutoRenewalSwitch(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  enabled: boolean,
): Promise<NewApproval> {
  if (actor.staffId === null) {
    throw new RuleError('identity_unknown', 'Only people of this organization may request a change.');
  }
  const account = await lockAccount(tx, group.accountId);
  const { policy, offer } = await readAutoRenewal(tx, account.id);
  if (policy.enabled === enabled) {
    throw new RuleError('already_so', `Auto-renewal is already ${enabled ? 'on' : 'off'}.`, {
      state: enabled ? 'on' : 'off',
    });
  }
  assertPolicy({ ...policy, enabled }, offer);
  const now = context.clock.now();
  const pending = (await readPendingApprovals(tx, account.id)).find(
    ({ action, expiresAt }) =>
      action.type === 'switch_auto_renewal' &&
      action.enabled === enabled &&
      Temporal.Instant.compare(expiresAt, now) > 0,
  );
  if (pending) {
    throw new RuleError('already_requested', `This is already waiting for an administrator, as ${pending.code}.`, {
      code: pending.code,
    });
  }
  return requestApproval(context, tx, account, {
    action: { type: 'switch_auto_renewal', enabled },
    requestedBy: actor.staffId,
    requesterName: actor.name,
  });
}

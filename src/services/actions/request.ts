import { isDeepStrictEqual } from 'node:util';
import type { ApprovalAction, ApprovalOutcome } from '../../domain/approval.ts';
import { RuleError } from '../../domain/errors.ts';
import { lockAccount } from '../../store/accounts.ts';
import { type NewApproval, readPendingApprovals } from '../../store/approvals.ts';
import type { Group } from '../../store/groups.ts';
import type { Tx } from '../../store/schema.ts';
import { requestApproval } from '../approval-request.ts';
import type { ServiceContext } from '../context.ts';
import { type Actor, isAdministrator } from '../roles.ts';
import { handlerOf } from './index.ts';

/** What asking for something that needs an administrator came to. */
export type RequestResult =
  | { readonly type: 'done'; readonly outcome: ApprovalOutcome }
  | { readonly type: 'requested'; readonly approval: NewApproval };

/**
 * The one door to everything that needs an administrator: an administrator's own wish is carried out, anybody else's in the group becomes
 * a request that an administrator decides. (rule 16)
 * @throws RuleError `identity_unknown` for someone without a staff id, `already_requested`, or what the action's `check` refuses
 */
export async function requestAction(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  action: ApprovalAction,
): Promise<RequestResult> {
  if (actor.staffId === null) {
    throw new RuleError('identity_unknown', 'Only people of this organization may request a change.');
  }
  const account = await lockAccount(tx, group.accountId);
  const handler = handlerOf(action);
  await handler.check(context, tx, account, action);
  if (await isAdministrator(tx, group, actor)) {
    return { type: 'done', outcome: await handler.carryOut(context, tx, account, action, { group, actor }) };
  }
  await refuseRepeated(context, tx, account.id, action);
  const { staffId, name } = actor;
  return {
    type: 'requested',
    approval: await requestApproval(context, tx, account, { action, requestedBy: staffId, requesterName: name }),
  };
}

async function refuseRepeated(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  action: ApprovalAction,
): Promise<void> {
  const now = context.clock.now();
  const same = (await readPendingApprovals(tx, accountId)).find(
    (pending) => isDeepStrictEqual(pending.action, action) && Temporal.Instant.compare(pending.expiresAt, now) > 0,
  );
  if (!same) return;
  throw new RuleError('already_requested', `This is already waiting for an administrator, as ${same.code}.`, {
    code: same.code,
  });
}

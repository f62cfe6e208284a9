import { isDeepStrictEqual } from 'node:util';
import type { ApprovalAction, ApprovalOutcome } from '../../domain/approval.ts';
import { RuleError } from '../../domain/errors.ts';
import { type Account, lockAccount } from '../../store/accounts.ts';
import type { NewApproval } from '../../store/approvals.ts';
import type { Group } from '../../store/groups.ts';
import type { Tx } from '../../store/schema.ts';
import { closeApproval } from '../approval-end.ts';
import { awaitConfirmation, requestApproval } from '../approval-request.ts';
import { listPending } from '../approvals.ts';
import { record } from '../audit.ts';
import type { ServiceContext } from '../context.ts';
import { type Actor, isAdministrator, type Staff } from '../roles.ts';
import { assertOtherAdministrator } from '../second-person.ts';
import { carriedOut } from './action.ts';
import { handlerOf } from './index.ts';

/**
 * What asking for something that needs an administrator came to. `confirm`: who asked is an administrator and has to confirm it; the answer
 * shows what is confirmed. `requested`: the administrators were asked, `secondPerson` because one of them may not decide it alone.
 */
export type RequestResult =
  | { readonly type: 'done'; readonly outcome: ApprovalOutcome }
  | { readonly type: 'confirm'; readonly approval: NewApproval }
  | { readonly type: 'requested'; readonly approval: NewApproval; readonly secondPerson: boolean };

/**
 * The one door to everything that needs an administrator. An administrator's own wish is carried out where it only stops something or
 * spends nothing, else it is to be confirmed; where the account demands a second person it becomes a request to the others, as anybody
 * else's in the group becomes one to all administrators. (rule 16)
 * @throws RuleError `identity_unknown` for someone without a staff id, `already_requested`, `nobody_else` where the second person that is
 * demanded does not exist, or what the action's `check` refuses
 */
export async function requestAction(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  asked: ApprovalAction,
): Promise<RequestResult> {
  const { staffId, name } = actor;
  if (staffId === null) {
    throw new RuleError('identity_unknown', 'Only people of this organization may request a change.');
  }
  const account = await lockAccount(tx, group.accountId);
  const handler = handlerOf(asked);
  await handler.check(context, tx, account, asked);
  const action = (await handler.complete?.(context, tx, account, asked)) ?? asked;

  const administers = await isAdministrator(tx, group, actor);
  if (administers) {
    const atOnce = await handler.atOnce(context, tx, account, action);
    if (atOnce === 'always' || (atOnce === 'unless_second_person' && !account.twoPerson)) {
      const by = { group, actor, approvalId: null, requester: null };
      const { outcome } = carriedOut(await handler.carryOut(context, tx, account, action, by));
      await record(context, tx, account.id, { by: actor, deed: { type: 'carried_out', action }, outcome });
      return { type: 'done', outcome };
    }
    if (account.twoPerson) await assertOtherAdministrator(tx, account.id, staffId);
  }
  await settleEarlierRequests(context, tx, account, { staffId, name, administers }, action);
  const request = { action, requestedBy: staffId, requesterName: name };
  if (administers && !account.twoPerson) {
    return { type: 'confirm', approval: await awaitConfirmation(context, tx, account, request) };
  }
  const approval = await requestApproval(context, tx, account, request);
  return { type: 'requested', approval, secondPerson: administers };
}

/**
 * What the person asked for before and means no more is closed, so that it cannot be confirmed by mistake.
 * @throws RuleError `already_requested` when the same waits for a decision already
 */
async function settleEarlierRequests(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  requester: Staff & { readonly administers: boolean },
  action: ApprovalAction,
): Promise<void> {
  const { replaces, isSame: same = isDeepStrictEqual } = handlerOf(action);
  for (const earlier of await listPending(context, tx, account.id)) {
    if (earlier.action.type !== action.type) continue;
    const isSame = same(earlier.action, action);
    const isTheirs = earlier.requestedBy === requester.staffId;
    if (isTheirs && (isSame ? earlier.confirm : replaces?.(earlier.action, action))) {
      await closeApproval(context, tx, account, earlier, 'replaced');
    } else if (isSame && (!earlier.confirm || requester.administers)) {
      // What somebody else may yet confirm or leave is not for a member to wait for.
      throw new RuleError('already_requested', `This is already waiting for an administrator, as ${earlier.code}.`, {
        code: earlier.code,
      });
    }
  }
}

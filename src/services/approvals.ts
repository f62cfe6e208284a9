import type { ApprovalOutcome } from '../domain/approval.ts';
import { RuleError } from '../domain/errors.ts';
import { type Account, lockAccount } from '../store/accounts.ts';
import { type Approval, decideApproval, lockApprovalByCode, readPendingApprovals } from '../store/approvals.ts';
import type { Group } from '../store/groups.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { handlerOf } from './actions/index.ts';
import { changeCards } from './announce.ts';
import { approvalSubject } from './approval-request.ts';
import type { ServiceContext } from './context.ts';
import { type Actor, assertAdministrator } from './roles.ts';

/** What a decision came to. `late`: it had been decided, or had expired, before. */
export type DecisionResult =
  | { readonly type: 'unknown' }
  | { readonly type: 'late'; readonly approval: Approval }
  | { readonly type: 'decided'; readonly approval: Approval; readonly outcome: ApprovalOutcome };

/**
 * Approves or rejects a request, once; an approved action is carried out in the same transaction, after role, price and state were
 * checked again. (rules 16 and 17)
 * @throws RuleError `not_administrator`
 */
export async function decide(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  decision: { code: string; approve: boolean },
): Promise<DecisionResult> {
  const account = await lockAccount(tx, group.accountId);
  await assertAdministrator(tx, group, actor);
  const approval = await lockApprovalByCode(tx, account.id, decision.code);
  if (!approval) return { type: 'unknown' };
  if (approval.state !== 'pending') return { type: 'late', approval };
  if (Temporal.Instant.compare(approval.expiresAt, context.clock.now()) <= 0) {
    return { type: 'late', approval: await expire(context, tx, account, approval) };
  }
  if (!decision.approve) {
    await handlerOf(approval.action).refused?.(context, tx, account, approval.action, 'rejected');
    return close(context, tx, account, approval, actor, 'rejected', 'declined');
  }
  const outcome = await carryOut(context, tx, account, group, approval, actor);
  return close(context, tx, account, approval, actor, 'approved', outcome);
}

/** Ends a pending request whose time is over. Nothing happens when it was decided meanwhile. (rule 17) */
export async function expireApproval(context: ServiceContext, tx: Tx, accountId: string, code: string): Promise<void> {
  const account = await lockAccount(tx, accountId);
  const approval = await lockApprovalByCode(tx, account.id, code);
  if (approval?.state !== 'pending') return;
  if (Temporal.Instant.compare(approval.expiresAt, context.clock.now()) > 0) return;
  await expire(context, tx, account, approval);
}

/** What can still be decided, the oldest first. */
export async function listPending(context: ServiceContext, db: Executor, accountId: string): Promise<Approval[]> {
  const now = context.clock.now();
  const pending = await readPendingApprovals(db, accountId);
  return pending.filter((approval) => Temporal.Instant.compare(approval.expiresAt, now) > 0);
}

/** The newest request with this code, if it is decided or has expired: what someone who comes late is told. (rule 17) */
export async function findDecided(tx: Tx, accountId: string, code: string): Promise<Approval | undefined> {
  const approval = await lockApprovalByCode(tx, accountId, code);
  return approval && approval.state !== 'pending' ? approval : undefined;
}

async function expire(context: ServiceContext, tx: Tx, account: Account, approval: Approval): Promise<Approval> {
  await handlerOf(approval.action).refused?.(context, tx, account, approval.action, 'expired');
  const result = await close(context, tx, account, approval, null, 'expired', 'declined');
  return result.approval;
}

/** What was asked for and approved is tried; what is not allowed any more is said, not thrown, because the decision stands. */
async function carryOut(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  group: Group,
  approval: Approval,
  actor: Actor,
): Promise<ApprovalOutcome> {
  const { action } = approval;
  try {
    return await handlerOf(action).carryOut(context, tx, account, action, { group, actor });
  } catch (error) {
    if (error instanceof RuleError) return 'not_carried_out';
    throw error;
  }
}

async function close(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  approval: Approval,
  actor: Actor | null,
  state: 'approved' | 'rejected' | 'expired',
  outcome: ApprovalOutcome,
): Promise<DecisionResult & { type: 'decided' }> {
  const at = context.clock.now();
  const deciderName = actor?.name ?? null;
  await decideApproval(tx, account.id, approval.id, {
    state,
    by: actor?.staffId ?? null,
    byName: deciderName,
    at,
    outcome,
  });
  await changeCards(context, tx, account, approvalSubject(approval.id), {
    kind: 'approval_decided',
    action: approval.action,
    code: approval.code,
    requesterName: approval.requesterName,
    state,
    deciderName,
    decidedAt: at,
    outcome,
  });
  return { type: 'decided', approval: { ...approval, state, deciderName, decidedAt: at }, outcome };
}

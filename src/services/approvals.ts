import type { ApprovalProblem } from '../domain/approval.ts';
import { RuleError } from '../domain/errors.ts';
import { type Account, lockAccount } from '../store/accounts.ts';
import {
  type Approval,
  addReason,
  type EndedApproval,
  lockApprovalByCode,
  readPendingApprovals,
} from '../store/approvals.ts';
import type { Group } from '../store/groups.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { type CarriedOut, carriedOut } from './actions/action.ts';
import { handlerOf } from './actions/index.ts';
import { endApproval, showDecision, type ToldApproval } from './approval-end.ts';
import { remindAdministrators } from './approval-request.ts';
import { auditOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { readRequester, tellRequester } from './requester.ts';
import { type Actor, assertAdministrator } from './roles.ts';

/** What a decision came to. `late`: it had been decided, or had expired, before. `reason_added`: to the rejection that it repeats. */
export type DecisionResult =
  | { readonly type: 'unknown' }
  | { readonly type: 'late'; readonly approval: Approval }
  | { readonly type: 'reason_added'; readonly approval: ToldApproval }
  | { readonly type: 'decided'; readonly approval: ToldApproval };

export interface Decision {
  readonly code: string;
  readonly approve: boolean;
  /** Why it is rejected, in the words of who does; from the world. */
  readonly reason?: string;
}

/**
 * Approves or rejects a request, once; an approved action is carried out in the same transaction, after role, price and state were
 * checked again. Who rejected without a reason may add it. (rules 16 and 17)
 * @throws RuleError `not_administrator`; `own_request` where a second person is demanded and the same one asked
 */
export async function decide(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  decision: Decision,
): Promise<DecisionResult> {
  const account = await lockAccount(tx, group.accountId);
  await assertAdministrator(tx, group, actor);
  const approval = await lockApprovalByCode(tx, account.id, decision.code);
  if (!approval) return { type: 'unknown' };
  if (approval.state !== 'pending') return late(context, tx, account, approval, actor, decision);
  if (isOver(context, approval)) return { type: 'late', approval: await expire(context, tx, account, approval) };
  if (!decision.approve) {
    const refusal = { how: 'rejected', byName: actor.name, approvalId: approval.id } as const;
    await handlerOf(approval.action).refused?.(context, tx, account, approval.action, refusal);
    const reason = decision.reason ?? null;
    const end = { state: 'rejected', outcome: 'declined', reason, problem: null } as const;
    return { type: 'decided', approval: await endApproval(context, tx, account, approval, actor, end) };
  }
  assertSecondPerson(account, approval, actor);
  const carried = await carryOut(context, tx, account, group, approval, actor);
  const end = { state: 'approved', reason: null, ...carried } as const;
  return { type: 'decided', approval: await endApproval(context, tx, account, approval, actor, end, group) };
}

/** Ends a pending request whose time is over. Nothing happens when it was decided meanwhile. (rule 17) */
export async function expireApproval(context: ServiceContext, tx: Tx, accountId: string, code: string): Promise<void> {
  const account = await lockAccount(tx, accountId);
  const approval = await lockApprovalByCode(tx, account.id, code);
  if (approval?.state !== 'pending' || !isOver(context, approval)) return;
  await expire(context, tx, account, approval);
}

/** Reminds administrators, once, of a request that expires soon; nothing happens when it was decided meanwhile, or is over. */
export async function remindOfApproval(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  code: string,
): Promise<void> {
  const account = await lockAccount(tx, accountId);
  const approval = await lockApprovalByCode(tx, account.id, code);
  if (approval?.state !== 'pending' || approval.remindAt === null || isOver(context, approval)) return;
  if (Temporal.Instant.compare(approval.remindAt, context.clock.now()) > 0) return;
  await remindAdministrators(context, tx, account, approval);
}

/** What can still be decided, the oldest first. */
export async function listPending(context: ServiceContext, db: Executor, accountId: string): Promise<Approval[]> {
  const pending = await readPendingApprovals(db, accountId);
  return pending.filter((approval) => !isOver(context, approval));
}

/** The newest request with this code, if it is decided or has expired: what someone who comes late is told. (rule 17) */
export async function findDecided(tx: Tx, accountId: string, code: string): Promise<Approval | undefined> {
  const approval = await lockApprovalByCode(tx, accountId, code);
  return approval && approval.state !== 'pending' ? approval : undefined;
}

function isOver(context: ServiceContext, approval: Approval): boolean {
  return Temporal.Instant.compare(approval.expiresAt, context.clock.now()) <= 0;
}

/** A decision that comes late changes nothing, except that who rejected may still say why. */
async function late(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  approval: Approval,
  actor: Actor,
  { approve, reason }: Decision,
): Promise<DecisionResult> {
  const { state, outcome, decidedAt, decidedBy } = approval;
  const isTheirs = state === 'rejected' && decidedBy === actor.staffId && approval.reason === null;
  if (approve || reason === undefined || !isTheirs || outcome === null || decidedAt === null) {
    return { type: 'late', approval };
  }
  await addReason(tx, account.id, approval.id, reason);
  await record(context, tx, account.id, {
    by: actor,
    deed: { type: 'reason_given', action: approval.action, reason },
    approval: auditOf(approval, actor),
  });
  const explained = { ...approval, state, outcome, decidedAt, reason };
  await showDecision(context, tx, account, explained, 'approval_reason');
  const toCall = await tellRequester(context, tx, account, explained, actor, 'reason');
  return { type: 'reason_added', approval: { ...explained, toCall } };
}

async function expire(context: ServiceContext, tx: Tx, account: Account, approval: Approval): Promise<EndedApproval> {
  const refusal = { how: 'expired', byName: null, approvalId: approval.id } as const;
  await handlerOf(approval.action).refused?.(context, tx, account, approval.action, refusal);
  const end = { state: 'expired', outcome: 'declined', reason: null, problem: null } as const;
  return endApproval(context, tx, account, approval, null, end);
}

/** Rule 16: an account can demand a second person; then nobody approves what they asked for. Who asked may always take it back. */
function assertSecondPerson(account: Account, approval: Approval, actor: Actor): void {
  if (!account.twoPerson || approval.requestedBy !== actor.staffId) return;
  throw new RuleError(
    'own_request',
    `This account demands a second person: another administrator has to approve ${approval.code}.`,
    { code: approval.code },
  );
}

/** What was asked for and approved is tried; what is not allowed any more is said, not thrown, because the decision stands. */
async function carryOut(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  group: Group,
  approval: Approval,
  actor: Actor,
): Promise<CarriedOut & { problem: ApprovalProblem | null }> {
  const { action, id: approvalId } = approval;
  const requester = approval.requestedBy === actor.staffId ? null : await readRequester(tx, account, approval);
  // What is checked is what is done: nothing begins or ends between the two.
  const now = context.clock.now();
  const moment = { ...context, clock: { now: () => now } };
  try {
    const by = { group, actor, approvalId, requester };
    const carried = carriedOut(await handlerOf(action).carryOut(moment, tx, account, action, by));
    return { ...carried, problem: null };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { outcome: 'not_carried_out', problem: { code: error.code, details: error.details } };
  }
}

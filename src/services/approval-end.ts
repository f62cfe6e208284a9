import type { SendingAfter } from '../domain/approval.ts';
import type { Account } from '../store/accounts.ts';
import { type Approval, decideApproval, type EndedApproval, readPendingApprovals } from '../store/approvals.ts';
import type { Group } from '../store/groups.ts';
import type { Tx } from '../store/schema.ts';
import { handlerOf } from './actions/index.ts';
import { changeCards } from './announce.ts';
import { approvalSubject } from './approval-request.ts';
import { auditOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { tellRequester } from './requester.ts';
import type { Actor, Staff } from './roles.ts';

/** How an approval ends. */
export type ApprovalEnd = Pick<EndedApproval, 'state' | 'outcome' | 'reason' | 'problem'> & WithSending;

/** With who asked, where nothing but the answer to the decision calls them; null where they know, or nobody asked. */
export type ToldApproval = EndedApproval & WithSending & { readonly toCall: Staff | null };

/** What it has made of sending is told once and not kept: who looks later asks how it is then. */
type WithSending = { readonly sending?: SendingAfter };

/**
 * Ends a pending approval, changes its cards for everyone to show who decided, when, and what came of it, and calls who asked. (rule 17)
 * @param decidedIn the group in which it was decided: where that unbinds it, its own card still changes.
 */
export async function endApproval(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  approval: Approval,
  actor: Actor | null,
  end: ApprovalEnd,
  decidedIn?: Group,
): Promise<ToldApproval> {
  const decision = {
    decidedBy: actor?.staffId ?? null,
    deciderName: actor?.name ?? null,
    decidedAt: context.clock.now(),
  };
  const ended = { ...approval, ...end, ...decision };
  await decideApproval(tx, account.id, ended);
  const { action } = approval;
  await record(context, tx, account.id, {
    by: actor ?? 'system',
    deed: { type: 'decided', action, state: end.state, reason: end.reason, problem: end.problem?.code ?? null },
    outcome: end.outcome,
    approval: auditOf(approval, actor),
  });
  await showDecision(context, tx, account, ended, undefined, decidedIn);
  return { ...ended, toCall: await tellRequester(context, tx, account, ended, actor) };
}

/** Changes an ended approval's cards to what it says now. `key` names a further change. */
export async function showDecision(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  ended: EndedApproval & WithSending,
  key?: string,
  decidedIn?: Group,
): Promise<void> {
  const { action, code, requesterName, confirm, state, deciderName, decidedAt, outcome, reason, problem } = ended;
  const { sending } = ended;
  await changeCards(
    context,
    tx,
    account,
    approvalSubject(ended.id),
    {
      kind: 'approval_decided',
      ...{ action, code, requesterName, confirm, state, deciderName, decidedAt, outcome, reason, problem },
      ...(sending ? { sending } : {}),
    },
    key,
    decidedIn,
  );
}

/** Closes a request that nobody has to decide any more: its card says why and loses its buttons. */
export function closeApproval(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  approval: Approval,
  outcome: 'no_longer_needed' | 'replaced',
): Promise<EndedApproval> {
  return endApproval(context, tx, account, approval, null, { state: 'closed', outcome, reason: null, problem: null });
}

/** Closes the account's requests that have become needless, as that of a renewal whose episode ended. Changes nothing twice. */
export async function closeNeedlessApprovals(context: ServiceContext, tx: Tx, account: Account): Promise<void> {
  for (const approval of await readPendingApprovals(tx, account.id)) {
    const isNeeded = handlerOf(approval.action).isNeeded;
    if (!isNeeded || (await isNeeded(context, tx, account, approval.action, approval.id))) continue;
    await closeApproval(context, tx, account, approval, 'no_longer_needed');
  }
}

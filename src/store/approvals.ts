import { type Selectable, sql } from 'kysely';
import type { ApprovalAction, ApprovalOutcome, ApprovalProblem, ApprovalState } from '../domain/approval.ts';
import type { Executor, Schema, Tx } from './schema.ts';

/** A request that an administrator decides, with the exact action that it allows. (rule 17) */
export interface Approval {
  readonly id: string;
  /** Four characters that a person can type: `批准 7F3K`. */
  readonly code: string;
  readonly action: ApprovalAction;
  /** A staff id, or `auto-renewal`. */
  readonly requestedBy: string;
  /** Null when no person asked. */
  readonly requesterName: string | null;
  readonly requestedAt: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
  /** When administrators are reminded of it; null for never, and when they were. */
  readonly remindAt: Temporal.Instant | null;
  /** An administrator's own request, shown as a card to confirm. (rule 16) */
  readonly confirm: boolean;
  readonly state: ApprovalState;
  /** A staff id. */
  readonly decidedBy: string | null;
  readonly deciderName: string | null;
  readonly decidedAt: Temporal.Instant | null;
  readonly outcome: ApprovalOutcome | null;
  /** Why it was rejected, in the words of who did; from the world. */
  readonly reason: string | null;
  /** Why what was approved could not be carried out. */
  readonly problem: ApprovalProblem | null;
}

/** An approval that has ended. */
export type EndedApproval = Approval & {
  readonly state: Exclude<ApprovalState, 'pending'>;
  readonly outcome: ApprovalOutcome;
  readonly decidedAt: Temporal.Instant;
};

/** An approval before anyone has decided. */
export type NewApproval = Omit<
  Approval,
  'state' | 'decidedBy' | 'deciderName' | 'decidedAt' | 'outcome' | 'reason' | 'problem'
>;

/** False when its code is taken by another pending request of the account. */
export async function insertApproval(tx: Tx, accountId: string, approval: NewApproval): Promise<boolean> {
  const inserted = await tx
    .insertInto('approvals')
    .values({
      account_id: accountId,
      approval_id: approval.id,
      code: approval.code,
      action: JSON.stringify(approval.action),
      requested_by: approval.requestedBy,
      requester_name: approval.requesterName,
      requested_at: approval.requestedAt,
      expires_at: approval.expiresAt,
      confirm: approval.confirm,
      remind_at: approval.remindAt,
      state: 'pending',
    })
    .onConflict((oc) => oc.doNothing())
    .returning('approval_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** The newest approval with this code, whatever its state: a late click is told what became of it. Locked until the end. */
export async function lockApprovalByCode(tx: Tx, accountId: string, code: string): Promise<Approval | undefined> {
  const row = await tx
    .selectFrom('approvals')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('code', '=', code)
    .orderBy('requested_at', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
  return row && toApproval(row);
}

export async function readPendingApprovals(db: Executor, accountId: string): Promise<Approval[]> {
  const rows = await db
    .selectFrom('approvals')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('state', '=', 'pending')
    .orderBy('requested_at')
    .orderBy('code')
    .execute();
  return rows.map(toApproval);
}

/** Ends a pending approval. */
export async function decideApproval(tx: Tx, accountId: string, approval: Approval): Promise<void> {
  await tx
    .updateTable('approvals')
    .set({
      state: approval.state,
      decided_by: approval.decidedBy,
      decider_name: approval.deciderName,
      decided_at: approval.decidedAt,
      outcome: approval.outcome,
      reason: approval.reason,
      problem: approval.problem && JSON.stringify(approval.problem),
    })
    .where('account_id', '=', accountId)
    .where('approval_id', '=', approval.id)
    .where('state', '=', 'pending')
    .execute();
}

/** Adds the reason to a rejection that has none. */
export async function addReason(tx: Tx, accountId: string, approvalId: string, reason: string): Promise<void> {
  await tx
    .updateTable('approvals')
    .set({ reason })
    .where('account_id', '=', accountId)
    .where('approval_id', '=', approvalId)
    .where('state', '=', 'rejected')
    .where('reason', 'is', null)
    .execute();
}

/** Notes that administrators were reminded. */
export async function markReminded(tx: Tx, accountId: string, approvalId: string): Promise<void> {
  await tx
    .updateTable('approvals')
    .set({ remind_at: null })
    .where('account_id', '=', accountId)
    .where('approval_id', '=', approvalId)
    .execute();
}

/** Pending approvals whose time is over. */
export async function findExpiredApprovals(
  db: Executor,
  now: Temporal.Instant,
  limit: number,
): Promise<{ accountId: string; code: string }[]> {
  const rows = await db
    .selectFrom('approvals')
    .select(['account_id', 'code'])
    .where('state', '=', 'pending')
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ accountId: row.account_id, code: row.code }));
}

/** Pending approvals of which it is time to remind administrators. */
export async function findApprovalsToRemind(
  db: Executor,
  now: Temporal.Instant,
  limit: number,
): Promise<{ accountId: string; code: string }[]> {
  const rows = await db
    .selectFrom('approvals')
    .select(['account_id', 'code'])
    .where('state', '=', 'pending')
    .where('remind_at', '<=', now)
    .orderBy('remind_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ accountId: row.account_id, code: row.code }));
}

/** When the next pending approval runs out or is to be reminded of, of those after `after`; null when there is none. */
export async function nextApprovalDueAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const next = async (column: 'expires_at' | 'remind_at') => {
    const row = await db
      .selectFrom('approvals')
      .select(column)
      .where('state', '=', 'pending')
      .where(column, 'is not', null)
      .$if(after !== undefined, (query) => query.where(column, '>', sql<Temporal.Instant>`${after}`))
      .orderBy(column)
      .limit(1)
      .executeTakeFirst();
    return row?.[column] ?? null;
  };
  const [expiry, reminder] = [await next('expires_at'), await next('remind_at')];
  if (expiry === null || reminder === null) return expiry ?? reminder;
  return Temporal.Instant.compare(reminder, expiry) < 0 ? reminder : expiry;
}

function toApproval(row: Selectable<Schema['approvals']>): Approval {
  return {
    id: row.approval_id,
    code: row.code,
    action: row.action as ApprovalAction,
    requestedBy: row.requested_by,
    requesterName: row.requester_name,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    remindAt: row.remind_at,
    confirm: row.confirm,
    state: row.state,
    decidedBy: row.decided_by,
    deciderName: row.decider_name,
    decidedAt: row.decided_at,
    outcome: row.outcome as ApprovalOutcome | null,
    reason: row.reason,
    problem: row.problem as ApprovalProblem | null,
  };
}

import { type Selectable, sql } from 'kysely';
import type { ApprovalAction } from '../domain/approval.ts';
import type { Executor, Schema, Tx } from './schema.ts';

export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired';

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
  readonly state: ApprovalState;
  readonly deciderName: string | null;
  readonly decidedAt: Temporal.Instant | null;
}

export type NewApproval = Omit<Approval, 'state' | 'deciderName' | 'decidedAt'>;

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
    .execute();
  return rows.map(toApproval);
}

export async function decideApproval(
  tx: Tx,
  accountId: string,
  approvalId: string,
  decision: {
    state: 'approved' | 'rejected' | 'expired';
    by: string | null;
    byName: string | null;
    at: Temporal.Instant;
    outcome: string;
  },
): Promise<void> {
  await tx
    .updateTable('approvals')
    .set({
      state: decision.state,
      decided_by: decision.by,
      decider_name: decision.byName,
      decided_at: decision.at,
      outcome: decision.outcome,
    })
    .where('account_id', '=', accountId)
    .where('approval_id', '=', approvalId)
    .where('state', '=', 'pending')
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

/** When the next pending approval runs out, of those that do after `after`; null when there is none. */
export async function nextApprovalExpiry(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom('approvals')
    .select('expires_at')
    .where('state', '=', 'pending')
    .$if(after !== undefined, (query) => query.where('expires_at', '>', sql<Temporal.Instant>`${after}`))
    .orderBy('expires_at')
    .limit(1)
    .executeTakeFirst();
  return row?.expires_at ?? null;
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
    state: row.state,
    deciderName: row.decider_name,
    decidedAt: row.decided_at,
  };
}

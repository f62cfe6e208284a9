import { randomInt, randomUUID } from 'node:crypto';
import type { ApprovalAction } from '../domain/approval.ts';
import type { Account } from '../store/accounts.ts';
import { insertApproval, type NewApproval } from '../store/approvals.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import type { ServiceContext } from './context.ts';

/** Rule 17: an approval expires. */
const VALID_FOR = Temporal.Duration.from({ hours: 24 });
/** Without 0, O, 1 and I, which people mix up. */
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 4;
const CODE_TRIES = 20;

/** The subject of the cards about an approval. */
export function approvalSubject(approvalId: string): string {
  return `approval/${approvalId}`;
}

/** Asks the account's administrators to allow an action, by a card in each of its groups. (rules 16 and 17) */
export async function requestApproval(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  request: { action: ApprovalAction; requestedBy: string; requesterName: string | null },
): Promise<NewApproval> {
  const now = context.clock.now();
  const approval = await insertWithFreeCode(tx, account.id, {
    id: randomUUID(),
    action: request.action,
    requestedBy: request.requestedBy,
    requesterName: request.requesterName,
    requestedAt: now,
    expiresAt: now.add(VALID_FOR),
  });
  await announce(
    context,
    tx,
    account,
    {
      kind: 'approval_requested',
      approvalId: approval.id,
      code: approval.code,
      action: request.action,
      requesterName: request.requesterName,
      expiresAt: approval.expiresAt,
    },
    { key: approvalSubject(approval.id), subject: approvalSubject(approval.id) },
  );
  return approval;
}

async function insertWithFreeCode(
  tx: Tx,
  accountId: string,
  approval: Omit<NewApproval, 'code'>,
): Promise<NewApproval> {
  for (let tried = 0; tried < CODE_TRIES; tried += 1) {
    const code = Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
    const candidate = { ...approval, code };
    if (await insertApproval(tx, accountId, candidate)) return candidate;
  }
  throw new Error('no free approval code was found; too many requests are pending');
}

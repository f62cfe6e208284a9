import { randomInt, randomUUID } from 'node:crypto';
import { type ApprovalAction, validityOf } from '../domain/approval.ts';
import type { Account } from '../store/accounts.ts';
import { type Approval, insertApproval, markReminded, type NewApproval } from '../store/approvals.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { auditOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';

/** Without 0, O, 1 and I, which people mix up. */
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 4;
const CODE_TRIES = 20;

/** The subject of the cards about an approval. */
export function approvalSubject(approvalId: string): string {
  return `approval/${approvalId}`;
}

export interface ApprovalRequest {
  readonly action: ApprovalAction;
  readonly requestedBy: string;
  readonly requesterName: string | null;
}

/** Asks the account's administrators to allow an action, by a card in each of its groups. (rules 16 and 17) */
export async function requestApproval(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  request: ApprovalRequest,
): Promise<NewApproval> {
  const approval = await insertWithFreeCode(context, tx, account.id, { ...request, confirm: false });
  await tellAdministrators(context, tx, account, 'approval_requested', approval);
  return approval;
}

/** Keeps what an administrator asked for until it is confirmed. The answer shows it: its card's subject is {@link approvalSubject}. */
export function awaitConfirmation(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  request: ApprovalRequest,
): Promise<NewApproval> {
  return insertWithFreeCode(context, tx, account.id, { ...request, confirm: true });
}

/** Tells administrators again of a request that expires soon. */
export async function remindAdministrators(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  approval: Approval,
): Promise<void> {
  await markReminded(tx, account.id, approval.id);
  await tellAdministrators(context, tx, account, 'approval_reminder', approval);
}

async function tellAdministrators(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  kind: 'approval_requested' | 'approval_reminder',
  approval: Pick<Approval, 'id' | 'code' | 'action' | 'requestedBy' | 'requesterName' | 'expiresAt'>,
): Promise<void> {
  const { id, code, action, requestedBy, requesterName, expiresAt } = approval;
  const subject = approvalSubject(id);
  await announce(
    context,
    tx,
    account,
    { kind, approvalId: id, code, action, requesterName, expiresAt, secondPerson: account.twoPerson },
    {
      key: kind === 'approval_requested' ? subject : `${subject}/${kind}`,
      subject,
      ...(account.twoPerson ? { notFor: requestedBy } : {}),
    },
  );
}

async function insertWithFreeCode(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  request: ApprovalRequest & { confirm: boolean },
): Promise<NewApproval> {
  const requestedAt = context.clock.now();
  const approval = { id: randomUUID(), ...request, requestedAt, ...validityOf(requestedAt, request.confirm) };
  for (let tried = 0; tried < CODE_TRIES; tried += 1) {
    const code = Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
    const candidate = { ...approval, code };
    if (!(await insertApproval(tx, accountId, candidate))) continue;
    const { action, requestedBy: staffId, requesterName: name } = request;
    await record(context, tx, accountId, {
      by: name === null ? staffId : { staffId, name },
      deed: { type: 'requested', action },
      approval: auditOf(candidate),
    });
    return candidate;
  }
  throw new Error('no free approval code was found; too many requests are pending');
}

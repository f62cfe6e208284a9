import type { SendingAfter } from '../domain/approval.ts';
import type { Account } from '../store/accounts.ts';
import type { Approval, EndedApproval } from '../store/approvals.ts';
import { readRequestPlace } from '../store/audit.ts';
import { type Group, readGroup } from '../store/groups.ts';
import type { Tx } from '../store/schema.ts';
import { announceToOne, isShownAtOnce } from './announce.ts';
import { approvalSubject } from './approval-request.ts';
import type { ServiceContext } from './context.ts';
import type { Actor, Staff } from './roles.ts';

/** Who asked for something, and the group in which they did: there they are called when it is decided. */
export interface Requester extends Staff {
  readonly group: Group;
}

/** Null where no person asked, or their group is not the account's any more. */
export async function readRequester(
  tx: Tx,
  account: Account,
  { id, requestedBy, requesterName }: Pick<Approval, 'id' | 'requestedBy' | 'requesterName'>,
): Promise<Requester | null> {
  if (requesterName === null) return null;
  const place = await readRequestPlace(tx, account.id, id);
  const group = place && (await readGroup(tx, place));
  return group?.accountId === account.id ? { staffId: requestedBy, name: requesterName, group } : null;
}

/**
 * Calls who asked, where they asked, when somebody else has decided, or nobody has in time: a card that changes calls nobody. Whoever decided
 * by words there is answered there, so that one answer serves both. (rule 17)
 * @param key tells a further telling from the first one
 * @returns who is still to be called by the answer
 */
export async function tellRequester(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  ended: EndedApproval & { readonly sending?: SendingAfter },
  actor: Actor | null,
  key = 'told',
): Promise<Staff | null> {
  // Their own card says it to who did not confirm in time; who asks anew has the new one before them.
  const isOwnMatter = actor === null && (ended.confirm || ended.outcome === 'replaced');
  if (isOwnMatter || actor?.staffId === ended.requestedBy) return null;
  const requester = await readRequester(tx, account, ended);
  if (!requester) return null;
  const isBought = ended.action.type === 'purchase' && ended.outcome === 'done';
  if (isBought && (await isShownAtOnce(context, tx, account, 'purchased'))) return null;
  if (actor && isAnsweredThere(context, requester.group, approvalSubject(ended.id))) return requester;
  const { action, code, requesterName, state, deciderName, outcome, reason, problem, confirm, decidedAt } = ended;
  const { sending } = ended;
  await announceToOne(
    context,
    tx,
    account,
    requester.group,
    requester,
    {
      kind: 'request_decided',
      ...{ action, code, requesterName, confirm, state, deciderName, decidedAt, outcome, reason, problem },
      ...(sending ? { sending } : {}),
    },
    { key: `${approvalSubject(ended.id)}/${key}` },
  );
  return null;
}

/** What somebody typed is answered where they typed it, as is a button of any other card than its own, which is the answer itself. */
function isAnsweredThere({ source }: ServiceContext, { corpId, conversationId }: Group, subject: string): boolean {
  if (source?.via !== 'chat' || source.isDirect || source.pressed?.subject === subject) return false;
  return source.corpId === corpId && source.conversationId === conversationId;
}

import { createHash, randomInt } from 'node:crypto';
import { lockAccount, makeDue, readAccount } from '../store/accounts.ts';
import { closeAllAlerts } from '../store/alerts.ts';
import {
  type ConversationRef,
  countFailedCode,
  insertAdministrator,
  insertGroup,
  insertGroupCode,
  type Language,
  readFailedCodes,
  readGroup,
  readGroupsOfAccount,
  useGroupCode,
} from '../store/groups.ts';
import type { Tx } from '../store/schema.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import type { Staff } from './roles.ts';

const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 8;
const CODE_VALID_FOR = Temporal.Duration.from({ minutes: 15 });
/** A conversation may be wrong this often in the time that a code is valid. */
const MAX_FAILURES = 5;

/**
 * Issues a code that authorizes one group for an account: single use, valid for 15 minutes. Only its hash is kept.
 * @throws InputError `account_unknown`
 */
export async function issueGroupCode(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
): Promise<{ code: string; expiresAt: Temporal.Instant }> {
  const account = await readAccount(tx, accountId);
  const issuedAt = context.clock.now();
  const expiresAt = issuedAt.add(CODE_VALID_FOR);
  const code = Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
  await insertGroupCode(tx, { hash: hashOf(code), accountId: account.id, issuedAt, expiresAt });
  await record(context, tx, account.id, { by: operatorOf(context), deed: { type: 'group_code_issued' } });
  return { code, expiresAt };
}

export interface BindInput {
  readonly conversation: ConversationRef;
  readonly title: string;
  readonly language: Language;
  readonly code: string;
  /** Becomes the group's first administrator. */
  readonly actor: Staff;
}

export type BindResult =
  | { readonly type: 'bound'; readonly accountName: string }
  | { readonly type: 'already_bound'; readonly accountName: string }
  | { readonly type: 'wrong_code' }
  | { readonly type: 'too_many_tries' };

/** Authorizes a group for the account of the code. A wrong code is counted, so it is an answer and not an exception. */
export async function bindGroup(context: ServiceContext, tx: Tx, input: BindInput): Promise<BindResult> {
  const now = context.clock.now();
  const bound = await readGroup(tx, input.conversation);
  if (bound) return { type: 'already_bound', accountName: (await readAccount(tx, bound.accountId)).name };
  const windowStart = now.subtract(CODE_VALID_FOR);
  if ((await readFailedCodes(tx, input.conversation, windowStart)) >= MAX_FAILURES) return { type: 'too_many_tries' };

  const accountId = await useGroupCode(tx, hashOf(input.code), now);
  if (accountId === undefined) {
    await countFailedCode(tx, input.conversation, windowStart, now);
    return { type: 'wrong_code' };
  }
  return authorizeGroup(context, tx, { ...input, accountId });
}

/**
 * Binds a group to an account and makes a person its administrator. Alerts that were raised while nobody could be told are raised anew,
 * for the first group that can be.
 */
export async function authorizeGroup(
  context: ServiceContext,
  tx: Tx,
  input: Omit<BindInput, 'code'> & { accountId: string },
): Promise<BindResult> {
  const { conversation, title, language, actor, accountId } = input;
  const now = context.clock.now();
  const account = await lockAccount(tx, accountId);
  const isFirst = (await readGroupsOfAccount(tx, accountId)).length === 0;
  const group = { ...conversation, accountId, title, language };
  if (!(await insertGroup(tx, group, { at: now, by: actor.staffId }))) {
    return { type: 'already_bound', accountName: account.name };
  }
  await insertAdministrator(tx, conversation, actor, now);
  await record(context, tx, accountId, {
    by: actor,
    deed: { type: 'group_bound', title, conversationId: conversation.conversationId },
  });
  if (isFirst) {
    await closeAllAlerts(tx, accountId, now);
    await makeDue(tx, accountId, now);
  }
  return { type: 'bound', accountName: account.name };
}

function hashOf(code: string): string {
  return createHash('sha256').update(code.toUpperCase().replaceAll(/[\s-]/g, '')).digest('hex');
}

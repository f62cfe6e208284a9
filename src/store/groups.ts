import type { Executor, Tx } from './schema.ts';

export type Language = 'zh-CN' | 'en';

/** A DingTalk conversation, as the platform names it. */
export interface ConversationRef {
  readonly corpId: string;
  readonly conversationId: string;
}

/** A group that is authorized for one account. */
export interface Group extends ConversationRef {
  readonly accountId: string;
  readonly title: string;
  readonly language: Language;
}

export interface Administrator {
  readonly staffId: string;
  readonly name: string;
}

export async function readGroup(db: Executor, ref: ConversationRef): Promise<Group | undefined> {
  const row = await db
    .selectFrom('groups')
    .selectAll()
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .executeTakeFirst();
  return row && toGroup(row);
}

export async function readGroupsOfAccount(db: Executor, accountId: string): Promise<Group[]> {
  const rows = await db
    .selectFrom('groups')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('bound_at')
    .execute();
  return rows.map(toGroup);
}

/** False when the conversation is bound already. */
export async function insertGroup(tx: Tx, group: Group, bound: { at: Temporal.Instant; by: string }): Promise<boolean> {
  const inserted = await tx
    .insertInto('groups')
    .values({
      corp_id: group.corpId,
      conversation_id: group.conversationId,
      account_id: group.accountId,
      title: group.title,
      language: group.language,
      bound_at: bound.at,
      bound_by: bound.by,
    })
    .onConflict((oc) => oc.doNothing())
    .returning('conversation_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function insertAdministrator(
  tx: Tx,
  ref: ConversationRef,
  person: Administrator,
  at: Temporal.Instant,
): Promise<void> {
  await tx
    .insertInto('group_administrators')
    .values({
      corp_id: ref.corpId,
      conversation_id: ref.conversationId,
      staff_id: person.staffId,
      name: person.name,
      added_at: at,
    })
    .onConflict((oc) => oc.doNothing())
    .execute();
}

/** The language in which a group is told what it did not ask for. */
export async function setGroupLanguage(tx: Tx, ref: ConversationRef, language: Language): Promise<void> {
  await tx
    .updateTable('groups')
    .set({ language })
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .execute();
}

/** Ends what a group was authorized for; its administrators go with it. */
export async function deleteGroup(tx: Tx, ref: ConversationRef): Promise<void> {
  await tx
    .deleteFrom('groups')
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .execute();
}

export async function deleteAdministrator(tx: Tx, ref: ConversationRef, staffId: string): Promise<void> {
  await tx
    .deleteFrom('group_administrators')
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .where('staff_id', '=', staffId)
    .execute();
}

/** Since when a group is bound, and the staff id of who bound it. */
export async function readBinding(
  db: Executor,
  ref: ConversationRef,
): Promise<{ at: Temporal.Instant; by: string } | undefined> {
  const row = await db
    .selectFrom('groups')
    .select(['bound_at', 'bound_by'])
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .executeTakeFirst();
  return row && { at: row.bound_at, by: row.bound_by };
}

export async function readAdministrators(db: Executor, ref: ConversationRef): Promise<Administrator[]> {
  const rows = await db
    .selectFrom('group_administrators')
    .select(['staff_id', 'name'])
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .orderBy('added_at')
    .orderBy('staff_id')
    .execute();
  return rows.map((row) => ({ staffId: row.staff_id, name: row.name }));
}

export async function insertGroupCode(
  tx: Tx,
  code: { hash: string; accountId: string; issuedAt: Temporal.Instant; expiresAt: Temporal.Instant },
): Promise<void> {
  await tx
    .insertInto('group_codes')
    .values({
      code_hash: code.hash,
      account_id: code.accountId,
      issued_at: code.issuedAt,
      expires_at: code.expiresAt,
    })
    .execute();
}

/** Uses up a code; the account that it is for, or undefined when it is unknown, used or over. */
export async function useGroupCode(tx: Tx, hash: string, now: Temporal.Instant): Promise<string | undefined> {
  const row = await tx
    .updateTable('group_codes')
    .set({ used_at: now })
    .where('code_hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('account_id')
    .executeTakeFirst();
  return row?.account_id;
}

/** Wrong codes that this conversation sent since `windowStart`. */
export async function readFailedCodes(tx: Tx, ref: ConversationRef, windowStart: Temporal.Instant): Promise<number> {
  const row = await tx
    .selectFrom('group_code_attempts')
    .select('failures')
    .where('corp_id', '=', ref.corpId)
    .where('conversation_id', '=', ref.conversationId)
    .where('window_start', '>', windowStart)
    .executeTakeFirst();
  return row?.failures ?? 0;
}

/** Counts a wrong code; the count begins anew when the last window began at `windowStart` or before. */
export async function countFailedCode(
  tx: Tx,
  ref: ConversationRef,
  windowStart: Temporal.Instant,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .insertInto('group_code_attempts')
    .values({ corp_id: ref.corpId, conversation_id: ref.conversationId, window_start: now, failures: 1 })
    .onConflict((oc) =>
      oc.columns(['corp_id', 'conversation_id']).doUpdateSet((eb) => {
        const isOver = eb('group_code_attempts.window_start', '<=', windowStart);
        return {
          window_start: eb.case().when(isOver).then(now).else(eb.ref('group_code_attempts.window_start')).end(),
          failures: eb
            .case()
            .when(isOver)
            .then(1)
            .else(eb('group_code_attempts.failures', '+', 1))
            .end(),
        };
      }),
    )
    .execute();
}

function toGroup(row: {
  corp_id: string;
  conversation_id: string;
  account_id: string;
  title: string;
  language: Language;
}): Group {
  return {
    corpId: row.corp_id,
    conversationId: row.conversation_id,
    accountId: row.account_id,
    title: row.title,
    language: row.language,
  };
}

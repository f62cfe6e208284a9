import { randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import type { AuditEntry, Deed, DeedOutcome, Doer } from '../domain/audit.ts';
import type { ConversationRef } from './groups.ts';
import type { Executor, Schema, Tx } from './schema.ts';

let ordinal = 0n;

/** Adds an entry. The database refuses to change or remove one. */
export async function insertAuditEntry(tx: Tx, accountId: string, entry: Omit<AuditEntry, 'id'>): Promise<void> {
  const { type, ...details } = entry.deed;
  const { by, message, approval } = entry;
  ordinal += 1n;
  await tx
    .insertInto('audit')
    .values({
      account_id: accountId,
      audit_id: randomUUID(),
      at: entry.at,
      // Orders what this process did in the same instant.
      ordinal,
      actor_kind: by.kind,
      actor_id: by.kind === 'person' ? by.staffId : null,
      actor_name: by.kind === 'person' ? by.name : null,
      deed: type,
      details: JSON.stringify(details),
      outcome: entry.outcome,
      via: entry.via,
      corp_id: message?.corpId ?? null,
      conversation_id: message?.conversationId ?? null,
      message_id: message?.messageId ?? null,
      approval_id: approval?.id ?? null,
      approval_code: approval?.code ?? null,
      requested_by: approval?.requestedBy ?? null,
      requester_name: approval?.requesterName ?? null,
      decided_by: approval?.decidedBy ?? null,
      decider_name: approval?.deciderName ?? null,
    })
    .execute();
}

/**
 * An account's newest entries, the newest first. A request that was decided is left out: its decision says all that it said.
 * `more` tells whether there are older ones.
 */
export async function readHistory(
  db: Executor,
  accountId: string,
  page: { readonly skip: number; readonly limit: number },
): Promise<{ entries: AuditEntry[]; more: boolean }> {
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .where('account_id', '=', accountId)
    .where((eb) =>
      eb.or([
        eb('deed', '<>', 'requested'),
        eb.not(
          eb.exists(
            eb
              .selectFrom('audit as decision')
              .select('decision.audit_id')
              .whereRef('decision.account_id', '=', 'audit.account_id')
              .whereRef('decision.approval_id', '=', 'audit.approval_id')
              .where('decision.deed', '=', 'decided'),
          ),
        ),
      ]),
    )
    .orderBy('at', 'desc')
    .orderBy('ordinal', 'desc')
    .offset(page.skip)
    .limit(page.limit + 1)
    .execute();
  return { entries: rows.slice(0, page.limit).map(toEntry), more: rows.length > page.limit };
}

/**
 * The newest of an account's deeds of some kinds from a time to, not including, another, in their order; `count` is of all of them.
 */
export async function readDeeds(
  db: Executor,
  accountId: string,
  range: {
    readonly from: Temporal.Instant;
    readonly to: Temporal.Instant;
    readonly types: readonly Deed['type'][];
    readonly newest: number;
  },
): Promise<{ entries: AuditEntry[]; count: number }> {
  const deeds = db
    .selectFrom('audit')
    .where('account_id', '=', accountId)
    .where('at', '>=', sql<Temporal.Instant>`${range.from}`)
    .where('at', '<', sql<Temporal.Instant>`${range.to}`)
    .where('deed', 'in', range.types);
  const [rows, { count }] = await Promise.all([
    deeds.selectAll().orderBy('at', 'desc').orderBy('ordinal', 'desc').limit(range.newest).execute(),
    deeds.select(({ fn }) => fn.countAll<bigint>().as('count')).executeTakeFirstOrThrow(),
  ]);
  return { entries: rows.map(toEntry).toReversed(), count: Number(count) };
}

/** Where a request was made; null where nobody made it in a conversation. */
export async function readRequestPlace(
  db: Executor,
  accountId: string,
  approvalId: string,
): Promise<ConversationRef | null> {
  const row = await db
    .selectFrom('audit')
    .select(['corp_id', 'conversation_id'])
    .where('account_id', '=', accountId)
    .where('approval_id', '=', approvalId)
    .where('deed', '=', 'requested')
    .executeTakeFirst();
  if (!row || row.corp_id === null || row.conversation_id === null) return null;
  return { corpId: row.corp_id, conversationId: row.conversation_id };
}

/** Entries in their order from a time to, not including, another; of one account or, with null, of all. Page by `after`. */
export async function readAudit(
  db: Executor,
  range: {
    readonly accountId: string | null;
    readonly from: Temporal.Instant | null;
    readonly to: Temporal.Instant | null;
    readonly after?: AuditPosition;
    readonly limit: number;
  },
): Promise<{ accountId: string; entry: AuditEntry; position: AuditPosition }[]> {
  const { accountId, from, to, after } = range;
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .$if(accountId !== null, (query) => query.where('account_id', '=', accountId ?? ''))
    .$if(from !== null, (query) => query.where('at', '>=', sql<Temporal.Instant>`${from}`))
    .$if(to !== null, (query) => query.where('at', '<', sql<Temporal.Instant>`${to}`))
    .$if(after !== undefined, (query) =>
      query.where(
        sql<boolean>`(at, ordinal, account_id, audit_id)
          > (${after?.at}::timestamptz, ${after?.ordinal}::bigint, ${after?.accountId}::uuid, ${after?.id}::uuid)`,
      ),
    )
    .orderBy('at')
    .orderBy('ordinal')
    .orderBy('account_id')
    .orderBy('audit_id')
    .limit(range.limit)
    .execute();
  return rows.map((row) => ({
    accountId: row.account_id,
    entry: toEntry(row),
    position: { at: row.at, ordinal: row.ordinal, accountId: row.account_id, id: row.audit_id },
  }));
}

/** The place of an entry in the whole audit. */
export interface AuditPosition {
  readonly at: Temporal.Instant;
  readonly ordinal: bigint;
  readonly accountId: string;
  readonly id: string;
}

function toEntry(row: Selectable<Schema['audit']>): AuditEntry {
  const { corp_id, conversation_id, message_id } = row;
  return {
    id: row.audit_id,
    at: row.at,
    by: doerOf(row),
    deed: { type: row.deed, ...row.details } as Deed,
    outcome: row.outcome as DeedOutcome,
    via: row.via,
    message:
      corp_id === null || conversation_id === null || message_id === null
        ? null
        : { corpId: corp_id, conversationId: conversation_id, messageId: message_id },
    approval:
      row.approval_id === null || row.approval_code === null
        ? null
        : {
            id: row.approval_id,
            code: row.approval_code,
            requestedBy: row.requested_by ?? '',
            requesterName: row.requester_name,
            decidedBy: row.decided_by,
            deciderName: row.decider_name,
          },
  };
}

function doerOf({ actor_kind, actor_id, actor_name }: Selectable<Schema['audit']>): Doer {
  if (actor_kind !== 'person') return { kind: actor_kind };
  const staffId = actor_id ?? '';
  return { kind: 'person', staffId, name: actor_name ?? staffId };
}

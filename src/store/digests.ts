import type { DigestSlot } from '../domain/digest.ts';
import type { Month } from '../domain/month.ts';
import type { Executor, Tx } from './schema.ts';

export type DigestKind = 'daily' | 'monthly';

/** A summary that is to come, and whose. */
export interface PlannedDigest extends DigestSlot {
  readonly accountId: string;
  readonly kind: DigestKind;
}

/** Plans a summary; one of the same period is there already and stays. */
export async function planDigest(tx: Tx, accountId: string, kind: DigestKind, slot: DigestSlot): Promise<void> {
  await tx
    .insertInto('digests')
    .values({ account_id: accountId, kind, period: slot.period, due_at: slot.dueAt })
    .onConflict((oc) => oc.doNothing())
    .execute();
}

/** Forgets the daily summary that is to come. */
export async function dropDailyDigest(tx: Tx, accountId: string): Promise<void> {
  await tx.deleteFrom('digests').where('account_id', '=', accountId).where('kind', '=', 'daily').execute();
}

/** The months whose summaries are to come. The account must be locked. */
export async function readPlannedMonths(tx: Tx, accountId: string): Promise<Month[]> {
  const rows = await tx
    .selectFrom('digests')
    .select('period')
    .where('account_id', '=', accountId)
    .where('kind', '=', 'monthly')
    .execute();
  return rows.map(({ period }) => period);
}

/** Moves a summary that is to come. */
export async function moveDigest(tx: Tx, accountId: string, kind: DigestKind, slot: DigestSlot): Promise<void> {
  await tx
    .updateTable('digests')
    .set({ due_at: slot.dueAt })
    .where('account_id', '=', accountId)
    .where('kind', '=', kind)
    .where('period', '=', slot.period)
    .execute();
}

/** Takes a summary that is due, for exactly one caller; undefined when it is not there any more, or not due yet. */
export async function takeDigest(
  tx: Tx,
  { accountId, kind, period }: Omit<PlannedDigest, 'dueAt'>,
  now: Temporal.Instant,
): Promise<DigestSlot | undefined> {
  const row = await tx
    .deleteFrom('digests')
    .where('account_id', '=', accountId)
    .where('kind', '=', kind)
    .where('period', '=', period)
    .where('due_at', '<=', now)
    .returning('due_at')
    .executeTakeFirst();
  return row && { period, dueAt: row.due_at };
}

/** Takes the summary of the other kind that is due at the very same moment; undefined when there is none. Its account must be locked. */
export async function takeDigestAt(
  tx: Tx,
  accountId: string,
  kind: DigestKind,
  dueAt: Temporal.Instant,
): Promise<DigestSlot | undefined> {
  const row = await tx
    .deleteFrom('digests')
    .where('account_id', '=', accountId)
    .where('kind', '=', kind)
    .where('due_at', '=', dueAt)
    .returning(['period', 'due_at'])
    .executeTakeFirst();
  return row && { period: row.period, dueAt: row.due_at };
}

/** Summaries that are due, the longest first; page by `after`. */
export async function findDueDigests(
  db: Executor,
  now: Temporal.Instant,
  limit: number,
  after?: PlannedDigest,
): Promise<PlannedDigest[]> {
  const rows = await db
    .selectFrom('digests')
    .selectAll()
    .where('due_at', '<=', now)
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        eb(
          eb.refTuple('due_at', 'account_id', 'kind', 'period'),
          '>',
          eb.tuple(after?.dueAt ?? now, after?.accountId ?? '', after?.kind ?? 'daily', after?.period ?? ''),
        ),
      ),
    )
    .orderBy('due_at')
    .orderBy('account_id')
    .orderBy('kind')
    .orderBy('period')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    accountId: row.account_id,
    kind: row.kind,
    period: row.period,
    dueAt: row.due_at,
  }));
}

/** When the next summary is due, of those that are due after `after`; null when none is planned. */
export async function nextDigestAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom('digests')
    .select('due_at')
    .$if(after !== undefined, (query) => query.where('due_at', '>', after ?? Temporal.Instant.fromEpochMilliseconds(0)))
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at ?? null;
}

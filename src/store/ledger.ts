import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { RuleError } from '../domain/errors.ts';
import { CASH, netOf, planOfBook, SEGMENT, type Transfer } from '../domain/ledger.ts';
import { monthOf } from '../domain/month.ts';
import { type Account, moveBalance } from './accounts.ts';
import type { Tx } from './schema.ts';

/**
 * Books transfers of one account and moves what they touch: the balance and each plan's remaining, in the same transaction, so that
 * both always equal their entries. The account must be locked. A transfer whose key is booked already is left as it is. Each becomes part
 * of the bill of its month, or of the oldest one that is not closed: nothing is ever added to a closed bill. Months are this program's: the
 * database's own time zones may be of another year. (rules 8 and 10)
 * @returns the transfers that were booked now.
 * @throws RuleError `ledger_conflict` when a key is booked with other content.
 */
export async function postTransfers(
  tx: Tx,
  { id: accountId, timeZone }: Pick<Account, 'id' | 'timeZone'>,
  transfers: readonly Transfer[],
  now: Temporal.Instant,
): Promise<Transfer[]> {
  if (transfers.length === 0) return [];
  const { rows } = await sql<{ key: string }>`
    insert into transfers (account_id, transfer_id, key, kind, unit, from_book, to_book, amount, at, details, month)
    select a.account_id, t.id, t.key, t.kind, t.unit, t.from_book, t.to_book, t.amount, t.at, t.details,
      greatest(t.month, a.open_month)
    from accounts a, unnest(
      ${transfers.map(() => randomUUID())}::uuid[],
      ${transfers.map((t) => t.key)}::text[],
      ${transfers.map((t) => t.kind)}::text[],
      ${transfers.map((t) => t.unit)}::text[],
      ${transfers.map((t) => t.from)}::text[],
      ${transfers.map((t) => t.to)}::text[],
      ${transfers.map((t) => t.amount)}::bigint[],
      ${transfers.map((t) => t.at.toString())}::timestamptz[],
      ${transfers.map((t) => JSON.stringify(t.details))}::jsonb[],
      ${transfers.map((t) => t.month ?? monthOf(t.at, timeZone))}::text[]
    ) as t (id, key, kind, unit, from_book, to_book, amount, at, details, month)
    where a.account_id = ${accountId}
    on conflict (account_id, key) do nothing
    returning key`.execute(tx);
  const bookedKeys = new Set(rows.map((row) => row.key));
  const booked: Transfer[] = [];
  const known: Transfer[] = [];
  // The first one with a key was booked; another one with it in the same call is known then.
  for (const transfer of transfers) (bookedKeys.delete(transfer.key) ? booked : known).push(transfer);
  if (known.length > 0) await assertSameContent(tx, accountId, known);

  const cash = netOf(CASH, booked);
  // A plan that cost nothing gives back segments alone.
  const funded = booked.some(({ kind, to }) => to === CASH && (kind === 'recharge' || kind === 'refund'));
  await Promise.all([
    cash !== 0n || funded ? moveBalance(tx, accountId, { by: cash, funded, now }) : undefined,
    moveRemaining(tx, accountId, booked, now),
  ]);
  return booked;
}

async function moveRemaining(
  tx: Tx,
  accountId: string,
  transfers: readonly Transfer[],
  now: Temporal.Instant,
): Promise<void> {
  const segments = transfers.filter((transfer) => transfer.unit === SEGMENT);
  const books = [...new Set(segments.flatMap((transfer) => [transfer.from, transfer.to]))];
  const plans = books.flatMap((book) => {
    const planId = planOfBook(book);
    return planId === undefined ? [] : [{ planId, change: netOf(book, segments) }];
  });
  if (plans.length === 0) return;
  await sql`
    update plans set remaining = remaining + moved.change,
      empty_at = case when remaining + moved.change = 0 then ${now}::timestamptz end
    from unnest(${plans.map((p) => p.planId)}::uuid[], ${plans.map((p) => p.change)}::bigint[]) as moved (plan_id, change)
    where plans.account_id = ${accountId} and plans.plan_id = moved.plan_id`.execute(tx);
}

async function assertSameContent(tx: Tx, accountId: string, transfers: readonly Transfer[]): Promise<void> {
  const rows = await tx
    .selectFrom('transfers')
    .select(['key', 'kind', 'unit', 'from_book', 'to_book', 'amount'])
    .where('account_id', '=', accountId)
    .where(
      'key',
      'in',
      transfers.map((transfer) => transfer.key),
    )
    .execute();
  for (const transfer of transfers) {
    const same = rows.some(
      (row) =>
        row.key === transfer.key &&
        row.kind === transfer.kind &&
        row.unit === transfer.unit &&
        row.from_book === transfer.from &&
        row.to_book === transfer.to &&
        row.amount === transfer.amount,
    );
    if (!same) {
      throw new RuleError(
        'ledger_conflict',
        `"${transfer.key}" is already booked with other content; use a new key for a new transfer.`,
        { key: transfer.key },
      );
    }
  }
}

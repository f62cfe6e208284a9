import { sql } from 'kysely';
import { CASH, type Transfer } from '../domain/ledger.ts';
import type { Executor } from './schema.ts';

/** A transfer as one book sees it. */
export interface StatementEntry {
  readonly key: string;
  readonly kind: Transfer['kind'];
  readonly at: Temporal.Instant;
  /** The book at the other end. */
  readonly counterpart: string;
  /** Positive when it comes in. */
  readonly amount: bigint;
  /** Of the book, after this entry. */
  readonly balance: bigint;
  readonly details: Transfer['details'];
}

export interface BookPeriod {
  readonly book: string;
  readonly unit: string;
  readonly from: Temporal.Instant;
  /** Not included. */
  readonly to: Temporal.Instant;
}

export interface BookStatement {
  /** Of the book, before the first entry. */
  readonly opening: bigint;
  readonly entries: readonly StatementEntry[];
}

/** The entries of a book in a period, in their order, with a running balance. */
export async function readStatement(
  db: Executor,
  accountId: string,
  { book, unit, from, to }: BookPeriod,
): Promise<BookStatement> {
  const { rows } = await sql<{ opening: bigint } & (StatementEntry | { key: null })>`
    with moved as (
      select key, kind, at, details,
        case when to_book = ${book} then from_book else to_book end as counterpart,
        case when to_book = ${book} then amount else -amount end as amount
      from transfers
      where account_id = ${accountId} and unit = ${unit} and ${book} in (from_book, to_book) and at < ${to})
    select (select coalesce(sum(amount), 0)::bigint from moved where at < ${from}) as opening, entries.*
    from (select) as one
    left join (
      select key, kind, at, details, counterpart, amount, sum(amount) over (order by at, key)::bigint as balance from moved
    ) as entries on entries.at >= ${from}
    order by entries.at, entries.key`.execute(db);
  const entries = rows.flatMap(({ opening: _, ...entry }) => (entry.key === null ? [] : [entry]));
  return { opening: rows[0]?.opening ?? 0n, entries };
}

/** What was paid for plans in a time, `to` not included, in micro-units. It reads that time alone, however long the account's history. */
export async function readPaidForPlans(
  db: Executor,
  accountId: string,
  from: Temporal.Instant,
  to: Temporal.Instant,
): Promise<bigint> {
  const { rows } = await sql<{ paid: bigint }>`
    select coalesce(sum(amount), 0)::bigint as paid from transfers
    where account_id = ${accountId} and at >= ${from} and at < ${to}
      and kind in ('purchase', 'renewal') and from_book = ${CASH}`.execute(db);
  return rows[0]?.paid ?? 0n;
}

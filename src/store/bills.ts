import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Bill, BillDraft, BillFigures, BillLine, ChargeSum } from '../domain/bill.ts';
import type { Transfer, TransferKind } from '../domain/ledger.ts';
import type { Month } from '../domain/month.ts';
import type { MonthlyVolume } from '../domain/volume-line.ts';
import { limitLockWait } from './accounts.ts';
import { toVolume } from './charges.ts';
import type { Executor, Schema, Tx } from './schema.ts';

/** An account whose oldest month without a bill is over. */
export interface EndedMonth {
  readonly accountId: string;
  readonly monthEndsAt: Temporal.Instant;
}

/** Accounts whose oldest month without a bill ended at `until` or before, the earliest first, from after one of them. */
export async function findEndedMonths(
  db: Executor,
  until: Temporal.Instant,
  limit: number,
  after?: EndedMonth,
): Promise<EndedMonth[]> {
  const { rows } = await sql<EndedMonth>`
    select account_id as "accountId", month_ends_at as "monthEndsAt" from accounts
    where month_ends_at <= ${until}
      ${after ? sql`and (month_ends_at, account_id) > (${after.monthEndsAt}, ${after.accountId}::uuid)` : sql``}
    order by month_ends_at, account_id limit ${limit}`.execute(db);
  return rows;
}

/** When the next month without a bill ends, of those that end after `after`; null when there is no account. */
export async function nextMonthEnd(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom('accounts')
    .select('month_ends_at')
    .$if(after !== undefined, (query) => query.where('month_ends_at', '>', sql<Temporal.Instant>`${after}`))
    .orderBy('month_ends_at')
    .limit(1)
    .executeTakeFirst();
  return row?.month_ends_at ?? null;
}

/**
 * Locks an account whose oldest month without a bill ended at `until` or before; false when it has none, or somebody else holds it.
 * @param waitMs how long its lock is waited for where somebody holds it; longer is an error of the database, `55P03`
 */
export async function lockIfMonthEnded(
  tx: Tx,
  accountId: string,
  until: Temporal.Instant,
  waitMs = 0,
): Promise<boolean> {
  if (waitMs > 0) await limitLockWait(tx, waitMs);
  const row = await tx
    .selectFrom('accounts')
    .select('account_id')
    .where('account_id', '=', accountId)
    .where('month_ends_at', '<=', until)
    .forNoKeyUpdate()
    .$if(waitMs === 0, (query) => query.skipLocked())
    .executeTakeFirst();
  return row !== undefined;
}

/** Makes the next month the oldest one without a bill. */
export async function openMonth(tx: Tx, accountId: string, month: Month, monthEndsAt: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ open_month: month, month_ends_at: monthEndsAt })
    .where('account_id', '=', accountId)
    .execute();
}

/** A month, or also all before it: those of usage from before an account was opened are part of its first bill. */
export interface BillMonth {
  readonly month: Month;
  readonly withEarlier: boolean;
}

function isOf({ month, withEarlier }: BillMonth) {
  return withEarlier ? sql`month <= ${month}` : sql`month = ${month}`;
}

/** The charges of a month, those that differ in nothing but segments and amount as one. */
export async function readChargeSums(db: Executor, accountId: string, of: BillMonth): Promise<ChargeSum[]> {
  const { rows } = await sql<ChargeSum>`
    select kind, destination, country, template_type as "templateType", late, tier, unit_price as "unitPrice",
      plan_id as "planId", case when kind <> 'plan' then tariff_version end as "tariffVersion",
      sum(segments)::bigint as segments, sum(amount)::bigint as amount
    from charges where account_id = ${accountId} and ${isOf(of)}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9`.execute(db);
  return rows;
}

/** The volumes of a month. */
export async function readBillVolumes(db: Executor, accountId: string, of: BillMonth): Promise<MonthlyVolume[]> {
  const rows = await db
    .selectFrom('monthly_volumes')
    .selectAll()
    .where('account_id', '=', accountId)
    .where(sql<boolean>`${isOf(of)}`)
    .execute();
  return rows.map(toVolume);
}

/** The transfers of months whose bills they are part of, but those of charges, which are many. */
export async function readBillTransfers(
  db: Executor,
  accountId: string,
  from: Month,
  to: Month,
): Promise<(Transfer & { readonly month: Month })[]> {
  const rows = await db
    .selectFrom('transfers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('month', '>=', from)
    .where('month', '<=', to)
    .where(sql<boolean>`kind not in ('usage', 'payg', 'correction')`)
    .orderBy('at')
    .orderBy('key')
    .execute();
  return rows.map((row) => ({
    key: row.key,
    kind: row.kind as TransferKind,
    unit: row.unit,
    from: row.from_book,
    to: row.to_book,
    amount: row.amount,
    at: row.at,
    month: row.month,
    details: row.details as Record<string, string>,
  }));
}

/** Writes a bill for good. Its lines come first: once the bill is there, the database takes no more of them. (rule 10) */
export async function insertBill(
  tx: Tx,
  accountId: string,
  month: Month,
  { figures, lines }: BillDraft,
  now: Temporal.Instant,
): Promise<void> {
  if (lines.length > 0) {
    await sql`
      insert into bill_lines (account_id, month, line, kind, destination, country, template_type, tariff_version, tier, late,
        plan_id, title, segments, unit_price, amount, at, key)
      select ${accountId}::uuid, ${month}, l.* from unnest(
        ${lines.map((_, index) => index + 1)}::integer[],
        ${lines.map((line) => line.kind)}::text[],
        ${lines.map((line) => line.destination)}::text[],
        ${lines.map((line) => line.country)}::text[],
        ${lines.map((line) => line.templateType)}::text[],
        ${lines.map((line) => line.tariffVersion)}::integer[],
        ${lines.map((line) => line.tier)}::integer[],
        ${lines.map((line) => line.late)}::boolean[],
        ${lines.map((line) => line.planId)}::uuid[],
        ${lines.map((line) => line.title)}::text[],
        ${lines.map((line) => line.segments)}::bigint[],
        ${lines.map((line) => line.unitPrice)}::bigint[],
        ${lines.map((line) => line.amount)}::bigint[],
        ${lines.map((line) => line.at)}::timestamptz[],
        ${lines.map((line) => line.key)}::text[]
      ) as l`.execute(tx);
  }
  const { opening, recharges, withdrawals, purchases, renewals, refunds, payg, corrections, rounding, closing } =
    figures;
  await tx
    .insertInto('bills')
    .values({
      account_id: accountId,
      month,
      opening,
      recharges,
      withdrawals,
      purchases,
      renewals,
      refunds,
      payg,
      corrections,
      rounding,
      closing,
      closed_at: now,
    })
    .execute();
}

/** A closed month with its lines; undefined where there is none. */
export async function readBill(db: Executor, accountId: string, month: Month): Promise<Bill | undefined> {
  const head = await db
    .selectFrom('bills')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('month', '=', month)
    .executeTakeFirst();
  if (!head) return undefined;
  const lines = await db
    .selectFrom('bill_lines')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('month', '=', month)
    .orderBy('line')
    .execute();
  return { month, figures: toFigures(head), lines: lines.map(toLine), closedAt: head.closed_at };
}

/** What a month closed with; undefined where it is not closed. */
export async function readClosing(db: Executor, accountId: string, month: Month): Promise<bigint | undefined> {
  const row = await db
    .selectFrom('bills')
    .select('closing')
    .where('account_id', '=', accountId)
    .where('month', '=', month)
    .executeTakeFirst();
  return row?.closing;
}

/** All closed months of an account, the oldest first, without their lines. */
export async function listBills(db: Executor, accountId: string): Promise<Omit<Bill, 'lines'>[]> {
  const rows = await db.selectFrom('bills').selectAll().where('account_id', '=', accountId).orderBy('month').execute();
  return rows.map((row) => ({ month: row.month, figures: toFigures(row), closedAt: row.closed_at }));
}

function toFigures(row: Selectable<Schema['bills']>): BillFigures {
  const { opening, recharges, withdrawals, purchases, renewals, refunds, payg, corrections, rounding, closing } = row;
  return { opening, recharges, withdrawals, purchases, renewals, refunds, payg, corrections, rounding, closing };
}

function toLine(row: Selectable<Schema['bill_lines']>): BillLine {
  return {
    kind: row.kind as TransferKind,
    destination: row.destination,
    country: row.country,
    templateType: row.template_type,
    tariffVersion: row.tariff_version,
    tier: row.tier,
    late: row.late,
    planId: row.plan_id,
    title: row.title,
    segments: row.segments,
    unitPrice: row.unit_price,
    amount: row.amount,
    at: row.at,
    key: row.key,
  };
}

import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { InputError } from '../domain/errors.ts';
import type { Micro } from '../domain/money.ts';
import { type Month, monthEnd, monthOf } from '../domain/month.ts';
import type { NextReview } from '../domain/review.ts';
import type { HourWatermark } from '../domain/spike.ts';
import type { MoneyState } from '../domain/standing.ts';
import type { TemplateType } from '../domain/usage.ts';
import type { Executor, Schema, Tx } from './schema.ts';

/** An account as it is stored. Its row is the lock for its money and plans. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly tariffId: string;
  readonly defaultTemplateType: TemplateType;
  readonly money: MoneyState;
  /** The last recharge, refund or rise of the credit limit. */
  readonly lastFundedAt: Temporal.Instant | null;
  readonly quotaWatermark: bigint | null;
  readonly availableWatermark: Micro | null;
  /** How many segments an hour may use without a review. */
  readonly hourWatermarks: readonly HourWatermark[];
  /** The month of its first bill, that of its opening. */
  readonly firstMonth: Month;
  /** The oldest month whose bill is not closed. */
  readonly openMonth: Month;
  /** When that one ends, in the account's time zone. */
  readonly monthEndsAt: Temporal.Instant;
  /** Whether nobody may approve what they asked for. (rule 16) */
  readonly twoPerson: boolean;
  /** Who has stopped sending, and when; null while nobody has. */
  readonly pause: Pause | null;
  /** The sending state that was told to webhooks last, as `domain/sending-state.ts` writes it. */
  readonly sendingTold: string;
}

/** A stop of sending by a person. */
export interface Pause {
  readonly at: Temporal.Instant;
  readonly by: string;
  readonly byName: string;
}

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly tariffId: string;
  readonly defaultTemplateType: TemplateType;
  readonly creditLimit: Micro;
  readonly overdueGraceHours: number;
  readonly at: Temporal.Instant;
}

export async function insertAccount(tx: Tx, account: NewAccount): Promise<void> {
  const month = monthOf(account.at, account.timeZone);
  await tx
    .insertInto('accounts')
    .values({
      account_id: account.id,
      name: account.name,
      currency: account.currency,
      time_zone: account.timeZone,
      tariff_id: account.tariffId,
      default_template_type: account.defaultTemplateType,
      credit_limit: account.creditLimit,
      overdue_grace_hours: account.overdueGraceHours,
      next_review_at: account.at,
      created_at: account.at,
      first_month: month,
      open_month: month,
      month_ends_at: monthEnd(month, account.timeZone),
    })
    .execute();
}

/**
 * Reads an account and holds its row until the transaction ends: nobody else moves its money or plans meanwhile.
 * @throws InputError `account_unknown`
 */
export async function lockAccount(tx: Tx, accountId: string): Promise<Account> {
  const row = await tx
    .selectFrom('accounts')
    .selectAll()
    .where('account_id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return toAccount(row, accountId);
}

/** @throws InputError `account_unknown` */
export async function readAccount(db: Executor, accountId: string): Promise<Account> {
  const row = await db.selectFrom('accounts').selectAll().where('account_id', '=', accountId).executeTakeFirst();
  return toAccount(row, accountId);
}

export async function hasAccount(db: Executor, accountId: string): Promise<boolean> {
  const query = db.selectFrom('accounts').select('account_id').where('account_id', '=', accountId);
  return (await query.executeTakeFirst()) !== undefined;
}

/** A name may be that of several accounts. */
export async function readAccountsByName(db: Executor, name: string): Promise<Account[]> {
  const rows = await db.selectFrom('accounts').selectAll().where('name', '=', name).orderBy('account_id').execute();
  return rows.map((row) => toAccount(row, row.account_id));
}

export async function listAccounts(db: Executor): Promise<Account[]> {
  const rows = await db.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('account_id').execute();
  return rows.map((row) => toAccount(row, row.account_id));
}

export async function writeTwoPerson(tx: Tx, accountId: string, enabled: boolean): Promise<void> {
  await tx.updateTable('accounts').set({ two_person: enabled }).where('account_id', '=', accountId).execute();
}

export async function writePause(tx: Tx, accountId: string, pause: Pause | null): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ paused_at: pause?.at ?? null, paused_by: pause?.by ?? null, paused_by_name: pause?.byName ?? null })
    .where('account_id', '=', accountId)
    .execute();
}

/** When the next account is due, of those that are due after `after`; null when there is none. */
export async function nextAccountDueAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom('accounts')
    .select('next_review_at')
    .$if(after !== undefined, (query) => query.where('next_review_at', '>', sql<Temporal.Instant>`${after}`))
    .orderBy('next_review_at')
    .limit(1)
    .executeTakeFirst();
  return row?.next_review_at ?? null;
}

/**
 * Locks an account that is still due; undefined when another replica has it or has just reviewed it.
 * @param waitMs how long its lock is waited for where somebody holds it; longer is an error of the database, `55P03`
 */
export async function lockIfDue(
  tx: Tx,
  accountId: string,
  now: Temporal.Instant,
  waitMs = 0,
): Promise<Account | undefined> {
  if (waitMs > 0) await limitLockWait(tx, waitMs);
  const row = await tx
    .selectFrom('accounts')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('next_review_at', '<=', now)
    .forNoKeyUpdate()
    .$if(waitMs === 0, (query) => query.skipLocked())
    .executeTakeFirst();
  return row ? toAccount(row, accountId) : undefined;
}

/** From here to its end the transaction waits no longer than this for a lock. */
export async function limitLockWait(tx: Tx, waitMs: number): Promise<void> {
  await sql`select set_config('lock_timeout', ${String(waitMs)}, true)`.execute(tx);
}

/** Accounts that are due since then or longer, the longest first. */
export async function findDueSince(db: Executor, since: Temporal.Instant, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('accounts')
    .select('account_id')
    .where('next_review_at', '<=', since)
    .orderBy('next_review_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.account_id);
}

export async function scheduleReview(tx: Tx, accountId: string, next: NextReview): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({
      next_review_at: next.at,
      quota_watermark: next.quotaWatermark,
      available_watermark: next.availableWatermark,
      hour_watermarks: watermarksToJson(next.hourWatermarks),
    })
    .where('account_id', '=', accountId)
    .execute();
}

export async function delayReview(tx: Tx, accountId: string, until: Temporal.Instant): Promise<void> {
  await tx.updateTable('accounts').set({ next_review_at: until }).where('account_id', '=', accountId).execute();
}

/** Makes an account due for review at once. */
export async function makeDue(tx: Tx, accountId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ next_review_at: sql`least(next_review_at, ${now})` })
    .where('account_id', '=', accountId)
    .execute();
}

/** Makes due for review at once whatever account is on this tariff and has usage that waits for a price. */
export async function makeWaitingDue(tx: Tx, tariffId: string, now: Temporal.Instant): Promise<void> {
  await sql`
    update accounts a set next_review_at = least(next_review_at, ${now}::timestamptz)
    where tariff_id = ${tariffId} and exists (
      select 1 from usage_records u where u.account_id = a.account_id and u.billing = 'unpriced')`.execute(tx);
}

/** Makes due for review at once whatever account is to renew by itself with this offer. */
export async function makeRenewingDue(tx: Tx, offerId: string, now: Temporal.Instant): Promise<void> {
  await sql`
    update accounts a set next_review_at = least(next_review_at, ${now}::timestamptz)
    where exists (
      select 1 from renewal_policies p where p.account_id = a.account_id and p.enabled and p.offer_id = ${offerId})`.execute(
    tx,
  );
}

/** Moves the stored balance, and with it whether the account is overdue. Only the ledger calls this. */
export async function moveBalance(
  tx: Tx,
  accountId: string,
  change: { by: Micro; funded: boolean; now: Temporal.Instant },
): Promise<void> {
  await tx
    .updateTable('accounts')
    .set((eb) => ({
      balance: eb('balance', '+', change.by),
      overdue_since: sql`case when balance + ${change.by}::bigint + credit_limit < 0
        then coalesce(overdue_since, ${change.now}) end`,
      ...(change.funded ? { last_funded_at: change.now } : {}),
    }))
    .where('account_id', '=', accountId)
    .execute();
}

/**
 * What the operator sets of an account, and with it whether the account is overdue. Another time zone has other months: where it changes,
 * there must be no history.
 */
export async function writeAccountTerms(
  tx: Tx,
  accountId: string,
  terms: Pick<NewAccount, 'creditLimit' | 'overdueGraceHours' | 'defaultTemplateType' | 'timeZone'>,
  now: Temporal.Instant,
): Promise<void> {
  const { timeZone } = terms;
  const before = await tx
    .selectFrom('accounts')
    .select(['created_at', 'time_zone'])
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  const month = monthOf(before.created_at, timeZone);
  const months = { first_month: month, open_month: month, month_ends_at: monthEnd(month, timeZone) };
  await tx
    .updateTable('accounts')
    .set({
      credit_limit: terms.creditLimit,
      overdue_grace_hours: terms.overdueGraceHours,
      default_template_type: terms.defaultTemplateType,
      ...(timeZone === before.time_zone ? {} : { time_zone: timeZone, ...months }),
      overdue_since: sql`case when balance + ${terms.creditLimit}::bigint < 0 then coalesce(overdue_since, ${now}) end`,
      last_funded_at: sql`case when credit_limit < ${terms.creditLimit}::bigint then ${now} else last_funded_at end`,
    })
    .where('account_id', '=', accountId)
    .execute();
}

/** Whether anything was ever booked, reported or billed for an account. */
export async function hasHistory(db: Executor, accountId: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from transfers where account_id = ${accountId})
      or exists (select 1 from usage_records where account_id = ${accountId})
      or exists (select 1 from bills where account_id = ${accountId}) as found`.execute(db);
  return rows[0]?.found ?? false;
}

export function accountUnknown(accountId: string): InputError {
  return new InputError(
    'account_unknown',
    `There is no account ${accountId}; "npm run cli -- account list" shows them.`,
    { account: accountId },
  );
}

/** @throws InputError `account_unknown` when there is no row */
export function toAccount(row: Selectable<Schema['accounts']> | undefined, accountId: string): Account {
  if (!row) throw accountUnknown(accountId);
  return {
    id: row.account_id,
    name: row.name,
    currency: row.currency,
    timeZone: row.time_zone,
    tariffId: row.tariff_id,
    defaultTemplateType: row.default_template_type,
    money: {
      balance: row.balance,
      creditLimit: row.credit_limit,
      overdueSince: row.overdue_since,
      overdueGraceHours: row.overdue_grace_hours,
    },
    lastFundedAt: row.last_funded_at,
    quotaWatermark: row.quota_watermark,
    availableWatermark: row.available_watermark,
    hourWatermarks: ((row.hour_watermarks ?? []) as WatermarkRow[]).map(toWatermark),
    firstMonth: row.first_month,
    openMonth: row.open_month,
    monthEndsAt: row.month_ends_at,
    twoPerson: row.two_person,
    pause: row.paused_at && { at: row.paused_at, by: row.paused_by ?? '', byName: row.paused_by_name ?? '' },
    sendingTold: row.sending_told,
  };
}

/** Null for none. */
export function watermarksToJson(watermarks: readonly HourWatermark[]): string | null {
  return watermarks.length === 0 ? null : JSON.stringify(watermarks.map(toWatermarkRow));
}

/** A watermark as JSON: `bigint` as text. */
interface WatermarkRow {
  readonly hour: string;
  readonly mainland: string | null;
  readonly international: string | null;
}

function toWatermarkRow({ hour, above }: HourWatermark): WatermarkRow {
  return {
    hour: hour.toString(),
    mainland: above.mainland?.toString() ?? null,
    international: above.international?.toString() ?? null,
  };
}

function toWatermark(row: WatermarkRow): HourWatermark {
  const above = (text: string | null) => (text === null ? null : BigInt(text));
  return {
    hour: Temporal.Instant.from(row.hour),
    above: { mainland: above(row.mainland), international: above(row.international) },
  };
}

/** How many accounts there are, by their standing. */
export async function countAccounts(db: Executor): Promise<Record<'clear' | 'overdue', number>> {
  const row = await db
    .selectFrom('accounts')
    .select([
      sql<bigint>`count(*) filter (where overdue_since is null)`.as('clear'),
      sql<bigint>`count(*) filter (where overdue_since is not null)`.as('overdue'),
    ])
    .executeTakeFirstOrThrow();
  return { clear: Number(row.clear), overdue: Number(row.overdue) };
}

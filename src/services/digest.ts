import type { BillDraft } from '../domain/bill.ts';
import {
  type DayPart,
  type Digest,
  type DigestSlot,
  isStillNews,
  monthlyDigestDueAt,
  nextDailyDigest,
  type PeriodUse,
  SHOWN_DEEDS,
  TOLD_DEEDS,
} from '../domain/digest.ts';
import { addMonths, type Month, monthEnd } from '../domain/month.ts';
import type { AccountSettings } from '../domain/settings.ts';
import { type Account, lockAccount } from '../store/accounts.ts';
import { readOpenAlerts } from '../store/alerts.ts';
import { readDeeds } from '../store/audit.ts';
import { readBill } from '../store/bills.ts';
import {
  dropDailyDigest,
  moveDigest,
  type PlannedDigest,
  planDigest,
  readPlannedMonths,
  takeDigest,
  takeDigestAt,
} from '../store/digests.ts';
import { readGroupsOfAccount } from '../store/groups.ts';
import { isQueued } from '../store/notices.ts';
import type { Tx } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import { readPaidForPlans } from '../store/statements.ts';
import { announce } from './announce.ts';
import type { ServiceContext } from './context.ts';
import { readOverview } from './overview.ts';
import { readQuotaHistory } from './quota-history.ts';
import { readUsage, type UsagePeriod } from './usage.ts';

/** Plans the next daily summary as the settings say; call it when they, or the account's time zone, have changed. */
export async function planDailyDigest(
  context: ServiceContext,
  tx: Tx,
  account: Pick<Account, 'id' | 'timeZone'>,
  settings: Pick<AccountSettings, 'digestAt'>,
): Promise<void> {
  await dropDailyDigest(tx, account.id);
  const next = nextDailyDigest(settings, account.timeZone, context.clock.now());
  if (next) await planDigest(tx, account.id, 'daily', next);
}

/**
 * Moves the summaries of months that are closed already to the time that the settings have now; call it when that has changed. A time that is
 * past is told at once, and so is a bill whose receipt takes the summary's place again.
 * @param wait how long after its month a bill is closed
 */
export async function replanMonthlyDigests(
  context: ServiceContext,
  tx: Tx,
  account: Pick<Account, 'id' | 'timeZone'>,
  { monthlyDigestAt }: Pick<AccountSettings, 'monthlyDigestAt'>,
  wait: Temporal.Duration,
): Promise<void> {
  const { id, timeZone } = account;
  for (const month of await readPlannedMonths(tx, id)) {
    const dueAt =
      monthlyDigestAt === null
        ? context.clock.now()
        : monthlyDigestDueAt(monthlyDigestAt, timeZone, monthEnd(month, timeZone).add(wait));
    await moveDigest(tx, id, 'monthly', { period: month, dueAt });
  }
}

/**
 * Tells of a month whose bill was closed: at once by its receipt, or, where the account has it, later by the month's summary, which says all
 * that the receipt does. One of both, once.
 */
export async function tellBill(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  month: Month,
  bill: BillDraft,
  closesAt: Temporal.Instant,
): Promise<void> {
  const { monthlyDigestAt } = await readSettings(tx, account.id);
  if (monthlyDigestAt === null) {
    await announce(context, tx, account, { kind: 'bill_closed', month, ...bill }, { key: billKey(month) });
    return;
  }
  const dueAt = monthlyDigestDueAt(monthlyDigestAt, account.timeZone, closesAt);
  await planDigest(tx, account.id, 'monthly', { period: month, dueAt });
}

/**
 * Tells a summary that is due to the account's groups, each in its language, and plans the next one. A daily one is told once for its day, and
 * not at all when it is half a day late; a monthly one is the bill's receipt and is always told. Where both are due at the same moment they are
 * one: the month's, with the day in it.
 * @returns false when it was told, dropped or moved by somebody else
 */
export async function tellDigest(context: ServiceContext, tx: Tx, planned: PlannedDigest): Promise<boolean> {
  const account = await lockAccount(tx, planned.accountId);
  const slot = await takeDigest(tx, planned, context.clock.now());
  if (!slot) return false;
  const settings = await readSettings(tx, account.id);
  const other = await takeDigestAt(tx, account.id, planned.kind === 'daily' ? 'monthly' : 'daily', slot.dueAt);
  const [daily, monthly] = planned.kind === 'daily' ? [slot, other] : [other, slot];
  const isDayNews = daily !== undefined && (await planNextDay(context, tx, account, settings, daily));
  const isHeard = (await readGroupsOfAccount(tx, account.id)).length > 0;
  if (!isHeard) return true;
  const sentOn = isDayNews ? daily.period : null;
  if (monthly) await tellMonth(context, tx, account, monthly.period, settings, sentOn);
  else if (sentOn !== null) await tellDay(context, tx, account, sentOn);
  return true;
}

/** Plans the daily summary after one that is due; answers whether the latter is to be told. */
async function planNextDay(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  settings: AccountSettings,
  daily: DigestSlot,
): Promise<boolean> {
  const now = context.clock.now();
  const next = nextDailyDigest(settings, account.timeZone, now);
  if (!next) return false;
  await planDigest(tx, account.id, 'daily', next);
  return isStillNews(daily.dueAt, now) && !(await isQueued(tx, account.id, `${dayKey(daily.period)}/`));
}

async function tellDay(context: ServiceContext, tx: Tx, account: Account, sentOn: string): Promise<void> {
  const day = dayBefore(sentOn);
  const digest = await readDigest(context, tx, account, { first: day, last: day });
  const bought = await readBought(tx, account, day);
  await announce(
    context,
    tx,
    account,
    { kind: 'daily_digest', day: day.toString(), bought, ...digest },
    { key: dayKey(sentOn) },
  );
}

function dayBefore(sentOn: string): Temporal.PlainDate {
  return Temporal.PlainDate.from(sentOn).subtract({ days: 1 });
}

/** With which the keys begin under which a day is told: alone, or with a month. */
function dayKey(sentOn: string): string {
  return `digest/${sentOn}`;
}

async function tellMonth(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  month: Month,
  { monthlyDigestAt }: AccountSettings,
  sentOn: string | null,
): Promise<void> {
  const bill = await readBill(tx, account.id, month);
  if (!bill) return sentOn === null ? undefined : tellDay(context, tx, account, sentOn);
  const { figures, lines } = bill;
  const draft = { month, figures, lines };
  // How things are now is told with the newest month, not with each of those that were made up.
  if (monthlyDigestAt === null || addMonths(month, 1) !== account.openMonth) {
    await announce(context, tx, account, { kind: 'bill_closed', ...draft }, { key: billKey(month) });
    return sentOn === null ? undefined : tellDay(context, tx, account, sentOn);
  }
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 });
  const last = first.add({ months: 1 }).subtract({ days: 1 });
  const digest = await readDigest(context, tx, account, { first, last });
  const day = sentOn === null ? null : await readDay(context, tx, account, dayBefore(sentOn));
  await announce(
    context,
    tx,
    account,
    { kind: 'monthly_digest', ...draft, ...digest, dayBefore: day },
    { key: sentOn === null ? billKey(month) : `${dayKey(sentOn)}/${billKey(month)}` },
  );
}

/** What a day's summary says of the day alone. */
async function readDay(context: ServiceContext, tx: Tx, account: Account, day: Temporal.PlainDate): Promise<DayPart> {
  const period = { first: day, last: day };
  const [used, bought, done] = await Promise.all([
    readUse(context, tx, account, period),
    readBought(tx, account, day),
    readDone(tx, account, period),
  ]);
  return { day: day.toString(), used, bought, ...done };
}

/** Under one key, so that a month is told once, whichever way. */
function billKey(month: Month): string {
  return `bill/${month}`;
}

async function readDigest(context: ServiceContext, tx: Tx, account: Account, period: UsagePeriod): Promise<Digest> {
  const overview = await readOverview(context, tx, account.id);
  const { asOf, quota, available, forecast, forecastInput, policy } = overview;
  const [used, past, open, done] = await Promise.all([
    readUse(context, tx, account, period),
    readQuotaHistory(tx, account, asOf),
    readOpenAlerts(tx, account.id),
    readDone(tx, account, period),
  ]);
  return {
    used,
    present: {
      asOf,
      timeZone: account.timeZone,
      quota,
      available,
      forecast,
      forecastInput,
      threshold: policy.threshold,
      past,
    },
    open: open.map(({ kind, subject, level }) => ({ kind, subject, level })),
    ...done,
  };
}

async function readUse(context: ServiceContext, tx: Tx, account: Account, period: UsagePeriod): Promise<PeriodUse> {
  const { lines, waiting, asOf, starts, slots } = await readUsage(context, tx, account, period);
  const sum = (of: (line: (typeof lines)[number]) => bigint) => lines.reduce((total, line) => total + of(line), 0n);
  return {
    covered: sum(({ covered }) => covered),
    payg: sum(({ payg }) => payg),
    waiting,
    cost: sum(({ cost }) => cost),
    ...{ asOf, starts, slots },
  };
}

/** The newest of what was done, and how much more there was. */
async function readDone(
  tx: Tx,
  account: Account,
  { first, last }: UsagePeriod,
): Promise<Pick<Digest, 'done' | 'moreDone'>> {
  const { entries, count } = await readDeeds(tx, account.id, {
    from: beginOf(first, account),
    to: beginOf(last.add({ days: 1 }), account),
    types: TOLD_DEEDS,
    newest: SHOWN_DEEDS,
  });
  return { done: entries, moreDone: count - entries.length };
}

/** What was paid for plans on a day, in micro-units. */
function readBought(tx: Tx, account: Account, day: Temporal.PlainDate): Promise<bigint> {
  return readPaidForPlans(tx, account.id, beginOf(day, account), beginOf(day.add({ days: 1 }), account));
}

function beginOf(day: Temporal.PlainDate, { timeZone }: Account): Temporal.Instant {
  return day.toZonedDateTime(timeZone).toInstant();
}

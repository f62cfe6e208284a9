import { randomUUID } from 'node:crypto';
import { CASH, chargeTransfer, netOf } from '../domain/ledger.ts';
import { crossesWarning, type Limit, newlyReached } from '../domain/limit.ts';
import { Calendar, draftRecords, type MeteringResult, meter } from '../domain/metering.ts';
import { billingMonths } from '../domain/month.ts';
import { coversTime } from '../domain/plan.ts';
import { forfeitedAt } from '../domain/review.ts';
import { type IdSearch, isLateArrival, otherOpenMonths } from '../domain/sealing.ts';
import { sendingMark, sendingStateOf } from '../domain/sending-state.ts';
import { availableOf, type SendingFacts } from '../domain/standing.ts';
import { latePricing } from '../domain/tariff.ts';
import type { UsageRecord, UsageReport } from '../domain/usage.ts';
import { type Account, lockAccount, makeDue, readAccount } from '../store/accounts.ts';
import { insertCharges, readVolumes, writeVolumes } from '../store/charges.ts';
import { OutdatedReadError } from '../store/database.ts';
import { addHourlyUsage, readWaitingHours } from '../store/hourly-usage.ts';
import { postTransfers } from '../store/ledger.ts';
import { addPeriodUse, markReached, readLimits } from '../store/limits.ts';
import { readPlansWithQuota } from '../store/plans.ts';
import type { Tx } from '../store/schema.ts';
import { hasLateArrivals, insertLateArrivals, readLateArrivals } from '../store/sealed-months.ts';
import { readTariffs } from '../store/tariffs.ts';
import {
  conflictToRejected,
  insertRecords,
  insertRejected,
  progressRecords,
  readKnownRecords,
  removeRecords,
} from '../store/usage.ts';
import { billWaitOf } from './bills.ts';
import type { ServiceContext } from './context.ts';
import type { PastSearch } from './past-ids.ts';
import { tellSending } from './sending.ts';

/** What became of one report; `unpriced` is recorded, but there is no price for its country yet (rule 5). */
export type ReportOutcome = 'accepted' | 'unpriced' | 'duplicate' | 'conflict';

export interface MeteringOutcome {
  /** Of each report, in the order in which they were given. */
  readonly reports: readonly ReportOutcome[];
  readonly accepted: number;
  readonly duplicates: number;
  /** Ids whose report contradicts what is recorded; kept for a person, not billed. (rule 1) */
  readonly conflicts: readonly string[];
  /** Recorded, but there is no price for its country yet. (rule 5) */
  readonly unpriced: number;
  /** The account has something to be decided now. */
  readonly reviewDue: boolean;
}

/**
 * Records and bills a batch of usage of one account: a handful of statements, whatever its size. The partitions of the records'
 * months must exist. (rules 1 to 9)
 * @throws InputError `account_unknown`
 * @throws OutdatedReadError when the operator has changed the account's calendar or default while this waited for it
 */
export async function meterUsage(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  reports: readonly UsageReport[],
): Promise<MeteringOutcome> {
  const now = context.clock.now();
  const batchId = randomUUID();
  const unlocked = await readAccount(tx, accountId);
  const calendar = new Calendar(unlocked.timeZone);
  const { timeZone, defaultTemplateType } = unlocked;
  const drafted = billingMonths(unlocked, now);
  const months = [...calendar.months(reports).add(drafted.current)];
  const ids = reports.map(({ id }) => id);
  const [tariffs, past] = await Promise.all([
    readTariffs(tx, unlocked.tariffId),
    context.pastIds?.search(tx, accountId, ids, now) ?? ANYWHERE,
  ]);
  const drafts = draftRecords({ timeZone, defaultTemplateType, tariffs, billing: drafted }, reports);
  // The bulk of the work needs no lock, so batches of one account do it side by side; only the bill is made one at a time.
  const [newInTheirMonth, account, hasLate, unspent, volumes, limits] = await Promise.all([
    insertRecords(tx, accountId, batchId, drafts, now),
    lockAccount(tx, accountId),
    past.openFrom ? hasLateArrivals(tx, accountId, past.openFrom) : false,
    readPlansWithQuota(tx, accountId),
    readVolumes(tx, accountId, months),
    readLimits(tx, accountId),
  ]);
  // All of it was drafted, and months were read, by these.
  const isAsRead = account.timeZone === timeZone && account.defaultTemplateType === defaultTemplateType;
  if (!isAsRead) throw new OutdatedReadError();
  // What is to be forfeited pays for nothing more, also where no review has looked yet: who pays must not depend on that. (rule 15)
  const wait = billWaitOf(context);
  const locked = context.clock.now();
  const plans = unspent.filter((plan) => Temporal.Instant.compare(locked, forfeitedAt(plan, wait)) < 0);
  const { openFrom } = past;
  const open =
    newInTheirMonth === drafts.length
      ? otherOpenMonths(drafts, openFrom, now)
      : [{ ids, span: { from: openFrom, until: null } }];
  const known = await readKnown(tx, accountId, batchId, { ...past, open, late: hasLate ? ids : [] });
  const billing = billingMonths(account, now);
  if (!months.includes(billing.current)) volumes.push(...(await readVolumes(tx, accountId, [billing.current])));
  // A version that was imported while this waited for the lock may have been billed by already.
  const isPriced = (version: number) => tariffs.some((tariff) => tariff.version === version);
  const isRepriced = !volumes.every(({ tariffVersion }) => isPriced(tariffVersion));
  const prices = isRepriced ? await readTariffs(tx, unlocked.tariffId) : tariffs;
  const result = meter({ timeZone, defaultTemplateType, tariffs: prices, billing, plans, volumes, known }, reports);
  await correctDrafts(tx, account, batchId, drafts, result);
  await insertLateArrivals(
    tx,
    accountId,
    result.created.filter(({ at }) => isLateArrival(at.epochMilliseconds, now)),
  );
  // So has a bill that was closed meanwhile: it made records late that were drafted as belonging to it.
  const isAsDrafted = !isRepriced && billing.billedBefore === drafted.billedBefore;
  const redrafted = isAsDrafted ? [] : result.created;
  const written = { ...result, progressed: [...result.progressed, ...redrafted] };
  const { facts, isDue } = await writeMetering(tx, account, limits, batchId, written, now);

  const quota = plans
    .filter((plan) => coversTime(plan, now))
    .reduce((sum, plan) => sum + plan.remaining - (result.consumed.get(plan.id) ?? 0n), 0n);
  const available = availableOf(facts.money);
  const state = sendingStateOf(facts, quota, now);
  const isAnotherState = sendingMark(state) !== account.sendingTold;
  if (isAnotherState) await tellSending(context, tx, accountId, state);
  const changed = [...result.created, ...result.progressed];
  const unpriced = changed.filter((record) => record.billing === 'unpriced');
  const reviewDue =
    isDue ||
    isAnotherState ||
    unpriced.some((record) => latePricing(prices, record)) ||
    (account.quotaWatermark !== null && quota <= account.quotaWatermark) ||
    (account.availableWatermark !== null && available < account.availableWatermark);
  if (reviewDue) await makeDue(tx, accountId, now);
  return {
    reports: reportOutcomes(result, reports),
    accepted: changed.length,
    duplicates: result.duplicates,
    conflicts: result.conflicts.map((conflict) => conflict.report.id),
    unpriced: unpriced.length,
    reviewDue,
  };
}

const ANYWHERE: PastSearch = { openFrom: null, suspects: [] };

interface KnownSearch extends PastSearch {
  /** What is looked for in months that are not sealed. */
  readonly open: readonly IdSearch[];
  /** What is looked for among what came too late for its month's filter. */
  readonly late: readonly string[];
}

/** What other batches recorded under these ids: looked for where it may be. (rule 1) */
async function readKnown(
  tx: Tx,
  accountId: string,
  batchId: string,
  { openFrom, suspects, open, late }: KnownSearch,
): Promise<Map<string, UsageRecord>> {
  const sealed = { from: null, until: openFrom };
  const [arrivedLate, ...found] = await Promise.all([
    openFrom ? readLateArrivals(tx, accountId, late, openFrom) : [],
    readKnownRecords(tx, accountId, batchId, suspects, sealed),
    ...open.map(({ ids, span }) => readKnownRecords(tx, accountId, batchId, ids, span)),
  ]);
  found.push(await readKnownRecords(tx, accountId, batchId, arrivedLate, sealed));
  return new Map(found.flat().map((record) => [record.id, record]));
}

function reportOutcomes(result: MeteringResult, reports: readonly UsageReport[]): ReportOutcome[] {
  const unpriced = new Set<string>();
  for (const record of [...result.created, ...result.progressed]) {
    if (record.billing === 'unpriced') unpriced.add(record.id);
  }
  return result.verdicts.map((verdict, index) => {
    if (verdict === 'duplicate' || verdict === 'conflict') return verdict;
    return unpriced.has(reports[index]?.id ?? '') ? 'unpriced' : 'accepted';
  });
}

/** Takes back the records that turned out to be known under their id. */
async function correctDrafts(
  tx: Tx,
  account: Account,
  batchId: string,
  drafts: readonly UsageRecord[],
  result: MeteringResult,
): Promise<void> {
  if (result.created.length === drafts.length) return;
  const created = new Set(result.created.map((record) => record.id));
  const others = drafts.filter((draft) => !created.has(draft.id));
  await removeRecords(tx, account.id, batchId, others);
}

/** What an account is after a batch. */
export interface Metered {
  /** Whether it may send, and why not. */
  readonly facts: SendingFacts;
  /** A cap or its warning value is reached, or an hour is above its watermark. */
  readonly isDue: boolean;
}

/** Writes what metering decided, of an account that is locked. A cap that is reached stops sending with it. */
export async function writeMetering(
  tx: Tx,
  account: Account,
  limits: readonly Limit[],
  batchId: string,
  result: MeteringResult,
  now: Temporal.Instant,
): Promise<Metered> {
  const charges = result.charges.map((charge) => ({ id: randomUUID(), charge }));
  const transfers = charges.flatMap(({ id, charge }) => chargeTransfer(id, charge, account.currency, now) ?? []);
  const waiting = hoursWithoutPrice(result);
  const touched = new Set([...result.hours.map(({ hour }) => hour.epochMilliseconds), ...waiting]);
  const watched = account.hourWatermarks.filter(({ hour }) => touched.has(hour.epochMilliseconds));
  const isAbroad = waiting.size > 0 || result.hours.some(({ destination }) => destination === 'international');
  const abroad = isAbroad ? watched.filter(({ above }) => above.international !== null) : [];
  const [hours, withoutPrice, uses] = await Promise.all([
    addHourlyUsage(
      tx,
      account.id,
      result.hours,
      watched.map(({ hour }) => hour),
    ),
    readWaitingHours(
      tx,
      account.id,
      abroad.map(({ hour }) => hour),
    ),
    addPeriodUse(tx, account.id, result.uses),
    progressRecords(tx, account.id, batchId, result.progressed),
    insertRejected(tx, account.id, result.conflicts.map(conflictToRejected), now),
    insertCharges(tx, account.id, batchId, charges, now),
    writeVolumes(tx, account.id, result.volumes),
    postTransfers(tx, account, transfers, now),
  ]);
  const isSpike = watched.some(({ hour, above }) => {
    const { mainland = 0n, international = 0n } = hours.get(hour.epochMilliseconds) ?? {};
    const withWaiting = international + (withoutPrice.get(hour.epochMilliseconds) ?? 0n);
    const isAbove = (segments: bigint, limit: bigint | null) => limit !== null && segments > limit;
    return isAbove(mainland, above.mainland) || isAbove(withWaiting, above.international);
  });
  const reached = newlyReached(limits, { now, timeZone: account.timeZone, uses });
  await markReached(tx, account.id, reached, now);
  const balance = account.money.balance + netOf(CASH, transfers);
  const isOverdue = availableOf({ ...account.money, balance }) < 0n;
  return {
    facts: {
      money: { ...account.money, balance, overdueSince: isOverdue ? (account.money.overdueSince ?? now) : null },
      isPaused: account.pause !== null,
      isCapped: reached.length > 0 || limits.some((limit) => limit.reached !== null),
    },
    isDue: isSpike || isAfterLook(waiting, account) || reached.length > 0 || crossesWarning(limits, result.uses, uses),
  };
}

const HOUR_MS = 3_600_000;

/** The hours in which something was sent that waits for a price. */
function hoursWithoutPrice({ created, progressed }: MeteringResult): Set<number> {
  const hours = new Set<number>();
  for (const { billing, at } of [...created, ...progressed]) {
    if (billing === 'unpriced') hours.add(Math.floor(at.epochMilliseconds / HOUR_MS) * HOUR_MS);
  }
  return hours;
}

/**
 * Whether one of these hours is after all that the last review has set a watermark for. An idle account is looked at once a day; what it
 * pays for wakes it, what waits for a price crosses no other watermark.
 */
function isAfterLook(hours: ReadonlySet<number>, { hourWatermarks }: Account): boolean {
  if (hourWatermarks.length === 0) return false;
  const last = Math.max(...hourWatermarks.map(({ hour }) => hour.epochMilliseconds));
  return [...hours].some((hour) => hour > last);
}

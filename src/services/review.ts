import { randomUUID } from 'node:crypto';
import type { AlertChange, AlertInput } from '../domain/alert.ts';
import { decideAlerts } from '../domain/alert.ts';
import { forfeitTransfer } from '../domain/ledger.ts';
import { expiredPlans, nextReview } from '../domain/review.ts';
import { type Account, delayReview, lockAccount, lockIfDue, makeDue, scheduleReview } from '../store/accounts.ts';
import { closeAlert, openAlert, readOpenAlerts, setAlertLevel } from '../store/alerts.ts';
import { postTransfers } from '../store/ledger.ts';
import { hadPlans, markPlanExpired, readPlansWithQuota } from '../store/plans.ts';
import { readOpenRenewal, readPolicy } from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import { alertAnnouncement } from './alert-announcement.ts';
import { announce } from './announce.ts';
import { closeNeedlessApprovals } from './approval-end.ts';
import type { ServiceContext } from './context.ts';
import { forecastOf, keepUsagePattern, readSpikeInput, readUsageState } from './forecast.ts';
import { readCaps } from './limits.ts';
import { renewIfDue } from './renewal.ts';
import { settleSending } from './sending.ts';
import { beforeNextPrices, priceWaitingUsage } from './waiting-usage.ts';

/**
 * Looks at one account and makes true what should be true now: usage that waited for a price is billed, expired plans are closed, alerts
 * raised and ended, a due renewal is carried out, the next look is set. Level-triggered: a missed or repeated review changes nothing.
 * (rules 5, 9, 11 to 15, 19)
 * @returns false when the account is not due, or another replica has it.
 */
export async function reviewAccount(context: ServiceContext, tx: Tx, accountId: string): Promise<boolean> {
  const due = await lockIfDue(tx, accountId, context.clock.now());
  if (!due) return false;
  const isMoreWaiting = await priceWaitingUsage(context, tx, due);
  const account = await lockAccount(tx, accountId);
  await closeExpiredPlans(context, tx, account);
  // Read once: nothing is metered while the account is locked.
  const usage = await readUsage(tx, account, context.clock.now());
  await settleAlerts(context, tx, account, usage);
  if (await renewIfDue(context, tx, account)) {
    await settleAlerts(context, tx, await lockAccount(tx, account.id), usage);
  }
  // What time alone changes: a grace that is over.
  await settleSending(context, tx, account.id);
  const left = await lockAccount(tx, account.id);
  await closeNeedlessApprovals(context, tx, left);
  const input = await readAlertInput(tx, left, usage, context.clock.now());
  const next = nextReview(input, await readOpenRenewal(tx, account.id));
  await scheduleReview(tx, account.id, { ...next, at: await beforeNextPrices(context, tx, account, next.at) });
  if (isMoreWaiting) await makeDue(tx, account.id, context.clock.now());
  return true;
}

/** Rule 15: what is left of a plan when it expires is forfeited by a booked entry, and told. */
async function closeExpiredPlans(context: ServiceContext, tx: Tx, account: Account): Promise<void> {
  const now = context.clock.now();
  for (const plan of expiredPlans(await readPlansWithQuota(tx, account.id), now)) {
    const transfer = forfeitTransfer(plan.id, plan.remaining, now);
    await postTransfers(tx, account.id, [transfer], now);
    await markPlanExpired(tx, account.id, plan.id, now);
    await announce(
      context,
      tx,
      account,
      { kind: 'plan_expired', title: plan.title, forfeited: plan.remaining, expiredAt: plan.expiresAt },
      { key: transfer.key },
    );
  }
}

async function settleAlerts(context: ServiceContext, tx: Tx, account: Account, usage: Usage): Promise<void> {
  const now = context.clock.now();
  const input = await readAlertInput(tx, account, usage, now);
  const policy = await readPolicy(tx, account.id);
  const renewal = await readOpenRenewal(tx, account.id);
  for (const change of decideAlerts(input)) {
    const alertId = await writeAlert(tx, account.id, change, now);
    const announcement = alertAnnouncement(change, input, policy, renewal);
    if (!announcement) continue;
    // Each change is told: a level that was eased by a purchase may be reached again, so its number does not name it.
    await announce(context, tx, account, announcement, { key: `alert/${alertId}/${randomUUID()}` });
  }
}

async function writeAlert(tx: Tx, accountId: string, change: AlertChange, now: Temporal.Instant): Promise<string> {
  if (change.type === 'raise') return openAlert(tx, accountId, change.condition, now);
  if (change.type === 'close') await closeAlert(tx, accountId, change.alert.id, now);
  else await setAlertLevel(tx, accountId, change.alert.id, change.condition.level, now);
  return change.alert.id;
}

/** Everything that alerts and the next review depend on. */
async function readAlertInput(
  db: Executor,
  account: Account,
  { usage, spike }: Usage,
  now: Temporal.Instant,
): Promise<AlertInput> {
  const plans = await readPlansWithQuota(db, account.id);
  const policy = await readPolicy(db, account.id);
  return {
    now,
    money: account.money,
    lastRechargedAt: account.lastRechargedAt,
    plans,
    hadPlans: await hadPlans(db, account.id),
    threshold: policy.threshold,
    alertShare: (await readSettings(db, account.id)).alertShare,
    forecast: forecastOf(account, plans, usage),
    spike,
    caps: await readCaps(db, account, now),
    open: await readOpenAlerts(db, account.id),
  };
}

/** What the account uses: what forecasts are made of, and what shows a spike. */
type Usage = Awaited<ReturnType<typeof readUsage>>;

async function readUsage(tx: Tx, account: Account, now: Temporal.Instant) {
  const usage = await readUsageState(tx, account, now);
  await keepUsagePattern(tx, account, usage);
  return { usage, spike: await readSpikeInput(tx, account, usage) };
}

/** How long a review that failed is put off. */
const POSTPONE = Temporal.Duration.from({ minutes: 5 });

/** Puts off a review that failed, so that it does not keep others from theirs. */
export async function postponeReview(context: ServiceContext, tx: Tx, accountId: string): Promise<void> {
  await delayReview(tx, accountId, context.clock.now().add(POSTPONE));
}

import type { AlertChange, AlertInput } from '../domain/alert.ts';
import { decideAlerts } from '../domain/alert.ts';
import { isCritical } from '../domain/alert-levels.ts';
import type { Announcement } from '../domain/announcement.ts';
import { forfeitTransfer } from '../domain/ledger.ts';
import type { OpenRenewal } from '../domain/renewal.ts';
import { expiredPlans, forfeitedAt, nextReview } from '../domain/review.ts';
import type { AccountSettings } from '../domain/settings.ts';
import { sendingReasons } from '../domain/standing.ts';
import { type Account, delayReview, lockAccount, lockIfDue, makeDue, scheduleReview } from '../store/accounts.ts';
import { closeAlert, openAlert, readOpenAlerts, type StoredEpisode, setAlertLevel } from '../store/alerts.ts';
import { postTransfers } from '../store/ledger.ts';
import { hadPlans, markPlanExpired, readPlansWithQuota } from '../store/plans.ts';
import { readOpenRenewal } from '../store/renewals.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import { alertAnnouncement, type Surroundings } from './alert-announcement.ts';
import { announce } from './announce.ts';
import { closeNeedlessApprovals } from './approval-end.ts';
import { readAutoRenewal } from './auto-renewal.ts';
import { billWaitOf } from './bills.ts';
import type { ServiceContext } from './context.ts';
import { settleEpisodes, showEpisode, tellLevel } from './episodes.ts';
import { forecastOf, keepUsagePattern, readSpikeInput, readUsageState } from './forecast.ts';
import { readCaps } from './limits.ts';
import { tellEndOfSale } from './offer-end.ts';
import { renewalTrouble, renewIfDue } from './renewal.ts';
import { settleSending } from './sending.ts';
import { beforeNextPrices, priceWaitingUsage } from './waiting-usage.ts';

/**
 * Looks at one account and makes true what should be true now: usage that waited for a price is billed, expired plans are closed, alerts
 * raised, repeated, escalated and ended, a due renewal is carried out, the next look is set. Level-triggered: a missed or repeated review changes nothing.
 * (rules 5, 9, 11 to 15, 19)
 * @param waitMs how long the account's lock is waited for; longer is an error of the database, `55P03`
 * @returns false when the account is not due, or another replica has it.
 */
export async function reviewAccount(context: ServiceContext, tx: Tx, accountId: string, waitMs = 0): Promise<boolean> {
  const due = await lockIfDue(tx, accountId, context.clock.now(), waitMs);
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
  // A renewal that is over ends its alert, too.
  const input = await settleAlerts(context, tx, left, usage);
  const steps = await settleEpisodes(context, tx, left, input.settings, (episode) => sayNow(tx, left, input, episode));
  const forfeits = input.plans.map((plan) => forfeitedAt(plan, billWaitOf(context)));
  const endOfSale = await tellEndOfSale(context, tx, left, input.autoRenewal, input.renewal);
  const moments = [...steps, ...forfeits, ...(endOfSale ? [endOfSale] : [])];
  const next = nextReview(input, input.renewal, moments);
  await scheduleReview(tx, account.id, { ...next, at: await beforeNextPrices(context, tx, account, next.at) });
  if (isMoreWaiting) await makeDue(tx, account.id, context.clock.now());
  return true;
}

/**
 * Rule 15: that a plan has expired is told at once, with what it has left; that is forfeited by a booked entry when no late record is waited
 * for any more.
 */
async function closeExpiredPlans(context: ServiceContext, tx: Tx, account: Account): Promise<void> {
  const now = context.clock.now();
  for (const plan of expiredPlans(await readPlansWithQuota(tx, account.id), now)) {
    const { id, title, remaining, expiresAt } = plan;
    await announce(
      context,
      tx,
      account,
      { kind: 'plan_expired', title, forfeited: remaining, expiredAt: expiresAt },
      { key: `plan_expired/${id}` },
    );
    if (Temporal.Instant.compare(now, forfeitedAt(plan, billWaitOf(context))) < 0) continue;
    await postTransfers(tx, account, [forfeitTransfer(id, remaining, now)], now);
    await markPlanExpired(tx, account.id, id, now);
  }
}

/** Raises, worsens, eases and ends alerts by what is so, and tells what is news. Returns what is so, with the alerts that are open then. */
async function settleAlerts(context: ServiceContext, tx: Tx, account: Account, usage: Usage): Promise<ReviewInput> {
  const now = context.clock.now();
  const input = await readAlertInput(tx, account, usage, now);
  const changes = decideAlerts(input);
  for (const change of changes) {
    const alertId = await writeAlert(tx, account.id, change, now);
    const announcement = await announcementOf(tx, account, input, change);
    if (change.type === 'close' || change.type === 'ease') {
      await showEnd(context, tx, account, input, change);
      if (announcement && change.type === 'close') {
        await announce(context, tx, account, announcement, { key: `alert/${alertId}/end` });
      } else if (announcement) await tellLevel(context, tx, account, alertId, announcement);
    } else if (announcement) {
      await tellLevel(context, tx, account, alertId, announcement);
    }
  }
  return changes.length === 0 ? input : { ...input, open: await readOpenAlerts(tx, account.id) };
}

/** The cards of a critical alert say that it is over, or not critical any more. */
async function showEnd(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { open, now }: ReviewInput,
  change: AlertChange & { readonly type: 'close' | 'ease' },
): Promise<void> {
  const episode = open.find(({ id }) => id === change.alert.id);
  if (!episode || !isCritical(episode)) return;
  if (change.type === 'ease' && isCritical(change.condition)) return;
  await showEpisode(context, tx, account, episode.id, {
    episode,
    endedAt: now,
    isAllClear: episode.acknowledged === null,
  });
}

async function announcementOf(
  tx: Tx,
  account: Account,
  input: ReviewInput,
  change: AlertChange,
): Promise<Announcement | undefined> {
  if (change.type === 'raise' && change.condition.kind === 'renewal') return renewalTrouble(tx, account, input.now);
  return alertAnnouncement(change, input, input);
}

/** What an open alert says now, to be repeated. */
function sayNow(
  tx: Tx,
  account: Account,
  input: ReviewInput,
  episode: StoredEpisode,
): Promise<Announcement | undefined> {
  return announcementOf(tx, account, input, { type: 'raise', condition: episode });
}

async function writeAlert(tx: Tx, accountId: string, change: AlertChange, now: Temporal.Instant): Promise<string> {
  if (change.type === 'raise') return openAlert(tx, accountId, change.condition, now);
  if (change.type === 'close') await closeAlert(tx, accountId, change.alert.id, now);
  else await setAlertLevel(tx, accountId, change.alert.id, change.condition.level, now);
  return change.alert.id;
}

/** Everything that alerts, their telling and the next review depend on. */
interface ReviewInput extends AlertInput, Surroundings {
  readonly open: readonly StoredEpisode[];
  readonly renewal: OpenRenewal | null;
  readonly settings: AccountSettings;
}

async function readAlertInput(
  db: Executor,
  account: Account,
  { usage, spike }: Usage,
  now: Temporal.Instant,
): Promise<ReviewInput> {
  const plans = await readPlansWithQuota(db, account.id);
  const autoRenewal = await readAutoRenewal(db, account.id, now);
  const settings = await readSettings(db, account.id);
  const { money, pause } = account;
  const caps = await readCaps(db, account, now);
  const isCapped = caps.limits.some(({ reached }) => reached !== null);
  return {
    now,
    money,
    lastFundedAt: account.lastFundedAt,
    plans,
    hadPlans: await hadPlans(db, account.id),
    threshold: autoRenewal.policy.threshold,
    alertShare: settings.alertShare,
    balanceAlert: settings.balanceAlert,
    forecast: forecastOf(account, plans, usage),
    spike,
    caps,
    reasons: sendingReasons({ money, isPaused: pause !== null, isCapped }, now),
    renewal: await readOpenRenewal(db, account.id),
    open: await readOpenAlerts(db, account.id),
    autoRenewal,
    settings,
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

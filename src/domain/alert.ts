import type { AlertKind } from './alert-levels.ts';
import { capConditions, mayCloseCap } from './cap-alert.ts';
import type { Forecast } from './forecast.ts';
import type { Limit, PresentUse } from './limit.ts';
import type { Micro } from './money.ts';
import type { Plan } from './plan.ts';
import { quotaOf } from './plan.ts';
import type { OpenRenewal } from './renewal.ts';
import type { BalanceAlert } from './settings.ts';
import { type SpikeInput, spikeState } from './spike.ts';
import { availableOf, isSuspended, type MoneyState } from './standing.ts';

/** Levels of the quota alert: at the threshold, at the share of it that the account has set, nothing left. (rule 19) */
export const QUOTA_LEVEL = { low: 1, veryLow: 2, exhausted: 3 } as const;
/** Levels of the alert about a low balance: below the amount that the account has set; overdue soon at the present burn. (rule 20) */
export const BALANCE_LEVEL = { amount: 1, soon: 2 } as const;
export const OVERDUE_LEVEL = { overdue: 1, suspended: 2 } as const;
/** Levels of the alert about auto-renewal: a guard stopped it; there is not enough money. */
export const RENEWAL_LEVEL = { stopped: 1, failed: 2 } as const;
/** A plan is told to expire this many days before it does; level 1 is the first of them. (rule 20) */
export const EXPIRY_DAYS = [30, 10, 3, 1] as const;
/** Overdue is expected when the money lasts for fewer days than this at the present burn. */
export const RUNWAY_DAYS = 3;

/** Something that is so now, and that an administrator must know. */
export interface AlertCondition {
  readonly kind: AlertKind;
  /** What it is about: the id of a plan or a renewal, a destination, a cap and its period, or '' for the account. */
  readonly subject: string;
  /** Grows as it gets worse. */
  readonly level: number;
}

/** An episode that was raised and has not ended. */
export interface OpenAlert extends AlertCondition {
  readonly id: string;
  readonly openedAt: Temporal.Instant;
  /** Since when it has had its level. */
  readonly levelSince: Temporal.Instant;
}

export interface AlertInput {
  readonly now: Temporal.Instant;
  readonly money: MoneyState;
  /** The last recharge, refund or rise of the credit limit. */
  readonly lastFundedAt: Temporal.Instant | null;
  readonly plans: readonly Plan[];
  /** Whether the account ever had a plan; without one there is no quota to alert about. */
  readonly hadPlans: boolean;
  readonly threshold: bigint;
  /** At this share of the threshold, in percent, the quota alert gets worse; null has no such level. */
  readonly alertShare: number | null;
  /** The amount that the account wants to hear of; null for none. */
  readonly balanceAlert: BalanceAlert | null;
  readonly forecast: Forecast;
  /** What the present hours and their like on past days used. */
  readonly spike: SpikeInput;
  readonly caps: { readonly limits: readonly Limit[]; readonly present: PresentUse };
  /** The open episode of auto-renewal. */
  readonly renewal: Pick<OpenRenewal, 'id' | 'state'> | null;
  readonly open: readonly OpenAlert[];
}

export type AlertChange =
  | { readonly type: 'raise'; readonly condition: AlertCondition }
  | { readonly type: 'escalate'; readonly alert: OpenAlert; readonly condition: AlertCondition }
  | { readonly type: 'ease'; readonly alert: OpenAlert; readonly condition: AlertCondition }
  | { readonly type: 'close'; readonly alert: OpenAlert };

/** Compares what is so with what was told: an episode is raised once, escalated when it gets worse and closed when it ends. (rule 19) */
export function decideAlerts(input: AlertInput): AlertChange[] {
  const conditions = alertConditions(input);
  const changes: AlertChange[] = [];
  // What has ended is told before what begins: restored, then that it may not last.
  for (const alert of input.open) {
    const holds = conditions.some((condition) => condition.kind === alert.kind && condition.subject === alert.subject);
    if (!holds && mayClose(alert, input)) changes.push({ type: 'close', alert });
  }
  for (const condition of conditions) {
    const alert = input.open.find((open) => open.kind === condition.kind && open.subject === condition.subject);
    if (!alert) changes.push({ type: 'raise', condition });
    else if (condition.level > alert.level) changes.push({ type: 'escalate', alert, condition });
    else if (condition.level < alert.level && mayEase(alert, input)) changes.push({ type: 'ease', alert, condition });
  }
  return changes;
}

/** A plan does not get further from its expiry: only a clock that went back says so. A runway that wavers does not ease, either. */
function mayEase(alert: OpenAlert, input: AlertInput): boolean {
  return alert.kind === 'low_balance' ? isRearmed(alert, input) : alert.kind !== 'plan_expiring';
}

function mayClose(alert: OpenAlert, input: AlertInput): boolean {
  const { money, plans, spike, caps } = input;
  if (alert.kind === 'cap') return mayCloseCap(alert, caps.limits, caps.present);
  if (alert.kind === 'spending_spike')
    return spikeState(spike).calm.some((destination) => destination === alert.subject);
  if (alert.kind === 'plan_expiring') {
    return !plans.some((plan) => plan.id === alert.subject && plan.remaining > 0n && !isExpired(plan, input.now));
  }
  if (alert.kind !== 'low_balance' || availableOf(money) < 0n) return true;
  return isRearmed(alert, input);
}

/**
 * Rule 19: a balance or a runway that wavers around its warning is noise. An episode whose level does not hold any more ends, or eases, when
 * somebody has done something about that level since it was reached (a recharge, a refund, a higher credit limit; for the runway also a plan,
 * for the amount another one), or when so much is left again that the next warning is news: twice the warning.
 */
function isRearmed({ level, levelSince }: OpenAlert, input: AlertInput): boolean {
  const { money, lastFundedAt, plans, forecast, balanceAlert } = input;
  const isSince = (at: Temporal.Instant) => Temporal.Instant.compare(at, levelSince) > 0;
  if (lastFundedAt !== null && isSince(lastFundedAt)) return true;
  if (level === BALANCE_LEVEL.soon) {
    const isLong = forecast.runwayDays === null || forecast.runwayDays >= 2 * RUNWAY_DAYS;
    return isLong || plans.some((plan) => isSince(plan.effectiveAt));
  }
  if (balanceAlert === null || isSince(balanceAlert.setAt)) return true;
  return availableOf(money) >= 2n * balanceAlert.below;
}

function alertConditions(input: AlertInput): AlertCondition[] {
  const conditions: AlertCondition[] = [];
  const quotaLevel = input.hadPlans ? quotaAlertLevel(quotaOf(input.plans, input.now), input) : 0;
  if (quotaLevel > 0) conditions.push({ kind: 'quota', subject: '', level: quotaLevel });
  for (const plan of input.plans) {
    const level = expiryAlertLevel(plan, input.now);
    if (level > 0) conditions.push({ kind: 'plan_expiring', subject: plan.id, level });
  }
  if (availableOf(input.money) < 0n) {
    const level = isSuspended(input.money, input.now) ? OVERDUE_LEVEL.suspended : OVERDUE_LEVEL.overdue;
    conditions.push({ kind: 'overdue', subject: '', level });
  } else {
    const level = balanceAlertLevel(input);
    if (level > 0) conditions.push({ kind: 'low_balance', subject: '', level });
  }
  for (const { destination } of spikeState(input.spike).spikes) {
    conditions.push({ kind: 'spending_spike', subject: destination, level: 1 });
  }
  for (const cap of capConditions(input.caps.limits, input.caps.present)) conditions.push({ kind: 'cap', ...cap });
  const { renewal } = input;
  if (renewal?.state === 'failed' || renewal?.state === 'stopped') {
    conditions.push({ kind: 'renewal', subject: renewal.id, level: RENEWAL_LEVEL[renewal.state] });
  }
  return conditions;
}

function quotaAlertLevel(quota: bigint, { threshold, alertShare }: AlertInput): number {
  if (quota === 0n) return QUOTA_LEVEL.exhausted;
  if (alertShare !== null && quota <= shareOf(threshold, alertShare)) return QUOTA_LEVEL.veryLow;
  return quota <= threshold ? QUOTA_LEVEL.low : 0;
}

/** Rule 20: the runway is the worse of both, because it knows how fast the rest is used up. */
function balanceAlertLevel({ money, forecast, balanceAlert }: AlertInput): number {
  if (forecast.runwayDays !== null && forecast.runwayDays < RUNWAY_DAYS) return BALANCE_LEVEL.soon;
  return isBelowAmount(balanceAlert, availableOf(money)) ? BALANCE_LEVEL.amount : 0;
}

/** Whether less is available than the amount that the account wants to hear of. */
export function isBelowAmount(balanceAlert: BalanceAlert | null, available: Micro): boolean {
  return balanceAlert !== null && available < balanceAlert.below;
}

/** The quota at which the alert gets worse. */
export function shareOf(threshold: bigint, percent: number): bigint {
  return (threshold * BigInt(percent)) / 100n;
}

function expiryAlertLevel(plan: Plan, now: Temporal.Instant): number {
  if (plan.remaining === 0n || isExpired(plan, now)) return 0;
  return EXPIRY_DAYS.filter((days) => Temporal.Instant.compare(expiryAlertAt(plan, days), now) <= 0).length;
}

function isExpired({ expiresAt }: Plan, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(expiresAt, now) <= 0;
}

/** When a plan is told to expire in `days` days. */
export function expiryAlertAt(plan: Plan, days: number): Temporal.Instant {
  return plan.expiresAt.subtract({ hours: 24 * days });
}

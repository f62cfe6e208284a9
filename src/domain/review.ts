import { type AlertInput, EXPIRY_DAYS, expiryAlertAt, RUNWAY_DAYS, shareOf } from './alert.ts';
import { capAlertEnd } from './cap-alert.ts';
import type { Micro } from './money.ts';
import { type Plan, quotaOf } from './plan.ts';
import { expiryTriggerAt, type OpenRenewal } from './renewal.ts';
import { type HourWatermark, nextSpikeLook, spikeWatermarks } from './spike.ts';
import { availableOf, suspendedFrom } from './standing.ts';

/** An account is looked at this often even when nothing is expected to happen. */
const IDLE_INTERVAL = Temporal.Duration.from({ hours: 24 });
/** While it spends or uses up quota, so that a faster burn is noticed. */
const BUSY_INTERVAL = Temporal.Duration.from({ hours: 1 });

/** When an account is looked at next: at a time, or when metering takes quota or available down to a level, or an hour's usage above one. */
export interface NextReview {
  readonly at: Temporal.Instant;
  /** Quota at or below this makes the account due; null when there is no lower level to cross. */
  readonly quotaWatermark: bigint | null;
  /** Available below this makes the account due; null when there is no lower level to cross. */
  readonly availableWatermark: Micro | null;
  /** More than this in an hour makes the account due. */
  readonly hourWatermarks: readonly HourWatermark[];
}

/**
 * When what a plan has left is forfeited: after the same wait for late records as a month's bill, because a message that was sent while the
 * plan was valid is the plan's, whenever its carrier confirms it. (rules 3, 6 and 15)
 */
export function forfeitedAt({ expiresAt }: Plan, wait: Temporal.Duration): Temporal.Instant {
  return expiresAt.add(wait);
}

/** Plans whose time is over: they cover nothing that is sent from now on. (rule 15) */
export function expiredPlans<P extends Plan>(plans: readonly P[], now: Temporal.Instant): P[] {
  return plans.filter((plan) => Temporal.Instant.compare(plan.expiresAt, now) <= 0);
}

/** What can change by itself next, given the account as the review leaves it. `steps`: when something is due for alerts without an answer. */
export function nextReview(
  input: AlertInput,
  renewal: OpenRenewal | null,
  steps: readonly Temporal.Instant[] = [],
): NextReview {
  const { now } = input;
  const moments = [now.add(isBusy(input) ? BUSY_INTERVAL : IDLE_INTERVAL), ...steps];
  for (const plan of input.plans) {
    moments.push(plan.expiresAt, ...EXPIRY_DAYS.map((days) => expiryAlertAt(plan, days)));
  }
  const expiryTrigger = expiryTriggerAt(input.plans, now);
  if (expiryTrigger) moments.push(expiryTrigger);
  if (renewal?.nextAttemptAt) moments.push(renewal.nextAttemptAt);
  const suspension = suspendedFrom(input.money);
  if (suspension) moments.push(suspension);
  const spiking = input.open.filter(({ kind }) => kind === 'spending_spike').map(({ subject }) => subject);
  if (spiking.length > 0) moments.push(nextSpikeLook(now));
  for (const { kind, subject } of input.open)
    if (kind === 'cap') moments.push(capAlertEnd(subject, input.caps.present));

  const [at = now.add(IDLE_INTERVAL)] = moments
    .filter((moment) => Temporal.Instant.compare(moment, now) > 0)
    .toSorted(Temporal.Instant.compare);
  return {
    at,
    quotaWatermark: quotaWatermark(input),
    availableWatermark: availableWatermark(input),
    hourWatermarks: spikeWatermarks(input.spike, new Set(spiking)),
  };
}

/** Whether it spends or uses up quota. An idle account is looked at when it does so again: its burn is not known yet. */
function isBusy({ forecast }: AlertInput): boolean {
  return forecast.segmentsPerDay > 0n || forecast.paygPerDay > 0n;
}

function quotaWatermark(input: AlertInput): bigint | null {
  const quota = quotaOf(input.plans, input.now);
  if (quota === 0n) return null;
  if (!isBusy(input)) return quota - 1n;
  const { threshold, alertShare } = input;
  const worse = alertShare === null ? [] : [shareOf(threshold, alertShare)];
  return [threshold, ...worse, 0n].find((level) => quota > level) ?? 0n;
}

function availableWatermark(input: AlertInput): Micro | null {
  const available = availableOf(input.money);
  if (available < 0n) return null;
  if (!isBusy(input)) return available;
  const warnBelow = input.forecast.paygPerDay * BigInt(RUNWAY_DAYS);
  // The burn of before does not tell of a burst: half of the money gone is worth a look, before the hour is over.
  const half = available < warnBelow ? 0n : available / 2n;
  const levels = [warnBelow, input.balanceAlert?.below ?? 0n, half].filter((level) => level <= available);
  return levels.reduce((highest, level) => (level > highest ? level : highest), 0n);
}

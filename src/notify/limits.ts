import type { MonthlyBudget } from '../store/notice-queue.ts';

/** DingTalk's limits on calls, as the organisation has them. (rule 23) */
export interface CallLimits {
  /** Calls of one API in a second, of all replicas together. Default: 20, which a standard organisation has. */
  readonly callsPerSecond: number;
  /** Answers through the webhook of one conversation in a minute. Default: 20. */
  readonly repliesPerMinute: number;
  /** Calls of APIs in a calendar month. Default: 5,000, which a standard organisation has. */
  readonly callsPerMonth: number;
}

export const CALL_LIMITS: CallLimits = Object.freeze({
  callsPerSecond: 20,
  repliesPerMinute: 20,
  callsPerMonth: 5_000,
});

/** From this share of the month's calls on, only replies and critical notices are said. */
export const SPARING_SHARE = 0.8;

/** The platform counts calls by calendar months in China. */
const TIME_ZONE = 'Asia/Shanghai';

/** The month in which a call counts: `2026-03`. */
export function callMonthOf(at: Temporal.Instant): string {
  return at.toZonedDateTimeISO(TIME_ZONE).toPlainDate().toPlainYearMonth().toString();
}

/** When the calls of the next month may be used. */
export function nextCallMonth(at: Temporal.Instant): Temporal.Instant {
  const today = at.toZonedDateTimeISO(TIME_ZONE);
  return today.with({ day: 1 }).startOfDay().add({ months: 1 }).toInstant();
}

/** What the month's calls have to last for. */
export function monthlyBudget(callsPerMonth: number, now: Temporal.Instant): MonthlyBudget {
  return {
    month: callMonthOf(now),
    sparingFrom: Math.ceil(callsPerMonth * SPARING_SHARE),
    endsAt: nextCallMonth(now),
    now,
  };
}

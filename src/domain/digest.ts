import type { AlertCondition } from './alert.ts';
import type { AuditEntry, Deed } from './audit.ts';
import type { BillDraft } from './bill.ts';
import type { Forecast, ForecastInput } from './forecast.ts';
import type { Micro } from './money.ts';
import type { Month } from './month.ts';
import type { AccountSettings } from './settings.ts';
import type { Destination, TemplateType } from './usage.ts';

/** A daily summary that is later than this is not sent any more: the next one is nearer. */
const MAKE_UP_WITHIN = Temporal.Duration.from({ hours: 12 });
/** So many entries of what was done are shown; the rest is counted. */
export const SHOWN_DEEDS = 8;

/** How the quota went and is expected to go, as a picture shows it. */
export interface QuotaCourse {
  readonly asOf: Temporal.Instant;
  readonly timeZone: string;
  readonly quota: bigint;
  readonly forecast: Forecast;
  readonly forecastInput: ForecastInput;
  /** That of auto-renewal and of the alert; zero for none. */
  readonly threshold: bigint;
}

/** What was used in a stretch of time, all of it and by hour or day. */
export interface PeriodUse {
  readonly covered: bigint;
  readonly payg: bigint;
  /** Segments that wait for a price, beside the others. */
  readonly waiting: bigint;
  /** What pay-as-you-go cost. */
  readonly cost: Micro;
  readonly asOf: Temporal.Instant;
  /** The beginnings of the stretches that `slots` counts: hours of a single day, else days. */
  readonly starts: readonly Temporal.ZonedDateTime[];
  readonly slots: readonly {
    readonly slot: number;
    readonly destination: Destination;
    readonly templateType: TemplateType;
    readonly planSegments: bigint;
    readonly paygSegments: bigint;
    readonly amount: bigint;
  }[];
}

/** What a summary tells, besides what it is of. Money in micro-units. */
export interface Digest {
  readonly used: PeriodUse;
  /** How things are now. */
  readonly present: QuotaCourse & {
    readonly available: Micro;
    /** The quota until today's midnight, the oldest first. */
    readonly past: readonly { readonly at: Temporal.Instant; readonly quota: bigint }[];
  };
  /** Alerts that have not ended. */
  readonly open: readonly AlertCondition[];
  /** What was decided and done, the oldest first; and how much more there was. */
  readonly done: readonly AuditEntry[];
  readonly moreDone: number;
}

export interface DailyDigest extends Digest {
  /** The day that it is of, `YYYY-MM-DD`: the one before it is sent. */
  readonly day: string;
  /** What plans were bought for on that day. */
  readonly bought: Micro;
}

/** What a daily summary says of its day, without how things are now. */
export type DayPart = Pick<DailyDigest, 'day' | 'bought' | 'used' | 'done' | 'moreDone'>;

/** Takes the place of the receipt of the month's bill, and says all that it says. */
export interface MonthlyDigest extends Digest, BillDraft {
  readonly month: Month;
  /** The day before, where its summary was due at the same moment: how things are now is said once for both. Null where none was. */
  readonly dayBefore: DayPart | null;
}

/** The deeds that a summary tells: what was decided, and what moved money or plans; not what was only asked for. */
export const TOLD_DEEDS: readonly Deed['type'][] = [
  'decided',
  'carried_out',
  'renewed',
  'renewal_failed',
  'renewal_stopped',
  'renewal_ended',
  'recharged',
  'withdrawn',
  'plan_granted',
  'plan_refunded',
  'account_changed',
];

/** A summary that is to come. */
export interface DigestSlot {
  /** `YYYY-MM-DD` of the day on which a daily one is sent, `YYYY-MM` of the month that a monthly one is of. */
  readonly period: string;
  readonly dueAt: Temporal.Instant;
}

/** The first daily summary after a moment; null where none is sent. A time that a day does not have is an hour later on that day. */
export function nextDailyDigest(
  { digestAt }: Pick<AccountSettings, 'digestAt'>,
  timeZone: string,
  after: Temporal.Instant,
): DigestSlot | null {
  if (digestAt === null) return null;
  const today = after.toZonedDateTimeISO(timeZone).toPlainDate();
  for (let day = today; ; day = day.add({ days: 1 })) {
    const dueAt = momentOf(day, digestAt, timeZone);
    if (Temporal.Instant.compare(dueAt, after) > 0) return { period: day.toString(), dueAt };
  }
}

/** When the summary of a month is sent: at the first such time of day from when its bill was to be closed. */
export function monthlyDigestDueAt(at: string, timeZone: string, closesAt: Temporal.Instant): Temporal.Instant {
  const day = closesAt.toZonedDateTimeISO(timeZone).toPlainDate();
  const dueAt = momentOf(day, at, timeZone);
  return Temporal.Instant.compare(dueAt, closesAt) >= 0 ? dueAt : momentOf(day.add({ days: 1 }), at, timeZone);
}

/** Whether a daily summary is still worth sending. */
export function isStillNews(dueAt: Temporal.Instant, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(now, dueAt.add(MAKE_UP_WITHIN)) < 0;
}

function momentOf(day: Temporal.PlainDate, time: string, timeZone: string): Temporal.Instant {
  return day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).toInstant();
}

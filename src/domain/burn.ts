import type { Micro } from './money.ts';
import { remember } from './remember.ts';
import { TEMPLATE_TYPES, type TemplateType } from './usage.ts';

/** Segments are projected in thousandths, so that less than one a day is not nothing. */
export const PART = 1_000n;

/** The window over which burn is measured. */
const BURN_WINDOW_DAYS = 7;
/** Whole weeks before today that show how days of the week differ. */
const PATTERN_WEEKS = 4;

const HOUR_MS = 3_600_000;

/** What was used in some stretch of time. */
export interface UsageSum {
  /** Mainland segments by template type, whatever paid for them. */
  readonly mainland: Readonly<Record<TemplateType, bigint>>;
  /** International segments. */
  readonly international: bigint;
  /** What international messages cost. */
  readonly internationalCost: Micro;
}

/** How the days of the week differed. */
export interface UsagePattern {
  /** Of the four whole weeks before today, summed by day of the week: the first is that of today. */
  readonly byWeekday: readonly UsageSum[];
  /** The first hour that was ever used; null when there is none. */
  readonly firstUsedAt: Temporal.Instant | null;
}

/** What the past says about the days to come. */
export interface BurnHistory extends UsagePattern {
  /** Of the last seven days, up to now. */
  readonly lastDays: UsageSum;
}

/** What a day is expected to use: segments in thousandths. */
export interface DayBurn {
  readonly mainland: Readonly<Record<TemplateType, bigint>>;
  readonly internationalCost: Micro;
}

/** What is expected of each day. */
export interface Burn {
  /** How the days were told apart: by day of the week, or not at all in a young account. */
  readonly basis: 'weekday' | 'average';
  /** Seven days, the first with the day of the week that today has. */
  readonly days: readonly DayBurn[];
  /** Mainland segments of an average day by template type, in thousandths. */
  readonly average: DayBurn;
  /** All segments of an average hour, by destination. */
  readonly perHour: { readonly mainland: bigint; readonly international: bigint };
}

export const NOTHING_USED: UsageSum = {
  mainland: { verification: 0n, notification: 0n, promotion: 0n },
  international: 0n,
  internationalCost: 0n,
};

/** The times between which {@link BurnHistory} is summed up. Days are those of the account's calendar, also where they have 23 hours. */
export interface BurnWindow {
  /** Seven days ago. */
  readonly since: Temporal.Instant;
  /** Midnights of the four weeks before today, the last one today's. */
  readonly midnights: readonly Temporal.Instant[];
}

export const burnWindow = remember(
  (now: Temporal.Instant, timeZone: string) => `${now.epochNanoseconds} ${timeZone}`,
  (now, timeZone): BurnWindow => {
    const local = now.toZonedDateTimeISO(timeZone);
    const days = PATTERN_WEEKS * 7;
    return {
      since: local.subtract({ days: BURN_WINDOW_DAYS }).toInstant(),
      midnights: Array.from({ length: days + 1 }, (_, index) =>
        local
          .toPlainDate()
          .subtract({ days: days - index })
          .toZonedDateTime(timeZone)
          .toInstant(),
      ),
    };
  },
);

/**
 * What a day is expected to use: the last seven days, spread over the days of the week as the four weeks before today were. An account
 * that was not used for so long yet is expected to use the same every day; its average is taken over what there is, at least a day.
 */
export function burnOf(history: BurnHistory, now: Temporal.Instant, timeZone: string): Burn {
  const window = burnWindow(now, timeZone);
  const hours = hoursOfUse(history, window, now);
  const average = dayOf(history.lastDays, (amount) => (amount * 24n) / hours);
  const total = TEMPLATE_TYPES.reduce((sum, type) => sum + history.lastDays.mainland[type], 0n);
  const perHour = { mainland: total / hours, international: history.lastDays.international / hours };
  const [patternSince] = window.midnights;
  const isOld =
    history.firstUsedAt !== null &&
    patternSince !== undefined &&
    Temporal.Instant.compare(history.firstUsedAt, patternSince) <= 0;
  if (!isOld) return { basis: 'average', days: Array.from({ length: 7 }, () => average), average, perHour };

  const weeks = history.byWeekday.reduce(add, NOTHING_USED);
  const days = history.byWeekday.map((day) => {
    const share = (part: bigint, whole: bigint, week: bigint) => (whole === 0n ? week / 7n : (week * part) / whole);
    const { lastDays } = history;
    return {
      mainland: perType((type) => share(day.mainland[type], weeks.mainland[type], lastDays.mainland[type] * PART)),
      internationalCost: share(day.internationalCost, weeks.internationalCost, lastDays.internationalCost),
    };
  });
  return { basis: 'weekday', days, average, perHour };
}

/** Segments of an average day; at least one where anything was used. */
export function segmentsPerDay({ average }: Burn): bigint {
  const parts = TEMPLATE_TYPES.reduce((sum, type) => sum + average.mainland[type], 0n);
  return parts > 0n && parts < PART ? 1n : parts / PART;
}

/** The hours that the burn is an average of. */
function hoursOfUse({ firstUsedAt }: BurnHistory, { since }: BurnWindow, now: Temporal.Instant): bigint {
  const first = Math.max(since.epochMilliseconds, firstUsedAt?.epochMilliseconds ?? now.epochMilliseconds);
  return BigInt(Math.max(24, Math.ceil((now.epochMilliseconds - first) / HOUR_MS)));
}

function dayOf(sum: UsageSum, perDay: (amount: bigint) => bigint): DayBurn {
  return {
    mainland: perType((type) => perDay(sum.mainland[type] * PART)),
    internationalCost: perDay(sum.internationalCost),
  };
}

function add(a: UsageSum, b: UsageSum): UsageSum {
  return {
    mainland: perType((type) => a.mainland[type] + b.mainland[type]),
    international: a.international + b.international,
    internationalCost: a.internationalCost + b.internationalCost,
  };
}

function perType(of: (type: TemplateType) => bigint): Record<TemplateType, bigint> {
  return { verification: of('verification'), notification: of('notification'), promotion: of('promotion') };
}

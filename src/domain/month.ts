/** A calendar month as `YYYY-MM`, which sorts as text. Whose calendar it is, the time zone says that it was made with. */
export type Month = string;

/**
 * Whether an account's calendar can follow this: a name of the time zone database. An offset such as `+08:00` cannot be one, because the
 * database server reads its sign the other way round.
 */
export function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** The month in which a moment lies. */
export function monthOf(at: Temporal.Instant, timeZone: string): Month {
  return at.toZonedDateTimeISO(timeZone).toPlainDate().toPlainYearMonth().toString();
}

/** The month so many after another; negative for before. */
export function addMonths(month: Month, months: number): Month {
  return Temporal.PlainYearMonth.from(month).add({ months }).toString();
}

/** When a month begins: the first moment of its first day, also where the clocks are changed at that midnight. */
export function monthStart(month: Month, timeZone: string): Temporal.Instant {
  return Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 }).toZonedDateTime(timeZone).toInstant();
}

/** When a month is over: the first moment of the next one. */
export function monthEnd(month: Month, timeZone: string): Temporal.Instant {
  return monthStart(addMonths(month, 1), timeZone);
}

/** How far an account's bills are. */
export interface BillingProgress {
  readonly timeZone: string;
  /** The month in which the account was opened: that of its first bill, which takes what was sent before as well. */
  readonly firstMonth: Month;
  /** The oldest month whose bill is not closed. */
  readonly openMonth: Month;
}

/** Where usage is billed that arrives now. (rule 6) */
export interface BillingMonths {
  /** The bills of all months before this one are closed; '' when none is. */
  readonly billedBefore: Month;
  /** Where a record is billed whose own month is closed. */
  readonly current: Month;
}

/** Which months are closed, and which takes what comes late. A clock that is behind does not open a closed month again. (rule 6) */
export function billingMonths(
  { timeZone, firstMonth, openMonth }: BillingProgress,
  now: Temporal.Instant,
): BillingMonths {
  const calendar = monthOf(now, timeZone);
  return {
    billedBefore: openMonth > firstMonth ? openMonth : '',
    current: calendar > openMonth ? calendar : openMonth,
  };
}

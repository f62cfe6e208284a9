import type { QuietHours } from './settings.ts';

/**
 * Until when the quiet hours last that it is in; null outside of them. They may go over midnight. Where clocks change, a time of day that
 * comes twice is its first one, and one that is skipped is as much later. (rule 21)
 */
export function quietUntil(
  quietHours: QuietHours | null,
  timeZone: string,
  now: Temporal.Instant,
): Temporal.Instant | null {
  if (quietHours === null) return null;
  const from = Temporal.PlainTime.from(quietHours.from);
  const until = Temporal.PlainTime.from(quietHours.until);
  const isOvernight = Temporal.PlainTime.compare(until, from) <= 0;
  const today = now.toZonedDateTimeISO(timeZone).toPlainDate();
  for (const day of [today.subtract({ days: 1 }), today]) {
    const at = (date: Temporal.PlainDate, plainTime: Temporal.PlainTime) =>
      date.toZonedDateTime({ timeZone, plainTime }).toInstant();
    const end = at(isOvernight ? day.add({ days: 1 }) : day, until);
    if (Temporal.Instant.compare(at(day, from), now) <= 0 && Temporal.Instant.compare(now, end) < 0) return end;
  }
  return null;
}

/**
 * A month of usage (UTC, as usage is partitioned) is sealed when all is in it that came in time: then its ids are known by filters instead
 * of being looked for. What comes later is noted by itself, so a sealed month misses nothing. (rule 1)
 */
const ARRIVES_IN_TIME_MS = 4 * 86_400_000;
/** Longer than any transaction or difference of clocks: what was taken in time is committed by then. */
const MARGIN_MS = 3_600_000;

/** Whether a message arrived so long after it was sent that its month may be sealed. */
export function isLateArrival(at: Temporal.Instant, receivedAt: Temporal.Instant): boolean {
  return receivedAt.epochMilliseconds - at.epochMilliseconds > ARRIVES_IN_TIME_MS;
}

/** The months before this moment, which is the first of one, can be sealed at `now`. */
export function sealableBefore(now: Temporal.Instant): Temporal.Instant {
  return utcMonthStart(now.subtract({ milliseconds: ARRIVES_IN_TIME_MS + MARGIN_MS }));
}

/** The first moment of the month (UTC) in which another one lies. */
export function utcMonthStart(at: Temporal.Instant): Temporal.Instant {
  return at.toZonedDateTimeISO('UTC').with({ day: 1 }).startOfDay().toInstant();
}

/** The first moment of the month after one that begins then. */
export function nextUtcMonth(start: Temporal.Instant): Temporal.Instant {
  return start.toZonedDateTimeISO('UTC').add({ months: 1 }).toInstant();
}

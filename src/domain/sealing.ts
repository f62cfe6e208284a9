/**
 * A month of usage (UTC, as usage is partitioned) is sealed when all is in it that came in time: then its ids are known by filters instead
 * of being looked for. What comes later is noted by itself, so a sealed month misses nothing. (rule 1)
 */
const ARRIVES_IN_TIME_MS = 4 * 86_400_000;
/** Longer than any transaction or difference of clocks: what was taken in time is committed by then. */
const MARGIN_MS = 3_600_000;

/** Whether a message arrived so long after it was sent, in epoch milliseconds, that its month may be sealed. */
export function isLateArrival(sentAt: number, receivedAt: Temporal.Instant): boolean {
  return receivedAt.epochMilliseconds - sentAt > ARRIVES_IN_TIME_MS;
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

/** From a moment on, and before another one; null where it has no end on that side. */
export interface Span {
  readonly from: Temporal.Instant | null;
  readonly until: Temporal.Instant | null;
}

/**
 * Where else the ids of messages can be recorded, besides sealed months and the month of each: the months from `openFrom` on, as far as
 * anything can be recorded at `now`, without that of the messages where they are all of one.
 * @param span the first and the last time at which one of the messages was sent, in epoch milliseconds
 */
export function otherOpenMonths(
  span: { readonly from: number; readonly to: number },
  openFrom: Temporal.Instant | null,
  now: Temporal.Instant,
): Span[] {
  if (span.from > span.to) return [];
  const month = utcMonthStart(Temporal.Instant.fromEpochMilliseconds(span.from));
  const next = nextUtcMonth(month);
  if (span.to >= next.epochMilliseconds) return [{ from: openFrom, until: null }];
  const spans: Span[] = [];
  if (!openFrom || isBefore(openFrom, month)) spans.push({ from: openFrom, until: month });
  const after = openFrom && isBefore(next, openFrom) ? openFrom : next;
  if (isBefore(after, now.add({ milliseconds: MARGIN_MS }))) spans.push({ from: after, until: null });
  return spans;
}

function isBefore(a: Temporal.Instant, b: Temporal.Instant): boolean {
  return Temporal.Instant.compare(a, b) < 0;
}

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

/** Ids, and a stretch of time in which they may be recorded. */
export interface IdSearch {
  readonly ids: readonly string[];
  readonly span: Span;
}

/**
 * Where else the ids of messages can be recorded, besides sealed months and the month in which each was sent: the other months from `openFrom`
 * on, as far as anything can be recorded at `now`.
 */
export function otherOpenMonths(
  messages: readonly { readonly id: string; readonly at: Temporal.Instant }[],
  openFrom: Temporal.Instant | null,
  now: Temporal.Instant,
): IdSearch[] {
  return idsByMonth(messages).flatMap(({ start, ids }) =>
    openMonthsBeside(start, openFrom, now).map((span) => ({ ids, span })),
  );
}

interface MonthOfIds {
  /** The first moment of the month (UTC). */
  readonly start: Temporal.Instant;
  readonly ids: string[];
}

function idsByMonth(messages: readonly { readonly id: string; readonly at: Temporal.Instant }[]): MonthOfIds[] {
  const months: (MonthOfIds & { readonly from: number; readonly until: number })[] = [];
  // Thousands of messages fall in few months, so these are looked through.
  for (const { id, at } of messages) {
    const sentAt = at.epochMilliseconds;
    let month = months.find(({ from, until }) => sentAt >= from && sentAt < until);
    if (!month) {
      const start = utcMonthStart(at);
      month = { start, from: start.epochMilliseconds, until: nextUtcMonth(start).epochMilliseconds, ids: [] };
      months.push(month);
    }
    month.ids.push(id);
  }
  return months;
}

function openMonthsBeside(month: Temporal.Instant, openFrom: Temporal.Instant | null, now: Temporal.Instant): Span[] {
  const spans: Span[] = [];
  if (!openFrom || isBefore(openFrom, month)) spans.push({ from: openFrom, until: month });
  const next = nextUtcMonth(month);
  const after = openFrom && isBefore(next, openFrom) ? openFrom : next;
  if (isBefore(after, now.add({ milliseconds: MARGIN_MS }))) spans.push({ from: after, until: null });
  return spans;
}

function isBefore(a: Temporal.Instant, b: Temporal.Instant): boolean {
  return Temporal.Instant.compare(a, b) < 0;
}

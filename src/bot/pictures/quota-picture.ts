import type { BurnDownChart, Point } from '../../charts/chart.ts';
import type { QuotaCourse } from '../../domain/digest.ts';
import { quotaByDay } from '../../domain/forecast.ts';
import type { PastQuota } from '../../services/quota-history.ts';
import type { NoticePicture } from '../../store/notices.ts';
import type { Writer } from '../writer.ts';

/** How far the forecast is drawn, in days. */
const MAX_DAYS_AHEAD = 30;
const MIN_DAYS_AHEAD = 7;

/**
 * The quota going down, its forecast and the threshold; undefined where there is no past of it.
 *
 * @param past the quota until today's midnight, the oldest first
 */
export function quotaPicture(
  writer: Writer,
  course: QuotaCourse,
  past: readonly PastQuota[],
): NoticePicture | undefined {
  const [first] = past;
  if (!first) return undefined;
  const { asOf, timeZone, quota, forecast, threshold } = course;
  const now = asOf.toZonedDateTimeISO(timeZone);
  const begin = first.at.toZonedDateTimeISO(timeZone).toPlainDate();
  const dayOf = (at: Temporal.ZonedDateTime) =>
    begin.until(at.toPlainDate(), { largestUnit: 'days' }).days + partOfDay(at);
  const today = Math.floor(dayOf(now));
  const nowDay = dayOf(now);
  const end = forecast.quotaEndsAt?.toZonedDateTimeISO(timeZone);
  const daysToEnd = end ? now.toPlainDate().until(end.toPlainDate(), { largestUnit: 'days' }).days : MAX_DAYS_AHEAD;
  const ahead = Math.min(MAX_DAYS_AHEAD, Math.max(MIN_DAYS_AHEAD, daysToEnd + 2));
  const endDay = end && daysToEnd < ahead ? dayOf(end) : undefined;
  const chart: BurnDownChart = {
    kind: 'burn_down',
    title: writer.text('chart.quota.title', { quota: writer.segments(quota) }),
    note: writer.text('chart.as_of', { time: writer.time(asOf), zone: writer.zone(asOf) }),
    locale: writer.language,
    days: Array.from({ length: today + ahead + 1 }, (_, index) => writer.shortDay(begin.add({ days: index }))),
    past: [
      ...past.map(({ at, quota: value }) => ({
        day: dayOf(at.toZonedDateTimeISO(timeZone)),
        value: Number(value),
      })),
      { day: nowDay, value: Number(quota) },
    ],
    future:
      forecast.segmentsPerDay === 0n || quota === 0n
        ? []
        : futureOf(course, { today, nowDay, ahead, ...(endDay === undefined ? {} : { endDay }) }),
    threshold:
      threshold === 0n
        ? null
        : {
            value: Number(threshold),
            label: writer.text('chart.quota.threshold', { threshold: writer.segments(threshold) }),
          },
    end:
      end && endDay !== undefined && forecast.quotaEndsBy
        ? {
            day: endDay,
            label: writer.text(`chart.quota.end.${forecast.quotaEndsBy}`, { date: writer.shortDay(end.toPlainDate()) }),
          }
        : null,
    names: {
      past: writer.text('chart.quota.past'),
      future: writer.text('chart.quota.future'),
      now: writer.text('chart.quota.now'),
    },
  };
  return { alt: chart.title, chart };
}

function futureOf(
  { forecastInput, quota }: QuotaCourse,
  { today, nowDay, ahead, endDay }: { today: number; nowDay: number; ahead: number; endDay?: number },
): Point[] {
  const points: Point[] = [{ day: nowDay, value: Number(quota) }];
  for (const [index, left] of quotaByDay(forecastInput, ahead).entries()) {
    const day = today + index + 1;
    if (endDay !== undefined && day > endDay) break;
    points.push({ day, value: Number(left) });
  }
  if (endDay !== undefined) {
    const last = points.at(-1)?.value ?? 0;
    // An expiry takes what is left at once.
    if (forecastInput.plans.some(({ remaining }) => remaining > 0n)) {
      points.push({ day: endDay, value: beforeEnd(points, endDay, last) });
    }
    points.push({ day: endDay, value: 0 });
  }
  return points;
}

/** Where the line would be at its end if it went on as in its last whole day. */
function beforeEnd(points: readonly Point[], endDay: number, last: number): number {
  const [before, latest] = [points.at(-2), points.at(-1)];
  if (!before || !latest || latest.day === before.day) return last;
  const perDay = (before.value - latest.value) / (latest.day - before.day);
  return Math.max(0, last - perDay * (endDay - latest.day));
}

function partOfDay(at: Temporal.ZonedDateTime): number {
  const midnight = at.startOfDay();
  return (at.epochMilliseconds - midnight.epochMilliseconds) / (midnight.hoursInDay * 3_600_000);
}

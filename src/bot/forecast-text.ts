import type { Forecast } from '../domain/forecast.ts';
import type { Markdown } from './markdown.ts';
import type { Writer } from './writer.ts';

/** What an average day uses. */
export function burnText(writer: Writer, forecast: Forecast): Markdown {
  return forecast.segmentsPerDay === 0n
    ? writer.text('quota.no_burn')
    : writer.text(`quota.burn.${forecast.basis}`, { perDay: writer.segments(forecast.segmentsPerDay) });
}

/** For how long the plans last; undefined where that cannot be said, or nothing is left. */
export function lastsText(writer: Writer, forecast: Forecast, quota: bigint): Markdown | undefined {
  if (forecast.quotaDays === null || quota === 0n) return undefined;
  const days = writer.aboutDays(forecast.quotaDays);
  if (!forecast.quotaEndsAt || !forecast.quotaEndsBy) return writer.text('quota.lasts', { days });
  return writer.text(`quota.lasts.${forecast.quotaEndsBy}`, { days, date: writer.date(forecast.quotaEndsAt) });
}

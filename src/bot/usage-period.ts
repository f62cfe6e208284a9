import type { UsagePeriod } from '../services/usage.ts';
import type { Language } from '../store/groups.ts';
import { dayOf, foldWidth, monthOf } from './arguments/index.ts';

/** A period that has a word of its own. The first word is what buttons say. */
export type NamedPeriod = 'today' | 'week' | 'month' | 'last_month';

type Words = readonly [string, ...string[]];

export const PERIOD_WORDS: Readonly<Record<NamedPeriod, Readonly<Record<Language, Words>>>> = {
  today: { 'zh-CN': ['今天', '今日', '当天', '当日'], en: ['today', 'day'] },
  week: { 'zh-CN': ['本周', '这周', '这个星期', '本星期', '一周', '周'], en: ['week', 'this week'] },
  month: { 'zh-CN': ['本月', '这个月', '这月', '当月', '月'], en: ['month', 'this month'] },
  last_month: { 'zh-CN': ['上月', '上个月'], en: ['last month', 'previous month'] },
};

const LAST_WEEK = ['上周', '上个星期', '上星期', 'last week', 'previous week'];

export interface AskedPeriod extends UsagePeriod {
  readonly kind: 'day' | 'week' | 'month';
}

/**
 * The days that are meant: a word above, a day, a month as `arguments/` understands them, or last week; the running month where nothing is
 * said. Weeks begin on Monday. Undefined for everything else.
 *
 * @param now in the account's time zone
 */
export function periodOf(said: string, now: Temporal.ZonedDateTime): AskedPeriod | undefined {
  const words = foldWidth(said).toLowerCase().trim();
  const today = now.toPlainDate();
  if (isNamed('week', words)) return weekOf(today);
  if (LAST_WEEK.includes(words)) return weekOf(today.subtract({ days: 7 }));
  if (words === '' || isNamed('month', words)) return wholeMonth(today.toPlainYearMonth());
  if (isNamed('last_month', words)) return wholeMonth(today.toPlainYearMonth().subtract({ months: 1 }));
  const day = isNamed('today', words) ? today : dayOf(words, now);
  if (day) return { kind: 'day', first: day, last: day };
  const month = monthOf(words, now);
  return month && wholeMonth(month);
}

/** The period's name, where it is one of those that buttons offer. */
export function nameOf(period: AskedPeriod, now: Temporal.ZonedDateTime): NamedPeriod | undefined {
  return (Object.keys(PERIOD_WORDS) as NamedPeriod[]).find((name) => {
    const named = periodOf(PERIOD_WORDS[name]['zh-CN'][0], now);
    return named?.first.equals(period.first) && named.last.equals(period.last);
  });
}

function isNamed(name: NamedPeriod, words: string): boolean {
  return Object.values(PERIOD_WORDS[name]).some((known) => known.includes(words));
}

function weekOf(day: Temporal.PlainDate): AskedPeriod {
  const first = day.subtract({ days: day.dayOfWeek - 1 });
  return { kind: 'week', first, last: first.add({ days: 6 }) };
}

function wholeMonth(month: Temporal.PlainYearMonth): AskedPeriod {
  return { kind: 'month', first: month.toPlainDate({ day: 1 }), last: month.toPlainDate({ day: month.daysInMonth }) };
}

import { chineseNumber } from './chinese-numbers.ts';
import { tidy } from './fold.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAME =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const FIGURE = '(\\d{1,2}|[一二三四五六七八九十]{1,3})';
const YEAR = '(今年|去年|前年|明年|\\d{4} ?年?|[一二三四五六七八九〇零]{4}年)';

const MONTHS_AHEAD: Readonly<Record<string, number>> = {
  ...{ 本月: 0, 这个月: 0, 这月: 0, 当月: 0, 'this month': 0, 'current month': 0 },
  ...{ 上月: -1, 上个月: -1, 'last month': -1, 'previous month': -1 },
  ...{ 上上月: -2, 上上个月: -2 },
  ...{ 下月: 1, 下个月: 1, 'next month': 1, 下下月: 2, 下下个月: 2 },
};
const DAYS_AHEAD: Readonly<Record<string, number>> = {
  ...{ 今天: 0, 今日: 0, today: 0, 昨天: -1, 昨日: -1, yesterday: -1, 前天: -2 },
  ...{ 明天: 1, 明日: 1, tomorrow: 1, 后天: 2 },
};

/**
 * A calendar month: `2026-10`, `2026年10月`, `去年10月`, `10月`, `上个月`, `下个月`, `last month`, `October 2026`, `oct`. Without a year it is
 * the most recent such month, the present one included. Undefined for everything else; whether the month is past, the caller asks.
 *
 * @param now in the time zone in which months are meant: the account's
 */
export function monthOf(text: string, now: Temporal.ZonedDateTime): Temporal.PlainYearMonth | undefined {
  const said = tidy(text);
  const current = now.toPlainDate().toPlainYearMonth();
  const ahead = Object.hasOwn(MONTHS_AHEAD, said) ? MONTHS_AHEAD[said] : undefined;
  if (ahead !== undefined) return current.add({ months: ahead });
  const { year, month } = yearAndMonth(said, current.year) ?? {};
  if (month === undefined) return undefined;
  if (year !== undefined) return yearMonth(year, month);
  const thisYear = yearMonth(current.year, month);
  if (!thisYear) return undefined;
  return Temporal.PlainYearMonth.compare(thisYear, current) <= 0 ? thisYear : thisYear.subtract({ years: 1 });
}

interface Parts {
  readonly year?: number | undefined;
  readonly month?: number | undefined;
  readonly day?: number | undefined;
}

function yearAndMonth(said: string, thisYear: number): Parts | undefined {
  return firstMatch(said, [
    [/^(\d{4})[-/.](\d{1,2})$/, (year, month) => ({ year: Number(year), month: Number(month) })],
    [/^(\d{4})(\d{2})$/, (year, month) => ({ year: Number(year), month: Number(month) })],
    [
      new RegExp(`^${YEAR}? ?${FIGURE} ?月份?$`, 'u'),
      (year, month) => ({ year: yearOf(year, thisYear), month: figure(month) }),
    ],
    [
      new RegExp(`^${MONTH_NAME}(?:,? (\\d{4}))?$`),
      (month, year) => ({ year: year === '' ? undefined : Number(year), month: monthNamed(month) }),
    ],
    [new RegExp(`^(\\d{4}),? ${MONTH_NAME}$`), (year, month) => ({ year: Number(year), month: monthNamed(month) })],
  ]);
}

/**
 * A calendar day: `2026-10-01`, `2026年10月1日`, `10月1号`, `今天`, `昨天`, `明天`, `today`, `Oct 1`, `1 October 2026`. Without a year it is the
 * most recent such day, or with `nearest: 'future'` the next one, today included either way. Undefined for everything else, also for
 * `10/1`, which is another day in America than in Europe.
 *
 * @param now in the time zone in which days are meant: the account's
 */
export function dayOf(
  text: string,
  now: Temporal.ZonedDateTime,
  { nearest = 'past' }: { nearest?: 'past' | 'future' } = {},
): Temporal.PlainDate | undefined {
  const said = tidy(text);
  const today = now.toPlainDate();
  const ahead = Object.hasOwn(DAYS_AHEAD, said) ? DAYS_AHEAD[said] : undefined;
  if (ahead !== undefined) return today.add({ days: ahead });
  const { year, month, day } = yearMonthDay(said, today.year) ?? {};
  if (month === undefined || day === undefined) return undefined;
  if (year !== undefined) return date(year, month, day);
  // A 29th of February is found in a leap year; nothing else needs as many.
  const years = Array.from({ length: 9 }, (_, back) => (nearest === 'past' ? today.year - back : today.year + back));
  return years
    .flatMap((candidate) => date(candidate, month, day) ?? [])
    .find((candidate) => Temporal.PlainDate.compare(candidate, today) * (nearest === 'past' ? 1 : -1) <= 0);
}

function yearMonthDay(said: string, thisYear: number): Parts | undefined {
  const numbers = (year: string, month: string, day: string): Parts => ({
    year: Number(year),
    month: Number(month),
    day: Number(day),
  });
  const named = (month: string, day: string, year: string): Parts => ({
    year: year === '' ? undefined : Number(year),
    month: monthNamed(month),
    day: Number(day),
  });
  return firstMatch(said, [
    [/^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/, (year, _separator, month, day) => numbers(year, month, day)],
    [/^(\d{4})(\d{2})(\d{2})$/, numbers],
    [
      new RegExp(`^${YEAR}? ?${FIGURE} ?月 ?${FIGURE} ?[日号號]$`, 'u'),
      (year, month, day) => ({ year: yearOf(year, thisYear), month: figure(month), day: figure(day) }),
    ],
    [new RegExp(`^${MONTH_NAME} (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?$`), named],
    [
      new RegExp(`^(\\d{1,2})(?:st|nd|rd|th)? ${MONTH_NAME}(?:,? (\\d{4}))?$`),
      (day, month, year) => named(month, day, year),
    ],
  ]);
}

const DURATION_UNITS: readonly (readonly [unit: 'weeks' | 'days' | 'hours' | 'minutes', words: string])[] = [
  ['weeks', '个?星期|周|w|weeks?'],
  ['days', '天|日|d|days?'],
  ['hours', '个?小时|个?钟头|h|hrs?|hours?'],
  ['minutes', '分钟|分|min|mins|minutes?|m'],
];
const DURATION = new RegExp(
  `^${DURATION_UNITS.map(([unit, words]) => `(?:(?<${unit}>\\d{1,5}(?:\\.5)?|[一二三四五六七八九十两]{1,3}|半|an?|half an?)(?<${unit}Half>个半(?=小时|钟头|星期))? ?(?:${words})(?<${unit}Tail>半)?(?: |$|(?=[\\d一二三四五六七八九十两半])))?`).join('')}$`,
  'u',
);
const MINUTES_IN = { weeks: 7 * 24 * 60, days: 24 * 60, hours: 60, minutes: 1 } as const;
const MAX_MINUTES = 366 * MINUTES_IN.days;

/**
 * How long something is to last: `4h`, `4小时`, `两天`, `半小时`, `1.5小时`, `1小时30分钟`, `1h30m`, `30分钟`, `2 days`, `1周`. From a minute to
 * 366 days. Days are of 24 hours; `hours` and `minutes` is what it is returned in. Undefined for everything else.
 */
export function durationOf(text: string): Temporal.Duration | undefined {
  const said = tidy(text);
  const groups = said === '' ? undefined : DURATION.exec(said)?.groups;
  if (!groups) return undefined;
  let minutes = 0;
  for (const [unit] of DURATION_UNITS) {
    const count = groups[unit];
    if (count === undefined) continue;
    const half = (groups[`${unit}Half`] ?? groups[`${unit}Tail`]) === undefined ? 0 : 0.5;
    const amount = quantity(count);
    if (amount === undefined || (half > 0 && !Number.isInteger(amount))) return undefined;
    minutes += (amount + half) * MINUTES_IN[unit];
  }
  if (minutes < 1 || minutes > MAX_MINUTES || !Number.isInteger(minutes)) return undefined;
  return Temporal.Duration.from({ hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

function quantity(said: string): number | undefined {
  if (said === '半' || said.startsWith('half')) return 0.5;
  if (said === 'a' || said === 'an') return 1;
  return /^\d/.test(said) ? Number(said) : figure(said);
}

type Reader = (...groups: string[]) => Parts;

function firstMatch(said: string, patterns: readonly (readonly [RegExp, Reader])[]): Parts | undefined {
  for (const [pattern, read] of patterns) {
    const match = pattern.exec(said);
    if (match) return read(...match.slice(1).map((group) => group ?? ''));
  }
  return undefined;
}

function yearOf(said: string, thisYear: number): number | undefined {
  const ahead = { 明年: 1, 今年: 0, 去年: -1, 前年: -2 }[said];
  if (ahead !== undefined) return thisYear + ahead;
  if (said === '') return undefined;
  const digits = said.replace(/ ?年/u, '');
  return /^\d+$/.test(digits) ? Number(digits) : Number(chineseNumber(digits) ?? Number.NaN);
}

function monthNamed(said: string): number {
  return MONTHS.indexOf(said.slice(0, 3)) + 1;
}

function figure(said: string): number | undefined {
  if (/^\d+$/.test(said)) return Number(said);
  const value = chineseNumber(said);
  return value === undefined ? undefined : Number(value);
}

function yearMonth(year: number, month: number): Temporal.PlainYearMonth | undefined {
  return inRange(year, month) ? Temporal.PlainYearMonth.from({ year, month }) : undefined;
}

function date(year: number, month: number, day: number): Temporal.PlainDate | undefined {
  if (!inRange(year, month) || day < 1) return undefined;
  const first = Temporal.PlainDate.from({ year, month, day: 1 });
  return day <= first.daysInMonth ? first.with({ day }) : undefined;
}

function inRange(year: number, month: number): boolean {
  return year >= 2000 && year <= 2199 && month >= 1 && month <= 12;
}

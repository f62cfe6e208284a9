import type { Language } from '../store/groups.ts';

export interface FormatOptions {
  readonly language: Language;
  /** ISO 4217. */
  readonly currency: string;
  /** IANA name; all times are told in it. */
  readonly timeZone: string;
}

/** How figures, money, times and lists are written in one language, currency and time zone. */
export interface Formats {
  readonly exactMoney: Intl.NumberFormat;
  readonly estimatedMoney: Intl.NumberFormat;
  readonly number: Intl.NumberFormat;
  readonly time: Intl.DateTimeFormat;
  readonly clock: Intl.DateTimeFormat;
  readonly zone: Intl.DateTimeFormat;
  readonly date: Intl.DateTimeFormat;
  /** Of a calendar day at midnight UTC. */
  readonly day: Intl.DateTimeFormat;
  readonly shortDay: Intl.DateTimeFormat;
  readonly weekday: Intl.DateTimeFormat;
  readonly percent: Intl.NumberFormat;
  readonly month: Intl.DateTimeFormat;
  readonly country: Intl.DisplayNames;
  readonly allOf: Intl.ListFormat;
  readonly anyOf: Intl.ListFormat;
}

/** More combinations than an installation has. */
const MAX_KEPT = 200;
const kept = new Map<string, Formats>();

/** The formats, made once for each combination: making them takes longer than answering a command. */
export function formatsFor(options: FormatOptions): Formats {
  const key = `${options.language}/${options.currency}/${options.timeZone}`;
  const known = kept.get(key);
  if (known) return known;
  if (kept.size >= MAX_KEPT) kept.clear();
  const made = makeFormats(options);
  kept.set(key, made);
  return made;
}

function makeFormats({ language, currency, timeZone }: FormatOptions): Formats {
  const money = (digits: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(language, {
      style: 'currency',
      currency,
      // English would write CN¥, which nobody in a Chinese company does.
      currencyDisplay: currency === 'CNY' ? 'narrowSymbol' : 'symbol',
      ...digits,
    });
  return {
    exactMoney: money({ minimumFractionDigits: 2, maximumFractionDigits: 6 }),
    estimatedMoney: money({ minimumFractionDigits: 2, maximumFractionDigits: 2 }),
    number: new Intl.NumberFormat(language, { maximumFractionDigits: 1, roundingMode: 'trunc' }),
    time: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone }),
    clock: new Intl.DateTimeFormat(language, { timeStyle: 'short', hourCycle: 'h23', timeZone }),
    zone: new Intl.DateTimeFormat(language, { timeZone, timeZoneName: 'shortOffset' }),
    date: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone }),
    day: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }),
    shortDay: new Intl.DateTimeFormat(language, {
      month: language === 'zh-CN' ? 'numeric' : 'short',
      day: 'numeric',
      timeZone: 'UTC',
    }),
    weekday: new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' }),
    percent: new Intl.NumberFormat(language, { style: 'percent' }),
    month: new Intl.DateTimeFormat(language, { year: 'numeric', month: 'long', timeZone: 'UTC' }),
    country: new Intl.DisplayNames(language, { type: 'region', style: 'short' }),
    allOf: new Intl.ListFormat(language, { type: 'conjunction' }),
    anyOf: new Intl.ListFormat(language, { type: 'disjunction' }),
  };
}

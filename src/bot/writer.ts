import { MICRO, type Micro, moneyToDecimal } from '../domain/money.ts';
import type { Month } from '../domain/month.ts';
import type { Language } from '../store/groups.ts';
import { escapeMarkdown, type Markdown, ownMarkdown } from './markdown.ts';
import { type TextKey, type TextParams, text } from './texts.ts';

const NAME_LENGTH = 20;
const TITLE_LENGTH = 40;
const REMARK_LENGTH = 100;
const CENT = MICRO / 100n;

export interface WriterOptions {
  readonly language: Language;
  /** ISO 4217. */
  readonly currency: string;
  /** IANA name; all times are told in it. */
  readonly timeZone: string;
}

/** Puts texts, figures and times in one language, currency and time zone. */
export class Writer {
  readonly language: Language;
  readonly #currency: string;
  readonly #exact: Intl.NumberFormat;
  readonly #number: Intl.NumberFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #zone: Intl.DateTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #month: Intl.DateTimeFormat;
  readonly #country: Intl.DisplayNames;

  constructor({ language, currency, timeZone }: WriterOptions) {
    this.language = language;
    this.#currency = currency;
    this.#exact = this.#money({ minimumFractionDigits: 2, maximumFractionDigits: 6 });
    this.#number = new Intl.NumberFormat(language, { maximumFractionDigits: 1, roundingMode: 'trunc' });
    this.#time = new Intl.DateTimeFormat(language, {
      dateStyle: 'medium',
      timeStyle: 'short',
      hourCycle: 'h23',
      timeZone,
    });
    this.#clock = new Intl.DateTimeFormat(language, { timeStyle: 'short', hourCycle: 'h23', timeZone });
    this.#zone = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: 'shortOffset' });
    this.#month = new Intl.DateTimeFormat(language, { year: 'numeric', month: 'long', timeZone: 'UTC' });
    this.#country = new Intl.DisplayNames(language, { type: 'region', style: 'short' });
  }

  text(key: TextKey, params: TextParams = {}): Markdown {
    return text(this.language, key, params);
  }

  /** An amount to its last digit. */
  money(amount: Micro): Markdown {
    return ownMarkdown(this.#exact.format(moneyToDecimal(amount) as Intl.StringNumericLiteral));
  }

  /** What has to be paid at least to have an amount: rounded up to the fen, because nobody can pay less than that. */
  payable(amount: Micro): Markdown {
    const rest = ((amount % CENT) + CENT) % CENT;
    return this.money(rest === 0n ? amount : amount - rest + CENT);
  }

  /** An estimate: to the fen, or exact where that would show nothing. */
  estimate(amount: Micro): Markdown {
    if (amount > -CENT && amount < CENT) return this.money(amount);
    const format = this.#money({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return ownMarkdown(format.format(moneyToDecimal(amount) as Intl.StringNumericLiteral));
  }

  /** A number of segments with its unit. */
  segments(amount: bigint): Markdown {
    return this.text('unit.segments', {
      count: Number(amount),
      number: ownMarkdown(this.#number.format(amount)),
    });
  }

  number(value: bigint | number): Markdown {
    return ownMarkdown(this.#number.format(value));
  }

  /** A number of days; less than one is not told more exactly. */
  days(days: number): Markdown {
    if (days < 1) return this.text('unit.under_a_day');
    return this.text('unit.days', { count: tenths(days), number: this.number(days) });
  }

  /** A number of calendar months. */
  months(months: number): Markdown {
    return this.text('unit.months', { count: months, number: this.number(months) });
  }

  /** An estimate of days, told no more exactly than it can be known. */
  aboutDays(days: number): Markdown {
    if (days < 1) return this.text('unit.under_a_day');
    if (days > 365) return this.text('unit.over_a_year');
    return this.text('unit.about_days', { count: tenths(days), number: this.number(days) });
  }

  /** A calendar month, with its year. */
  month(month: Month): Markdown {
    const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 });
    return ownMarkdown(this.#month.format(first.toZonedDateTime('UTC').epochMilliseconds));
  }

  /** A country or region by its ISO 3166 code. */
  country(code: string): Markdown {
    return this.title(this.#country.of(code) ?? code);
  }

  time(at: Temporal.Instant): Markdown {
    return ownMarkdown(this.#time.format(at.epochMilliseconds));
  }

  /** The time of day. */
  clock(at: Temporal.Instant): Markdown {
    return ownMarkdown(this.#clock.format(at.epochMilliseconds));
  }

  /** The line that says of when the figures are, in which zone, and of whom. */
  asOf(at: Temporal.Instant, accountName: string): Markdown {
    const zone = this.#zone.formatToParts(at.epochMilliseconds).find((part) => part.type === 'timeZoneName');
    return this.text('as_of', {
      time: this.time(at),
      zone: ownMarkdown(zone?.value ?? ''),
      account: this.name(accountName),
    });
  }

  /** Somebody's or something's name, from the world. */
  name(name: string): Markdown {
    return escapeMarkdown(name, NAME_LENGTH);
  }

  /** A plan's title, or what somebody typed. */
  title(title: string): Markdown {
    return escapeMarkdown(title, TITLE_LENGTH);
  }

  /** What somebody wrote to be kept: a sentence. */
  remark(text: string): Markdown {
    return escapeMarkdown(text, REMARK_LENGTH);
  }

  /** Several, all of them. */
  allOf(names: readonly Markdown[]): Markdown {
    return ownMarkdown(new Intl.ListFormat(this.language, { type: 'conjunction' }).format(names));
  }

  /** Several, of whom one will do. */
  anyOf(names: readonly Markdown[]): Markdown {
    return ownMarkdown(new Intl.ListFormat(this.language, { type: 'disjunction' }).format(names));
  }

  #money(digits: Intl.NumberFormatOptions): Intl.NumberFormat {
    return new Intl.NumberFormat(this.language, {
      style: 'currency',
      currency: this.#currency,
      // English would write CN¥, which nobody in a Chinese company does.
      currencyDisplay: this.#currency === 'CNY' ? 'narrowSymbol' : 'symbol',
      ...digits,
    });
  }
}

function tenths(days: number): number {
  return Math.floor(days * 10) / 10;
}

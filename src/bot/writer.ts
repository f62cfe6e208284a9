import { MICRO, type Micro, moneyToDecimal } from '../domain/money.ts';
import type { Month } from '../domain/month.ts';
import type { Language } from '../store/groups.ts';
import { type FormatOptions, type Formats, formatsFor } from './formats.ts';
import { escapeMarkdown, type Markdown, ownMarkdown } from './markdown.ts';
import { type TextKey, type TextParams, text } from './texts.ts';

const NAME_LENGTH = 20;
const TITLE_LENGTH = 40;
const REMARK_LENGTH = 100;
const CENT = MICRO / 100n;

/** Puts texts, figures and times in one language, currency and time zone. */
export class Writer {
  readonly language: Language;
  readonly #formats: Formats;

  constructor(options: FormatOptions) {
    this.language = options.language;
    this.#formats = formatsFor(options);
  }

  text(key: TextKey, params: TextParams = {}): Markdown {
    return text(this.language, key, params);
  }

  /** An amount to its last digit. */
  money(amount: Micro): Markdown {
    return ownMarkdown(this.#formats.exactMoney.format(moneyToDecimal(amount) as Intl.StringNumericLiteral));
  }

  /** What has to be paid at least to have an amount: rounded up to the fen, because nobody can pay less than that. */
  payable(amount: Micro): Markdown {
    const rest = ((amount % CENT) + CENT) % CENT;
    return this.money(rest === 0n ? amount : amount - rest + CENT);
  }

  /** An estimate: to the fen, or exact where that would show nothing. */
  estimate(amount: Micro): Markdown {
    if (amount > -CENT && amount < CENT) return this.money(amount);
    return ownMarkdown(this.#formats.estimatedMoney.format(moneyToDecimal(amount) as Intl.StringNumericLiteral));
  }

  /** A number of segments with its unit. */
  segments(amount: bigint): Markdown {
    return this.text('unit.segments', {
      count: Number(amount),
      number: ownMarkdown(this.#formats.number.format(amount)),
    });
  }

  number(value: bigint | number): Markdown {
    return ownMarkdown(this.#formats.number.format(value));
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
    return ownMarkdown(this.#formats.month.format(first.toZonedDateTime('UTC').epochMilliseconds));
  }

  /** A country or region by its ISO 3166 code. */
  country(code: string): Markdown {
    return this.title(this.#formats.country.of(code) ?? code);
  }

  time(at: Temporal.Instant): Markdown {
    return ownMarkdown(this.#formats.time.format(at.epochMilliseconds));
  }

  /** The time of day. */
  clock(at: Temporal.Instant): Markdown {
    return ownMarkdown(this.#formats.clock.format(at.epochMilliseconds));
  }

  /** The day of a moment, in the account's time zone. */
  date(at: Temporal.Instant): Markdown {
    return ownMarkdown(this.#formats.date.format(at.epochMilliseconds));
  }

  /** A calendar day. */
  day(day: Temporal.PlainDate): Markdown {
    return ownMarkdown(this.#formats.day.format(midnightOf(day)));
  }

  /** A calendar day without its year. */
  shortDay(day: Temporal.PlainDate): Markdown {
    return ownMarkdown(this.#formats.shortDay.format(midnightOf(day)));
  }

  /** The day of the week. */
  weekday(day: Temporal.PlainDate): Markdown {
    return ownMarkdown(this.#formats.weekday.format(midnightOf(day)));
  }

  /** A share in whole per cent. */
  percent(percent: number): Markdown {
    return ownMarkdown(this.#formats.percent.format(percent / 100));
  }

  /** The time zone's difference from UTC at this time. */
  zone(at: Temporal.Instant): Markdown {
    const zone = this.#formats.zone.formatToParts(at.epochMilliseconds).find((part) => part.type === 'timeZoneName');
    return ownMarkdown(zone?.value ?? '');
  }

  /** The line that says of when the figures are, in which zone, and of whom. */
  asOf(at: Temporal.Instant, accountName: string): Markdown {
    return this.text('as_of', {
      time: this.time(at),
      zone: this.zone(at),
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
    return ownMarkdown(this.#formats.allOf.format(names));
  }

  /** Several, of whom one will do. */
  anyOf(names: readonly Markdown[]): Markdown {
    return ownMarkdown(this.#formats.anyOf.format(names));
  }
}

function midnightOf(day: Temporal.PlainDate): number {
  return day.toZonedDateTime('UTC').epochMilliseconds;
}

function tenths(days: number): number {
  return Math.floor(days * 10) / 10;
}

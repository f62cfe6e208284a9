import { LIMIT_KEYS, type LimitKey, type LimitUnit, type LimitValues, limitId, usualWarning } from '../domain/limit.ts';
import { moneyToDecimal } from '../domain/money.ts';
import type { Language } from '../store/groups.ts';
import { amountOf, numberOf } from './arguments/index.ts';
import { nearestOf, phraseOf } from './nearest.ts';
import { NONE } from './setting-values.ts';
import { commandText } from './vocabulary.ts';

const PERIODS = {
  day: {
    before: ['日', '每日', '每天', '单日', '当日', '今日', 'daily ', 'day '],
    after: [' per day', ' a day', '/day'],
  },
  month: {
    before: ['月', '每月', '单月', '当月', '本月', 'monthly ', 'month '],
    after: [' per month', ' a month', '/month'],
  },
} as const;
const UNITS = {
  segments: {
    'zh-CN': ['条数', '短信条数', '发送条数', '发送量', '用量', '短信', '条'],
    en: ['segments', 'segment', 'messages', 'sms'],
  },
  money: {
    'zh-CN': ['金额', '按量付费金额', '按量付费', '费用', '花费', '消费', '支出'],
    en: ['amount', 'money', 'pay-as-you-go', 'spending', 'spend', 'cost'],
  },
} as const;

/** What one says for a cap after `上限`, the longest first. */
const PHRASES = LIMIT_KEYS.flatMap((key) => {
  const { before, after } = PERIODS[key.period];
  const units = UNITS[key.unit];
  return [
    ...units['zh-CN'].flatMap((unit) => before.slice(0, -2).map((period) => ({ words: period + unit, key }))),
    ...units.en.flatMap((unit) => [
      ...before.slice(-2).map((period) => ({ words: period + unit, key })),
      ...after.map((period) => ({ words: unit + period, key })),
    ]),
  ];
}).toSorted((a, b) => b.words.length - a.words.length);

/** The word for a cap that buttons and examples use. */
export function limitWord(language: Language, { period, unit }: LimitKey): string {
  const english = language === 'en';
  const first = PERIODS[period].before.at(english ? -2 : 0) ?? '';
  return first + UNITS[unit][language][0];
}

/** What was said of a cap. A value that was not said is undefined; null is none. */
export interface SaidLimit {
  readonly key: LimitKey;
  readonly values: { readonly stop?: bigint | null; readonly warn?: bigint | null };
  /** What could not be read after the cap's name; '' for nothing. */
  readonly unclear: string;
}

const BETWEEN = /^(?:[\s:=,、]|改为|改成|设为|设成|调到|调为|为|到|to(?= ))+/u;
const WARNING = /[\s,、;]*(?:预警值|预警|警告|告警|提醒|warning at|warn at|warning|warn)[\s:=]*/u;
const STOP_WORD = /^(?:停发值|停发|停止|stop at|stop)[\s:=]*/u;

/** The cap that an argument begins with, and the values that follow; undefined when it begins with none. */
export function limitIn(argument: string, currency: string): SaidLimit | undefined {
  const found = PHRASES.find(
    ({ words }) => argument.startsWith(words) && !/^[a-z]/.test(lastLatin(words, argument.slice(words.length))),
  );
  if (!found) return undefined;
  const { key } = found;
  const said = argument.slice(found.words.length).replace(BETWEEN, '').trim();
  if (said === '') return { key, values: {}, unclear: '' };
  const [stopText = '', ...rest] = said.split(WARNING);
  const warnText = rest.length > 0 ? rest.join(' ').trim() : undefined;
  const stop = figureOf(stopText.replace(STOP_WORD, '').trim(), key.unit, currency);
  const warn = warnText === undefined ? undefined : warningOf(warnText, stop, key.unit, currency);
  const isUnclear = (stopText.trim() !== '' && stop === undefined) || (warnText !== undefined && warn === undefined);
  if (isUnclear || rest.length > 1) return { key, values: {}, unclear: said };
  return {
    key,
    values: { ...(stop === undefined ? {} : { stop }), ...(warn === undefined ? {} : { warn }) },
    unclear: '',
  };
}

/** What was said of a cap, with the nearest cap's name in the place of a mistyped one; undefined where none is near. */
export function limitNear(argument: string, language: Language, currency: string): string | undefined {
  const phrases = PHRASES.map(({ words, key }) => ({ ...phraseOf(words), key }));
  const [near] = nearestOf(argument, phrases);
  if (!near) return undefined;
  const word = limitWord(language, near.phrase.key);
  const whole = `${word} ${near.rest}`;
  return near.rest !== '' && limitIn(whole, currency)?.unclear === '' ? whole : word;
}

/** `segmentsx` is not `segments`; Chinese and figures need no space. */
function lastLatin(words: string, rest: string): string {
  return /[a-z]$/.test(words) ? rest : '';
}

function figureOf(text: string, unit: LimitUnit, currency: string): bigint | null | undefined {
  if (text === '') return undefined;
  if (NONE.includes(text)) return null;
  return unit === 'money' ? amountOf(text, currency) : numberOf(text);
}

function warningOf(
  text: string,
  stop: bigint | null | undefined,
  unit: LimitUnit,
  currency: string,
): bigint | null | undefined {
  const share = /^(\d{1,2}) ?%$/.exec(text)?.[1];
  if (share === undefined) return figureOf(text, unit, currency);
  return typeof stop === 'bigint' ? (stop * BigInt(share)) / 100n : undefined;
}

/**
 * The values that a cap has when what was said is done: a warning that was not said goes with the stop, a stop that was not said stays.
 * Null takes the cap away.
 */
export function valuesAfter(said: SaidLimit['values'], current: LimitValues | null): LimitValues | null {
  const stop = said.stop === undefined ? (current?.stop ?? null) : said.stop;
  const usual = stop === null ? null : usualWarning(stop);
  const warn = said.warn === undefined ? (said.stop === undefined ? (current?.warn ?? null) : usual) : said.warn;
  return stop === null && warn === null ? null : { stop, warn };
}

/** What one says to set a cap, whole: `上限 日条数 20000 预警 16000`. */
export function limitText(language: Language, key: LimitKey, values: LimitValues | null): string {
  return commandText(language, 'limits', limitArgument(language, key, values));
}

export function limitArgument(language: Language, key: LimitKey, values: LimitValues | null): string {
  const [off, warning] = language === 'en' ? ['off', 'warn'] : ['关', '预警'];
  const text = (value: bigint | null) => (value === null ? off : figure(value, key.unit));
  const word = limitWord(language, key);
  return values === null ? `${word} ${off}` : `${word} ${text(values.stop)} ${warning} ${text(values.warn)}`;
}

function figure(value: bigint, unit: LimitUnit): string {
  return unit === 'money' ? moneyToDecimal(value).replace(/\.00$/, '') : value.toString();
}

/** Values above what is set and used, to choose from: half as much again, twice and five times as much, rounded up to two figures. */
export function higherStops({ unit }: LimitKey, stop: bigint | null, used: bigint): bigint[] {
  const floor = unit === 'money' ? 1_000_000n : 1n;
  const base = [stop ?? 0n, used, floor].reduce((a, b) => (a > b ? a : b));
  return [15n, 20n, 50n].map((tenths) => roundUp((base * tenths) / 10n, floor)).filter((value) => value > base);
}

/** To two significant figures, and to whole units of the currency. */
function roundUp(value: bigint, unit: bigint): bigint {
  const units = (value + unit - 1n) / unit;
  const step = 10n ** BigInt(Math.max(0, units.toString().length - 2));
  return ((units + step - 1n) / step) * step * unit;
}

/** Whether two caps are the same one. */
export function isSameLimit(a: LimitKey, b: LimitKey): boolean {
  return limitId(a) === limitId(b);
}

import { MICRO, type Micro } from '../../domain/money.ts';
import { chineseNumber } from './chinese-numbers.ts';
import { tidy } from './fold.ts';

/** The largest number that is understood: beyond it there is nothing that the bot could count. */
const MAX = 10n ** 15n;

/** Powers of ten that may follow a figure. `w` is how 万 is typed in a hurry. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ 百: 2, 千: 3, 万: 4, 萬: 4, 十万: 5, 百万: 6, 千万: 7, 亿: 8, 億: 8 },
  ...{ k: 3, w: 4, m: 6, thousand: 3, million: 6 },
};
const UNIT = Object.keys(UNITS)
  .toSorted((a, b) => b.length - a.length)
  .join('|');

const FIGURE = new RegExp(`^(0|[1-9]\\d{0,15}|[1-9]\\d{0,2}(?:,\\d{3}){1,5})(?:\\.(\\d{1,8}))?(?: ?(${UNIT}))?$`, 'u');
/** `1万5000` and `1万2千`, said as one says them. */
const TWO_PARTS = /^([1-9]\d{0,5})[万萬](?:([1-9]\d{3})|([1-9])千)$/u;
const SEGMENTS = / ?(?:条短信|条|段|segments?|sms|messages?)$/u;

/**
 * A whole number that is not negative, however a person writes it: `5000`, `5,000`, `5，000`, `5千`, `0.5万`, `1.2亿`, `5k`, `2m`,
 * `五千`, `1万2千`, each also with `条` or `segments`. Undefined for everything else: what is only half understood (`5,00`, `1万5`, `1.5`,
 * `05`), look-alikes (`5OOO`, `٥٠٠٠`, `5²`), and what is more than 10^15.
 */
export function numberOf(text: string): bigint | undefined {
  const said = tidy(text).replace(SEGMENTS, '');
  return scaled(said, 0);
}

/** How a currency is named before or after an amount, besides by its ISO code. */
const MARKS: Readonly<Record<string, { readonly before: readonly string[]; readonly after: readonly string[] }>> = {
  CNY: { before: ['¥', 'rmb', '人民币'], after: ['元人民币', '元', '块钱', '块', '圆', 'yuan', 'rmb'] },
  HKD: { before: ['hk$', '港币'], after: ['港币', '港元'] },
  USD: { before: ['us$', '$'], after: ['美元', 'dollars', 'dollar'] },
  EUR: { before: ['€'], after: ['欧元', 'euros', 'euro', '€'] },
};

/**
 * An amount of money that is not negative, in micro-units of the account's currency: `500`, `500.00`, `¥5,000`, `500元`, `0.5万元`,
 * `五百块`, `CNY 500`. Undefined for everything else, also for another currency's amount and for less than a fen.
 *
 * @param currency ISO 4217, the account's
 */
export function amountOf(text: string, currency: string): Micro | undefined {
  const code = currency.toLowerCase();
  const marks = MARKS[currency.toUpperCase()] ?? { before: [], after: [] };
  let said = tidy(text);
  const before = [...marks.before, code].find((mark) => said.startsWith(mark));
  if (before !== undefined) said = said.slice(before.length).trimStart();
  const after = [...marks.after, code].find((mark) => said.endsWith(mark));
  if (after !== undefined) said = said.slice(0, -after.length).trimEnd();
  const fen = scaled(said, 2);
  return fen === undefined ? undefined : (fen * MICRO) / 100n;
}

/** The figure times 10^`decimals`; undefined where that is not whole. */
function scaled(said: string, decimals: number): bigint | undefined {
  const factor = 10n ** BigInt(decimals);
  const parts = TWO_PARTS.exec(said);
  if (parts) {
    const [, high = '0', rest, thousands] = parts;
    return within(
      (BigInt(high) * 10_000n + (rest ? BigInt(rest) : BigInt(thousands ?? '0') * 1_000n)) * factor,
      factor,
    );
  }
  const match = FIGURE.exec(said);
  if (!match) {
    const spoken = chineseNumber(said);
    return spoken === undefined ? undefined : within(spoken * factor, factor);
  }
  const [, whole = '', fraction = '', unit] = match;
  const places = (unit === undefined ? 0 : (UNITS[unit] ?? 0)) + decimals;
  if (/[1-9]/.test(fraction.slice(places))) return undefined;
  // A count has no decimals, not even zeros, unless a unit follows: 5.000 is 5,000 in half of the world.
  if (fraction !== '' && places === 0) return undefined;
  const digits = whole.replaceAll(',', '') + fraction.slice(0, places).padEnd(places, '0');
  return within(BigInt(digits), factor);
}

function within(value: bigint, factor: bigint): bigint | undefined {
  return value > MAX * factor ? undefined : value;
}

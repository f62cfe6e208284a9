import { InputError } from './errors.ts';

/** An amount of money: an integer number of micro-units of a currency (1 CNY = 1,000,000). May be negative. (rule 7) */
export type Micro = bigint;

/** Micro-units in one unit of a currency. */
export const MICRO = 1_000_000n;
const FEN = 10_000n;

/**
 * Reads a decimal amount such as `500`, `500.00` or `-0.045` into micro-units.
 * @throws InputError `money_malformed` for anything else, or for more than six decimals.
 */
export function parseMoney(text: string): Micro {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) {
    throw new InputError('money_malformed', `"${text.slice(0, 40)}" is not an amount; write it like 500 or 500.00.`, {
      text: text.slice(0, 40),
    });
  }
  const [, sign, whole = '0', fraction = ''] = match;
  const micro = BigInt(whole) * MICRO + BigInt(fraction.padEnd(6, '0'));
  return sign === '-' ? -micro : micro;
}

/** Writes micro-units as an exact decimal, with at least two decimals: `500.00`, `0.045`, `-12.50`. */
export function moneyToDecimal(amount: Micro): string {
  const absolute = amount < 0n ? -amount : amount;
  const fraction = (absolute % MICRO)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${amount < 0n ? '-' : ''}${absolute / MICRO}.${fraction}`;
}

/**
 * `amount * numerator / denominator`, rounded to the fen (0.01), half to even. The one place where money is rounded. (rule 7)
 * `denominator` must be positive.
 */
export function roundToFen(amount: Micro, numerator = 1n, denominator = 1n): Micro {
  const scaled = amount * numerator;
  const unit = FEN * denominator;
  let quotient = scaled / unit;
  let rest = scaled % unit;
  if (rest < 0n) {
    quotient -= 1n;
    rest += unit;
  }
  const twice = rest * 2n;
  if (twice > unit || (twice === unit && quotient % 2n !== 0n)) quotient += 1n;
  return quotient * FEN;
}

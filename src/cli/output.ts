import { stripVTControlCharacters } from 'node:util';
import { type Micro, moneyToDecimal } from '../domain/money.ts';

/** Scripts whose letters take two columns of a terminal. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
const GAP = '  ';
/** A tariff belongs to no account, so its times are shown in the zone of the supplier. */
export const SUPPLIER_TIME_ZONE = 'Asia/Shanghai';

/** `¥5,000.00`; more decimals only where there are. */
export function formatMoney(amount: Micro, currency: string): string {
  const format = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: 2,
    maximumFractionDigits: 6,
  });
  return format.format(moneyToDecimal(amount) as Intl.StringNumericLiteral);
}

/** `14,200` */
export function formatCount(count: bigint | number): string {
  return new Intl.NumberFormat('en').format(count);
}

/** `2026-03-10 12:34`, in the account's time zone. */
export function formatTime(at: Temporal.Instant, timeZone: string): string {
  return at.toZonedDateTimeISO(timeZone).toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
}

/** Lines of `label  value`, aligned. */
export function fields(rows: readonly (readonly [label: string, value: string])[]): string[] {
  return table(rows.map(([label, value]) => [label, value]));
}

/** Aligned columns; those that `right` names are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const clean = rows.map((row) => row.map(onOneLine));
  const widths: number[] = [];
  for (const row of clean) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return clean.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        return right.includes(column) ? padding + cell : cell + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Names come from people: nothing in them may move the cursor or look like another line. */
function onOneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{C}/gu, ' ');
}

/** Columns of a terminal that a text takes. */
function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += WIDE.test(letter) ? 2 : 1;
  return width;
}

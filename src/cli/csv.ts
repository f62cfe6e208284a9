/** At the beginning of a file it tells Excel that what follows is UTF-8; without it Chinese is read as something else. */
export const CSV_MARK = '\ufeff';
/** What a spreadsheet takes for the beginning of a formula, in either width. */
const FORMULA = /^[\s\p{C}]*[=+\-@＝＋－＠|%]/u;
/** A plain number, which may begin with a sign. */
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * A row of a CSV file (RFC 4180) without its end, which is CR and LF. A text that a spreadsheet would run as a formula has an apostrophe
 * before it; what is null is empty.
 */
export function csvRow(cells: readonly (string | null)[]): string {
  return cells.map((cell) => cellOf(cell ?? '')).join(',');
}

function cellOf(value: string): string {
  const text = FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

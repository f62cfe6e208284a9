/** Prints a table for people: the first column is text, the others are figures. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  console.log(line(head));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of rows) console.log(line(row));
}

/** A rate without decimals, grouped. */
export function rate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}

/** The middle one: a slow moment of the machine does not count. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A ratio for people. */
export function ratio(value: number): string {
  return value.toFixed(2);
}

/** A ratio for machines. */
export function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

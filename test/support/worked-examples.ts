import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { at, yuan } from './builders.ts';

const DOCUMENT = readFileSync(new URL('../../docs/billing.md', import.meta.url), 'utf8');

/** The tables of one section of docs/billing.md, so that a test has no figures but those that a reader sees. */
export function tablesOf(heading: string): readonly ExampleTable[] {
  const section = DOCUMENT.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new RangeError(`docs/billing.md has no section "${heading}"`);
  const tables = section.match(/(?:^\|.*\n)+/gm) ?? [];
  if (tables.length === 0) throw new RangeError(`the section "${heading}" has no table`);
  return tables.map((text) => new ExampleTable(text));
}

/** The only table of a section. */
export function tableOf(heading: string): ExampleTable {
  const [table, ...others] = tablesOf(heading);
  if (!table || others.length > 0) throw new RangeError(`the section "${heading}" has ${others.length + 1} tables`);
  return table;
}

export class ExampleTable {
  readonly rows: readonly ExampleRow[];

  constructor(text: string) {
    const [head = [], , ...rows] = text
      .trim()
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    this.rows = rows.map((cells) => new ExampleRow(head, cells));
  }

  /** The row that begins with this. */
  row(first: string): ExampleRow {
    const found = this.rows.find((row) => row.first === first);
    if (!found) throw new RangeError(`no row begins with "${first}"`);
    return found;
  }
}

/** A row; every figure that the document gives has to be asked for, so that none is only for show. */
export class ExampleRow {
  readonly first: string;
  readonly #cells: ReadonlyMap<string, string>;
  readonly #asked = new Set<string>();

  constructor(head: readonly string[], cells: readonly string[]) {
    expect(cells).toHaveLength(head.length);
    this.first = cells[0] ?? '';
    this.#cells = new Map(head.map((name, index) => [name, cells[index] ?? '']));
  }

  text(column: string): string {
    const cell = this.#cells.get(column);
    if (cell === undefined) throw new RangeError(`there is no column "${column}"`);
    this.#asked.add(column);
    return cell;
  }

  /** Segments: `12,000`, and none for a dash. */
  count(column: string): number {
    const text = this.text(column);
    if (text === '–') return 0;
    if (!/^\d{1,3}(,\d{3})*$/.test(text)) throw new RangeError(`"${text}" is no count`);
    return Number(text.replaceAll(',', ''));
  }

  /** Micro-units: `¥4,000.04`, `−¥499.96`, and none for a dash. */
  money(column: string): bigint {
    const text = this.text(column);
    if (text === '–') return 0n;
    if (!/^−?¥\d{1,3}(,\d{3})*(\.\d{2,6})?$/.test(text)) throw new RangeError(`"${text}" is no amount`);
    return yuan(text.replace('−', '-').replaceAll(/[¥,]/g, ''));
  }

  /** `2026-03-10` or `2026-03-10 12:00`, in Shanghai. */
  time(column: string): Temporal.Instant {
    return at(this.text(column).replace(' ', 'T'));
  }

  /** The columns that no one has asked for. */
  get unread(): string[] {
    return [...this.#cells.keys()].filter((column) => !this.#asked.has(column));
  }
}

import { type Catalogue, type CatalogueEntry, readCatalogueFile } from '../services/catalogue.ts';
import type { Result } from './command.ts';
import { DataFile } from './data-file.ts';
import { CliError } from './errors.ts';
import { table } from './output.ts';

/** The entries of one kind that a catalogue file has. */
export async function readCatalogue<K extends keyof Catalogue>(path: string, kind: K): Promise<Catalogue[K]> {
  const file = await DataFile.read(path);
  const catalogue = readCatalogueFile(file.value);
  if ('problems' in catalogue) throw file.refuse(catalogue.problems);
  if (catalogue[kind].length > 0) return catalogue[kind];
  const message = { english: `the file has no ${kind}`, chinese: `文件里没有 ${kind}` };
  throw file.refuse([{ path: [kind], message }]);
}

/** @throws CliError with this code, so that nothing is imported, when an entry does not go together with what is there */
export function assertImported(entries: readonly CatalogueEntry[], code: 'tariff_conflict' | 'offer_conflict'): void {
  const problems = entries.flatMap((entry) =>
    entry.state === 'different' ? [{ name: `${entry.kind} ${entry.id}`, reason: entry.reason }] : [],
  );
  if (problems.length === 0) return;
  const english = problems.map(({ name, reason }) => `${name}: ${reason.english}`).join('\n  ');
  const chinese = problems.map(({ name, reason }) => `${name}：${reason.chinese}`).join('\n  ');
  throw new CliError(code, `Nothing was imported.\n  ${english}`, { problems: chinese });
}

export function importResult(entries: readonly CatalogueEntry[]): Result {
  const rows = entries.map(({ kind, id, state }) => [state === 'added' ? 'added' : 'is there', kind, id]);
  return { json: { entries }, lines: table(rows) };
}

import { type Catalogue, type CatalogueEntry, readCatalogueFile } from '../services/catalogue.ts';
import type { Result } from './command.ts';
import { DataFile } from './data-file.ts';
import { table } from './output.ts';

/** The entries of one kind that a catalogue file has. */
export async function readCatalogue<K extends keyof Catalogue>(path: string, kind: K): Promise<Catalogue[K]> {
  return entriesOf(await DataFile.read(path), kind);
}

/** As `readCatalogue`, of a file that is read. */
export function entriesOf<K extends keyof Catalogue>(file: DataFile, kind: K): Catalogue[K] {
  const catalogue = readCatalogueFile(file.value);
  if ('problems' in catalogue) throw file.refuse(catalogue.problems);
  if (catalogue[kind].length > 0) return catalogue[kind];
  const message = { english: `the file has no ${kind}`, chinese: `文件里没有 ${kind}` };
  throw file.refuse([{ path: [kind], message }]);
}

/**
 * @param entries what came of the entries of this kind in the file, in its order
 * @throws CliError so that nothing is imported, when an entry does not go together with what is there
 */
export function assertImported(file: DataFile, kind: keyof Catalogue, entries: readonly CatalogueEntry[]): void {
  const problems = entries.flatMap((entry, index) =>
    entry.state === 'different' ? [{ path: [kind, index, entry.field], message: entry.reason }] : [],
  );
  if (problems.length > 0) throw file.refuse(problems, kind === 'tariffs' ? 'tariff_conflict' : 'offer_conflict');
}

export function importResult(entries: readonly CatalogueEntry[]): Result {
  const rows = entries.map(({ kind, id, state }) => [state === 'added' ? 'added' : 'is there', kind, id]);
  return { json: { entries }, lines: table(rows) };
}

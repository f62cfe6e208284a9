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
  throw file.refuse([{ path: [kind], message: `the file has no ${kind}` }]);
}

/** @throws CliError with this code, so that nothing is imported, when an entry does not go together with what is there */
export function assertImported(entries: readonly CatalogueEntry[], code: string): void {
  const problems = entries.flatMap((entry) =>
    entry.state === 'different' ? [`${entry.kind} ${entry.id}: ${entry.reason}`] : [],
  );
  if (problems.length > 0) throw new CliError(code, `Nothing was imported.\n  ${problems.join('\n  ')}`);
}

export function importResult(entries: readonly CatalogueEntry[]): Result {
  const rows = entries.map(({ kind, id, state }) => [state === 'added' ? 'added' : 'is there', kind, id]);
  return { json: { entries }, lines: table(rows) };
}

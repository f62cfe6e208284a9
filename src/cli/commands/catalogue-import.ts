import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { addToCatalogue, parseCatalogue } from '../../services/catalogue.ts';
import { inTransaction } from '../../store/database.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import { table } from '../output.ts';

export const catalogueImport = defineCommand({
  name: 'catalogue import',
  about: 'Add tariffs and plan offers from a JSON file; worlds/first-start.json is a sample',
  arguments: [{ name: 'FILE', about: 'with the keys "tariffs" and "offers"' }],
  input: z.object({ FILE: z.string() }),
  run: async ({ db, context }, { FILE }) => {
    const catalogue = parseCatalogue(await readJson(FILE));
    const entries = await inTransaction(db, async (tx) => {
      const added = await addToCatalogue(context, tx, catalogue);
      const different = added.filter(({ state }) => state === 'different').map(({ kind, id }) => `${kind} ${id}`);
      if (different.length > 0) {
        throw new CliError(
          'catalogue_differs',
          `What is there has other content: ${different.join(', ')}. Nothing was changed. ` +
            'Bills may rest on it, so give a new version to a tariff and a new id to an offer.',
        );
      }
      return added;
    });
    if (entries.length === 0) return { json: { entries }, lines: ['The file has neither tariffs nor offers.'] };
    const rows = entries.map(({ kind, id, state }) => [state === 'added' ? 'added' : 'is there', kind, id]);
    return { json: { entries }, lines: table(rows) };
  },
});

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    throw new CliError(
      'file_unreadable',
      `${path} cannot be read (${reason}). Give the path of a file that you may read.`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(
      'file_invalid',
      `${path} is not JSON: ${error instanceof Error ? error.message : error}. Correct it.`,
    );
  }
}

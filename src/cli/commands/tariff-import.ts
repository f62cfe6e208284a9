import { z } from 'zod';
import { addTariffs, recordImport } from '../../services/catalogue.ts';
import { inTransaction } from '../../store/database.ts';
import { assertImported, entriesOf, importResult } from '../catalogue.ts';
import { defineCommand } from '../command.ts';
import { DataFile } from '../data-file.ts';

export const tariffImport = defineCommand({
  name: 'tariff import',
  about: 'Add the tariffs of a YAML or JSON file; catalogue/sample.yaml explains the form',
  arguments: [{ name: 'FILE', about: 'with the key "tariffs"; a change of prices is a new version with its own time' }],
  input: z.object({ FILE: z.string() }),
  run: async ({ db, context }, { FILE }) => {
    const file = await DataFile.read(FILE);
    const tariffs = entriesOf(file, 'tariffs');
    const entries = await inTransaction(db, async (tx) => {
      const added = await addTariffs(context, tx, tariffs);
      await recordImport(context, tx, added);
      assertImported(file, 'tariffs', added);
      return added;
    });
    return importResult(entries);
  },
});

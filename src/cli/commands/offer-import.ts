import { z } from 'zod';
import { addOffers, recordImport } from '../../services/catalogue.ts';
import { inTransaction } from '../../store/database.ts';
import { assertImported, entriesOf, importResult } from '../catalogue.ts';
import { defineCommand } from '../command.ts';
import { DataFile } from '../data-file.ts';

export const offerImport = defineCommand({
  name: 'offer import',
  about: 'Add the plan offers of a YAML or JSON file; catalogue/sample.yaml explains the form',
  arguments: [
    { name: 'FILE', about: 'with the key "offers"; a change or a withdrawal is a new version with its own time' },
  ],
  input: z.object({ FILE: z.string() }),
  run: async ({ db, context }, { FILE }) => {
    const file = await DataFile.read(FILE);
    const offers = entriesOf(file, 'offers');
    const entries = await inTransaction(db, async (tx) => {
      const added = await addOffers(context, tx, offers);
      await recordImport(context, tx, added);
      assertImported(file, 'offers', added);
      return added;
    });
    return importResult(entries);
  },
});

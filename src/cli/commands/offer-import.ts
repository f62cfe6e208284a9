import { z } from 'zod';
import { addOffers, recordImport } from '../../services/catalogue.ts';
import { inTransaction } from '../../store/database.ts';
import { assertImported, importResult, readCatalogue } from '../catalogue.ts';
import { defineCommand } from '../command.ts';

export const offerImport = defineCommand({
  name: 'offer import',
  about: 'Add the plan offers of a YAML or JSON file; catalogue/sample.yaml explains the form',
  arguments: [{ name: 'FILE', about: 'with the key "offers"' }],
  input: z.object({ FILE: z.string() }),
  run: async ({ db, context }, { FILE }) => {
    const offers = await readCatalogue(FILE, 'offers');
    const entries = await inTransaction(db, async (tx) => {
      const added = await addOffers(tx, offers);
      await recordImport(context, tx, added);
      assertImported(added, 'offer_conflict');
      return added;
    });
    return importResult(entries);
  },
});

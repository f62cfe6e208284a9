import { z } from 'zod';
import { revokeApiKey } from '../../services/api-keys.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand, nameOf } from '../command.ts';

export const keyRevoke = defineCommand({
  name: 'key revoke',
  about: 'Make the keys of a label stop working at once',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'LABEL', about: 'as it was given to "key create"; "account show" lists them' },
  ],
  input: z.object({ ACCOUNT: z.string(), LABEL: nameOf(60) }),
  run: async (session, { ACCOUNT, LABEL }) => {
    const { db, context } = session;
    const { id, name } = await findAccount(session, ACCOUNT);
    const revoked = await inTransaction(db, (tx) => revokeApiKey(context, tx, id, LABEL));
    return {
      json: { accountId: id, label: LABEL, revoked },
      lines: [`${revoked === 1 ? 'The key' : `${revoked} keys`} "${LABEL}" of "${name}" will not work any more.`],
    };
  },
});

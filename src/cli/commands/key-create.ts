import { z } from 'zod';
import { createApiKey } from '../../services/api-keys.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand, nameOf } from '../command.ts';

export const keyCreate = defineCommand({
  name: 'key create',
  about: 'Make a key with which a gateway reports the usage of an account',
  arguments: [{ name: 'ACCOUNT', about: 'its id or name' }],
  options: { label: { value: 'LABEL', about: 'what the key is for, to revoke it by; default gateway' } },
  input: z.object({ ACCOUNT: z.string(), label: nameOf(60).default('gateway') }),
  run: async (session, { ACCOUNT, label }) => {
    const { db, context } = session;
    const { id, name } = await findAccount(session, ACCOUNT);
    const key = await inTransaction(db, (tx) => createApiKey(context, tx, id, label));
    return {
      json: { accountId: id, label, key },
      lines: [key, `This key of "${name}", named "${label}", is shown once: keep it where the gateway finds it.`],
    };
  },
});

import { z } from 'zod';
import { removeWebhook } from '../../services/webhooks.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';

export const webhookRemove = defineCommand({
  name: 'webhook remove',
  about: 'Call an address no more',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'WEBHOOK', about: 'its id or address; "webhook list" shows them' },
  ],
  input: z.object({ ACCOUNT: z.string(), WEBHOOK: z.string() }),
  run: async (session, { ACCOUNT, WEBHOOK }) => {
    const { db, context } = session;
    const { id, name } = await findAccount(session, ACCOUNT);
    const webhook = await inTransaction(db, (tx) => removeWebhook(context, tx, id, WEBHOOK));
    return {
      json: { accountId: id, id: webhook.id, url: webhook.url },
      lines: [`${webhook.url} is not called for "${name}" any more.`],
    };
  },
});

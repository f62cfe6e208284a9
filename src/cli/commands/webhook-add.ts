import { z } from 'zod';
import { addWebhook } from '../../services/webhooks.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';

export const webhookAdd = defineCommand({
  name: 'webhook add',
  about: 'Call an address whenever whether an account may send changes',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'URL', about: 'https; on this machine and in the sandbox http is enough' },
  ],
  input: z.object({ ACCOUNT: z.string(), URL: z.string() }),
  run: async (session, { ACCOUNT, URL }) => {
    const { db, context, config } = session;
    const { id, name } = await findAccount(session, ACCOUNT);
    const webhook = await inTransaction(db, (tx) =>
      addWebhook(context, tx, id, URL, { anyHttp: config.dingtalk === null }),
    );
    return {
      json: { accountId: id, id: webhook.id, url: webhook.url, secret: webhook.secret },
      lines: [
        webhook.secret,
        `${webhook.url} is called for "${name}" (${webhook.id}). The secret above is shown once: the receiver checks signatures with it.`,
      ],
    };
  },
});

import { z } from 'zod';
import { testCall } from '../../services/webhooks.ts';
import { callWebhook } from '../../webhooks/sender.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';

export const webhookTest = defineCommand({
  name: 'webhook test',
  about: 'Call an address now with the present state, and show what it answers; exit code 1 when it does not take it',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'WEBHOOK', about: 'its id or address; "webhook list" shows them' },
  ],
  input: z.object({ ACCOUNT: z.string(), WEBHOOK: z.string() }),
  run: async (session, { ACCOUNT, WEBHOOK }) => {
    const { db, context } = session;
    const { id } = await findAccount(session, ACCOUNT);
    const { webhook, call } = await testCall(context, db.kysely, id, WEBHOOK);
    const result = await callWebhook(call, context.clock.now());
    const { url } = webhook;
    return result.ok
      ? {
          json: { id: webhook.id, url, eventId: call.eventId, ok: true, status: result.status },
          lines: [`${url} took it (${result.status}).`],
        }
      : {
          json: { id: webhook.id, url, eventId: call.eventId, ok: false, error: result.error },
          lines: [`${url} ${result.error}.`],
          isFailure: true,
        };
  },
});

import { z } from 'zod';
import { listWebhooks, type WebhookView } from '../../services/webhooks.ts';
import { findAccount, onlyAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatTime, table } from '../output.ts';

export const webhookList = defineCommand({
  name: 'webhook list',
  about: 'Show the addresses that are called for an account, and how that goes',
  arguments: [{ name: 'ACCOUNT', isOptional: true, about: 'its id or name; the only one there is, if left out' }],
  input: z.object({ ACCOUNT: z.string().optional() }),
  run: async (session, { ACCOUNT }) => {
    const account = ACCOUNT === undefined ? await onlyAccount(session) : await findAccount(session, ACCOUNT);
    const webhooks = await listWebhooks(session.db.kysely, account.id);
    const rows = webhooks.map((webhook) => row(webhook, account.timeZone));
    return {
      json: { accountId: account.id, webhooks: webhooks.map(toJson) },
      lines:
        rows.length === 0
          ? [`Nothing is called for "${account.name}".`]
          : table([['ID', 'URL', 'SINCE', 'NEWEST', 'TRIES', 'DEAD', 'ERROR'], ...rows], [4, 5]),
    };
  },
});

function row({ id, url, createdAt, health }: WebhookView, timeZone: string): string[] {
  const since = formatTime(createdAt, timeZone);
  if (!health) return [id, url, since, 'none', '0', '0', ''];
  const { state, sequence, attempts, dead, lastError, nextAttemptAt, finishedAt } = health;
  const when =
    state === 'waiting'
      ? `next try ${formatTime(nextAttemptAt, timeZone)}`
      : formatTime(finishedAt ?? nextAttemptAt, timeZone);
  return [id, url, since, `${sequence} ${state}, ${when}`, formatCount(attempts), formatCount(dead), lastError ?? ''];
}

function toJson({ id, url, createdAt, health }: WebhookView): object {
  return {
    id,
    url,
    createdAt: createdAt.toString(),
    dead: health?.dead ?? 0,
    newest: health && {
      sequence: Number(health.sequence),
      state: health.state,
      queuedAt: health.queuedAt.toString(),
      finishedAt: health.finishedAt?.toString() ?? null,
      attempts: health.attempts,
      nextAttemptAt: health.state === 'waiting' ? health.nextAttemptAt.toString() : null,
      error: health.lastError,
    },
  };
}

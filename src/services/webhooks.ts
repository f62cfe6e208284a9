import { randomBytes, randomUUID } from 'node:crypto';
import { InputError } from '../domain/errors.ts';
import { lockAccount, readAccount } from '../store/accounts.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { readSendingSequence } from '../store/sending.ts';
import {
  endWebhook,
  insertWebhook,
  queueWebhookEvent,
  readWebhookHealth,
  readWebhookSecret,
  readWebhooks,
  type Webhook,
  type WebhookHealth,
} from '../store/webhooks.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { readSendingState, sendingEvent } from './sending.ts';

const MAX_URL_LENGTH = 2_000;
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Checks an address that is to be called. Only the operator gives one, and gateways live in private networks, so any host is taken; what
 * goes there is signed and holds no secret, and what comes back is not read.
 * @param anyHttp whether it may be without TLS on another machine, as in the sandbox
 * @throws InputError `webhook_url_invalid`
 */
function assertWebhookUrl(text: string, anyHttp: boolean): string {
  const url = URL.canParse(text) && text.length <= MAX_URL_LENGTH ? new URL(text) : undefined;
  const isHttps = url?.protocol === 'https:';
  const isLocal = url?.protocol === 'http:' && (anyHttp || LOCAL_HOSTS.includes(url.hostname));
  if (url && (isHttps || isLocal) && url.username === '' && url.password === '' && url.hash === '') return url.href;
  throw new InputError(
    'webhook_url_invalid',
    'A webhook needs an https address without user name, password and fragment; http is enough on this machine.',
  );
}

/**
 * Subscribes an address to the changes of an account's sending state. The state as it is now is its first event.
 * @returns the secret with which its events are signed; it is shown once, and never again
 * @throws InputError `account_unknown`, `webhook_url_invalid`, `webhook_known`
 */
export async function addWebhook(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  address: string,
  { anyHttp = false }: { anyHttp?: boolean } = {},
): Promise<Webhook & { secret: string }> {
  // No change of the state comes between reading it here and the subscription.
  const account = await lockAccount(tx, accountId);
  const url = assertWebhookUrl(address, anyHttp);
  const now = context.clock.now();
  const webhook = { id: randomUUID(), url, createdAt: now, secret: `whsec_${randomBytes(32).toString('base64url')}` };
  if (!(await insertWebhook(tx, account.id, webhook))) {
    throw new InputError(
      'webhook_known',
      'This address is subscribed already; "npm run cli -- webhook list" shows it. Remove it first for a new secret.',
    );
  }
  const state = await readSendingState(context, tx, account.id);
  const sequence = await readSendingSequence(tx, account.id);
  const event = sendingEvent('sending.subscribed', account.id, sequence, state);
  await queueWebhookEvent(tx, account.id, event, now, webhook.id);
  await record(context, tx, account.id, {
    by: operatorOf(context),
    deed: { type: 'webhook_added', host: hostOf(url) },
  });
  return webhook;
}

/**
 * Ends a subscription at once, by its id or its address.
 * @throws InputError `account_unknown`, `webhook_unknown`
 */
export async function removeWebhook(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  idOrUrl: string,
): Promise<Webhook> {
  const webhook = await findWebhook(tx, accountId, idOrUrl);
  await endWebhook(tx, accountId, webhook.id, context.clock.now());
  await record(context, tx, accountId, {
    by: operatorOf(context),
    deed: { type: 'webhook_removed', host: hostOf(webhook.url) },
  });
  return webhook;
}

/** A subscription, and how its newest event does; null before the first one. */
export interface WebhookView extends Webhook {
  readonly health: WebhookHealth | null;
}

/** @throws InputError `account_unknown` */
export async function listWebhooks(db: Executor, accountId: string): Promise<WebhookView[]> {
  const account = await readAccount(db, accountId);
  const health = await readWebhookHealth(db, account.id);
  return (await readWebhooks(db, account.id)).map((webhook) => ({
    ...webhook,
    health: health.find(({ webhookId }) => webhookId === webhook.id) ?? null,
  }));
}

/**
 * What a try sends: the present state, as an event of a kind of its own that is not kept.
 * @throws InputError `account_unknown`, `webhook_unknown`
 */
export async function testCall(context: ServiceContext, db: Executor, accountId: string, idOrUrl: string) {
  const webhook = await findWebhook(db, accountId, idOrUrl);
  const state = await readSendingState(context, db, accountId);
  const event = sendingEvent('sending.test', accountId, await readSendingSequence(db, accountId), state);
  return { webhook, call: { ...event, url: webhook.url, secret: await readWebhookSecret(db, accountId, webhook.id) } };
}

async function findWebhook(db: Executor, accountId: string, idOrUrl: string): Promise<Webhook> {
  const { id } = await readAccount(db, accountId);
  const asUrl = URL.canParse(idOrUrl) ? new URL(idOrUrl).href : idOrUrl;
  const found = (await readWebhooks(db, id)).find((webhook) => webhook.id === idOrUrl || webhook.url === asUrl);
  if (found) return found;
  throw new InputError(
    'webhook_unknown',
    'The account has no such webhook; "npm run cli -- webhook list" shows those that it has.',
  );
}

/** An address without its path and query, where receivers like to put secrets. */
function hostOf(url: string): string {
  return new URL(url).host;
}

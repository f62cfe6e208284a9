import { sql } from 'kysely';
import type { Executor, Tx } from './schema.ts';

/** A subscription to the changes of an account's sending state. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly createdAt: Temporal.Instant;
}

/** Something to be told to a subscription, as it was when it happened. */
export interface WebhookEvent {
  readonly eventId: string;
  readonly sequence: bigint;
  /** JSON, sent and signed as it stands here. */
  readonly body: string;
}

export async function insertWebhook(
  tx: Tx,
  accountId: string,
  webhook: Webhook & { secret: string },
): Promise<boolean> {
  const inserted = await tx
    .insertInto('webhooks')
    .values({
      account_id: accountId,
      webhook_id: webhook.id,
      url: webhook.url,
      secret: webhook.secret,
      created_at: webhook.createdAt,
    })
    .onConflict((oc) => oc.columns(['account_id', 'url']).where('removed_at', 'is', null).doNothing())
    .returning('webhook_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** The subscriptions of an account, without their secrets, the oldest first. */
export async function readWebhooks(db: Executor, accountId: string): Promise<Webhook[]> {
  const rows = await db
    .selectFrom('webhooks')
    .select(['webhook_id', 'url', 'created_at'])
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .orderBy('created_at')
    .orderBy('webhook_id')
    .execute();
  return rows.map((row) => ({ id: row.webhook_id, url: row.url, createdAt: row.created_at }));
}

/** The secret with which a subscription's events are signed. */
export async function readWebhookSecret(db: Executor, accountId: string, webhookId: string): Promise<string> {
  const row = await db
    .selectFrom('webhooks')
    .select('secret')
    .where('account_id', '=', accountId)
    .where('webhook_id', '=', webhookId)
    .executeTakeFirstOrThrow();
  return row.secret;
}

/** Ends a subscription; what waits for it is told no more. */
export async function endWebhook(tx: Tx, accountId: string, webhookId: string, now: Temporal.Instant): Promise<void> {
  const of = <T extends { where(column: 'account_id' | 'webhook_id', op: '=', value: string): T }>(query: T) =>
    query.where('account_id', '=', accountId).where('webhook_id', '=', webhookId);
  await of(tx.updateTable('webhooks').set({ removed_at: now, secret: '' })).execute();
  await of(tx.updateTable('webhook_events').set({ state: 'superseded', finished_at: now }))
    .where('state', '=', 'waiting')
    .execute();
}

/** Queues an event for one subscription, or for all of an account. */
export async function queueWebhookEvent(
  tx: Tx,
  accountId: string,
  event: WebhookEvent,
  now: Temporal.Instant,
  webhookId: string | null = null,
): Promise<void> {
  await sql`
    insert into webhook_events (account_id, webhook_id, event_id, sequence, body, state, next_attempt_at, queued_at)
    select account_id, webhook_id, ${event.eventId}::uuid, ${event.sequence}::bigint, ${event.body}, 'waiting',
      ${now}::timestamptz, ${now}::timestamptz
    from webhooks
    where account_id = ${accountId} and removed_at is null
      and (${webhookId}::uuid is null or webhook_id = ${webhookId}::uuid)`.execute(tx);
}

/** An event that this process may send until its lease ends. */
export interface LeasedEvent extends WebhookEvent {
  readonly accountId: string;
  readonly webhookId: string;
  readonly url: string;
  readonly secret: string;
  readonly leaseId: string;
  /** Counts this attempt. */
  readonly attempts: number;
}

/** Whether a row of `webhook_events e` is being sent by somebody. */
const isFree = (now: Temporal.Instant) => sql`(e.leased_until is null or e.leased_until <= ${now})`;

/**
 * Leases what is due: of each subscription the newest state, and only while none of its events is being sent, so that they arrive in their
 * order. What is older and was not delivered is superseded: nobody needs to know any more what was.
 */
export async function leaseDueEvents(
  db: Executor,
  now: Temporal.Instant,
  options: { readonly limit: number; readonly leaseUntil: Temporal.Instant },
): Promise<LeasedEvent[]> {
  await sql`
    update webhook_events e set state = 'superseded', finished_at = ${now}
    where e.state = 'waiting' and ${isFree(now)} and exists (
      select from webhook_events newer
      where newer.account_id = e.account_id and newer.webhook_id = e.webhook_id and newer.state = 'waiting'
        and newer.sequence > e.sequence)`.execute(db);
  const { rows } = await sql<LeasedEvent>`
    with due as (
      select account_id, webhook_id, event_id from webhook_events e
      where e.state = 'waiting' and e.next_attempt_at <= ${now} and ${isFree(now)}
        and not exists (
          select from webhook_events other
          where other.account_id = e.account_id and other.webhook_id = e.webhook_id and other.state = 'waiting'
            and (other.sequence > e.sequence or other.leased_until > ${now}))
      order by next_attempt_at limit ${options.limit}
      for update skip locked)
    update webhook_events e
    set lease_id = gen_random_uuid(), leased_until = ${options.leaseUntil}, attempts = attempts + 1
    from due join webhooks w using (account_id, webhook_id)
    where (e.account_id, e.webhook_id, e.event_id) = (due.account_id, due.webhook_id, due.event_id)
    returning e.account_id as "accountId", e.webhook_id as "webhookId", e.event_id as "eventId", e.sequence, e.body,
      w.url, w.secret, e.lease_id as "leaseId", e.attempts`.execute(db);
  return rows;
}

/** What became of an attempt. */
export type EventResult =
  | { readonly state: 'delivered' }
  | { readonly state: 'waiting'; readonly nextAttemptAt: Temporal.Instant; readonly error: string }
  | { readonly state: 'dead'; readonly error: string };

/** Records what became of an attempt; nothing when the lease was lost, or the subscription ended, meanwhile. */
export async function finishEvent(
  db: Executor,
  event: LeasedEvent,
  result: EventResult,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .updateTable('webhook_events')
    .set({
      state: result.state,
      lease_id: null,
      leased_until: null,
      last_error: result.state === 'delivered' ? null : result.error,
      ...(result.state === 'waiting' ? { next_attempt_at: result.nextAttemptAt } : { finished_at: now }),
    })
    .where('account_id', '=', event.accountId)
    .where('webhook_id', '=', event.webhookId)
    .where('event_id', '=', event.eventId)
    .where('lease_id', '=', event.leaseId)
    .where('state', '=', 'waiting')
    .execute();
}

/** When the next event may be sent, of those that may after `after`; null when none waits. */
export async function nextEventAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ at: Temporal.Instant | null }>`
    select min(greatest(next_attempt_at, leased_until)) as at from webhook_events
    where state = 'waiting' and greatest(next_attempt_at, leased_until) > ${after ?? '-infinity'}`.execute(db);
  return rows[0]?.at ?? null;
}

/** The newest event of a subscription, and how many of its events nobody got. */
export interface WebhookHealth {
  readonly webhookId: string;
  readonly state: 'waiting' | 'delivered' | 'superseded' | 'dead';
  readonly sequence: bigint;
  readonly queuedAt: Temporal.Instant;
  readonly finishedAt: Temporal.Instant | null;
  readonly attempts: number;
  readonly nextAttemptAt: Temporal.Instant;
  readonly lastError: string | null;
  readonly dead: number;
}

/** How the subscriptions of an account do. */
export async function readWebhookHealth(db: Executor, accountId: string): Promise<WebhookHealth[]> {
  const { rows } = await sql<Omit<WebhookHealth, 'dead'> & { dead: bigint }>`
    select distinct on (webhook_id) webhook_id as "webhookId", state, sequence, queued_at as "queuedAt",
      finished_at as "finishedAt", attempts, next_attempt_at as "nextAttemptAt", last_error as "lastError",
      count(*) filter (where state = 'dead') over (partition by webhook_id) as dead
    from webhook_events where account_id = ${accountId}
    order by webhook_id, sequence desc, queued_at desc`.execute(db);
  return rows.map((row) => ({ ...row, dead: Number(row.dead) }));
}

/** Forgets events that were delivered or superseded before a time; dead letters stay. */
export async function forgetWebhookEvents(db: Executor, before: Temporal.Instant): Promise<void> {
  await db
    .deleteFrom('webhook_events')
    .where('state', 'in', ['delivered', 'superseded'])
    .where('finished_at', '<', before)
    .execute();
}

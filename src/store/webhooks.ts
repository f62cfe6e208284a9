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
  await tx
    .updateTable('webhooks')
    .set({ removed_at: now, secret: '', lease_id: null, leased_until: null })
    .where('account_id', '=', accountId)
    .where('webhook_id', '=', webhookId)
    .execute();
  await tx
    .updateTable('webhook_events')
    .set({ state: 'superseded', finished_at: now })
    .where('account_id', '=', accountId)
    .where('webhook_id', '=', webhookId)
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

/**
 * Leases subscriptions for which something is due, each with its newest state: one call at a time, so that states arrive in their order.
 * What is older and was not delivered is superseded: nobody needs to know any more what was. A lease that ran out is free again.
 */
export async function leaseDueEvents(
  db: Executor,
  now: Temporal.Instant,
  options: { readonly limit: number; readonly leaseUntil: Temporal.Instant },
): Promise<LeasedEvent[]> {
  const { rows } = await sql<LeasedEvent>`
    with due as (
      select w.account_id, w.webhook_id, newest.event_id from webhooks w
      cross join lateral (
        select event_id, next_attempt_at from webhook_events e
        where e.account_id = w.account_id and e.webhook_id = w.webhook_id and e.state = 'waiting'
        order by sequence desc limit 1) newest
      where (w.account_id, w.webhook_id) in (
          select account_id, webhook_id from webhook_events where state = 'waiting' and next_attempt_at <= ${now})
        and w.removed_at is null and (w.leased_until is null or w.leased_until <= ${now})
        and newest.next_attempt_at <= ${now}
      limit ${options.limit}
      for no key update of w skip locked),
    leased as (
      update webhooks w set lease_id = gen_random_uuid(), leased_until = ${options.leaseUntil}
      from due where (w.account_id, w.webhook_id) = (due.account_id, due.webhook_id)
      returning w.account_id, w.webhook_id, w.url, w.secret, w.lease_id, due.event_id),
    superseded as (
      update webhook_events e set state = 'superseded', finished_at = ${now}
      from leased l
      where (e.account_id, e.webhook_id) = (l.account_id, l.webhook_id) and e.state = 'waiting'
        and e.event_id <> l.event_id)
    update webhook_events e set attempts = attempts + 1
    from leased l
    where (e.account_id, e.webhook_id, e.event_id) = (l.account_id, l.webhook_id, l.event_id) and e.state = 'waiting'
    returning e.account_id as "accountId", e.webhook_id as "webhookId", e.event_id as "eventId", e.sequence, e.body,
      l.url, l.secret, l.lease_id as "leaseId", e.attempts`.execute(db);
  return rows;
}

/** What became of an attempt. */
export type EventResult =
  | { readonly state: 'delivered' }
  | { readonly state: 'waiting'; readonly nextAttemptAt: Temporal.Instant; readonly error: string }
  | { readonly state: 'dead'; readonly error: string };

/** Records what became of an attempt; false, and nothing, when the lease was lost or the subscription ended meanwhile. */
export async function finishEvent(
  db: Executor,
  event: LeasedEvent,
  result: EventResult,
  now: Temporal.Instant,
): Promise<boolean> {
  const { rows } = await sql`
    with mine as (
      update webhooks set lease_id = null, leased_until = null
      where account_id = ${event.accountId} and webhook_id = ${event.webhookId} and lease_id = ${event.leaseId}
      returning webhook_id)
    update webhook_events set state = ${result.state},
      last_error = ${result.state === 'delivered' ? null : result.error},
      next_attempt_at = coalesce(${result.state === 'waiting' ? result.nextAttemptAt : null}::timestamptz, next_attempt_at),
      finished_at = ${result.state === 'waiting' ? null : now}
    where account_id = ${event.accountId} and webhook_id = ${event.webhookId} and event_id = ${event.eventId}
      and state = 'waiting' and exists (select from mine)
    returning event_id`.execute(db);
  return rows.length > 0;
}

/** When the next event may be sent, of those that may after `after`; null when none waits. */
export async function nextEventAt(db: Executor, after?: Temporal.Instant): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ at: Temporal.Instant | null }>`
    select min(greatest(e.next_attempt_at, w.leased_until)) as at
    from webhook_events e join webhooks w using (account_id, webhook_id)
    where e.state = 'waiting' and w.removed_at is null and greatest(e.next_attempt_at, w.leased_until) > ${after ?? '-infinity'}`.execute(
    db,
  );
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

/** Forgets events that were delivered or superseded before a time; dead letters stay. Returns how many they were. */
export async function forgetWebhookEvents(db: Executor, before: Temporal.Instant): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('webhook_events')
    .where('state', 'in', ['delivered', 'superseded'])
    .where('finished_at', '<', before)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

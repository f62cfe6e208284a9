import { type Selectable, sql } from 'kysely';
import type { OpenRenewal, RenewalHistory, RenewalPolicy, RenewalState, RenewalTrigger } from '../domain/renewal.ts';
import { mayFollow } from '../domain/renewal-states.ts';
import type { Executor, Schema, Tx } from './schema.ts';

/** What an account has before anyone sets it: off, with guards that hold. */
export const DEFAULT_POLICY: RenewalPolicy = {
  enabled: false,
  threshold: 0n,
  offerId: null,
  purchasesPerDay: 3,
  purchasesPerMonth: 20,
  moneyPerMonth: null,
  approvalAbove: null,
};

export async function readPolicy(db: Executor, accountId: string): Promise<RenewalPolicy> {
  const row = await db
    .selectFrom('renewal_policies')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return toPolicy(row);
}

/** The policy in a row, or that of an account which has none. */
export function toPolicy(row: Selectable<Schema['renewal_policies']> | undefined): RenewalPolicy {
  if (!row) return DEFAULT_POLICY;
  return {
    enabled: row.enabled,
    threshold: row.threshold,
    offerId: row.offer_id,
    purchasesPerDay: row.purchases_per_day,
    purchasesPerMonth: row.purchases_per_month,
    moneyPerMonth: row.money_per_month,
    approvalAbove: row.approval_above,
  };
}

export async function writePolicy(
  tx: Tx,
  accountId: string,
  policy: RenewalPolicy,
  change: { at: Temporal.Instant; by: string; offerVersion: number | null },
): Promise<void> {
  const values = {
    enabled: policy.enabled,
    threshold: policy.threshold,
    offer_id: policy.offerId,
    offer_version: change.offerVersion,
    purchases_per_day: policy.purchasesPerDay,
    purchases_per_month: policy.purchasesPerMonth,
    money_per_month: policy.moneyPerMonth,
    approval_above: policy.approvalAbove,
    changed_at: change.at,
    changed_by: change.by,
  };
  await tx
    .insertInto('renewal_policies')
    .values({ account_id: accountId, ...values })
    .onConflict((oc) => oc.column('account_id').doUpdateSet(values))
    .execute();
}

/** The version of the policy's offer of which administrators were told last what it costs; null where that is not known. */
export async function readToldVersion(db: Executor, accountId: string): Promise<number | null> {
  const row = await db
    .selectFrom('renewal_policies')
    .select('offer_version')
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row?.offer_version ?? null;
}

/** Administrators have been told what a version of the policy's offer costs. */
export async function markVersionTold(tx: Tx, accountId: string, version: number): Promise<void> {
  await tx
    .updateTable('renewal_policies')
    .set({ offer_version: version })
    .where('account_id', '=', accountId)
    .execute();
}

export async function readOpenRenewal(db: Executor, accountId: string): Promise<OpenRenewal | null> {
  const row = await db
    .selectFrom('renewals')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  if (!row) return null;
  return {
    id: row.renewal_id,
    trigger: row.trigger,
    state: row.state,
    reason: row.reason,
    attemptedAt: row.attempted_at,
    nextAttemptAt: row.next_attempt_at,
  };
}

/**
 * The last attempt came before what is done now, also where the clock that made it was ahead of this one: money that comes (a recharge, a
 * refund, a higher credit limit) must not be taken for older, or nothing would be tried again because of it. (rule 14) The account must be
 * locked.
 */
export async function dateAttemptBefore(tx: Tx, accountId: string, at: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('renewals')
    .set({ attempted_at: sql`${at}::timestamptz - interval '1 microsecond'` })
    .where('account_id', '=', accountId)
    .where('closed_at', 'is', null)
    .where('attempted_at', '>', at)
    .execute();
}

/** What an episode wants to buy, for how much, and its newest request for that; null where nobody was asked. */
export async function readRenewalPurchase(
  db: Executor,
  accountId: string,
  renewalId: string,
): Promise<{ readonly offerId: string; readonly price: bigint; readonly approvalId: string | null }> {
  const row = await db
    .selectFrom('renewals')
    .select(['offer_id', 'price', 'approval_id'])
    .where('account_id', '=', accountId)
    .where('renewal_id', '=', renewalId)
    .executeTakeFirstOrThrow();
  return { offerId: row.offer_id, price: row.price, approvalId: row.approval_id };
}

export interface RenewalUpdate {
  readonly id: string;
  readonly trigger: RenewalTrigger;
  readonly state: RenewalState;
  readonly reason: string | null;
  readonly offerId: string;
  readonly price: bigint;
  /** How much money was missing; null where none was. */
  readonly missing: bigint | null;
  readonly planId: string | null;
  /** Default: the one that it has had. */
  readonly approvalId: string | null;
  readonly at: Temporal.Instant;
  readonly nextAttemptAt: Temporal.Instant | null;
  readonly closed: boolean;
}

/**
 * Opens an episode, or records the newest attempt of the open one, and keeps it as a step.
 * @throws RangeError for a step that cannot follow
 */
export async function writeRenewal(tx: Tx, accountId: string, update: RenewalUpdate): Promise<void> {
  const values = {
    state: update.state,
    reason: update.reason,
    offer_id: update.offerId,
    price: update.price,
    plan_id: update.planId,
    attempted_at: update.at,
    next_attempt_at: update.nextAttemptAt,
    closed_at: update.closed ? update.at : null,
  };
  const written = await tx
    .insertInto('renewals')
    .values({
      account_id: accountId,
      renewal_id: update.id,
      trigger: update.trigger,
      opened_at: update.at,
      approval_id: update.approvalId,
      ...values,
    })
    .onConflict((oc) =>
      oc
        .columns(['account_id', 'renewal_id'])
        .doUpdateSet((eb) => ({
          ...values,
          approval_id: eb.fn.coalesce('excluded.approval_id', 'renewals.approval_id'),
        }))
        .where('renewals.closed_at', 'is', null),
    )
    .returning(['offer_id', 'price'])
    .executeTakeFirst();
  await addStep(tx, accountId, update.id, written, { ...update, byName: null });
}

/** Ends an episode without a purchase. */
export async function closeRenewal(
  tx: Tx,
  accountId: string,
  renewalId: string,
  reason: string,
  now: Temporal.Instant,
): Promise<void> {
  await move(tx, accountId, renewalId, { state: 'stopped', reason, at: now, closed: true });
}

/** An administrator has approved the purchase of an open episode; what comes of it follows in the same transaction. */
export async function approveRenewal(
  tx: Tx,
  accountId: string,
  renewalId: string,
  { at, byName }: { at: Temporal.Instant; byName: string },
): Promise<void> {
  await move(tx, accountId, renewalId, { state: 'approved', reason: null, at, byName });
}

/**
 * Stops the attempts of an open episode: its request was rejected (no further attempt), ran out (another try later), or is needless under a
 * changed policy (another try now).
 */
export async function pauseRenewal(
  tx: Tx,
  accountId: string,
  renewalId: string,
  pause: { reason: string; at: Temporal.Instant; nextAttemptAt: Temporal.Instant | null; byName?: string | null },
): Promise<void> {
  const open = await readOpenRenewal(tx, accountId);
  if (open?.id !== renewalId) return;
  await move(tx, accountId, renewalId, { state: 'stopped', ...pause });
}

/** How many requests of an episode nobody decided in time. */
export async function countExpired(db: Executor, accountId: string, renewalId: string): Promise<number> {
  const { count } = await db
    .selectFrom('renewal_steps')
    .select(sql<bigint>`count(*)`.as('count'))
    .where('account_id', '=', accountId)
    .where('renewal_id', '=', renewalId)
    .where('reason', '=', 'expired')
    .executeTakeFirstOrThrow();
  return Number(count);
}

interface Move {
  readonly state: RenewalState;
  readonly reason: string | null;
  readonly at: Temporal.Instant;
  readonly nextAttemptAt?: Temporal.Instant | null;
  readonly closed?: boolean;
  readonly byName?: string | null;
}

async function move(tx: Tx, accountId: string, renewalId: string, to: Move): Promise<void> {
  const moved = await tx
    .updateTable('renewals')
    .set({
      state: to.state,
      reason: to.reason,
      next_attempt_at: to.nextAttemptAt ?? null,
      closed_at: to.closed ? to.at : null,
    })
    .where('account_id', '=', accountId)
    .where('renewal_id', '=', renewalId)
    .where('closed_at', 'is', null)
    .returning(['offer_id', 'price'])
    .executeTakeFirst();
  await addStep(tx, accountId, renewalId, moved, { ...to, missing: null, byName: to.byName ?? null });
}

async function addStep(
  tx: Tx,
  accountId: string,
  renewalId: string,
  of: { offer_id: string; price: bigint } | undefined,
  step: {
    state: RenewalState;
    reason: string | null;
    missing: bigint | null;
    byName: string | null;
    at: Temporal.Instant;
  },
): Promise<void> {
  const last = await tx
    .selectFrom('renewal_steps')
    .select(['ordinal', 'state'])
    .where('account_id', '=', accountId)
    .where('renewal_id', '=', renewalId)
    .orderBy('ordinal', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!of || !mayFollow(last?.state ?? null, step.state)) {
    throw new RangeError(`renewal ${renewalId} is ${of ? last?.state : 'over'} and cannot become ${step.state}`);
  }
  await tx
    .insertInto('renewal_steps')
    .values({
      account_id: accountId,
      renewal_id: renewalId,
      ordinal: (last?.ordinal ?? 0) + 1,
      state: step.state,
      reason: step.reason,
      offer_id: of.offer_id,
      price: of.price,
      missing: step.missing,
      by_name: step.byName,
      at: step.at,
    })
    .execute();
}

/** Lets an open episode try anew that failed or was stopped; one that waits for an approval goes on waiting. */
export async function retryRenewal(tx: Tx, accountId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('renewals')
    .set({ next_attempt_at: now, reason: null })
    .where('account_id', '=', accountId)
    .where('state', 'in', ['failed', 'stopped'])
    .where('closed_at', 'is', null)
    .execute();
}

/** Open episodes that their offer has stopped are tried again as soon as a new version of it begins. The accounts must be locked. */
export async function retryWhenOfferBegins(
  tx: Tx,
  offerId: string,
  { reasons, begins }: { reasons: readonly string[]; begins: Temporal.Instant },
): Promise<void> {
  await tx
    .updateTable('renewals')
    .set({ next_attempt_at: sql`least(next_attempt_at, ${begins}::timestamptz)` })
    .where('offer_id', '=', offerId)
    .where('state', '=', 'stopped')
    .where('reason', 'in', reasons)
    .where('closed_at', 'is', null)
    .execute();
}

/** What was paid on this day and in this month of the account's calendar. */
export async function readRenewalHistory(
  db: Executor,
  accountId: string,
  now: Temporal.Instant,
  timeZone: string,
): Promise<RenewalHistory> {
  const day = now.toZonedDateTimeISO(timeZone).startOfDay();
  const month = day.with({ day: 1 }).startOfDay().toInstant();
  const row = await db
    .selectFrom('renewals')
    .select([
      sql<bigint>`count(*) filter (where closed_at >= ${day.toInstant()})`.as('today'),
      sql<bigint>`count(*)`.as('month'),
      sql<bigint>`coalesce(sum(price), 0)::bigint`.as('spent'),
    ])
    .where('account_id', '=', accountId)
    .where('state', '=', 'paid')
    .where('closed_at', '>=', month)
    .executeTakeFirstOrThrow();
  return { purchasesToday: Number(row.today), purchasesThisMonth: Number(row.month), spentThisMonth: row.spent };
}

import { sql } from 'kysely';
import type { OpenRenewal, RenewalHistory, RenewalPolicy, RenewalState, RenewalTrigger } from '../domain/renewal.ts';
import type { Executor, Tx } from './schema.ts';

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
  change: { at: Temporal.Instant; by: string },
): Promise<void> {
  const values = {
    enabled: policy.enabled,
    threshold: policy.threshold,
    offer_id: policy.offerId,
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

export interface RenewalUpdate {
  readonly id: string;
  readonly trigger: RenewalTrigger;
  readonly state: RenewalState;
  readonly reason: string | null;
  readonly offerId: string;
  readonly price: bigint;
  readonly planId: string | null;
  readonly approvalId: string | null;
  readonly at: Temporal.Instant;
  readonly nextAttemptAt: Temporal.Instant | null;
  readonly closed: boolean;
}

/** Opens an episode, or records the newest attempt of the open one. */
export async function writeRenewal(tx: Tx, accountId: string, update: RenewalUpdate): Promise<void> {
  const values = {
    state: update.state,
    reason: update.reason,
    offer_id: update.offerId,
    price: update.price,
    plan_id: update.planId,
    approval_id: update.approvalId,
    attempted_at: update.at,
    next_attempt_at: update.nextAttemptAt,
    closed_at: update.closed ? update.at : null,
  };
  await tx
    .insertInto('renewals')
    .values({
      account_id: accountId,
      renewal_id: update.id,
      trigger: update.trigger,
      opened_at: update.at,
      ...values,
    })
    .onConflict((oc) => oc.columns(['account_id', 'renewal_id']).doUpdateSet(values))
    .execute();
}

/** Ends an episode without a purchase. */
export async function closeRenewal(
  tx: Tx,
  accountId: string,
  renewalId: string,
  reason: string,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable('renewals')
    .set({ state: 'stopped', reason, next_attempt_at: null, closed_at: now })
    .where('account_id', '=', accountId)
    .where('renewal_id', '=', renewalId)
    .execute();
}

/** Stops the attempts of an open episode: its approval was rejected (no further attempt) or ran out (another try later). */
export async function pauseRenewal(
  tx: Tx,
  accountId: string,
  renewalId: string,
  reason: string,
  nextAttemptAt: Temporal.Instant | null,
): Promise<void> {
  await tx
    .updateTable('renewals')
    .set({ state: 'stopped', reason, next_attempt_at: nextAttemptAt })
    .where('account_id', '=', accountId)
    .where('renewal_id', '=', renewalId)
    .where('closed_at', 'is', null)
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

import type { Selectable } from 'kysely';
import type { Plan, PlanOffer, PlanRecord } from '../domain/plan.ts';
import type { Executor, Schema, Tx } from './schema.ts';

export interface NewPlan {
  readonly id: string;
  /** Two purchases with one key are one purchase. */
  readonly key: string;
  readonly source: 'purchase' | 'renewal' | 'grant';
  readonly offerId: string | null;
  readonly title: string;
  readonly total: bigint;
  readonly price: bigint;
  readonly effectiveAt: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
}

/** Inserts a plan with nothing in it: its segments arrive by the ledger. False when its key exists already. */
export async function insertPlan(tx: Tx, accountId: string, plan: NewPlan): Promise<boolean> {
  const inserted = await tx
    .insertInto('plans')
    .values({
      account_id: accountId,
      plan_id: plan.id,
      key: plan.key,
      source: plan.source,
      offer_id: plan.offerId,
      title: plan.title,
      total: plan.total,
      remaining: 0n,
      price: plan.price,
      effective_at: plan.effectiveAt,
      expires_at: plan.expiresAt,
    })
    .onConflict((oc) => oc.columns(['account_id', 'key']).doNothing())
    .returning('plan_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function readPlanByKey(db: Executor, accountId: string, key: string): Promise<Plan | undefined> {
  const row = await db
    .selectFrom('plans')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row && toPlan(row);
}

/** One plan of an account, whatever became of it. */
export async function readPlan(db: Executor, accountId: string, planId: string): Promise<PlanRecord | undefined> {
  const row = await db
    .selectFrom('plans')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('plan_id', '=', planId)
    .executeTakeFirst();
  return row && toPlanRecord(row);
}

/** All plans that an account ever had, the newest first. */
export async function listPlans(db: Executor, accountId: string): Promise<PlanRecord[]> {
  const rows = await db
    .selectFrom('plans')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('effective_at', 'desc')
    .orderBy('plan_id')
    .execute();
  return rows.map(toPlanRecord);
}

export async function markPlanRefunded(
  tx: Tx,
  accountId: string,
  planId: string,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable('plans')
    .set({ refunded_at: now })
    .where('account_id', '=', accountId)
    .where('plan_id', '=', planId)
    .execute();
}

/** Plans that have something left; those whose time is over too, until the review closes them. */
export async function readPlansWithQuota(db: Executor, accountId: string): Promise<Plan[]> {
  const rows = await db
    .selectFrom('plans')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('remaining', '>', 0n)
    .execute();
  return rows.map(toPlan);
}

/** The ids of all plans that an account ever had, the oldest first. */
export async function readPlanIds(db: Executor, accountId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('plans')
    .select('plan_id')
    .where('account_id', '=', accountId)
    .orderBy('effective_at')
    .orderBy('plan_id')
    .execute();
  return rows.map((row) => row.plan_id);
}

/** The titles of plans, by their ids. */
export async function readPlanTitles(
  db: Executor,
  accountId: string,
  planIds: readonly string[],
): Promise<Map<string, string>> {
  if (planIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('plans')
    .select(['plan_id', 'title'])
    .where('account_id', '=', accountId)
    .where('plan_id', 'in', planIds)
    .execute();
  return new Map(rows.map((row) => [row.plan_id, row.title]));
}

/** Whether the account ever had a plan. */
export async function hadPlans(db: Executor, accountId: string): Promise<boolean> {
  const row = await db
    .selectFrom('plans')
    .select('plan_id')
    .where('account_id', '=', accountId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function markPlanExpired(tx: Tx, accountId: string, planId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('plans')
    .set({ expired_at: now })
    .where('account_id', '=', accountId)
    .where('plan_id', '=', planId)
    .execute();
}

export async function insertOffers(tx: Tx, offers: readonly PlanOffer[]): Promise<void> {
  await tx
    .insertInto('plan_offers')
    .values(
      offers.map((offer) => ({
        offer_id: offer.id,
        title: offer.title,
        segments: offer.segments,
        price: offer.price,
        currency: offer.currency,
        validity_months: offer.validityMonths,
        renewal_discount_bp: offer.renewalDiscountBp,
      })),
    )
    .onConflict((oc) => oc.column('offer_id').doNothing())
    .execute();
}

export async function readOffer(db: Executor, offerId: string): Promise<PlanOffer | undefined> {
  const row = await db.selectFrom('plan_offers').selectAll().where('offer_id', '=', offerId).executeTakeFirst();
  return row && toOffer(row);
}

export async function readOffers(db: Executor): Promise<PlanOffer[]> {
  const rows = await db.selectFrom('plan_offers').selectAll().orderBy('segments').orderBy('offer_id').execute();
  return rows.map(toOffer);
}

function toPlanRecord(row: Selectable<Schema['plans']>): PlanRecord {
  return { ...toPlan(row), source: row.source, expiredAt: row.expired_at, refundedAt: row.refunded_at };
}

export function toPlan(row: Selectable<Schema['plans']>): Plan {
  return {
    id: row.plan_id,
    title: row.title,
    total: row.total,
    remaining: row.remaining,
    price: row.price,
    effectiveAt: row.effective_at,
    expiresAt: row.expires_at,
  };
}

function toOffer(row: Selectable<Schema['plan_offers']>): PlanOffer {
  return {
    id: row.offer_id,
    title: row.title,
    segments: row.segments,
    price: row.price,
    currency: row.currency,
    validityMonths: row.validity_months,
    renewalDiscountBp: row.renewal_discount_bp,
  };
}

import { type Selectable, sql } from 'kysely';
import { isWithdrawal, Offer, type OfferVersion } from '../domain/offer.ts';
import type { Plan, PlanRecord } from '../domain/plan.ts';
import type { Executor, Schema, Tx } from './schema.ts';

export interface NewPlan {
  readonly id: string;
  /** Two purchases with one key are one purchase. */
  readonly key: string;
  readonly source: 'purchase' | 'renewal' | 'grant';
  readonly offerId: string;
  /** As which version of the offer it was bought. */
  readonly offerVersion: number;
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
      offer_version: plan.offerVersion,
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

/** The plan of a key, and as what it was bought. */
export async function readPlanByKey(
  db: Executor,
  accountId: string,
  key: string,
): Promise<(Plan & { readonly offerId: string | null; readonly offerVersion: number | null }) | undefined> {
  const row = await db
    .selectFrom('plans')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row && { ...toPlan(row), offerId: row.offer_id, offerVersion: row.offer_version };
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

/** Adds versions of offers; the same version again is the first one. */
export async function insertOffers(tx: Tx, versions: readonly OfferVersion[]): Promise<void> {
  await tx
    .insertInto('plan_offers')
    .values(versions.map(toRow))
    .onConflict((oc) => oc.columns(['offer_id', 'version']).doNothing())
    .execute();
}

/** Nobody else adds versions until the transaction ends; they are read meanwhile. */
export async function lockOffers(tx: Tx): Promise<void> {
  await sql`lock table plan_offers in share row exclusive mode`.execute(tx);
}

/** An offer with all its versions; undefined where nothing has this id. */
export async function readOffer(db: Executor, offerId: string): Promise<Offer | undefined> {
  const rows = await db.selectFrom('plan_offers').selectAll().where('offer_id', '=', offerId).execute();
  return rows.length === 0 ? undefined : new Offer(rows.map(toVersion));
}

/** All offers with all their versions, by their ids. */
export async function readOffers(db: Executor): Promise<Offer[]> {
  const rows = await db.selectFrom('plan_offers').selectAll().orderBy('offer_id').execute();
  return [...Map.groupBy(rows, (row) => row.offer_id).values()].map((versions) => new Offer(versions.map(toVersion)));
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

function toRow(version: OfferVersion): Selectable<Schema['plan_offers']> {
  const key = { offer_id: version.id, version: version.version, effective_from: version.effectiveFrom };
  if (isWithdrawal(version)) return { ...key, withdrawn: true, ...NO_TERMS };
  return {
    ...key,
    withdrawn: false,
    title: version.title,
    segments: version.segments,
    price: version.price,
    currency: version.currency,
    validity_months: version.validityMonths,
    renewal_discount_bp: version.renewalDiscountBp,
  };
}

const NO_TERMS = {
  title: null,
  segments: null,
  price: null,
  currency: null,
  validity_months: null,
  renewal_discount_bp: null,
} as const;

function toVersion(row: Selectable<Schema['plan_offers']>): OfferVersion {
  const { title, segments, price, currency, validity_months, renewal_discount_bp } = row;
  const key = { id: row.offer_id, version: row.version, effectiveFrom: row.effective_from };
  if (row.withdrawn) return { ...key, withdrawn: true };
  if (title === null || segments === null || price === null || currency === null) throw new RangeError(NO_TERMS_KEPT);
  if (validity_months === null || renewal_discount_bp === null) throw new RangeError(NO_TERMS_KEPT);
  return {
    ...key,
    title,
    segments,
    price,
    currency,
    validityMonths: validity_months,
    renewalDiscountBp: renewal_discount_bp,
  };
}

const NO_TERMS_KEPT = 'a version of an offer that is sold has no terms';

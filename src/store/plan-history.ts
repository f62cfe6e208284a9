import { sql } from 'kysely';
import type { PlanRecord } from '../domain/plan.ts';
import type { Executor } from './schema.ts';

/** A plan of the present or the near past. */
export interface RecentPlan extends PlanRecord {
  /** Since when nothing is left: it was used up, expired or refunded; null while there is something left. */
  readonly emptyAt: Temporal.Instant | null;
  /** What was forfeited when it expired, in segments. (rule 15) */
  readonly forfeited: bigint;
  /** What went back with its refund, in segments. */
  readonly refunded: bigint;
}

/** The plans that had something left at some time since then, the oldest first. */
export async function readRecentPlans(db: Executor, accountId: string, since: Temporal.Instant): Promise<RecentPlan[]> {
  const { rows } = await sql<{
    plan_id: string;
    source: RecentPlan['source'];
    title: string;
    total: bigint;
    remaining: bigint;
    price: bigint;
    effective_at: Temporal.Instant;
    expires_at: Temporal.Instant;
    expired_at: Temporal.Instant | null;
    refunded_at: Temporal.Instant | null;
    empty_at: Temporal.Instant | null;
    forfeited: bigint | null;
    refunded: bigint | null;
  }>`
    select p.plan_id, p.source, p.title, p.total, p.remaining, p.price, p.effective_at, p.expires_at, p.expired_at,
      p.refunded_at, p.empty_at, f.amount as forfeited, r.amount as refunded
    from plans p
    left join transfers f on f.account_id = p.account_id and f.key = 'plan/' || p.plan_id || '/forfeit'
    left join transfers r on r.account_id = p.account_id and r.key = 'plan/' || p.plan_id || '/refund'
    where p.account_id = ${accountId} and (p.remaining > 0 or p.empty_at >= ${since})
    order by p.effective_at, p.plan_id`.execute(db);
  return rows.map((row) => ({
    id: row.plan_id,
    source: row.source,
    title: row.title,
    total: row.total,
    remaining: row.remaining,
    price: row.price,
    effectiveAt: row.effective_at,
    expiresAt: row.expires_at,
    expiredAt: row.expired_at,
    refundedAt: row.refunded_at,
    emptyAt: row.empty_at,
    forfeited: row.forfeited ?? 0n,
    refunded: row.refunded ?? 0n,
  }));
}

import type { RenewalState, RenewalTrigger } from '../domain/renewal.ts';
import type { Executor } from './schema.ts';

/** A step of an episode: an attempt, a decision, or its end. */
export interface StoredStep {
  readonly state: RenewalState;
  /** A guard, `offer_not_sold`, `offer_too_small`, `insufficient_balance`, `rejected`, `expired`, `price_changed`, `policy_changed`, `turned_off`, `trigger_gone`; null for none. */
  readonly reason: string | null;
  readonly offerId: string;
  /** In micro-units. */
  readonly price: bigint;
  readonly missing: bigint | null;
  /** Who approved or rejected. */
  readonly byName: string | null;
  readonly at: Temporal.Instant;
}

/** An episode with all its steps, the first one first. */
export interface StoredRenewal {
  readonly id: string;
  readonly trigger: RenewalTrigger;
  readonly state: RenewalState;
  readonly reason: string | null;
  readonly planId: string | null;
  readonly openedAt: Temporal.Instant;
  /** Null while it lasts. */
  readonly closedAt: Temporal.Instant | null;
  readonly steps: readonly StoredStep[];
}

/** The newest episodes of an account, the newest first. */
export async function listRenewals(db: Executor, accountId: string, limit: number): Promise<StoredRenewal[]> {
  const renewals = await db
    .selectFrom('renewals')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('opened_at', 'desc')
    .orderBy('renewal_id')
    .limit(limit)
    .execute();
  if (renewals.length === 0) return [];
  const ids = renewals.map(({ renewal_id }) => renewal_id);
  const steps = await db
    .selectFrom('renewal_steps')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('renewal_id', 'in', ids)
    .orderBy('ordinal')
    .execute();
  return renewals.map((row) => ({
    id: row.renewal_id,
    trigger: row.trigger,
    state: row.state,
    reason: row.reason,
    planId: row.plan_id,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    steps: steps
      .filter(({ renewal_id }) => renewal_id === row.renewal_id)
      .map((step) => ({
        state: step.state,
        reason: step.reason,
        offerId: step.offer_id,
        price: step.price,
        missing: step.missing,
        byName: step.by_name,
        at: step.at,
      })),
  }));
}

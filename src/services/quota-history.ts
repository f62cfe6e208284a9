import { quotaOf } from '../domain/plan.ts';
import type { Account } from '../store/accounts.ts';
import { readSlotUsage } from '../store/hourly-usage.ts';
import { type RecentPlan, readRecentPlans } from '../store/plan-history.ts';
import type { Executor } from '../store/schema.ts';

/** How far back the picture of the quota goes, in days. */
export const HISTORY_DAYS = 14;

/** The quota at a midnight, or when the first plan began. */
export interface PastQuota {
  readonly at: Temporal.Instant;
  readonly quota: bigint;
}

/**
 * The quota at the midnights of the last two weeks, or from the first plan of that time on, worked out backwards from now: what was used is
 * put back, what was bought taken away, what was forfeited or refunded put back. Usage counts at the time of sending, so what was reported
 * later is where it belongs. Empty for an account that had no plan in that time.
 */
export async function readQuotaHistory(db: Executor, account: Account, now: Temporal.Instant): Promise<PastQuota[]> {
  const today = now.toZonedDateTimeISO(account.timeZone).toPlainDate();
  const midnights = Array.from({ length: HISTORY_DAYS + 1 }, (_, index) =>
    today
      .subtract({ days: HISTORY_DAYS - index })
      .toZonedDateTime(account.timeZone)
      .toInstant(),
  );
  const since = midnights[0] ?? now;
  const bounds = [...midnights, now.add({ hours: 1 })];
  const [plans, slots] = await Promise.all([
    readRecentPlans(db, account.id, since),
    readSlotUsage(db, account.id, bounds),
  ]);
  const [first] = plans;
  if (!first) return [];
  let quota = quotaOf(plans, now);
  let until = now;
  const past: PastQuota[] = [];
  for (const [index, at] of [...midnights.entries()].reverse()) {
    const used = slots.filter(({ slot }) => slot === index).reduce((sum, { planSegments }) => sum + planSegments, 0n);
    quota += used - plans.reduce((sum, plan) => sum + changeOf(plan, at, until), 0n);
    until = at;
    if (Temporal.Instant.compare(at, first.effectiveAt) < 0) {
      past.push({ at: first.effectiveAt, quota: first.total });
      break;
    }
    past.push({ at, quota: quota > 0n ? quota : 0n });
  }
  return past.reverse();
}

/** What a plan's beginning and end changed the quota by, after `from` up to `until`. */
function changeOf(plan: RecentPlan, from: Temporal.Instant, until: Temporal.Instant): bigint {
  const isWithin = (at: Temporal.Instant) =>
    Temporal.Instant.compare(at, from) > 0 && Temporal.Instant.compare(at, until) <= 0;
  const lost = plan.forfeited > 0n || plan.refunded > 0n ? plan.forfeited + plan.refunded : plan.remaining;
  const endedAt = plan.refundedAt ?? plan.expiresAt;
  return (isWithin(plan.effectiveAt) ? plan.total : 0n) - (isWithin(endedAt) ? lost : 0n);
}

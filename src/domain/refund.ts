import { RuleError } from './errors.ts';
import { type PlanRecord, planStateOf } from './plan.ts';

/**
 * Rule 15: an unused, valid plan is refunded whole, any other one not at all.
 * @throws RuleError `plan_expired`, `plan_used`
 */
export function assertRefundable(plan: PlanRecord, now: Temporal.Instant): void {
  const { title, total, remaining } = plan;
  if (planStateOf(plan, now) === 'expired') {
    throw new RuleError('plan_expired', `Plan "${title}" has expired, so it cannot be refunded.`, {
      plan: title,
      expiresAt: plan.expiresAt.toString(),
    });
  }
  if (remaining < total) {
    const used = (total - remaining).toString();
    throw new RuleError(
      'plan_used',
      `${used} of the ${total} segments of plan "${title}" are used, so it cannot be refunded; only an unused one can.`,
      {
        plan: title,
        used,
        total: total.toString(),
      },
    );
  }
}

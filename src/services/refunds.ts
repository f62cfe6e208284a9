import { InputError } from '../domain/errors.ts';
import { refundTransfers } from '../domain/ledger.ts';
import { type PlanRecord, quotaOf } from '../domain/plan.ts';
import { assertRefundable } from '../domain/refund.ts';
import { lockAccount, makeDue } from '../store/accounts.ts';
import { dateAlertsBefore } from '../store/alerts.ts';
import { postTransfers } from '../store/ledger.ts';
import { markPlanRefunded, readPlan, readPlansWithQuota } from '../store/plans.ts';
import { dateAttemptBefore } from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { nextRenewalStep } from './renewal-step.ts';
import { settleSending } from './sending.ts';

export interface RefundInput {
  readonly accountId: string;
  readonly planId: string;
  /** For the record and the receipt. */
  readonly reason: string | null;
  readonly by: string;
}

export interface Refund {
  readonly plan: PlanRecord;
  /** False when it had been refunded before: then nothing was changed. */
  readonly isNew: boolean;
  /** Whether auto-renewal buys anew by itself now, because the quota is at or below its threshold without the plan. */
  readonly renews: boolean;
}

/**
 * Takes an unused, valid plan back whole: its segments leave it, and what was paid for it comes back to the balance. It covers no message
 * any more, also none that was sent before the refund and is reported after it: that is pay-as-you-go. (rule 15)
 * @throws InputError `account_unknown`, `plan_unknown`; RuleError `plan_used`, `plan_expired`
 */
export async function refundPlan(context: ServiceContext, tx: Tx, input: RefundInput): Promise<Refund> {
  const { planId, reason, by } = input;
  const account = await lockAccount(tx, input.accountId);
  const now = context.clock.now();
  const plan = await readPlan(tx, account.id, planId);
  if (!plan) {
    throw new InputError(
      'plan_unknown',
      `The account has no plan ${planId}; "npm run cli -- plan list" shows its plans.`,
      {
        plan: planId,
      },
    );
  }
  if (plan.refundedAt) return { plan, isNew: false, renews: false };
  assertRefundable(plan, now);
  const { title, remaining: segments, price } = plan;
  const transfers = refundTransfers({ planId, segments, price, currency: account.currency, at: now, by, reason });
  await postTransfers(tx, account, transfers, now);
  await dateAlertsBefore(tx, account.id, now);
  await dateAttemptBefore(tx, account.id, now);
  await markPlanRefunded(tx, account.id, planId, now);
  await record(context, tx, account.id, {
    by,
    deed: { type: 'plan_refunded', title, segments: segments.toString(), amount: price.toString() },
  });
  const left = await readPlansWithQuota(tx, account.id);
  // With the money that has just come back, and with all that may keep it from buying.
  const { step } = await nextRenewalStep(tx, await lockAccount(tx, account.id), now);
  const renews = step.type === 'buy';
  await announce(
    context,
    tx,
    account,
    {
      kind: 'refunded',
      title,
      segments,
      amount: price,
      balance: account.money.balance + price,
      quota: quotaOf(left, now),
      reason,
      renews,
    },
    { key: `plan/${planId}/refund` },
  );
  await settleSending(context, tx, account.id);
  await makeDue(tx, account.id, now);
  return { plan: { ...plan, remaining: 0n, refundedAt: now }, isNew: true, renews };
}

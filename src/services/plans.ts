import { randomUUID } from 'node:crypto';
import { RuleError } from '../domain/errors.ts';
import { newPlanTransfers } from '../domain/ledger.ts';
import type { Micro } from '../domain/money.ts';
import { expiryOf, type Plan, type PlanOffer, quotaOf } from '../domain/plan.ts';
import { type Account, lockAccount, makeDue } from '../store/accounts.ts';
import { dateAlertsBefore } from '../store/alerts.ts';
import { postTransfers } from '../store/ledger.ts';
import { insertPlan, readPlanByKey, readPlansWithQuota } from '../store/plans.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { findOffer } from './offers.ts';

export interface NewPlanInput {
  readonly source: 'purchase' | 'renewal' | 'grant';
  readonly offer: PlanOffer;
  /** What is paid for it, in micro-units. */
  readonly price: Micro;
  /** The same key again is the same plan. */
  readonly key: string;
  readonly by: string;
}

/**
 * An offer is paid from the account's balance, so it must be priced in the account's currency. (rule 7)
 * @throws RuleError `offer_currency`
 */
export function assertCurrency(account: Account, offer: PlanOffer | null): void {
  if (!offer || offer.currency === account.currency) return;
  throw new RuleError(
    'offer_currency',
    `Offer "${offer.title}" is priced in ${offer.currency}, and the account is kept in ${account.currency}; choose another offer.`,
    { offer: offer.title, currency: offer.currency, accountCurrency: account.currency },
  );
}

/**
 * Adds a plan that is effective at once and books its segments and its price. The account must be locked, and the caller must have
 * checked that the price may be spent. (rules 7, 8 and 11)
 * @throws RuleError `offer_currency`; `plan_conflict` when the key is that of a plan of another offer or price
 */
export async function addPlan(context: ServiceContext, tx: Tx, account: Account, input: NewPlanInput): Promise<Plan> {
  const now = context.clock.now();
  const { offer, price, source, by } = input;
  assertCurrency(account, offer);
  const plan = {
    id: randomUUID(),
    key: input.key,
    source,
    offerId: offer.id,
    offerVersion: offer.version,
    title: offer.title,
    total: offer.segments,
    price,
    effectiveAt: now,
    expiresAt: expiryOf(offer, now, account.timeZone),
  };
  if (!(await insertPlan(tx, account.id, plan))) {
    const existing = await readPlanByKey(tx, account.id, input.key);
    const isSame = existing?.total === plan.total && existing.price === price && existing.title === plan.title;
    if (isSame && existing.offerId === plan.offerId) return existing;
    throw new RuleError('plan_conflict', `"${input.key}" already names another plan; use a new key for a new plan.`, {
      key: input.key,
    });
  }
  const transfers = newPlanTransfers({
    planId: plan.id,
    source,
    segments: offer.segments,
    price,
    currency: account.currency,
    at: now,
    by,
  });
  await postTransfers(tx, account, transfers, now);
  await dateAlertsBefore(tx, account.id, now);
  return { ...plan, remaining: plan.total };
}

export interface Granted extends Plan {
  /** Whether it was booked now; false when it had been booked before. */
  readonly booked: boolean;
}

/**
 * Gives an account a plan of an offer without payment: the operator's way to enter a plan that was bought elsewhere, also of an offer that
 * is not sold any more.
 * @throws InputError `offer_unknown`, `account_unknown`; RuleError `plan_conflict`, `offer_currency`
 */
export async function grantPlan(
  context: ServiceContext,
  tx: Tx,
  input: { accountId: string; offerId: string; key: string; by: string },
): Promise<Granted> {
  const account = await lockAccount(tx, input.accountId);
  const key = `grant/${input.key}`;
  const known = await readPlanByKey(tx, account.id, key);
  const versions = await findOffer(tx, input.offerId);
  // Said again, it is the plan that it was, also when the offer is another one by now.
  const same = known?.offerId === input.offerId ? versions.version(known.offerVersion ?? 0) : undefined;
  const offer = same ?? versions.stateAt(context.clock.now()).offer;
  const plan = await addPlan(context, tx, account, { source: 'grant', offer, price: 0n, key, by: input.by });
  if (known) return { ...plan, booked: false };
  const now = context.clock.now();
  const { id: planId, title, total } = plan;
  await record(context, tx, account.id, {
    by: input.by,
    deed: { type: 'plan_granted', title, segments: total.toString(), planId },
  });
  const quota = quotaOf(await readPlansWithQuota(tx, account.id), now);
  await announce(
    context,
    tx,
    account,
    { kind: 'plan_added', title: plan.title, segments: plan.total, quota, expiresAt: plan.expiresAt },
    { key },
  );
  await makeDue(tx, account.id, now);
  return { ...plan, booked: true };
}

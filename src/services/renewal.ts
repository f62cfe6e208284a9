import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Announcement, PlanFigures } from '../domain/announcement.ts';
import type { Deed } from '../domain/audit.ts';
import { type PlanOffer, quotaOf, renewalPrice } from '../domain/plan.ts';
import { renewalTerms } from '../domain/quote.ts';
import { type OpenRenewal, type Purchase, RENEWAL_STOPS, type RenewalStep } from '../domain/renewal.ts';
import { availableOf } from '../domain/standing.ts';
import type { Account } from '../store/accounts.ts';
import { readOffer, readPlansWithQuota } from '../store/plans.ts';
import {
  closeRenewal,
  markVersionTold,
  type RenewalUpdate,
  readOpenRenewal,
  readRenewalPurchase,
  readToldVersion,
  writeRenewal,
} from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { requestApproval } from './approval-request.ts';
import { record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { tellRenewalTrouble } from './episodes.ts';
import { readChosenOffer } from './offers.ts';
import { addPlan } from './plans.ts';
import { nextRenewalStep } from './renewal-step.ts';

/** Who auto-renewal is, in the record of what was done. */
const AUTO_RENEWAL = 'auto-renewal';

/**
 * Carries out what auto-renewal should do now with an account that is locked: its state was read after the lock, so a purchase made
 * a moment earlier counts. (rules 11 to 15)
 * @param approved the open episode's purchase has just been approved.
 * @returns whether a plan was bought.
 */
export async function renewIfDue(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  approved = false,
): Promise<boolean> {
  const { open, step } = await nextRenewalStep(tx, account, context.clock.now(), approved);
  await carryOut(context, tx, account, open, step);
  return step.type === 'buy';
}

async function carryOut(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  open: OpenRenewal | null,
  step: RenewalStep,
): Promise<void> {
  if (step.type === 'none') return;
  if (step.type === 'close') {
    if (!open) return;
    await closeRenewal(tx, account.id, open.id, step.reason, context.clock.now());
    await recordRenewal(context, tx, account, { type: 'renewal_ended', reason: step.reason });
    return;
  }
  const id = open?.id ?? randomUUID();
  if (step.type === 'buy') return buy(context, tx, account, open, id, step);
  if (step.type === 'ask') return ask(context, tx, account, open, id, step);

  const { reason, nextAttemptAt, price, isNews } = step;
  await writeRenewal(tx, account.id, {
    ...updateOf(context, open, id, step),
    state: step.type === 'fail' ? 'failed' : 'stopped',
    reason,
    missing: step.type === 'fail' ? step.missing : null,
    nextAttemptAt,
  });
  const { title } = step.offer;
  const attempt = { title, price: price.toString() };
  await recordRenewal(
    context,
    tx,
    account,
    step.type === 'fail'
      ? { type: 'renewal_failed', ...attempt, missing: step.missing.toString() }
      : { type: 'renewal_stopped', ...attempt, guard: step.guard },
  );
  if (!isNews) return;
  const trouble = { title, price, nextAttemptAt } as const;
  await tellRenewalTrouble(
    context,
    tx,
    account,
    id,
    step.type === 'fail'
      ? { kind: 'renewal_failed', ...trouble, available: availableOf(account.money), missing: step.missing }
      : { kind: 'renewal_stopped', ...trouble, guard: step.guard },
  );
}

/** What is the matter with the open renewal, as it is now; undefined when nothing is. (rules 13 and 14) */
export async function renewalTrouble(
  tx: Tx,
  account: Account,
  now: Temporal.Instant,
): Promise<Extract<Announcement, { kind: 'renewal_failed' | 'renewal_stopped' }> | undefined> {
  const open = await readOpenRenewal(tx, account.id);
  if (!open?.nextAttemptAt || (open.state !== 'failed' && open.state !== 'stopped')) return undefined;
  const { offerId, price } = await readRenewalPurchase(tx, account.id, open.id);
  const { offer } = await readChosenOffer(tx, offerId, now);
  const trouble = { title: offer?.title ?? offerId, price, nextAttemptAt: open.nextAttemptAt };
  if (open.state === 'stopped') {
    const guard = RENEWAL_STOPS.find((name) => name === open.reason);
    return guard && { kind: 'renewal_stopped', ...trouble, guard };
  }
  const available = availableOf(account.money);
  // Enough money, but not tried yet: that is about to happen.
  if (available >= price) return undefined;
  return { kind: 'renewal_failed', ...trouble, available, missing: price - available };
}

async function buy(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  open: OpenRenewal | null,
  id: string,
  purchase: Purchase,
): Promise<void> {
  const { offer, price, trigger } = purchase;
  const plan = await addPlan(context, tx, account, {
    source: 'renewal',
    offer,
    price,
    key: `renewal/${id}`,
    by: AUTO_RENEWAL,
  });
  await writeRenewal(tx, account.id, {
    ...updateOf(context, open, id, purchase),
    state: 'paid',
    planId: plan.id,
    closed: true,
  });
  const { title, segments } = offer;
  await recordRenewal(context, tx, account, {
    type: 'renewed',
    ...{ title, segments: segments.toString(), price: price.toString(), trigger, planId: plan.id },
  });
  await announce(
    context,
    tx,
    account,
    {
      kind: 'renewed',
      trigger,
      changed: await whatWasKnown(tx, account, offer),
      validityMonths: offer.validityMonths,
      title: offer.title,
      segments: offer.segments,
      price,
      quota: quotaOf(await readPlansWithQuota(tx, account.id), context.clock.now()),
      balance: account.money.balance - price,
      expiresAt: plan.expiresAt,
    },
    { key: `renewal/${id}/paid` },
  );
  await markVersionTold(tx, account.id, offer.version);
}

/** What administrators were told last of an offer, where it has become another one since; null where it is what they know. */
async function whatWasKnown(tx: Tx, account: Account, offer: PlanOffer): Promise<PlanFigures | null> {
  const version = await readToldVersion(tx, account.id);
  if (version === null || version === offer.version) return null;
  const known = (await readOffer(tx, offer.id))?.version(version);
  if (!known) return null;
  const [before, after] = [figuresOf(known), figuresOf(offer)];
  return isDeepStrictEqual(before, after) ? null : before;
}

function figuresOf(offer: PlanOffer): PlanFigures {
  return { price: renewalPrice(offer), segments: offer.segments, validityMonths: offer.validityMonths };
}

/** Rule 13: above the amount that the policy names, an administrator decides. */
async function ask(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  open: OpenRenewal | null,
  id: string,
  purchase: Purchase,
): Promise<void> {
  const { offer } = purchase;
  const approval = await requestApproval(context, tx, account, {
    action: {
      type: 'renew',
      renewalId: id,
      ...renewalTerms(offer),
    },
    requestedBy: AUTO_RENEWAL,
    requesterName: null,
  });
  await writeRenewal(tx, account.id, {
    ...updateOf(context, open, id, purchase),
    state: 'requested',
    approvalId: approval.id,
  });
}

function recordRenewal(context: ServiceContext, tx: Tx, account: Account, deed: Deed): Promise<void> {
  return record(context, tx, account.id, { by: AUTO_RENEWAL, deed });
}

function updateOf(context: ServiceContext, open: OpenRenewal | null, id: string, purchase: Purchase): RenewalUpdate {
  return {
    id,
    trigger: open?.trigger ?? purchase.trigger,
    state: 'requested',
    reason: null,
    offerId: purchase.offer.id,
    price: purchase.price,
    missing: null,
    planId: null,
    approvalId: null,
    at: context.clock.now(),
    nextAttemptAt: null,
    closed: false,
  };
}

import { readOffers } from '../store/plans.ts';
import { listRenewals, type StoredRenewal, type StoredStep } from '../store/renewal-history.ts';
import type { Executor } from '../store/schema.ts';

/** A step of an episode, with the title of the offer that was to be bought. */
export interface RenewalRecordStep extends StoredStep {
  /** The id where there is no such offer any more. */
  readonly offerTitle: string;
}

/** An episode of auto-renewal: what it is, and every step by which it came to that, the first one first. (rules 12 to 14) */
export interface RenewalRecord extends Omit<StoredRenewal, 'steps'> {
  readonly steps: readonly RenewalRecordStep[];
}

/** The newest episodes of an account, the newest first, with each attempt, its time and why it did not buy. */
export async function readRenewalHistory(
  db: Executor,
  accountId: string,
  { limit = 20 }: { limit?: number } = {},
): Promise<RenewalRecord[]> {
  const renewals = await listRenewals(db, accountId, limit);
  const offers = new Map((await readOffers(db)).map((offer) => [offer.id, offer]));
  const titleAt = ({ offerId, at }: StoredStep) => offers.get(offerId)?.stateAt(at).offer.title ?? offerId;
  return renewals.map((renewal) => ({
    ...renewal,
    steps: renewal.steps.map((step) => ({ ...step, offerTitle: titleAt(step) })),
  }));
}

import { InputError, RuleError } from '../domain/errors.ts';
import type { Offer, OfferVersion, Withdrawal } from '../domain/offer.ts';
import type { PlanOffer } from '../domain/plan.ts';
import { readOffer } from '../store/plans.ts';
import type { Executor } from '../store/schema.ts';

/** The offer that a policy names, as it is at a moment. */
export interface ChosenOffer {
  /** What is sold of it, or was sold last; null where none is chosen. */
  readonly offer: PlanOffer | null;
  /** Whether it can be bought now. */
  readonly isSold: boolean;
  /** What it will be next; null where no change is announced. */
  readonly next: OfferVersion | null;
  /** The next end of its sale; null where none is announced. */
  readonly end: Withdrawal | null;
}

const NONE: ChosenOffer = { offer: null, isSold: false, next: null, end: null };

/** An offer by its id, for who names it whether it is sold or not. */
export async function readChosenOffer(
  db: Executor,
  offerId: string | null,
  now: Temporal.Instant,
): Promise<ChosenOffer> {
  const offer = offerId === null ? undefined : await readOffer(db, offerId);
  return offer?.stateAt(now) ?? NONE;
}

/** @throws InputError `offer_unknown` */
export async function findOffer(db: Executor, offerId: string): Promise<Offer> {
  const offer = await readOffer(db, offerId);
  if (offer) return offer;
  throw new InputError(
    'offer_unknown',
    `There is no plan offer "${offerId}"; "npm run cli -- offer list" lists them.`,
    { offer: offerId },
  );
}

/** What is sold of an offer now. @throws InputError `offer_unknown`; RuleError `offer_not_sold` */
export async function findSoldOffer(db: Executor, offerId: string, now: Temporal.Instant): Promise<PlanOffer> {
  const { offer, isSold } = (await findOffer(db, offerId)).stateAt(now);
  assertSold(offer, isSold);
  return offer;
}

/** @throws RuleError `offer_not_sold` */
export function assertSold(offer: PlanOffer, isSold: boolean): void {
  if (isSold) return;
  throw new RuleError(
    'offer_not_sold',
    `Offer "${offer.title}" is not sold at present; choose another one ("npm run cli -- offer list" shows what is sold, and from when).`,
    { offer: offer.title },
  );
}

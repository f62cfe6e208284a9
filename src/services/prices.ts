import { Calendar } from '../domain/metering.ts';
import { isWithdrawal, type OfferVersion } from '../domain/offer.ts';
import type { PlanOffer } from '../domain/plan.ts';
import { compareOffer, type OfferComparison, type PaygPrice, paygPrices, tierVolumesOf } from '../domain/prices.ts';
import { type Tariff, tariffAt } from '../domain/tariff.ts';
import { type Account, readAccount } from '../store/accounts.ts';
import { readVolumes } from '../store/charges.ts';
import { readOffers } from '../store/plans.ts';
import type { Executor } from '../store/schema.ts';
import { readTariffs } from '../store/tariffs.ts';
import type { ServiceContext } from './context.ts';

/** What the account's tariff says at a time, and how far this month's tiers have been used. */
export async function readTierState(db: Executor, account: Account, now: Temporal.Instant) {
  const month = new Calendar(account.timeZone).month(now);
  const [tariffs, volumes] = await Promise.all([
    readTariffs(db, account.tariffId),
    readVolumes(db, account.id, [month]),
  ]);
  return { tariff: tariffAt(tariffs, now), volumes, tierVolumes: tierVolumesOf(volumes, tariffs) };
}

/** What an account pays without a plan at its present volume, and the offers beside it. */
export interface Prices {
  readonly account: Account;
  readonly tariff: Tariff;
  readonly payg: readonly PaygPrice[];
  /** What is sold now in the account's currency, the smallest first. */
  readonly offers: readonly OfferOnSale[];
  /** What is not sold now: not yet, or not any more. */
  readonly unsold: readonly PlanOffer[];
  /** What of it will be sold, the first one first. */
  readonly announced: readonly PlanOffer[];
  readonly asOf: Temporal.Instant;
}

/** What is sold of an offer, and what becomes of it. */
export interface OfferOnSale extends OfferComparison {
  /** Its next version; null where none is announced. */
  readonly next: OfferVersion | null;
}

/** @throws InputError `account_unknown` */
export async function readPrices(context: ServiceContext, db: Executor, accountId: string): Promise<Prices> {
  const asOf = context.clock.now();
  const account = await readAccount(db, accountId);
  const { tariff, tierVolumes } = await readTierState(db, account, asOf);
  const payg = paygPrices(tariff, tierVolumes);
  const { sold, unsold, announced } = await readSale(db, account, asOf);
  const offers = sold.map(({ offer, next }) => ({ ...compareOffer(offer, payg), next }));
  return { account, tariff, payg, offers, unsold, announced, asOf };
}

/** What there is to buy in an account's currency. */
export type Sale = Pick<Prices, 'unsold' | 'announced'> & {
  readonly sold: readonly { readonly offer: PlanOffer; readonly next: OfferVersion | null }[];
};

/** What an account can buy at a moment, each with what becomes of it, and what it cannot buy now. */
export async function readSale(
  db: Executor,
  { currency }: Pick<Account, 'currency'>,
  at: Temporal.Instant,
): Promise<Sale> {
  const states = (await readOffers(db))
    .map((offer) => offer.stateAt(at))
    .filter(({ offer }) => offer.currency === currency);
  const unsold = states.filter(({ isSold }) => !isSold);
  return {
    sold: states
      .filter(({ isSold }) => isSold)
      .map(({ offer, next }) => ({ offer, next }))
      .toSorted((a, b) => bySize(a.offer, b.offer)),
    unsold: unsold.map(({ offer }) => offer),
    announced: unsold
      .flatMap(({ next }) => (next && !isWithdrawal(next) ? [next] : []))
      .toSorted((a, b) => Temporal.Instant.compare(a.effectiveFrom, b.effectiveFrom) || bySize(a, b)),
  };
}

function bySize(a: PlanOffer, b: PlanOffer): number {
  return Number(a.segments - b.segments) || (a.id < b.id ? -1 : 1);
}

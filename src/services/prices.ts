import { Calendar } from '../domain/metering.ts';
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
  /** In the account's currency, the smallest first. */
  readonly offers: readonly OfferComparison[];
  readonly asOf: Temporal.Instant;
}

/** @throws InputError `account_unknown` */
export async function readPrices(context: ServiceContext, db: Executor, accountId: string): Promise<Prices> {
  const asOf = context.clock.now();
  const account = await readAccount(db, accountId);
  const { tariff, tierVolumes } = await readTierState(db, account, asOf);
  const payg = paygPrices(tariff, tierVolumes);
  const offers = (await readOffers(db)).filter(({ currency }) => currency === account.currency);
  return { account, tariff, payg, offers: offers.map((offer) => compareOffer(offer, payg)), asOf };
}

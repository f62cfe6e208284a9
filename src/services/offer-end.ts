import type { OpenRenewal } from '../domain/renewal.ts';
import type { Account } from '../store/accounts.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import type { AutoRenewal } from './auto-renewal.ts';
import type { ServiceContext } from './context.ts';
import type { ChosenOffer } from './offers.ts';

/** The end of an offer's sale, announced or past. */
interface EndOfSale {
  /** What causes it to be told: an announced end, another one that takes its place, and that it has come. */
  readonly key: string;
  /** From when on it is not sold; null where that has come. */
  readonly at: Temporal.Instant | null;
}

/** The end of the sale of the offer that auto-renewal is to buy; undefined where it is sold as far as is known. */
function endOfSale({ offer, isSold, end }: ChosenOffer): EndOfSale | undefined {
  if (!offer) return undefined;
  if (!isSold) return { key: `offer/${offer.id}/${offer.version}/ended`, at: null };
  return end ? { key: `offer/${end.id}/${end.version}/ends`, at: end.effectiveFrom } : undefined;
}

/** Whether auto-renewal would stop, now or later, because its offer is not sold any more. (rule 13) */
export function isSaleEnding(chosen: ChosenOffer & { readonly policy: { readonly enabled: boolean } }): boolean {
  return chosen.policy.enabled && endOfSale(chosen) !== undefined;
}

/**
 * Tells the groups, once, that the offer which auto-renewal is to buy will not be sold any more, and once that it is not: while there is time to
 * choose another one. Where a renewal is stopped by it already, that is told instead; one that is open for another reason, such as money, says
 * nothing of it. (rules 13 and 20)
 * @returns when it ends by itself; undefined where nothing is announced
 */
export async function tellEndOfSale(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { policy, ...chosen }: AutoRenewal,
  renewal: OpenRenewal | null,
): Promise<Temporal.Instant | undefined> {
  const end = endOfSale(chosen);
  if (!policy.enabled || !end || !chosen.offer) return undefined;
  const { title } = chosen.offer;
  if (renewal?.reason !== 'offer_not_sold') {
    await announce(context, tx, account, { kind: 'offer_ending', title, endsAt: end.at }, { key: end.key });
  }
  return end.at ?? undefined;
}

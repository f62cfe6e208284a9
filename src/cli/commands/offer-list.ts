import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { ALWAYS, isWithdrawal, type Offer, type OfferVersion } from '../../domain/offer.ts';
import { renewalPrice } from '../../domain/plan.ts';
import { readOffers } from '../../store/plans.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatMoney, formatTime, SUPPLIER_TIME_ZONE, table } from '../output.ts';

const HEAD = ['OFFER', 'VERSION', 'STATE', 'FROM', 'TITLE', 'SEGMENTS', 'PRICE', 'WHEN RENEWED', 'MONTHS'];
const NUMBERS = [1, 5, 6, 7, 8];

export const offerList = defineCommand({
  name: 'offer list',
  about: 'Show the plan offers: every version, from when it holds, and which of them is sold now',
  input: z.object({}),
  run: async ({ db, context }) => {
    const now = context.clock.now();
    const versions = (await readOffers(db.kysely)).flatMap((offer) =>
      offer.versions.map((version) => ({ version, state: stateOf(offer, version, now) })),
    );
    const json = versions.map(({ version, state }) => toJson(version, state));
    if (versions.length === 0) {
      return { json, lines: ['There is no offer yet; add some with "npm run cli -- offer import FILE".'] };
    }
    const rows = versions.map(({ version, state }) => toRow(version, state));
    return { json, lines: table([HEAD, ...rows], NUMBERS) };
  },
});

/** `over`: another version has taken its place. */
type VersionState = 'sold' | 'withdrawn' | 'announced' | 'over';

function stateOf(offer: Offer, version: OfferVersion, now: Temporal.Instant): VersionState {
  if (Temporal.Instant.compare(version.effectiveFrom, now) > 0) return 'announced';
  const inForce = offer.versions.findLast(({ effectiveFrom }) => Temporal.Instant.compare(effectiveFrom, now) <= 0);
  if (inForce !== version) return 'over';
  return isWithdrawal(version) ? 'withdrawn' : 'sold';
}

function toRow(version: OfferVersion, state: VersionState): string[] {
  const from = version.effectiveFrom.equals(ALWAYS) ? 'always' : formatTime(version.effectiveFrom, SUPPLIER_TIME_ZONE);
  const key = [version.id, String(version.version), state, from];
  if (isWithdrawal(version)) return [...key, 'not sold', '', '', '', ''];
  return [
    ...key,
    version.title,
    formatCount(version.segments),
    formatMoney(version.price, version.currency),
    formatMoney(renewalPrice(version), version.currency),
    String(version.validityMonths),
  ];
}

function toJson(version: OfferVersion, state: VersionState): object {
  const effectiveFrom = version.effectiveFrom.equals(ALWAYS) ? null : version.effectiveFrom.toString();
  if (isWithdrawal(version)) return { ...version, effectiveFrom, state };
  return {
    ...version,
    effectiveFrom,
    state,
    segments: Number(version.segments),
    price: moneyToDecimal(version.price),
    renewalPrice: moneyToDecimal(renewalPrice(version)),
  };
}

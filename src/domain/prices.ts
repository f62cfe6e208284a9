import type { Micro } from './money.ts';
import type { PlanOffer } from './plan.ts';
import { type Tariff, tierIndex } from './tariff.ts';
import { TEMPLATE_TYPES, type TemplateType } from './usage.ts';
import type { MonthlyVolume } from './volume-line.ts';

/** Segments of a month that count towards the mainland tiers, by template type. (rule 4) */
export type TierVolumes = Readonly<Record<TemplateType, bigint>>;

/** What a month's volumes come to for its tiers; of each tariff version what that version counts. */
export function tierVolumesOf(volumes: readonly MonthlyVolume[], tariffs: readonly Tariff[]): TierVolumes {
  const sums: Record<TemplateType, bigint> = { verification: 0n, notification: 0n, promotion: 0n };
  for (const { destination, templateType, tariffVersion, planSegments, paygSegments } of volumes) {
    if (destination !== 'mainland') continue;
    const countsPlans = tariffs.find(({ version }) => version === tariffVersion)?.planUsageCounts ?? false;
    sums[templateType] += paygSegments + (countsPlans ? planSegments : 0n);
  }
  return sums;
}

/** What the next mainland segment of a type costs without a plan. */
export interface PaygPrice {
  readonly templateType: TemplateType;
  /** What counted towards the tier so far this month. */
  readonly volume: bigint;
  readonly price: Micro;
  /** The tier after the present one: the segment of the month with which it begins; null in the last one. */
  readonly next: { readonly from: bigint; readonly price: Micro } | null;
}

/** The price of the tier in which the next segment of each type lies, and of the tier after it. (rule 4) */
export function paygPrices(tariff: Tariff, volumes: TierVolumes): PaygPrice[] {
  return TEMPLATE_TYPES.map((templateType) => {
    const tiers = tariff.mainland[templateType];
    const volume = volumes[templateType];
    const index = tierIndex(tiers, volume + 1n);
    const [tier, next] = tiers.slice(index);
    if (!tier) throw new RangeError(`no tier ${index}`);
    return {
      templateType,
      volume,
      price: tier.price,
      next: next && tier.upTo !== null ? { from: tier.upTo + 1n, price: next.price } : null,
    };
  });
}

/** An offer beside pay-as-you-go. */
export interface OfferComparison {
  readonly offer: PlanOffer;
  /** What a segment costs when all of the plan is used, to the nearest micro-unit. */
  readonly perSegment: Micro;
  /** What a segment costs less than without a plan, by type; negative when it costs more, zero only when it costs the same. */
  readonly savings: readonly { readonly templateType: TemplateType; readonly saving: Micro }[];
}

/** Sets an offer beside pay-as-you-go at present. Exact: the prices of whole plans are compared, not those of rounded segments. */
export function compareOffer(offer: PlanOffer, payg: readonly PaygPrice[]): OfferComparison {
  return {
    offer,
    perSegment: (offer.price * 2n + offer.segments) / (offer.segments * 2n),
    savings: payg.map(({ templateType, price }) => {
      const whole = price * offer.segments - offer.price;
      // Away from zero, so that a difference never looks like none.
      const up = whole < 0n ? -(offer.segments - 1n) : offer.segments - 1n;
      return { templateType, saving: (whole + up) / offer.segments };
    }),
  };
}

/** The offer at which a segment costs least; undefined when there is none. Of equal ones the smaller. */
export function cheapestOffer(offers: readonly PlanOffer[]): PlanOffer | undefined {
  return offers.reduce<PlanOffer | undefined>((best, offer) => {
    if (!best) return offer;
    const difference = offer.price * best.segments - best.price * offer.segments;
    return difference < 0n || (difference === 0n && offer.segments < best.segments) ? offer : best;
  }, undefined);
}

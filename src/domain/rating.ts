import type { Micro } from './money.ts';
import { type RatingMode, type Tier, tierIndex } from './tariff.ts';

/** What a month's messages of one kind under one tariff version have come to. */
export interface RatedVolume {
  readonly planSegments: bigint;
  readonly paygSegments: bigint;
  /** What was charged for `paygSegments` so far. */
  readonly charged: Micro;
}

/** A part of a charge: `segments` at `unitPrice`, or a correction (`segments` 0) of what was charged before. */
export interface RatedPart {
  readonly kind: 'payg' | 'correction';
  readonly tier: number;
  readonly segments: bigint;
  readonly unitPrice: Micro;
  readonly amount: Micro;
}

export interface RatingInput {
  readonly mode: RatingMode;
  readonly tiers: readonly Tier[];
  /** Segments that already counted towards the tier this month, over all tariff versions. */
  readonly tierVolume: bigint;
  /** Of this tariff version. */
  readonly before: Pick<RatedVolume, 'paygSegments' | 'charged'>;
  /** New segments that no plan covered. */
  readonly segments: bigint;
}

/** Prices new pay-as-you-go segments. (rule 4) */
export function rate(input: RatingInput): RatedPart[] {
  return input.mode === 'graduated' ? rateGraduated(input) : rateVolume(input);
}

/** Each segment costs the price of the tier that it falls in. */
function rateGraduated({ tiers, tierVolume, segments }: RatingInput): RatedPart[] {
  const parts: RatedPart[] = [];
  let volume = tierVolume;
  let left = segments;
  while (left > 0n) {
    const tier = tierIndex(tiers, volume + 1n);
    const { upTo, price } = tierOf(tiers, tier);
    const room = upTo === null ? left : upTo - volume;
    const taken = room < left ? room : left;
    parts.push({ kind: 'payg', tier, segments: taken, unitPrice: price, amount: price * taken });
    volume += taken;
    left -= taken;
  }
  return parts;
}

/**
 * The whole month costs the price of the tier reached: the new segments at that price, and a correction that brings what was
 * charged before to the same price. The correction is a credit where a higher volume is cheaper.
 */
function rateVolume({ tiers, tierVolume, before, segments }: RatingInput): RatedPart[] {
  const reached = tierVolume + segments;
  if (reached === 0n) return [];
  const tier = tierIndex(tiers, reached);
  const { price } = tierOf(tiers, tier);
  const parts: RatedPart[] = [];
  if (segments > 0n) parts.push({ kind: 'payg', tier, segments, unitPrice: price, amount: price * segments });
  const correction = price * before.paygSegments - before.charged;
  if (correction !== 0n) parts.push({ kind: 'correction', tier, segments: 0n, unitPrice: price, amount: correction });
  return parts;
}

function tierOf(tiers: readonly Tier[], index: number): Tier {
  const tier = tiers[index];
  if (!tier) throw new RangeError(`no tier ${index}`);
  return tier;
}

import type { Micro } from './money.ts';
import { type Tariff, tierIndex } from './tariff.ts';
import { TEMPLATE_TYPES, type TemplateType } from './usage.ts';

/** What the last days used, per day. */
export interface Burn {
  /** Mainland segments per day by template type, whatever paid for them. */
  readonly mainlandPerDay: Readonly<Record<TemplateType, bigint>>;
  /** International spending per day. */
  readonly internationalPerDay: Micro;
}

export interface Forecast {
  /** Mainland segments per day. */
  readonly segmentsPerDay: bigint;
  /** Days until the quota is used up at the present burn; null when nothing is used. */
  readonly quotaDays: number | null;
  /** What pay-as-you-go would cost per day with no quota left. */
  readonly paygPerDay: Micro;
  /** Days until available reaches zero, the quota used first; null when nothing is spent. */
  readonly runwayDays: number | null;
}

/** The window over which burn is measured. */
export const BURN_WINDOW_DAYS = 7;

/** Projects the present burn forward. Days are rounded down to tenths. (rule 20: days of runway) */
export function forecast(input: {
  burn: Burn;
  quota: bigint;
  available: Micro;
  tariff: Tariff;
  /** This month's segments that count towards the tier, by template type. */
  tierVolumes: Readonly<Record<TemplateType, bigint>>;
}): Forecast {
  const { burn, quota, available, tariff, tierVolumes } = input;
  let segmentsPerDay = 0n;
  let mainlandPaygPerDay = 0n;
  for (const type of TEMPLATE_TYPES) {
    const perDay = burn.mainlandPerDay[type];
    segmentsPerDay += perDay;
    const tiers = tariff.mainland[type];
    const tier = tiers[tierIndex(tiers, tierVolumes[type] + 1n)];
    mainlandPaygPerDay += perDay * (tier?.price ?? 0n);
  }
  const paygPerDay = mainlandPaygPerDay + burn.internationalPerDay;
  const quotaDays = segmentsPerDay === 0n ? null : tenths(quota, segmentsPerDay);
  return {
    segmentsPerDay,
    quotaDays,
    paygPerDay,
    runwayDays: runway(available, quotaDays, burn.internationalPerDay, paygPerDay),
  };
}

/** Days that `available` lasts: only international traffic costs money until the quota is used up, then all of it. */
function runway(available: Micro, quotaDays: number | null, whileQuota: Micro, afterQuota: Micro): number | null {
  if (afterQuota === 0n) return null;
  if (available <= 0n) return 0;
  const quotaTenths = BigInt(Math.round((quotaDays ?? 0) * 10));
  const spentWhileQuota = (whileQuota * quotaTenths) / 10n;
  if (quotaDays === null || spentWhileQuota >= available) {
    return whileQuota === 0n ? null : tenths(available, whileQuota);
  }
  return Number(quotaTenths + ((available - spentWhileQuota) * 10n) / afterQuota) / 10;
}

function tenths(amount: bigint, perDay: bigint): number {
  return Number((amount * 10n) / perDay) / 10;
}

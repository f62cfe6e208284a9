import type { Micro } from './money.ts';
import type { Sentence } from './sentence.ts';
import type { Destination, TemplateType } from './usage.ts';

/** `graduated`: each segment costs its own tier's price. `volume`: the whole month costs the price of the tier reached. (rule 4) */
export type RatingMode = 'volume' | 'graduated';

/** A step of a price list. `upTo` is inclusive; null on the last tier. */
export interface Tier {
  readonly upTo: bigint | null;
  readonly price: Micro;
}

/** One version of a price list. It prices messages sent from `effectiveFrom` until the next version begins. */
export interface Tariff {
  readonly id: string;
  readonly version: number;
  readonly currency: string;
  readonly effectiveFrom: Temporal.Instant;
  readonly mode: RatingMode;
  /** Whether what plans cover also counts towards the tier. */
  readonly planUsageCounts: boolean;
  readonly mainland: Readonly<Record<TemplateType, readonly Tier[]>>;
  /** Price per segment by country (ISO 3166 alpha-2). (rule 5) */
  readonly international: Readonly<Record<string, Micro>>;
}

/** What is wrong with a tier, by its place in the list. */
export interface TierProblem {
  readonly index: number;
  readonly message: Sentence;
}

/**
 * Gaps and overlaps of a list of tiers, by their bounds: they grow, and the last one alone is open (null). A bound that could not be read
 * is undefined, and judged by nobody.
 */
export function tierProblems(bounds: readonly (bigint | number | null | undefined)[]): TierProblem[] {
  const problems: TierProblem[] = [];
  for (const [index, upTo] of bounds.entries()) {
    const isLast = index === bounds.length - 1;
    const before = bounds[index - 1];
    if (upTo === null && !isLast) {
      problems.push({
        index,
        message: {
          english: 'an open tier (null) overlaps those after it; only the last one is open',
          chinese: '不封顶的档（null）与后面的档重叠；只有最后一档可以不封顶',
        },
      });
    } else if (isLast && upTo !== null && upTo !== undefined) {
      problems.push({
        index,
        message: {
          english: `there is a gap above ${upTo}; the last tier is open, "upTo": null`,
          chinese: `${upTo} 以上没有价格；最后一档须不封顶，写作 "upTo": null`,
        },
      });
    }
    if (typeof before !== 'object' && before !== undefined && upTo !== null && upTo !== undefined && upTo <= before) {
      problems.push({
        index,
        message: {
          english: `the bounds of the tiers must grow, and ${upTo} is not above ${before}`,
          chinese: `各档的上限须递增，而 ${upTo} 不大于 ${before}`,
        },
      });
    }
  }
  return problems;
}

/** What orders the versions of a tariff. */
export type TariffVersion = Pick<Tariff, 'version' | 'currency' | 'effectiveFrom'>;

/** Why two versions of one tariff do not go together; undefined when they do. A higher version begins later, in the same currency. */
export function versionProblem(tariff: TariffVersion, other: TariffVersion): Sentence | undefined {
  if (tariff.currency !== other.currency) {
    return {
      english: `version ${other.version} is in ${other.currency}, and accounts are kept in it; use that, or a tariff of another id`,
      chinese: `第 ${other.version} 版以 ${other.currency} 计价，账户也用它记账；请沿用该币种，或换一个资费 id`,
    };
  }
  const order = Temporal.Instant.compare(tariff.effectiveFrom, other.effectiveFrom);
  if (Math.sign(tariff.version - other.version) === order) return undefined;
  const [word, hint] = tariff.version > other.version ? ['after', 'later'] : ['before', 'earlier'];
  const [chineseWord, chineseHint] = tariff.version > other.version ? ['之后', '更晚'] : ['之前', '更早'];
  return {
    english: `version ${tariff.version} must begin ${word} version ${other.version}, which begins at ${other.effectiveFrom}; give it a time that is ${hint}`,
    chinese: `第 ${tariff.version} 版须在第 ${other.version} 版${chineseWord}生效（后者自 ${other.effectiveFrom} 起）；请给它一个${chineseHint}的时间`,
  };
}

/** The version that prices a message sent at `at`; the first one also covers what came before it. Versions ascend. */
export function tariffAt(versions: readonly Tariff[], at: Temporal.Instant): Tariff {
  return new TariffTimeline(versions).at(at.epochMilliseconds);
}

/** The versions of a tariff by time, for whoever asks often: milliseconds compare many times as fast as instants. */
export class TariffTimeline {
  readonly #versions: readonly Tariff[];
  readonly #starts: readonly number[];

  /** @param versions ascending */
  constructor(versions: readonly Tariff[]) {
    this.#versions = versions;
    this.#starts = versions.map((tariff) => tariff.effectiveFrom.epochMilliseconds);
  }

  /** As `tariffAt`, by epoch milliseconds. */
  at(epochMilliseconds: number): Tariff {
    const index = this.#starts.findLastIndex((start) => start <= epochMilliseconds);
    const version = this.#versions[Math.max(0, index)];
    if (!version) throw new RangeError('a tariff has at least one version');
    return version;
  }
}

/**
 * The version that prices a message to a country that had no price when it was recorded: that of its own time, or else the first one after
 * it that has a price for the country; undefined where there is none. With `now`, only among those that have begun by then. (rule 5)
 * @param versions ascending
 */
export function latePricing(
  versions: readonly Tariff[],
  { country, at }: { readonly country: string | null; readonly at: Temporal.Instant },
  now?: Temporal.Instant,
): Tariff | undefined {
  return versions
    .slice(versions.indexOf(tariffAt(versions, at)))
    .find((version) => version.international[country ?? ''] !== undefined && (!now || hasBegun(version, now)));
}

/**
 * The countries that `latePricing` finds a price for, and until when, not included, a message must have been sent for that; null when it
 * does not matter.
 * @param versions ascending
 */
export function latePricedCountries(
  versions: readonly Tariff[],
  now: Temporal.Instant,
): Map<string, Temporal.Instant | null> {
  const countries = new Map<string, Temporal.Instant | null>();
  for (const [index, version] of versions.entries()) {
    if (!hasBegun(version, now)) continue;
    const until = versions[index + 1]?.effectiveFrom ?? null;
    for (const country of Object.keys(version.international)) countries.set(country, until);
  }
  return countries;
}

function hasBegun({ effectiveFrom }: Tariff, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(effectiveFrom, now) <= 0;
}

/** The tiers that price a message of this kind: one open tier for a country; undefined when there is no price for it (rule 5). */
export function tiersFor(
  tariff: Tariff,
  destination: Destination,
  country: string | null,
  templateType: TemplateType,
): readonly Tier[] | undefined {
  if (destination === 'mainland') return tariff.mainland[templateType];
  const price = tariff.international[country ?? ''];
  return price === undefined ? undefined : [{ upTo: null, price }];
}

/** The index of the tier in which the `volume`-th segment of a month lies (`volume` counts from 1). */
export function tierIndex(tiers: readonly Tier[], volume: bigint): number {
  const index = tiers.findIndex((tier) => tier.upTo === null || volume <= tier.upTo);
  if (index < 0) throw new RangeError('the last tier of a tariff has no upper bound');
  return index;
}

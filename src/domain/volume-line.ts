import type { Micro } from './money.ts';
import { type RatedPart, type RatedVolume, rate } from './rating.ts';
import { type Tariff, type Tier, tiersFor } from './tariff.ts';
import type { Destination, TemplateType } from './usage.ts';

/** What a month's volume is kept by. `country` is '' for the mainland. */
export interface VolumeKey {
  /** `YYYY-MM` in the account's time zone. */
  readonly month: string;
  readonly destination: Destination;
  readonly country: string;
  readonly templateType: TemplateType;
  readonly tariffVersion: number;
}

export type MonthlyVolume = VolumeKey & RatedVolume;

/** A line of a month's charges: what a plan covered, what pay-as-you-go cost, or a correction of the latter. */
export type Charge = VolumeKey & {
  /** Of usage whose own month was closed. A correction is the whole volume's, so it never is. (rule 6) */
  readonly late: boolean;
} & (
    | { readonly kind: 'plan'; readonly planId: string; readonly segments: bigint }
    | ({ readonly tier: number } & RatedPart)
  );

/** Usage of one hour, for forecasts and charts. */
export interface HourlyUsage {
  readonly hour: Temporal.Instant;
  readonly destination: Destination;
  readonly templateType: TemplateType;
  readonly planSegments: bigint;
  readonly paygSegments: bigint;
  readonly amount: bigint;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What one volume key comes to while a batch runs. */
export interface VolumeLine {
  readonly key: VolumeKey;
  readonly tariff: Tariff;
  /** Undefined where there is no price (rule 5). */
  readonly tiers: readonly Tier[] | undefined;
  /** The lines of the same month and kind, one per tariff version; this one is among them. */
  readonly siblings: VolumeLine[];
  planSegments: bigint;
  paygSegments: bigint;
  charged: bigint;
  changed: boolean;
  readonly planCharges: Map<string, { readonly planId: string; readonly late: boolean; segments: bigint }>;
  readonly parts: Mutable<RatedPart & { late: boolean }>[];
  readonly hours: Map<number, { planSegments: bigint; paygSegments: bigint; amount: bigint }>;
}

const HOUR_MS = 3_600_000;

/** Opens a line with what it has come to before the batch, and adds it to the others of its month and kind. */
export function openLine(
  key: VolumeKey,
  tariff: Tariff,
  siblings: VolumeLine[],
  { planSegments, paygSegments, charged }: RatedVolume = { planSegments: 0n, paygSegments: 0n, charged: 0n },
): VolumeLine {
  const line: VolumeLine = {
    key,
    tariff,
    tiers: tiersFor(tariff, key.destination, key.country, key.templateType),
    siblings,
    planSegments,
    paygSegments,
    charged,
    changed: false,
    planCharges: new Map(),
    parts: [],
    hours: new Map(),
  };
  siblings.push(line);
  return line;
}

/** Notes that a plan covered segments of a line; `addSegments` counts them. */
export function addPlanCharge(line: VolumeLine, planId: string, segments: bigint, late: boolean): void {
  const key = late ? `${planId} late` : planId;
  const charge = line.planCharges.get(key);
  if (charge) charge.segments += segments;
  else line.planCharges.set(key, { planId, late, segments });
}

/**
 * Adds a message's segments, those that plans covered and those that are paid for, to a line that has a price. The hour is that of the
 * message, also where it is late. (rules 4 and 6)
 * @returns what it costs, corrections included.
 */
export function addSegments(
  line: VolumeLine,
  atMs: number,
  planSegments: bigint,
  paygSegments: bigint,
  late: boolean,
): Micro {
  const hour = Math.floor(atMs / HOUR_MS);
  line.changed = true;
  line.planSegments += planSegments;
  let amount = addRated(line, paygSegments, late);
  addHour(line, hour, planSegments, paygSegments, amount);
  for (const later of line.siblings) {
    // Where a later version has no price, nothing was charged that could be corrected.
    if (!later.tiers || later.tariff.mode !== 'volume' || !isAfter(later, line)) continue;
    const correction = addRated(later, 0n, false);
    if (correction === 0n) continue;
    later.changed = true;
    addHour(later, hour, 0n, 0n, correction);
    amount += correction;
  }
  return amount;
}

/** Prices new pay-as-you-go segments of a line, and what they change of its earlier ones; returns what that costs. */
function addRated(line: VolumeLine, segments: bigint, late: boolean): bigint {
  const { tariff, tiers = [] } = line;
  const parts = rate({ mode: tariff.mode, tiers, tierVolume: tierVolumeOf(line), before: line, segments });
  let amount = 0n;
  for (const part of parts) {
    amount += part.amount;
    addPart(line.parts, part, late && part.kind === 'payg');
  }
  line.paygSegments += segments;
  line.charged += amount;
  return amount;
}

/**
 * What has counted towards a line's tier this month. A new version of a price list goes on counting where the last one stopped, and what
 * was charged by the last one stays: in `volume` mode a line's tier is the one that was reached while its version held, so the order of
 * arrival does not matter. In `graduated` mode each segment has the place at which it arrived.
 */
function tierVolumeOf(line: VolumeLine): bigint {
  let volume = 0n;
  for (const other of line.siblings) {
    if (line.tariff.mode === 'volume' && isAfter(other, line)) continue;
    volume += other.paygSegments + (other.tariff.planUsageCounts ? other.planSegments : 0n);
  }
  return volume;
}

/** Whether a line's tariff version began after the other's. */
function isAfter(line: VolumeLine, other: VolumeLine): boolean {
  return line !== other && Temporal.Instant.compare(line.tariff.effectiveFrom, other.tariff.effectiveFrom) > 0;
}

function addPart(parts: VolumeLine['parts'], part: RatedPart, late: boolean): void {
  const same = parts.find((other) => other.kind === part.kind && other.tier === part.tier && other.late === late);
  if (!same) {
    parts.push({ ...part, late });
    return;
  }
  same.segments += part.segments;
  same.amount += part.amount;
}

function addHour(line: VolumeLine, hour: number, planSegments: bigint, paygSegments: bigint, amount: bigint): void {
  const usage = line.hours.get(hour);
  if (!usage) {
    line.hours.set(hour, { planSegments, paygSegments, amount });
    return;
  }
  usage.planSegments += planSegments;
  usage.paygSegments += paygSegments;
  usage.amount += amount;
}

/** What a line has come to. */
export function volumeOf({ key, planSegments, paygSegments, charged }: VolumeLine): MonthlyVolume {
  return { ...key, planSegments, paygSegments, charged };
}

/** What a line was charged in this batch. */
export function chargesOf({ key, planCharges, parts }: VolumeLine): Charge[] {
  return [
    ...Array.from(planCharges.values(), (charge): Charge => ({ ...key, kind: 'plan', ...charge })),
    ...parts.map((part): Charge => ({ ...key, ...part })),
  ];
}

/** The hours of all lines, by destination and template type. */
export function hoursOf(lines: readonly VolumeLine[]): HourlyUsage[] {
  const hours = new Map<string, Mutable<HourlyUsage>>();
  for (const { key, hours: own } of lines) {
    const { destination, templateType } = key;
    for (const [hour, usage] of own) {
      const id = `${hour}|${destination}|${templateType}`;
      const sum = hours.get(id);
      if (!sum) {
        hours.set(id, {
          hour: Temporal.Instant.fromEpochMilliseconds(hour * HOUR_MS),
          destination,
          templateType,
          ...usage,
        });
        continue;
      }
      sum.planSegments += usage.planSegments;
      sum.paygSegments += usage.paygSegments;
      sum.amount += usage.amount;
    }
  }
  return [...hours.values()];
}

/** Names a month and kind, over all tariff versions. */
export function kindId(key: VolumeKey): string {
  return `${key.month}|${key.destination}|${key.country}|${key.templateType}`;
}

/** Names a volume. */
export function volumeId(key: VolumeKey): string {
  return `${kindId(key)}|${key.tariffVersion}`;
}

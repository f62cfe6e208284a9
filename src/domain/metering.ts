import { consumptionOrder, coversTime, type Plan } from './plan.ts';
import { type RatedPart, type RatedVolume, rate } from './rating.ts';
import { type Tariff, tariffAt, tiersFor } from './tariff.ts';
import {
  type Destination,
  isChargeable,
  judge,
  type TemplateType,
  type UsageRecord,
  type UsageReport,
} from './usage.ts';

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
export type Charge = VolumeKey &
  (
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

export interface MeteringContext {
  readonly timeZone: string;
  readonly defaultTemplateType: TemplateType;
  /** All versions of the account's tariff, ascending. */
  readonly tariffs: readonly Tariff[];
  /** Plans with something left, expired ones included: usage from before they expired may still arrive. */
  readonly plans: readonly Plan[];
  /** The volumes of every month that the reports fall in. */
  readonly volumes: readonly MonthlyVolume[];
  /** What is already recorded under the ids of the reports. */
  readonly known: ReadonlyMap<string, UsageRecord>;
}

export interface Conflict {
  readonly report: UsageReport;
  readonly known: UsageRecord;
}

export interface MeteringResult {
  readonly created: readonly UsageRecord[];
  /** Records that were known before and have moved on. */
  readonly progressed: readonly UsageRecord[];
  readonly conflicts: readonly Conflict[];
  readonly duplicates: number;
  /** Segments taken from each plan, by plan id. */
  readonly consumed: ReadonlyMap<string, bigint>;
  /** The volumes that changed, as they are now. */
  readonly volumes: readonly MonthlyVolume[];
  readonly charges: readonly Charge[];
  readonly hours: readonly HourlyUsage[];
}

/**
 * Bills a batch of reports of one account, in their order of arrival (rules 1 to 5). However the same reports in the same order are
 * cut into batches, records, plans, volumes and the sum of the charges come out the same.
 */
export function meter(context: MeteringContext, reports: readonly UsageReport[]): MeteringResult {
  return new Meter(context).run(reports);
}

/** The month of `at` in a time zone, with a cache: a batch falls in few distinct hours. */
export class Calendar {
  readonly #timeZone: string;
  readonly #months = new Map<number, string>();

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  /** `YYYY-MM` of the hour that contains `at`; every time zone's months begin on a quarter of an hour. */
  month(at: Temporal.Instant): string {
    const quarter = Math.floor(at.epochMilliseconds / 900_000);
    let month = this.#months.get(quarter);
    if (month === undefined) {
      month = at.toZonedDateTimeISO(this.#timeZone).toPlainDate().toPlainYearMonth().toString();
      this.#months.set(quarter, month);
    }
    return month;
  }
}

/** Mutable while a batch runs. */
interface Volume {
  readonly key: VolumeKey;
  planSegments: bigint;
  paygSegments: bigint;
  charged: bigint;
  changed: boolean;
}

class Meter {
  readonly #context: MeteringContext;
  readonly #calendar: Calendar;
  readonly #plans: { plan: Plan; left: bigint }[];
  readonly #records: Map<string, UsageRecord>;
  readonly #touched = new Map<string, 'created' | 'progressed'>();
  readonly #volumes = new Map<string, Volume>();
  /** Segments that count towards a tier, by month and kind, over all tariff versions. */
  readonly #tierVolumes = new Map<string, bigint>();
  readonly #consumed = new Map<string, bigint>();
  readonly #charges = new Map<string, Charge>();
  readonly #hours = new Map<string, { -readonly [K in keyof HourlyUsage]: HourlyUsage[K] }>();
  readonly #conflicts: Conflict[] = [];
  #duplicates = 0;

  constructor(context: MeteringContext) {
    this.#context = context;
    this.#calendar = new Calendar(context.timeZone);
    this.#plans = context.plans.toSorted(consumptionOrder).map((plan) => ({ plan, left: plan.remaining }));
    this.#records = new Map(context.known);
    for (const { planSegments, paygSegments, charged, ...key } of context.volumes) {
      this.#volumes.set(volumeId(key), { key, planSegments, paygSegments, charged, changed: false });
      this.#addTierVolume(key, paygSegments, planSegments);
    }
  }

  run(reports: readonly UsageReport[]): MeteringResult {
    for (const report of reports) this.#take(report);
    const created: UsageRecord[] = [];
    const progressed: UsageRecord[] = [];
    for (const [id, how] of this.#touched) {
      const record = this.#records.get(id);
      if (record) (how === 'created' ? created : progressed).push(record);
    }
    return {
      created,
      progressed,
      conflicts: this.#conflicts,
      duplicates: this.#duplicates,
      consumed: this.#consumed,
      volumes: [...this.#volumes.values()]
        .filter((volume) => volume.changed)
        .map(({ key, planSegments, paygSegments, charged }) => ({ ...key, planSegments, paygSegments, charged })),
      charges: [...this.#charges.values()],
      hours: [...this.#hours.values()],
    };
  }

  #take(report: UsageReport): void {
    const known = this.#records.get(report.id);
    const verdict = judge(known, report);
    if (verdict === 'duplicate') {
      this.#duplicates += 1;
      return;
    }
    if (verdict === 'conflict' && known) {
      this.#conflicts.push({ report, known });
      return;
    }
    const templateType = known?.templateType ?? report.templateType ?? this.#context.defaultTemplateType;
    let record: UsageRecord = {
      ...report,
      at: known?.at ?? report.at,
      templateType,
      billing: known?.billing ?? 'free',
      planSegments: known?.planSegments ?? 0,
    };
    if (record.billing === 'free' && isChargeable(record.destination, record.status)) record = this.#charge(record);
    this.#records.set(record.id, record);
    if (!this.#touched.has(record.id)) this.#touched.set(record.id, known ? 'progressed' : 'created');
  }

  #charge(record: UsageRecord): UsageRecord {
    const tariff = tariffAt(this.#context.tariffs, record.at);
    const tiers = tiersFor(tariff, record.destination, record.country, record.templateType);
    if (!tiers) return { ...record, billing: 'unpriced' };
    const volume = this.#volume({
      month: this.#calendar.month(record.at),
      destination: record.destination,
      country: record.country ?? '',
      templateType: record.templateType,
      tariffVersion: tariff.version,
    });

    const planSegments = record.destination === 'mainland' ? this.#consume(record, volume) : 0n;
    const segments = BigInt(record.segments) - planSegments;
    const counted = tariff.planUsageCounts ? planSegments : 0n;
    const tierVolume = (this.#tierVolumes.get(kindId(volume.key)) ?? 0n) + counted;
    const parts = rate({ mode: tariff.mode, tiers, tierVolume, before: volume, segments });

    let amount = 0n;
    for (const part of parts) {
      amount += part.amount;
      this.#addPart(volume.key, part);
    }
    volume.planSegments += planSegments;
    volume.paygSegments += segments;
    volume.charged += amount;
    volume.changed = true;
    this.#addTierVolume(volume.key, segments, planSegments);
    this.#addHour(record, planSegments, segments, amount);
    return { ...record, billing: 'charged', planSegments: Number(planSegments) };
  }

  /** Rule 3: takes what it can from the plans that cover the record's time. */
  #consume(record: UsageRecord, volume: Volume): bigint {
    let wanted = BigInt(record.segments);
    for (const slot of this.#plans) {
      if (wanted === 0n) break;
      if (slot.left === 0n || !coversTime(slot.plan, record.at)) continue;
      const taken = slot.left < wanted ? slot.left : wanted;
      slot.left -= taken;
      wanted -= taken;
      this.#consumed.set(slot.plan.id, (this.#consumed.get(slot.plan.id) ?? 0n) + taken);
      const id = `${volumeId(volume.key)}|${slot.plan.id}`;
      const segments = (this.#charges.get(id)?.segments ?? 0n) + taken;
      this.#charges.set(id, { ...volume.key, kind: 'plan', planId: slot.plan.id, segments });
    }
    return BigInt(record.segments) - wanted;
  }

  #addPart(key: VolumeKey, part: RatedPart): void {
    const id = `${volumeId(key)}|${part.kind}|${part.tier}`;
    const before = this.#charges.get(id);
    const { segments, amount } = before && before.kind !== 'plan' ? before : { segments: 0n, amount: 0n };
    this.#charges.set(id, { ...key, ...part, segments: segments + part.segments, amount: amount + part.amount });
  }

  #volume(key: VolumeKey): Volume {
    const id = volumeId(key);
    let volume = this.#volumes.get(id);
    if (!volume) {
      volume = { key, planSegments: 0n, paygSegments: 0n, charged: 0n, changed: false };
      this.#volumes.set(id, volume);
    }
    return volume;
  }

  #addTierVolume(key: VolumeKey, paygSegments: bigint, planSegments: bigint): void {
    const counts = this.#context.tariffs.find((tariff) => tariff.version === key.tariffVersion)?.planUsageCounts;
    const id = kindId(key);
    const before = this.#tierVolumes.get(id) ?? 0n;
    this.#tierVolumes.set(id, before + paygSegments + (counts ? planSegments : 0n));
  }

  #addHour(record: UsageRecord, planSegments: bigint, paygSegments: bigint, amount: bigint): void {
    const hour = Math.floor(record.at.epochMilliseconds / 3_600_000) * 3_600_000;
    const id = `${hour}|${record.destination}|${record.templateType}`;
    let usage = this.#hours.get(id);
    if (!usage) {
      usage = {
        hour: Temporal.Instant.fromEpochMilliseconds(hour),
        destination: record.destination,
        templateType: record.templateType,
        planSegments: 0n,
        paygSegments: 0n,
        amount: 0n,
      };
      this.#hours.set(id, usage);
    }
    usage.planSegments += planSegments;
    usage.paygSegments += paygSegments;
    usage.amount += amount;
  }
}

function kindId(key: VolumeKey): string {
  return `${key.month}|${key.destination}|${key.country}|${key.templateType}`;
}

function volumeId(key: VolumeKey): string {
  return `${kindId(key)}|${key.tariffVersion}`;
}

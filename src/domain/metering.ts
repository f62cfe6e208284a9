import { consumptionOrder, type Plan } from './plan.ts';
import { type RatedPart, type RatedVolume, rate } from './rating.ts';
import { type Tariff, type Tier, tariffAt, tiersFor, versionAt } from './tariff.ts';
import {
  type Destination,
  isChargeable,
  judge,
  type TemplateType,
  type UsageRecord,
  type UsageReport,
  type Verdict,
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
  /** What each report meant, in the order in which they were given. */
  readonly verdicts: readonly Verdict[];
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

/**
 * The records that a batch makes when none of its ids is known: what can be written before the account is locked. `meter`, which knows
 * what is recorded, creates these or fewer.
 */
export function draftRecords(
  context: Pick<MeteringContext, 'defaultTemplateType' | 'tariffs'>,
  reports: readonly UsageReport[],
): UsageRecord[] {
  const drafts = new Map<string, UsageRecord>();
  for (const report of reports) {
    const draft = drafts.get(report.id);
    const verdict = judge(draft, report);
    if (verdict !== 'new' && verdict !== 'progress') continue;
    const record = recordOf(report, draft, context.defaultTemplateType);
    if (isChargeable(record.destination, record.status)) {
      const tariff = tariffAt(context.tariffs, record.at);
      const isPriced = tiersFor(tariff, record.destination, record.country, record.templateType) !== undefined;
      record.billing = isPriced ? 'charged' : 'unpriced';
    }
    drafts.set(record.id, record);
  }
  return [...drafts.values()];
}

/** What is to be recorded of a report; not charged yet. */
function recordOf(
  report: UsageReport,
  known: UsageRecord | undefined,
  defaultTemplateType: TemplateType,
): Mutable<UsageRecord> {
  return {
    id: report.id,
    destination: report.destination,
    country: report.country,
    templateType: known?.templateType ?? report.templateType ?? defaultTemplateType,
    segments: report.segments,
    status: report.status,
    at: known?.at ?? report.at,
    billing: known?.billing ?? 'free',
  };
}

/** The month of a time in a time zone, with a cache: a batch falls in few distinct hours. */
export class Calendar {
  readonly #timeZone: string;
  readonly #months = new Map<number, string>();

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  /** `YYYY-MM` of the quarter of an hour that contains `at`: every time zone's months begin on one. */
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

const HOUR_MS = 3_600_000;

// A batch has thousands of records, and its times are compared for each: milliseconds are compared, not instants, and what a record
// adds to is looked up once, by one key. Usage is kept to the millisecond, so nothing is lost.

/** A plan while a batch runs. */
interface PlanSlot {
  readonly id: string;
  readonly fromMs: number;
  readonly untilMs: number;
  left: bigint;
}

/** Segments that count towards a tier: of a month and kind, over all tariff versions. */
interface TierVolume {
  segments: bigint;
}

/** What one volume key comes to while a batch runs. */
interface Line {
  readonly key: VolumeKey;
  readonly tariff: Tariff;
  readonly tiers: readonly Tier[] | undefined;
  readonly tierVolume: TierVolume;
  planSegments: bigint;
  paygSegments: bigint;
  charged: bigint;
  changed: boolean;
  readonly planCharges: Map<string, bigint>;
  readonly parts: Mutable<RatedPart>[];
  readonly hours: Map<number, { planSegments: bigint; paygSegments: bigint; amount: bigint }>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Meter {
  readonly #context: MeteringContext;
  readonly #calendar: Calendar;
  readonly #tariffStarts: readonly number[];
  readonly #plans: readonly PlanSlot[];
  readonly #records: Map<string, UsageRecord>;
  readonly #touched = new Map<string, 'created' | 'progressed'>();
  readonly #lines = new Map<string, Line>();
  readonly #tierVolumes = new Map<string, TierVolume>();
  readonly #consumed = new Map<string, bigint>();
  readonly #conflicts: Conflict[] = [];
  readonly #verdicts: Verdict[] = [];

  constructor(context: MeteringContext) {
    this.#context = context;
    this.#calendar = new Calendar(context.timeZone);
    this.#tariffStarts = context.tariffs.map((tariff) => tariff.effectiveFrom.epochMilliseconds);
    this.#plans = context.plans.toSorted(consumptionOrder).map((plan) => ({
      id: plan.id,
      fromMs: plan.effectiveAt.epochMilliseconds,
      untilMs: plan.expiresAt.epochMilliseconds,
      left: plan.remaining,
    }));
    this.#records = new Map(context.known);
    for (const { planSegments, paygSegments, charged, ...key } of context.volumes) {
      const tariff = context.tariffs.find((version) => version.version === key.tariffVersion);
      if (!tariff)
        throw new RangeError(`the volume of ${key.month} names tariff version ${key.tariffVersion}, which is missing`);
      const line = this.#open(key, tariff);
      line.planSegments = planSegments;
      line.paygSegments = paygSegments;
      line.charged = charged;
      line.tierVolume.segments += paygSegments + (tariff.planUsageCounts ? planSegments : 0n);
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
    const changed = [...this.#lines.values()].filter((line) => line.changed);
    return {
      verdicts: this.#verdicts,
      created,
      progressed,
      conflicts: this.#conflicts,
      duplicates: this.#verdicts.filter((verdict) => verdict === 'duplicate').length,
      consumed: this.#consumed,
      volumes: changed.map(({ key, planSegments, paygSegments, charged }) => ({
        ...key,
        planSegments,
        paygSegments,
        charged,
      })),
      charges: changed.flatMap(chargesOf),
      hours: hoursOf(changed),
    };
  }

  #take(report: UsageReport): void {
    const known = this.#records.get(report.id);
    const verdict = judge(known, report);
    this.#verdicts.push(verdict);
    if (verdict === 'duplicate') return;
    if (verdict === 'conflict' && known) {
      this.#conflicts.push({ report, known });
      return;
    }
    const record = recordOf(report, known, this.#context.defaultTemplateType);
    if (record.billing === 'free' && isChargeable(record.destination, record.status)) this.#charge(record);
    this.#records.set(record.id, record);
    if (!this.#touched.has(record.id)) this.#touched.set(record.id, known ? 'progressed' : 'created');
  }

  #charge(record: Mutable<UsageRecord>): void {
    const atMs = record.at.epochMilliseconds;
    const line = this.#lineOf(record, atMs);
    const { tariff, tiers, tierVolume } = line;
    if (!tiers) {
      record.billing = 'unpriced';
      return;
    }
    const planSegments = record.destination === 'mainland' ? this.#consume(record.segments, atMs, line) : 0n;
    const segments = BigInt(record.segments) - planSegments;
    if (tariff.planUsageCounts) tierVolume.segments += planSegments;

    let amount = 0n;
    for (const part of rate({ mode: tariff.mode, tiers, tierVolume: tierVolume.segments, before: line, segments })) {
      amount += part.amount;
      addPart(line.parts, part);
    }
    tierVolume.segments += segments;
    line.planSegments += planSegments;
    line.paygSegments += segments;
    line.charged += amount;
    line.changed = true;
    addHour(line, Math.floor(atMs / HOUR_MS), planSegments, segments, amount);
    record.billing = 'charged';
  }

  /** Rule 3: takes what it can from the plans that cover the record's time. */
  #consume(segments: number, atMs: number, line: Line): bigint {
    const total = BigInt(segments);
    let wanted = total;
    for (const plan of this.#plans) {
      if (wanted === 0n) break;
      if (plan.left === 0n || atMs < plan.fromMs || atMs >= plan.untilMs) continue;
      const taken = plan.left < wanted ? plan.left : wanted;
      plan.left -= taken;
      wanted -= taken;
      this.#consumed.set(plan.id, (this.#consumed.get(plan.id) ?? 0n) + taken);
      line.planCharges.set(plan.id, (line.planCharges.get(plan.id) ?? 0n) + taken);
    }
    return total - wanted;
  }

  #lineOf(record: UsageRecord, atMs: number): Line {
    const month = this.#calendar.month(record.at);
    const tariff = this.#tariffAt(atMs);
    const key: VolumeKey = {
      month,
      destination: record.destination,
      country: record.country ?? '',
      templateType: record.templateType,
      tariffVersion: tariff.version,
    };
    return this.#lines.get(volumeId(key)) ?? this.#open(key, tariff);
  }

  #open(key: VolumeKey, tariff: Tariff): Line {
    const kind = kindId(key);
    let tierVolume = this.#tierVolumes.get(kind);
    if (!tierVolume) {
      tierVolume = { segments: 0n };
      this.#tierVolumes.set(kind, tierVolume);
    }
    const line: Line = {
      key,
      tariff,
      tiers: tiersFor(tariff, key.destination, key.country, key.templateType),
      tierVolume,
      planSegments: 0n,
      paygSegments: 0n,
      charged: 0n,
      changed: false,
      planCharges: new Map(),
      parts: [],
      hours: new Map(),
    };
    this.#lines.set(volumeId(key), line);
    return line;
  }

  /** As `tariffAt`. */
  #tariffAt(atMs: number): Tariff {
    const index = this.#tariffStarts.findLastIndex((startMs) => startMs <= atMs);
    return versionAt(this.#context.tariffs, index);
  }
}

function addPart(parts: Mutable<RatedPart>[], part: RatedPart): void {
  const same = parts.find((other) => other.kind === part.kind && other.tier === part.tier);
  if (!same) {
    parts.push({ ...part });
    return;
  }
  same.segments += part.segments;
  same.amount += part.amount;
}

function addHour(line: Line, hour: number, planSegments: bigint, paygSegments: bigint, amount: bigint): void {
  const usage = line.hours.get(hour);
  if (!usage) {
    line.hours.set(hour, { planSegments, paygSegments, amount });
    return;
  }
  usage.planSegments += planSegments;
  usage.paygSegments += paygSegments;
  usage.amount += amount;
}

function chargesOf({ key, planCharges, parts }: Line): Charge[] {
  return [
    ...Array.from(planCharges, ([planId, segments]): Charge => ({ ...key, kind: 'plan', planId, segments })),
    ...parts.map((part): Charge => ({ ...key, ...part })),
  ];
}

/** The hours of all lines, by destination and template type. */
function hoursOf(lines: readonly Line[]): HourlyUsage[] {
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

function kindId(key: VolumeKey): string {
  return `${key.month}|${key.destination}|${key.country}|${key.templateType}`;
}

function volumeId(key: VolumeKey): string {
  return `${kindId(key)}|${key.tariffVersion}`;
}

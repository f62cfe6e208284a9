import { type PeriodUse, UseCollector } from './limit.ts';
import { type BillingMonths, type Month, monthStart } from './month.ts';
import { consumptionOrder, type Plan } from './plan.ts';
import type { RatedVolume } from './rating.ts';
import { latePricing, type Tariff, TariffTimeline, tiersFor } from './tariff.ts';
import { isChargeable, judge, type TemplateType, type UsageRecord, type UsageReport, type Verdict } from './usage.ts';
import {
  addPlanCharge,
  addSegments,
  type Charge,
  chargesOf,
  type HourlyUsage,
  hoursOf,
  kindId,
  type MonthlyVolume,
  openLine,
  type VolumeKey,
  type VolumeLine,
  volumeId,
  volumeOf,
} from './volume-line.ts';

export interface MeteringContext {
  readonly timeZone: string;
  readonly defaultTemplateType: TemplateType;
  /** All versions of the account's tariff, ascending. */
  readonly tariffs: readonly Tariff[];
  /** Plans with something left, expired ones included: usage from before they expired may still arrive. */
  readonly plans: readonly Plan[];
  /** Which months are closed, and where what comes late is billed. */
  readonly billing: BillingMonths;
  /** The volumes of every month that the reports fall in, and of the one where what comes late is billed. */
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
  /** What was added to the use of each day and month in which a message was sent. */
  readonly uses: readonly PeriodUse[];
}

/**
 * Bills a batch of reports of one account, in their order of arrival (rules 1 to 6). However the same reports in the same order are
 * cut into batches, records, plans, volumes and the sum of the charges come out the same.
 */
export function meter(context: MeteringContext, reports: readonly UsageReport[]): MeteringResult {
  return new Meter(context).run(reports);
}

/**
 * Bills records that were unpriced, each in the month of its own time, or late where that is closed; those that still have no price are
 * left out. Plans cover none of them: only international ones can lack a price. (rules 5 and 6)
 */
export function meterWaiting(
  context: Pick<MeteringContext, 'timeZone' | 'tariffs' | 'billing' | 'volumes'>,
  waiting: readonly UsageRecord[],
  now: Temporal.Instant,
): MeteringResult {
  const unused = { defaultTemplateType: 'notification', plans: [], known: new Map() } as const;
  return new Meter({ ...context, ...unused }).runWaiting(waiting, now);
}

/**
 * The records that a batch makes when none of its ids is known: what can be written before the account is locked. `meter`, which knows
 * what is recorded, creates these or fewer; where a bill is closed in between, more of them are late.
 */
export function draftRecords(
  context: Pick<MeteringContext, 'timeZone' | 'defaultTemplateType' | 'tariffs' | 'billing'>,
  reports: readonly UsageReport[],
): UsageRecord[] {
  const drafts = new Map<string, UsageRecord>();
  const tariffs = new TariffTimeline(context.tariffs);
  const lateness = new Lateness(context);
  for (const report of reports) {
    const draft = drafts.get(report.id);
    const verdict = judge(draft, report);
    if (verdict !== 'new' && verdict !== 'progress') continue;
    const record = recordOf(report, draft, context.defaultTemplateType);
    if (isChargeable(record.destination, record.status)) {
      const tariff = tariffs.at(record.at.epochMilliseconds);
      const isPriced = tiersFor(tariff, record.destination, record.country, record.templateType) !== undefined;
      record.billing = isPriced ? 'charged' : 'unpriced';
      if (isPriced) record.lateMonth = lateness.monthFor(record.at.epochMilliseconds);
    }
    drafts.set(record.id, record);
  }
  return [...drafts.values()];
}

/** A record while it is being billed. */
type MutableRecord = { -readonly [K in keyof UsageRecord]: UsageRecord[K] };

/** What is to be recorded of a report; not charged yet. */
function recordOf(
  report: UsageReport,
  known: UsageRecord | undefined,
  defaultTemplateType: TemplateType,
): MutableRecord {
  return {
    id: report.id,
    destination: report.destination,
    country: report.country,
    templateType: known?.templateType ?? report.templateType ?? defaultTemplateType,
    segments: report.segments,
    status: report.status,
    at: known?.at ?? report.at,
    billing: known?.billing ?? 'free',
    lateMonth: known?.lateMonth ?? null,
  };
}

/** The month of a time in a time zone, with a cache: a batch falls in few distinct hours. */
export class Calendar {
  readonly #timeZone: string;
  readonly #months = new Map<number, string>();

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  /** The months in which any of these lies. */
  months(messages: readonly { readonly at: Temporal.Instant }[]): Set<string> {
    const months = new Set<string>();
    for (const { at } of messages) months.add(this.month(at));
    return months;
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

/** Which records come after the bill of their own month, and where those are billed. (rule 6) */
class Lateness {
  readonly #beforeMs: number;
  readonly #current: Month;

  constructor({ timeZone, billing }: Pick<MeteringContext, 'timeZone' | 'billing'>) {
    const { billedBefore, current } = billing;
    this.#beforeMs = billedBefore === '' ? -Infinity : monthStart(billedBefore, timeZone).epochMilliseconds;
    this.#current = current;
  }

  /** The month where a record of this time is billed late; null where it is billed in its own. */
  monthFor(atMs: number): Month | null {
    return atMs < this.#beforeMs ? this.#current : null;
  }
}

// A batch has thousands of records, and its times are compared for each: milliseconds are compared, not instants, and what a record
// adds to is looked up once, by one key. Usage is kept to the millisecond, so nothing is lost.

/** A plan while a batch runs. */
interface PlanSlot {
  readonly id: string;
  readonly fromMs: number;
  readonly untilMs: number;
  left: bigint;
}

class Meter {
  readonly #context: MeteringContext;
  readonly #calendar: Calendar;
  readonly #lateness: Lateness;
  readonly #tariffs: TariffTimeline;
  readonly #plans: readonly PlanSlot[];
  readonly #records: Map<string, UsageRecord>;
  readonly #touched = new Map<string, 'created' | 'progressed'>();
  readonly #lines = new Map<string, VolumeLine>();
  readonly #kinds = new Map<string, VolumeLine[]>();
  readonly #consumed = new Map<string, bigint>();
  readonly #conflicts: Conflict[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #uses: UseCollector;

  constructor(context: MeteringContext) {
    this.#context = context;
    this.#calendar = new Calendar(context.timeZone);
    this.#lateness = new Lateness(context);
    this.#uses = new UseCollector(context.timeZone);
    this.#tariffs = new TariffTimeline(context.tariffs);
    this.#plans = context.plans.toSorted(consumptionOrder).map((plan) => ({
      id: plan.id,
      fromMs: plan.effectiveAt.epochMilliseconds,
      untilMs: plan.expiresAt.epochMilliseconds,
      left: plan.remaining,
    }));
    this.#records = new Map(context.known);
    for (const { planSegments, paygSegments, charged, ...key } of context.volumes) {
      const tariff = context.tariffs.find((version) => version.version === key.tariffVersion);
      if (!tariff) {
        throw new RangeError(`the volume of ${key.month} names tariff version ${key.tariffVersion}, which is missing`);
      }
      this.#open(key, tariff, { planSegments, paygSegments, charged });
    }
  }

  run(reports: readonly UsageReport[]): MeteringResult {
    for (const report of reports) this.#take(report);
    return this.#result();
  }

  runWaiting(waiting: readonly UsageRecord[], now: Temporal.Instant): MeteringResult {
    for (const record of waiting) {
      const tariff = latePricing(this.#context.tariffs, record, now);
      if (!tariff) continue;
      const atMs = record.at.epochMilliseconds;
      const lateMonth = this.#lateness.monthFor(atMs);
      const line = this.#lineOf(record, tariff, lateMonth);
      // Its segments were counted when it was recorded.
      this.#uses.add(atMs, 0n, addSegments(line, atMs, 0n, BigInt(record.segments), lateMonth !== null));
      this.#records.set(record.id, { ...record, billing: 'charged', lateMonth });
      this.#touched.set(record.id, 'progressed');
    }
    return this.#result();
  }

  #result(): MeteringResult {
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
      volumes: changed.map(volumeOf),
      charges: changed.flatMap(chargesOf),
      hours: hoursOf(changed),
      uses: this.#uses.result(),
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

  #charge(record: MutableRecord): void {
    const atMs = record.at.epochMilliseconds;
    const lateMonth = this.#lateness.monthFor(atMs);
    const line = this.#lineOf(record, this.#tariffs.at(atMs), lateMonth);
    const segments = BigInt(record.segments);
    if (!line.tiers) {
      this.#uses.add(atMs, segments, 0n);
      record.billing = 'unpriced';
      return;
    }
    const late = lateMonth !== null;
    const planSegments = record.destination === 'mainland' ? this.#consume(record.segments, atMs, line, late) : 0n;
    this.#uses.add(atMs, segments, addSegments(line, atMs, planSegments, segments - planSegments, late));
    record.billing = 'charged';
    record.lateMonth = lateMonth;
  }

  /** Rule 3: takes what it can from the plans that cover the record's time. */
  #consume(segments: number, atMs: number, line: VolumeLine, late: boolean): bigint {
    const total = BigInt(segments);
    let wanted = total;
    for (const plan of this.#plans) {
      if (wanted === 0n) break;
      if (plan.left === 0n || atMs < plan.fromMs || atMs >= plan.untilMs) continue;
      const taken = plan.left < wanted ? plan.left : wanted;
      plan.left -= taken;
      wanted -= taken;
      this.#consumed.set(plan.id, (this.#consumed.get(plan.id) ?? 0n) + taken);
      addPlanCharge(line, plan.id, taken, late);
    }
    return total - wanted;
  }

  #lineOf(record: UsageRecord, tariff: Tariff, lateMonth: Month | null): VolumeLine {
    const month = lateMonth ?? this.#calendar.month(record.at);
    const key: VolumeKey = {
      month,
      destination: record.destination,
      country: record.country ?? '',
      templateType: record.templateType,
      tariffVersion: tariff.version,
    };
    return this.#lines.get(volumeId(key)) ?? this.#open(key, tariff);
  }

  #open(key: VolumeKey, tariff: Tariff, before?: RatedVolume): VolumeLine {
    const kind = kindId(key);
    let siblings = this.#kinds.get(kind);
    if (!siblings) {
      siblings = [];
      this.#kinds.set(kind, siblings);
    }
    const line = openLine(key, tariff, siblings, before);
    this.#lines.set(volumeId(key), line);
    return line;
  }
}

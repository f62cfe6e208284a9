import { Calendar, type MeteringContext, type MeteringResult, meter } from '../../src/domain/metering.ts';
import type { BillingMonths } from '../../src/domain/month.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { UsageRecord, UsageReport } from '../../src/domain/usage.ts';
import type { Charge, HourlyUsage, MonthlyVolume } from '../../src/domain/volume-line.ts';

type Setup = Pick<MeteringContext, 'timeZone' | 'defaultTemplateType' | 'tariffs' | 'plans'>;

/** No bill is closed. */
export const NOTHING_BILLED: BillingMonths = { billedBefore: '', current: '2026-03' };

/** What metering leaves behind, carried from batch to batch in memory as the database does it. */
export class MeteringState {
  readonly #setup: Setup;
  readonly #calendar: Calendar;
  readonly records = new Map<string, UsageRecord>();
  readonly remaining: Map<string, bigint>;
  readonly volumes = new Map<string, MonthlyVolume>();
  readonly charges: Charge[] = [];
  readonly hours = new Map<string, HourlyUsage>();
  readonly conflicts: string[] = [];
  duplicates = 0;
  /** Changed when a bill is closed. */
  billing: BillingMonths = NOTHING_BILLED;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#calendar = new Calendar(setup.timeZone);
    this.remaining = new Map(setup.plans.map((plan) => [plan.id, plan.remaining]));
  }

  /** Meters a batch and takes over what it came to. */
  meter(reports: readonly UsageReport[]): MeteringResult {
    const months = new Set([this.billing.current, ...reports.map((report) => this.#calendar.month(report.at))]);
    const known = new Map<string, UsageRecord>();
    for (const { id } of reports) {
      const record = this.records.get(id);
      if (record) known.set(id, record);
    }
    const result = meter(
      {
        ...this.#setup,
        billing: this.billing,
        plans: this.plans.filter((plan) => plan.remaining > 0n),
        volumes: [...this.volumes.values()].filter((volume) => months.has(volume.month)),
        known,
      },
      reports,
    );
    this.#take(result);
    return result;
  }

  get plans(): Plan[] {
    return this.#setup.plans.map((plan) => ({ ...plan, remaining: this.remaining.get(plan.id) ?? 0n }));
  }

  /** What all charges together cost. */
  get money(): bigint {
    return this.charges.reduce((sum, charge) => sum + (charge.kind === 'plan' ? 0n : charge.amount), 0n);
  }

  /** Segments that plans covered, and those that were paid for. */
  get segments(): { plan: bigint; payg: bigint } {
    const sum = { plan: 0n, payg: 0n };
    for (const volume of this.volumes.values()) {
      sum.plan += volume.planSegments;
      sum.payg += volume.paygSegments;
    }
    return sum;
  }

  /** Everything that must not depend on how the reports were cut into batches, in an order of its own. */
  snapshot(): object {
    const byText = <T>(items: Iterable<T>) => [...items].map((item) => JSON.stringify(item, plain)).toSorted();
    return {
      records: byText(this.records.values()),
      remaining: byText(this.remaining),
      volumes: byText(this.volumes.values()),
      hours: byText(this.hours.values()),
      conflicts: this.conflicts,
      duplicates: this.duplicates,
      money: this.money,
    };
  }

  #take(result: MeteringResult): void {
    for (const record of [...result.created, ...result.progressed]) this.records.set(record.id, record);
    for (const [planId, segments] of result.consumed) {
      this.remaining.set(planId, (this.remaining.get(planId) ?? 0n) - segments);
    }
    for (const volume of result.volumes) this.volumes.set(keyOf(volume), volume);
    this.charges.push(...result.charges);
    for (const hour of result.hours) this.#addHour(hour);
    this.conflicts.push(...result.conflicts.map(({ report }) => report.id));
    this.duplicates += result.duplicates;
  }

  #addHour(hour: HourlyUsage): void {
    const id = `${hour.hour}|${hour.destination}|${hour.templateType}`;
    const before = this.hours.get(id) ?? { planSegments: 0n, paygSegments: 0n, amount: 0n };
    this.hours.set(id, {
      ...hour,
      planSegments: before.planSegments + hour.planSegments,
      paygSegments: before.paygSegments + hour.paygSegments,
      amount: before.amount + hour.amount,
    });
  }
}

/** Names a volume by all that its key holds. */
export function keyOf(volume: MonthlyVolume): string {
  const { month, destination, country, templateType, tariffVersion } = volume;
  return [month, destination, country, templateType, tariffVersion].join('|');
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

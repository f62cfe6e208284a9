import { spanOf, type UsageReport } from '../domain/usage.ts';
import type { Database } from '../store/database.ts';
import { ensurePartitions } from '../store/usage.ts';

/** Sees to it that the months of usage have their partitions; asks the database once per month. */
export class Partitions {
  readonly #db: Database;
  readonly #known = new Set<string>();

  constructor(db: Database) {
    this.#db = db;
  }

  async ensure(reports: readonly UsageReport[]): Promise<void> {
    if (reports.length === 0) return;
    const span = spanOf(reports);
    const from = Temporal.Instant.fromEpochMilliseconds(span.from);
    const to = Temporal.Instant.fromEpochMilliseconds(span.to);
    const months = monthsBetween(from, to);
    if (months.every((month) => this.#known.has(month))) return;
    await ensurePartitions(this.#db.kysely, from, to);
    for (const month of months) this.#known.add(month);
  }
}

function monthsBetween(from: Temporal.Instant, to: Temporal.Instant): string[] {
  const months: string[] = [];
  const last = monthOf(to);
  for (let month = monthOf(from); Temporal.PlainYearMonth.compare(month, last) <= 0; month = month.add({ months: 1 })) {
    months.push(month.toString());
  }
  return months;
}

function monthOf(at: Temporal.Instant): Temporal.PlainYearMonth {
  return at.toZonedDateTimeISO('UTC').toPlainDate().toPlainYearMonth();
}

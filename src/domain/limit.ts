import { RuleError } from './errors.ts';
import type { Micro } from './money.ts';
import { monthOf } from './month.ts';

const LIMIT_PERIODS = ['day', 'month'] as const;
export type LimitPeriod = (typeof LIMIT_PERIODS)[number];
const LIMIT_UNITS = ['segments', 'money'] as const;
export type LimitUnit = (typeof LIMIT_UNITS)[number];

/** Which cap: an account has at most one of each. `money` is what pay-as-you-go costs. */
export interface LimitKey {
  readonly period: LimitPeriod;
  readonly unit: LimitUnit;
}

/** All caps that an account can have, in the order in which they are shown. */
export const LIMIT_KEYS: readonly LimitKey[] = LIMIT_PERIODS.flatMap((period) =>
  LIMIT_UNITS.map((unit) => ({ period, unit })),
);

/** Segments, or money in micro-units; null is none. At least one of them is set. */
export interface LimitValues {
  /** Sending is capped when a period's use reaches it. */
  readonly stop: bigint | null;
  /** Administrators are told when it is reached. */
  readonly warn: bigint | null;
}

/** A cap as an account has it. */
export interface Limit extends LimitKey, LimitValues {
  readonly changedAt: Temporal.Instant;
  /** The stop was reached, and no administrator has lifted that since: sending is capped. */
  readonly reached: { readonly at: Temporal.Instant; readonly in: UsePeriod } | null;
}

/** A day `YYYY-MM-DD` or a month `YYYY-MM` of the account's time zone; each sorts as text. */
export type UsePeriod = string;

/** What was used in a period: of the messages sent in it, whenever they were reported and to whatever month they are billed. */
export interface PeriodUse {
  readonly period: UsePeriod;
  /** Chargeable ones, whatever pays for them, also while they wait for a price. */
  readonly segments: bigint;
  /** What pay-as-you-go cost, corrections included: a credit can make it less. */
  readonly amount: Micro;
}

/** Names a cap, in alerts and rows. */
export function limitId({ period, unit }: LimitKey): string {
  return `${period}_${unit}`;
}

/** The period in which a moment lies. */
export function usePeriodOf(period: LimitPeriod, at: Temporal.Instant, timeZone: string): UsePeriod {
  return period === 'month' ? monthOf(at, timeZone) : at.toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

/** When the period in which a moment lies is over. */
export function periodEnd(period: LimitPeriod, at: Temporal.Instant, timeZone: string): Temporal.Instant {
  const day = at.toZonedDateTimeISO(timeZone).startOfDay();
  const next = period === 'day' ? day.add({ days: 1 }) : day.with({ day: 1 }).add({ months: 1 });
  return next.startOfDay().toInstant();
}

/**
 * The present day and month, and what was used in them and later ones: a gateway's clock may be ahead, so usage of tomorrow counts today.
 * What was used in periods that are over, in which caps were reached, stands there too, and does not count.
 */
export interface PresentUse {
  readonly now: Temporal.Instant;
  readonly timeZone: string;
  readonly uses: readonly PeriodUse[];
}

/** What counts against a cap now, and in which period. Of several the highest. */
export function presentUse({ period, unit }: LimitKey, present: PresentUse): { used: bigint; in: UsePeriod } {
  const current = usePeriodOf(period, present.now, present.timeZone);
  let highest = { used: 0n, in: current };
  for (const use of present.uses) {
    if (periodKind(use.period) !== period || use.period < current) continue;
    const used = unit === 'segments' ? use.segments : use.amount;
    if (used > highest.used) highest = { used, in: use.period };
  }
  return highest;
}

/** What counts against a cap in one period, of those that were read. */
export function useIn({ unit }: LimitKey, period: UsePeriod, { uses }: PresentUse): bigint {
  const use = uses.find((each) => each.period === period);
  return (unit === 'segments' ? use?.segments : use?.amount) ?? 0n;
}

/** The caps whose stop is reached by what is used now, and that are not known to be. */
export function newlyReached(limits: readonly Limit[], present: PresentUse): { limit: Limit; in: UsePeriod }[] {
  return limits.flatMap((limit) => {
    if (limit.reached !== null || limit.stop === null) return [];
    const use = presentUse(limit, present);
    return use.used >= limit.stop ? [{ limit, in: use.in }] : [];
  });
}

/** Whether a batch has taken a period's use from below a cap's warning value to it. `total` includes what it added. */
export function crossesWarning(
  limits: readonly Limit[],
  added: readonly PeriodUse[],
  total: readonly PeriodUse[],
): boolean {
  return limits.some(({ period, unit, warn }) => {
    if (warn === null) return false;
    const of = (use: PeriodUse | undefined) => (unit === 'segments' ? use?.segments : use?.amount) ?? 0n;
    return total.some((use) => {
      if (periodKind(use.period) !== period || of(use) < warn) return false;
      return of(use) - of(added.find((some) => some.period === use.period)) < warn;
    });
  });
}

function periodKind(period: UsePeriod): LimitPeriod {
  return period.length === 'YYYY-MM'.length ? 'month' : 'day';
}

/** Whether a stop is above what is used; no stop always is. */
export function isBelowStop(used: bigint, stop: bigint | null): boolean {
  return stop === null || used < stop;
}

/** Whether an administrator can lift a reached cap without raising it: the period in which it was reached is over, or a credit came. */
export function canBeLifted(limit: Limit, present: PresentUse): boolean {
  return limit.reached !== null && isBelowStop(presentUse(limit, present).used, limit.stop);
}

/**
 * Whether a cap is reached once it is set so: by what is used now, or because it was and nothing lifts that. A higher stop lifts it by what it
 * is; one that is not higher lifts it, as on a later day, only where that was said to who agreed (`mayLift`).
 */
export function reachedAfter(
  before: Limit | null,
  { stop }: LimitValues,
  {
    mayLift,
    present,
  }: { readonly mayLift: boolean; readonly present: { readonly used: bigint; readonly in: UsePeriod } },
  now: Temporal.Instant,
): Limit['reached'] {
  if (!isBelowStop(present.used, stop)) return { at: now, in: present.in };
  if (stop === null) return null;
  const isHigher = before?.stop != null && stop > before.stop;
  return mayLift || isHigher ? null : (before?.reached ?? null);
}

/** Whether a change lets no more be sent than before: such a brake must not wait for anybody. (rule 16) */
export function onlyLowers(before: LimitValues | null, after: LimitValues | null): boolean {
  if (after === null) return before === null;
  if (before === null) return true;
  const isLower = (a: bigint | null, b: bigint | null) => a !== null && (b === null || a < b);
  if (isLower(after.stop, before.stop)) return true;
  return after.stop === before.stop && (after.warn === before.warn || isLower(after.warn, before.warn));
}

/** Where a warning is, when nobody says. */
const WARNING_SHARE = 80n;

/** The warning value that goes with a stop value where none is named. */
export function usualWarning(stop: bigint): bigint | null {
  const warn = (stop * WARNING_SHARE) / 100n;
  return warn > 0n ? warn : null;
}

/** The largest value of a cap, in segments or micro-units: more than any account uses. */
const MAX_VALUE = 10n ** 15n;

/**
 * What may be set.
 * @throws RuleError `limit_out_of_range`, `limit_warning_above_stop`
 */
export function assertLimit(values: LimitValues | null): void {
  if (values === null) return;
  const { stop, warn } = values;
  const given = [stop, warn].filter((value) => value !== null);
  if (given.length === 0 || given.some((value) => value <= 0n || value > MAX_VALUE)) {
    throw new RuleError(
      'limit_out_of_range',
      'A limit is more than zero, and at most 1,000,000,000,000,000 segments or an amount of 1,000,000,000; to stop sending use pause, to take a limit away turn it off.',
    );
  }
  if (stop !== null && warn !== null && warn >= stop) {
    throw new RuleError('limit_warning_above_stop', 'The warning value must be below the stop value.');
  }
}

/** Collects what a batch uses of each day. A batch falls in few days, so they are looked through. */
export class UseCollector {
  readonly #timeZone: string;
  readonly #days: { readonly fromMs: number; readonly untilMs: number; readonly use: Mutable<PeriodUse> }[] = [];

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  add(atMs: number, segments: bigint, amount: Micro): void {
    const use = this.#dayOf(atMs);
    use.segments += segments;
    use.amount += amount;
  }

  /** What was added to each day and to each month. */
  result(): PeriodUse[] {
    const months = new Map<UsePeriod, Mutable<PeriodUse>>();
    for (const { use } of this.#days) {
      const period = use.period.slice(0, 'YYYY-MM'.length);
      const month = months.get(period) ?? { period, segments: 0n, amount: 0n };
      month.segments += use.segments;
      month.amount += use.amount;
      months.set(period, month);
    }
    return [...this.#days.map(({ use }) => use), ...months.values()];
  }

  #dayOf(atMs: number): Mutable<PeriodUse> {
    for (const { fromMs, untilMs, use } of this.#days) {
      if (atMs >= fromMs && atMs < untilMs) return use;
    }
    const start = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(this.#timeZone).startOfDay();
    const use = { period: start.toPlainDate().toString(), segments: 0n, amount: 0n };
    const untilMs = start.add({ days: 1 }).startOfDay().epochMilliseconds;
    this.#days.push({ fromMs: start.epochMilliseconds, untilMs, use });
    return use;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

import type { Month } from '../domain/month.ts';
import type { Destination, TemplateType } from '../domain/usage.ts';
import type { Account } from '../store/accounts.ts';
import { readVolumes } from '../store/charges.ts';
import { readSlotUsage, readWaitingSegments, type SlotUsage } from '../store/hourly-usage.ts';
import type { Executor } from '../store/schema.ts';
import type { ServiceContext } from './context.ts';

/** Days of the account's calendar whose usage is asked for. */
export interface UsagePeriod {
  readonly first: Temporal.PlainDate;
  /** The last day; it may be to come. */
  readonly last: Temporal.PlainDate;
}

/** What one kind of message used: in segments, by what paid for them, and what pay-as-you-go cost. */
export interface UsageLine {
  readonly destination: Destination;
  readonly templateType: TemplateType;
  readonly covered: bigint;
  readonly payg: bigint;
  readonly cost: bigint;
}

export interface CountryUsage {
  /** ISO 3166 alpha-2. */
  readonly country: string;
  readonly segments: bigint;
  readonly cost: bigint;
}

export interface Usage {
  /** By destination and template type, the mainland first; kinds that used nothing are missing. */
  readonly lines: readonly UsageLine[];
  /** Segments that wait for a price of their country: in nothing else here. (rule 5) */
  readonly waiting: bigint;
  /**
   * For a period that is a calendar month: where international messages went, the most first. Empty where some of it was billed late, in another
   * month than its own: countries are known by the month of the bill.
   */
  readonly countries: readonly CountryUsage[];
  /** The beginnings of the stretches that {@link slots} counts: hours of a single day, else days. */
  readonly starts: readonly Temporal.ZonedDateTime[];
  readonly slots: readonly SlotUsage[];
  readonly asOf: Temporal.Instant;
}

/** What an account used in some days of its calendar, by the time at which messages were sent. */
export async function readUsage(
  context: ServiceContext,
  db: Executor,
  account: Account,
  period: UsagePeriod,
): Promise<Usage> {
  const asOf = context.clock.now();
  const bounds = boundsOf(period, account.timeZone);
  const moments = bounds.map((bound) => bound.toInstant());
  const [begin = asOf, end = asOf] = [moments[0], moments.at(-1)];
  const [slots, waiting] = await Promise.all([
    readSlotUsage(db, account.id, moments),
    readWaitingSegments(db, account.id, begin, end),
  ]);
  const month = wholeMonth(period);
  const lines = linesOf(slots);
  return {
    lines,
    waiting,
    countries: month === undefined ? [] : tallying(await readCountries(db, account, month), lines),
    starts: bounds.slice(0, -1),
    slots,
    asOf,
  };
}

/** The hours of a single day, else midnights; and the end. */
function boundsOf({ first, last }: UsagePeriod, timeZone: string): Temporal.ZonedDateTime[] {
  const begin = first.toZonedDateTime(timeZone);
  const end = last.add({ days: 1 }).toZonedDateTime(timeZone);
  const bounds: Temporal.ZonedDateTime[] = [];
  if (first.equals(last)) {
    for (let hour = begin; Temporal.ZonedDateTime.compare(hour, end) < 0; hour = hour.add({ hours: 1 }))
      bounds.push(hour);
  } else {
    for (let day = first; Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 })) {
      bounds.push(day.toZonedDateTime(timeZone));
    }
  }
  return [...bounds, end];
}

function wholeMonth({ first, last }: UsagePeriod): Month | undefined {
  return first.day === 1 && last.equals(first.add({ months: 1 }).subtract({ days: 1 }))
    ? first.toPlainYearMonth().toString()
    : undefined;
}

function linesOf(slots: readonly SlotUsage[]): UsageLine[] {
  const lines = new Map<string, UsageLine>();
  for (const { destination, templateType, planSegments, paygSegments, amount } of slots) {
    const key = `${destination} ${templateType}`;
    const known = lines.get(key);
    lines.set(key, {
      destination,
      templateType,
      covered: (known?.covered ?? 0n) + planSegments,
      payg: (known?.payg ?? 0n) + paygSegments,
      cost: (known?.cost ?? 0n) + amount,
    });
  }
  const order: readonly string[] = ['mainland', 'international'];
  const types: readonly string[] = ['verification', 'notification', 'promotion'];
  return [...lines.values()].toSorted(
    (a, b) =>
      order.indexOf(a.destination) - order.indexOf(b.destination) ||
      types.indexOf(a.templateType) - types.indexOf(b.templateType),
  );
}

/** The countries where they add up to what is said of international messages, else none. */
function tallying(countries: CountryUsage[], lines: readonly UsageLine[]): CountryUsage[] {
  const international = lines.filter(({ destination }) => destination === 'international');
  const difference = (of: (one: { segments: bigint; cost: bigint }) => bigint) =>
    countries.reduce((rest, country) => rest - of(country), 0n) +
    international.reduce((sum, { covered, payg, cost }) => sum + of({ segments: covered + payg, cost }), 0n);
  return difference(({ segments }) => segments) === 0n && difference(({ cost }) => cost) === 0n ? countries : [];
}

async function readCountries(db: Executor, account: Account, month: Month): Promise<CountryUsage[]> {
  const countries = new Map<string, CountryUsage>();
  for (const volume of await readVolumes(db, account.id, [month])) {
    if (volume.destination !== 'international') continue;
    const known = countries.get(volume.country);
    countries.set(volume.country, {
      country: volume.country,
      segments: (known?.segments ?? 0n) + volume.planSegments + volume.paygSegments,
      cost: (known?.cost ?? 0n) + volume.charged,
    });
  }
  return [...countries.values()].toSorted((a, b) => (a.segments < b.segments ? 1 : -1));
}

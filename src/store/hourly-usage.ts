import { sql } from 'kysely';
import { NOTHING_USED, type UsagePattern, type UsageSum } from '../domain/burn.ts';
import { type HourFigures, type Hours, type HourUse, NO_USE } from '../domain/spike.ts';
import type { Destination, TemplateType } from '../domain/usage.ts';
import type { HourlyUsage } from '../domain/volume-line.ts';
import type { Executor, Tx } from './schema.ts';

/**
 * Adds to the usage by the hour, and returns what each of the `watched` hours has come to with it: in the same statement, because this is
 * on the way of every batch.
 */
export async function addHourlyUsage(
  tx: Tx,
  accountId: string,
  hours: readonly HourlyUsage[],
  watched: readonly Temporal.Instant[] = [],
): Promise<Map<number, HourUse>> {
  if (hours.length === 0 && watched.length === 0) return new Map();
  // The statement sees rows as they were before it, so those that it changes are taken from what it returns.
  const { rows } = await sql<HourRow>`
    with changed as (
      insert into hourly_usage as known
        (account_id, hour, destination, template_type, plan_segments, payg_segments, amount)
      select ${accountId}::uuid, h.* from unnest(
        ${hours.map((h) => h.hour)}::timestamptz[],
        ${hours.map((h) => h.destination)}::text[],
        ${hours.map((h) => h.templateType)}::text[],
        ${hours.map((h) => h.planSegments)}::bigint[],
        ${hours.map((h) => h.paygSegments)}::bigint[],
        ${hours.map((h) => h.amount)}::bigint[]
      ) as h
      on conflict (account_id, hour, destination, template_type) do update set
        plan_segments = known.plan_segments + excluded.plan_segments,
        payg_segments = known.payg_segments + excluded.payg_segments,
        amount = known.amount + excluded.amount
      returning hour, destination, template_type, plan_segments, payg_segments)
    select hour, ${SEGMENTS_BY_DESTINATION} from (
      select * from changed where hour = any(${watched}::timestamptz[])
      union all
      select hour, destination, template_type, plan_segments, payg_segments from hourly_usage k
      where account_id = ${accountId} and hour = any(${watched}::timestamptz[]) and not exists (
        select from changed c
        where (c.hour, c.destination, c.template_type) = (k.hour, k.destination, k.template_type))) as total
    group by hour`.execute(tx);
  return new Map(rows.map((row) => [row.hour.epochMilliseconds, row]));
}

interface HourRow extends HourUse {
  readonly hour: Temporal.Instant;
}

const SEGMENTS_BY_DESTINATION = sql`
  coalesce(sum(plan_segments + payg_segments) filter (where destination = 'mainland'), 0)::bigint as mainland,
  coalesce(sum(plan_segments + payg_segments) filter (where destination = 'international'), 0)::bigint as international`;

/** What was used since then, up to `now`. */
export async function readUsageSince(
  db: Executor,
  accountId: string,
  since: Temporal.Instant,
  now: Temporal.Instant,
): Promise<UsageSum> {
  const { rows } = await sql<SumRow>`
    select destination, template_type, sum(plan_segments + payg_segments)::bigint as segments, sum(amount)::bigint as amount
    from hourly_usage where account_id = ${accountId} and hour >= ${since} and hour <= ${now}
    group by 1, 2`.execute(db);
  return rows.reduce(addToSum, NOTHING_USED);
}

/**
 * What the four weeks before today used, by day of the week, from the hours themselves. The days of the account's calendar are cut by
 * their midnights, so the database needs to know nothing of time zones.
 */
export async function readUsagePattern(
  db: Executor,
  accountId: string,
  midnights: readonly Temporal.Instant[],
): Promise<UsagePattern> {
  const [begin] = midnights;
  const today = midnights.at(-1);
  if (!begin || !today) throw new RangeError('a burn window has midnights');
  const { rows } = await sql<SumRow & { weekday: number }>`
    select (width_bucket(hour, ${midnights}::timestamptz[]) - 1) % 7 as weekday, destination, template_type,
      sum(plan_segments + payg_segments)::bigint as segments, sum(amount)::bigint as amount
    from hourly_usage where account_id = ${accountId} and hour >= ${begin} and hour < ${today}
    group by 1, 2, 3`.execute(db);
  const first = await db
    .selectFrom('hourly_usage')
    .select('hour')
    .where('account_id', '=', accountId)
    .orderBy('hour')
    .limit(1)
    .executeTakeFirst();
  const byWeekday = Array.from({ length: 7 }, (_, weekday) =>
    rows.filter((row) => row.weekday === weekday).reduce(addToSum, NOTHING_USED),
  );
  return { byWeekday, firstUsedAt: first?.hour ?? null };
}

/** The pattern that was kept for the day that began at this midnight; undefined when it was not. */
export async function readKeptPattern(
  db: Executor,
  accountId: string,
  midnight: Temporal.Instant,
): Promise<UsagePattern | undefined> {
  const row = await db
    .selectFrom('usage_patterns')
    .select(['by_weekday', 'first_used_at'])
    .where('account_id', '=', accountId)
    .where('midnight', '=', midnight)
    .executeTakeFirst();
  return row && { byWeekday: (row.by_weekday as KeptSum[]).map(fromKept), firstUsedAt: row.first_used_at };
}

/** Keeps a pattern for its day, so that it is not summed up again: it spans four weeks of hours. */
export async function keepPattern(
  tx: Tx,
  accountId: string,
  midnight: Temporal.Instant,
  { byWeekday, firstUsedAt }: UsagePattern & { firstUsedAt: Temporal.Instant },
): Promise<void> {
  const row = { midnight, by_weekday: JSON.stringify(byWeekday.map(toKept)), first_used_at: firstUsedAt };
  await tx
    .insertInto('usage_patterns')
    .values({ account_id: accountId, ...row })
    .onConflict((oc) => oc.column('account_id').doUpdateSet(row))
    .execute();
}

export interface SumRow {
  readonly destination: Destination;
  readonly template_type: TemplateType;
  readonly segments: bigint;
  readonly amount: bigint;
}

export function addToSum(sum: UsageSum, { destination, template_type, segments, amount }: SumRow): UsageSum {
  return destination === 'mainland'
    ? { ...sum, mainland: { ...sum.mainland, [template_type]: sum.mainland[template_type] + segments } }
    : {
        ...sum,
        international: sum.international + segments,
        internationalCost: sum.internationalCost + amount,
      };
}

/** A sum as JSON: `bigint` as text. */
export interface KeptSum {
  readonly mainland: Readonly<Record<TemplateType, string>>;
  readonly international: string;
  readonly internationalCost: string;
}

export function toKept({ mainland, international, internationalCost }: UsageSum): KeptSum {
  const { verification, notification, promotion } = mainland;
  return {
    mainland: {
      verification: String(verification),
      notification: String(notification),
      promotion: String(promotion),
    },
    international: String(international),
    internationalCost: String(internationalCost),
  };
}

export function fromKept({ mainland, international, internationalCost }: KeptSum): UsageSum {
  const { verification, notification, promotion } = mainland;
  return {
    mainland: {
      verification: BigInt(verification),
      notification: BigInt(notification),
      promotion: BigInt(promotion),
    },
    international: BigInt(international),
    internationalCost: BigInt(internationalCost),
  };
}

/** What these hours used; those that used nothing are missing. */
export async function readHours(db: Executor, accountId: string, hours: readonly Temporal.Instant[]): Promise<Hours> {
  if (hours.length === 0) return new Map();
  const { rows } = await sql<{ hour: Temporal.Instant; destination: Destination } & Omit<HourFigures, 'waiting'>>`
    select hour, destination, sum(plan_segments + payg_segments)::bigint as segments,
      sum(plan_segments)::bigint as covered, sum(amount)::bigint as cost
    from hourly_usage
    where account_id = ${accountId} and hour = any(${hours}::timestamptz[])
    group by hour, destination`.execute(db);
  const known = new Map<number, Record<Destination, HourFigures>>();
  for (const { hour, destination, segments, covered, cost } of rows) {
    const figures = known.get(hour.epochMilliseconds) ?? { mainland: NO_USE, international: NO_USE };
    known.set(hour.epochMilliseconds, { ...figures, [destination]: { segments, covered, waiting: 0n, cost } });
  }
  return known;
}

/**
 * The segments that were sent from one hour to another and wait for a price, by the beginning of their hour: in no sum of usage until they
 * have one. (rule 5)
 */
export async function readWaitingHours(
  db: Executor,
  accountId: string,
  hours: readonly Temporal.Instant[],
): Promise<Map<number, bigint>> {
  const sorted = hours.toSorted(Temporal.Instant.compare);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last) return new Map();
  const { rows } = await sql<{ hour: Temporal.Instant; segments: bigint }>`
    select date_bin('1 hour', at, 'epoch') as hour, sum(segments)::bigint as segments from usage_records
    where account_id = ${accountId} and billing = 'unpriced' and at >= ${first} and at < ${last.add({ hours: 1 })}
    group by 1`.execute(db);
  return new Map(rows.map(({ hour, segments }) => [hour.epochMilliseconds, segments]));
}

/** The segments that were sent between two times and wait for a price. */
export async function readWaitingSegments(
  db: Executor,
  accountId: string,
  from: Temporal.Instant,
  until: Temporal.Instant,
): Promise<bigint> {
  const { rows } = await sql<{ segments: bigint }>`
    select coalesce(sum(segments), 0)::bigint as segments from usage_records
    where account_id = ${accountId} and billing = 'unpriced' and at >= ${from} and at < ${until}`.execute(db);
  return rows[0]?.segments ?? 0n;
}

/** What a stretch of time used of one kind of message. */
export interface SlotUsage {
  /** Which stretch: 0 is the first one. */
  readonly slot: number;
  readonly destination: Destination;
  readonly templateType: TemplateType;
  readonly planSegments: bigint;
  readonly paygSegments: bigint;
  /** What pay-as-you-go cost, corrections included. */
  readonly amount: bigint;
}

/** What was used between each two of these times; stretches and kinds that used nothing are missing. */
export async function readSlotUsage(
  db: Executor,
  accountId: string,
  bounds: readonly Temporal.Instant[],
): Promise<SlotUsage[]> {
  const begin = bounds[0];
  const end = bounds.at(-1);
  if (!begin || !end) return [];
  const { rows } = await sql<{
    slot: number;
    destination: Destination;
    template_type: TemplateType;
    plan_segments: bigint;
    payg_segments: bigint;
    amount: bigint;
  }>`
    select width_bucket(hour, ${bounds}::timestamptz[]) - 1 as slot, destination, template_type,
      sum(plan_segments)::bigint as plan_segments, sum(payg_segments)::bigint as payg_segments, sum(amount)::bigint as amount
    from hourly_usage where account_id = ${accountId} and hour >= ${begin} and hour < ${end}
    group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  return rows.map((row) => ({
    slot: row.slot,
    destination: row.destination,
    templateType: row.template_type,
    planSegments: row.plan_segments,
    paygSegments: row.payg_segments,
    amount: row.amount,
  }));
}

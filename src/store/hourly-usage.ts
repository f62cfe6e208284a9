import { sql } from 'kysely';
import { type BurnHistory, type BurnWindow, NOTHING_USED, type UsageSum } from '../domain/burn.ts';
import type { HourFigures, Hours, HourUse } from '../domain/spike.ts';
import type { Destination, TemplateType } from '../domain/usage.ts';
import type { HourlyUsage } from '../domain/volume-line.ts';
import type { Executor, Tx } from './schema.ts';

type MutableSum = { -readonly [K in keyof UsageSum]: UsageSum[K] } & { mainland: Record<TemplateType, bigint> };

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
  if (hours.length === 0) return new Map();
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

/**
 * What was used in the window, up to `now`: one walk along the index over an account's four weeks. The days of the account's calendar are
 * cut by the window's midnights, so the database needs to know nothing of time zones.
 */
export async function readBurnHistory(
  db: Executor,
  accountId: string,
  { since, midnights }: BurnWindow,
  now: Temporal.Instant,
): Promise<BurnHistory> {
  const [begin] = midnights;
  const today = midnights.at(-1);
  if (!begin || !today) throw new RangeError('a burn window has midnights');
  const bounds = midnights.map(String);
  const { rows } = await sql<{
    weekday: number | null;
    destination: Destination;
    template_type: TemplateType;
    segments: bigint;
    amount: bigint;
    last_segments: bigint;
    last_amount: bigint;
  }>`
    select case when hour < ${today}::timestamptz then (width_bucket(hour, ${bounds}::timestamptz[]) - 1) % 7 end as weekday,
      destination, template_type,
      sum(plan_segments + payg_segments)::bigint as segments,
      sum(amount)::bigint as amount,
      coalesce(sum(plan_segments + payg_segments) filter (where hour >= ${since}), 0)::bigint as last_segments,
      coalesce(sum(amount) filter (where hour >= ${since}), 0)::bigint as last_amount
    from hourly_usage
    where account_id = ${accountId} and hour >= ${begin} and hour <= ${now}
    group by 1, 2, 3`.execute(db);
  const first = await db
    .selectFrom('hourly_usage')
    .select('hour')
    .where('account_id', '=', accountId)
    .orderBy('hour')
    .limit(1)
    .executeTakeFirst();

  const lastDays = emptySum();
  const byWeekday = Array.from({ length: 7 }, emptySum);
  for (const row of rows) {
    addTo(lastDays, row, row.last_segments, row.last_amount);
    const weekday = row.weekday === null ? undefined : byWeekday[row.weekday];
    if (weekday) addTo(weekday, row, row.segments, row.amount);
  }
  return { lastDays, byWeekday, firstUsedAt: first?.hour ?? null };
}

function emptySum(): MutableSum {
  return { ...NOTHING_USED, mainland: { ...NOTHING_USED.mainland } };
}

function addTo(
  sum: MutableSum,
  of: { destination: Destination; template_type: TemplateType },
  segments: bigint,
  amount: bigint,
): void {
  if (of.destination === 'mainland') sum.mainland[of.template_type] += segments;
  else {
    sum.international += segments;
    sum.internationalCost += amount;
  }
}

/** What these hours used; those that used nothing are missing. */
export async function readHours(db: Executor, accountId: string, hours: readonly Temporal.Instant[]): Promise<Hours> {
  const { rows } = await sql<{ hour: Temporal.Instant; destination: Destination } & HourFigures>`
    select hour, destination, sum(plan_segments + payg_segments)::bigint as segments,
      sum(plan_segments)::bigint as covered, sum(amount)::bigint as cost
    from hourly_usage
    where account_id = ${accountId} and hour = any(${hours}::timestamptz[])
    group by hour, destination`.execute(db);
  const known = new Map<number, Record<Destination, HourFigures>>();
  for (const { hour, destination, segments, covered, cost } of rows) {
    const figures = known.get(hour.epochMilliseconds) ?? { mainland: NO_USE, international: NO_USE };
    known.set(hour.epochMilliseconds, { ...figures, [destination]: { segments, covered, cost } });
  }
  return known;
}

const NO_USE: HourFigures = { segments: 0n, covered: 0n, cost: 0n };

import { sql } from 'kysely';
import { NOTHING_USED, type UsagePattern, type UsageSum } from '../domain/burn.ts';
import type { Limit, PeriodUse } from '../domain/limit.ts';
import type { Plan } from '../domain/plan.ts';
import type { RenewalPolicy } from '../domain/renewal.ts';
import type { NextReview } from '../domain/review.ts';
import type { AccountSettings } from '../domain/settings.ts';
import { type HourFigures, type Hours, NO_USE } from '../domain/spike.ts';
import type { Destination } from '../domain/usage.ts';
import type { MonthlyVolume } from '../domain/volume-line.ts';
import { type Account, toAccount, watermarksToJson } from './accounts.ts';
import { type StoredEpisode, toEpisode } from './alerts.ts';
import { toVolume } from './charges.ts';
import { addToSum, fromKept, type KeptSum, type SumRow, toKept } from './hourly-usage.ts';
import { toLimit } from './limits.ts';
import { toPlan } from './plans.ts';
import { toPolicy } from './renewals.ts';
import type { Executor, Tx } from './schema.ts';
import { toSettings } from './settings.ts';

/**
 * Locks accounts that are due, the most overdue first, and passes over those that somebody else holds. It waits for nobody, so however
 * many it locks, it is part of no deadlock. Those of `except` are left out.
 */
export async function lockDueAccounts(
  tx: Tx,
  now: Temporal.Instant,
  { limit, except }: { readonly limit: number; readonly except: readonly string[] },
): Promise<Account[]> {
  const rows = await tx
    .selectFrom('accounts')
    .selectAll()
    .where('next_review_at', '<=', now)
    .$if(except.length > 0, (query) => query.where(sql<boolean>`account_id <> all(${except}::uuid[])`))
    .orderBy('next_review_at')
    .limit(limit)
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return rows.map((row) => toAccount(row, row.account_id));
}

/** What is stored of several accounts, by their ids; what an account has none of is missing. */
export interface AccountStates {
  readonly plans: ReadonlyMap<string, Plan[]>;
  readonly hadPlans: ReadonlySet<string>;
  readonly policyOf: (accountId: string) => RenewalPolicy;
  readonly settingsOf: (accountId: string) => AccountSettings;
  readonly episodes: ReadonlyMap<string, StoredEpisode[]>;
  readonly limits: ReadonlyMap<string, Limit[]>;
  /** Those that have something pending: a renewal, a request, or usage that waits for a price. */
  readonly busy: ReadonlySet<string>;
}

/** Reads all of it in as many statements as there are tables, which travel together. */
export async function readStates(db: Executor, ids: readonly string[]): Promise<AccountStates> {
  const [plans, had, policies, settings, alerts, limits, busy] = await Promise.all([
    db
      .selectFrom('plans')
      .selectAll()
      .where(...among(ids))
      .where('remaining', '>', 0n)
      .execute(),
    sql<{ account_id: string }>`
      select account_id from unnest(${ids}::uuid[]) as one (account_id)
      where exists (select from plans p where p.account_id = one.account_id)`.execute(db),
    db
      .selectFrom('renewal_policies')
      .selectAll()
      .where(...among(ids))
      .execute(),
    db
      .selectFrom('account_settings')
      .selectAll()
      .where(...among(ids))
      .execute(),
    db
      .selectFrom('alerts')
      .selectAll()
      .where(...among(ids))
      .where('closed_at', 'is', null)
      .orderBy('opened_at')
      .orderBy('alert_id')
      .execute(),
    db
      .selectFrom('account_limits')
      .selectAll()
      .where(...among(ids))
      .execute(),
    sql<{ account_id: string }>`
      select account_id from unnest(${ids}::uuid[]) as one (account_id)
      where exists (select from renewals r where r.account_id = one.account_id and r.closed_at is null)
        or exists (select from approvals a where a.account_id = one.account_id and a.state = 'pending')
        or exists (select from usage_records u where u.account_id = one.account_id and u.billing = 'unpriced')`.execute(
      db,
    ),
  ]);
  const policyRows = new Map(policies.map((row) => [row.account_id, row]));
  const settingRows = new Map(settings.map((row) => [row.account_id, row]));
  return {
    plans: grouped(plans, toPlan),
    hadPlans: idsOf(had.rows),
    policyOf: (accountId) => toPolicy(policyRows.get(accountId)),
    settingsOf: (accountId) => toSettings(settingRows.get(accountId)),
    episodes: grouped(alerts, toEpisode),
    limits: grouped(limits, toLimit),
    busy: idsOf(busy.rows),
  };
}

/** What accounts have used in these days (`YYYY-MM-DD`) and months (`YYYY-MM`), for those that have caps. */
export async function readPeriodUses(
  db: Executor,
  ids: readonly string[],
  periods: readonly string[],
): Promise<ReadonlyMap<string, PeriodUse[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('period_use')
    .selectAll()
    .where(...among(ids))
    .where('period', 'in', periods)
    .execute();
  return grouped(rows, ({ period, segments, amount }) => ({ period, segments, amount }));
}

/** What accounts of one time zone have used, as far as forecasts and spikes depend on it. */
export interface UsageStates {
  /** As they were kept for the present day. */
  readonly patterns: ReadonlyMap<string, UsagePattern>;
  /** Those that have ever used anything. */
  readonly used: ReadonlySet<string>;
  readonly sums: ReadonlyMap<string, UsageSum>;
  /** Without what waits for a price: who has some of that is `busy`. */
  readonly hours: ReadonlyMap<string, Hours>;
  readonly volumes: ReadonlyMap<string, MonthlyVolume[]>;
}

export async function readUsageStates(
  db: Executor,
  ids: readonly string[],
  of: {
    readonly midnight: Temporal.Instant;
    readonly since: Temporal.Instant;
    readonly now: Temporal.Instant;
    readonly month: string;
    readonly hours: readonly Temporal.Instant[];
  },
): Promise<UsageStates> {
  const [patterns, used, sums, hours, volumes] = await Promise.all([
    db
      .selectFrom('usage_patterns')
      .selectAll()
      .where(...among(ids))
      .where('midnight', '=', of.midnight)
      .execute(),
    sql<{ account_id: string }>`
      select account_id from unnest(${ids}::uuid[]) as one (account_id)
      where exists (select from hourly_usage h where h.account_id = one.account_id)`.execute(db),
    sql<SumRow & { account_id: string }>`
      select account_id, destination, template_type, sum(plan_segments + payg_segments)::bigint as segments,
        sum(amount)::bigint as amount
      from hourly_usage
      where account_id = any(${ids}::uuid[]) and hour >= ${of.since} and hour <= ${of.now}
      group by 1, 2, 3`.execute(db),
    sql<{ account_id: string; hour: Temporal.Instant; destination: Destination } & Omit<HourFigures, 'waiting'>>`
      select account_id, hour, destination, sum(plan_segments + payg_segments)::bigint as segments,
        sum(plan_segments)::bigint as covered, sum(amount)::bigint as cost
      from hourly_usage
      where account_id = any(${ids}::uuid[]) and hour = any(${of.hours}::timestamptz[])
      group by 1, 2, 3`.execute(db),
    db
      .selectFrom('monthly_volumes')
      .selectAll()
      .where(...among(ids))
      .where('month', '=', of.month)
      .execute(),
  ]);
  const summed = new Map<string, UsageSum>();
  for (const row of sums.rows) summed.set(row.account_id, addToSum(summed.get(row.account_id) ?? NOTHING_USED, row));
  const byHour = new Map<string, Map<number, Record<Destination, HourFigures>>>();
  for (const { account_id, hour, destination, segments, covered, cost } of hours.rows) {
    const known = byHour.get(account_id) ?? new Map<number, Record<Destination, HourFigures>>();
    const figures = known.get(hour.epochMilliseconds) ?? { mainland: NO_USE, international: NO_USE };
    byHour.set(
      account_id,
      known.set(hour.epochMilliseconds, { ...figures, [destination]: { segments, covered, waiting: 0n, cost } }),
    );
  }
  return {
    patterns: new Map(
      patterns.map((row) => [
        row.account_id,
        { byWeekday: (row.by_weekday as KeptSum[]).map(fromKept), firstUsedAt: row.first_used_at },
      ]),
    ),
    used: idsOf(used.rows),
    sums: summed,
    hours: byHour,
    volumes: grouped(volumes, toVolume),
  };
}

/**
 * Sums up how the days of the week differ, for accounts that have used something, and keeps it for the day that began at the last of these
 * midnights.
 */
export async function keepPatterns(
  tx: Tx,
  ids: readonly string[],
  midnights: readonly Temporal.Instant[],
): Promise<ReadonlyMap<string, UsagePattern>> {
  const [begin, today] = [midnights[0], midnights.at(-1)];
  if (ids.length === 0 || !begin || !today) return new Map();
  const [sums, firsts] = await Promise.all([
    sql<SumRow & { account_id: string; weekday: number }>`
      select account_id, (width_bucket(hour, ${midnights}::timestamptz[]) - 1) % 7 as weekday, destination, template_type,
        sum(plan_segments + payg_segments)::bigint as segments, sum(amount)::bigint as amount
      from hourly_usage where account_id = any(${ids}::uuid[]) and hour >= ${begin} and hour < ${today}
      group by 1, 2, 3, 4`.execute(tx),
    sql<{ account_id: string; hour: Temporal.Instant }>`
      select account_id, (
        select h.hour from hourly_usage h where h.account_id = one.account_id order by h.hour limit 1) as hour
      from unnest(${ids}::uuid[]) as one (account_id)`.execute(tx),
  ]);
  const patterns = new Map(
    firsts.rows.map(({ account_id, hour }) => [
      account_id,
      { byWeekday: Array.from({ length: 7 }, () => NOTHING_USED), firstUsedAt: hour },
    ]),
  );
  for (const row of sums.rows) {
    const days = patterns.get(row.account_id)?.byWeekday;
    if (days) days[row.weekday] = addToSum(days[row.weekday] ?? NOTHING_USED, row);
  }
  const kept = [...patterns];
  await sql`
    insert into usage_patterns (account_id, midnight, by_weekday, first_used_at)
    select p.account_id, ${today}, p.by_weekday::jsonb, p.first_used_at from unnest(
      ${kept.map(([accountId]) => accountId)}::uuid[],
      ${kept.map(([, { byWeekday }]) => JSON.stringify(byWeekday.map(toKept)))}::text[],
      ${kept.map(([, { firstUsedAt }]) => firstUsedAt)}::timestamptz[]
    ) as p (account_id, by_weekday, first_used_at)
    on conflict (account_id) do update set midnight = excluded.midnight, by_weekday = excluded.by_weekday,
      first_used_at = excluded.first_used_at`.execute(tx);
  return patterns;
}

/** Sets the next look at several accounts at once. */
export async function scheduleReviews(
  tx: Tx,
  next: readonly { readonly accountId: string; readonly review: NextReview }[],
): Promise<void> {
  if (next.length === 0) return;
  await sql`
    update accounts a set next_review_at = n.at, quota_watermark = n.quota, available_watermark = n.available,
      hour_watermarks = n.hours::jsonb
    from unnest(
      ${next.map(({ accountId }) => accountId)}::uuid[],
      ${next.map(({ review }) => review.at)}::timestamptz[],
      ${next.map(({ review }) => review.quotaWatermark)}::bigint[],
      ${next.map(({ review }) => review.availableWatermark)}::bigint[],
      ${next.map(({ review }) => watermarksToJson(review.hourWatermarks))}::text[]
    ) as n (account_id, at, quota, available, hours)
    where a.account_id = n.account_id`.execute(tx);
}

function among(ids: readonly string[]) {
  return ['account_id', '=', sql<string>`any(${ids}::uuid[])`] as const;
}

function grouped<R extends { account_id: string }, T>(rows: readonly R[], of: (row: R) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.account_id);
    if (group) group.push(of(row));
    else groups.set(row.account_id, [of(row)]);
  }
  return groups;
}

function idsOf(rows: readonly { readonly account_id: string }[]): Set<string> {
  return new Set(rows.map(({ account_id }) => account_id));
}

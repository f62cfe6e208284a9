import { sql } from 'kysely';
import type { Burn } from '../domain/forecast.ts';
import type { TemplateType } from '../domain/usage.ts';
import type { Charge, HourlyUsage, MonthlyVolume } from '../domain/volume-line.ts';
import type { Executor, Tx } from './schema.ts';

export async function insertCharges(
  tx: Tx,
  accountId: string,
  batchId: string,
  charges: readonly { id: string; charge: Charge }[],
  now: Temporal.Instant,
): Promise<void> {
  if (charges.length === 0) return;
  // Arrays here and below, because a batch may have more lines than a statement may have single values.
  const rows = charges.map(({ id, charge }) =>
    charge.kind === 'plan'
      ? { ...charge, id, tier: null, unitPrice: null, amount: 0n }
      : { ...charge, id, planId: null },
  );
  await sql`
    insert into charges (account_id, batch_id, at, charge_id, kind, month, destination, country, template_type,
      tariff_version, tier, plan_id, segments, unit_price, amount)
    select ${accountId}::uuid, ${batchId}::uuid, ${now}::timestamptz, c.* from unnest(
      ${rows.map((row) => row.id)}::uuid[],
      ${rows.map((row) => row.kind)}::text[],
      ${rows.map((row) => row.month)}::text[],
      ${rows.map((row) => row.destination)}::text[],
      ${rows.map((row) => row.country)}::text[],
      ${rows.map((row) => row.templateType)}::text[],
      ${rows.map((row) => row.tariffVersion)}::integer[],
      ${rows.map((row) => row.tier)}::integer[],
      ${rows.map((row) => row.planId)}::uuid[],
      ${rows.map((row) => row.segments)}::bigint[],
      ${rows.map((row) => row.unitPrice)}::bigint[],
      ${rows.map((row) => row.amount)}::bigint[]
    ) as c`.execute(tx);
}

export async function readVolumes(
  db: Executor,
  accountId: string,
  months: readonly string[],
): Promise<MonthlyVolume[]> {
  if (months.length === 0) return [];
  const rows = await db
    .selectFrom('monthly_volumes')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('month', 'in', months)
    .execute();
  return rows.map((row) => ({
    month: row.month,
    destination: row.destination,
    country: row.country,
    templateType: row.template_type,
    tariffVersion: row.tariff_version,
    planSegments: row.plan_segments,
    paygSegments: row.payg_segments,
    charged: row.charged,
  }));
}

/** Stores volumes as they are now. */
export async function writeVolumes(tx: Tx, accountId: string, volumes: readonly MonthlyVolume[]): Promise<void> {
  if (volumes.length === 0) return;
  await sql`
    insert into monthly_volumes
      (account_id, month, destination, country, template_type, tariff_version, plan_segments, payg_segments, charged)
    select ${accountId}::uuid, v.* from unnest(
      ${volumes.map((v) => v.month)}::text[],
      ${volumes.map((v) => v.destination)}::text[],
      ${volumes.map((v) => v.country)}::text[],
      ${volumes.map((v) => v.templateType)}::text[],
      ${volumes.map((v) => v.tariffVersion)}::integer[],
      ${volumes.map((v) => v.planSegments)}::bigint[],
      ${volumes.map((v) => v.paygSegments)}::bigint[],
      ${volumes.map((v) => v.charged)}::bigint[]
    ) as v
    on conflict (account_id, month, destination, country, template_type, tariff_version) do update set
      plan_segments = excluded.plan_segments,
      payg_segments = excluded.payg_segments,
      charged = excluded.charged`.execute(tx);
}

/** Adds to the usage by the hour. */
export async function addHourlyUsage(tx: Tx, accountId: string, hours: readonly HourlyUsage[]): Promise<void> {
  if (hours.length === 0) return;
  await sql`
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
      amount = known.amount + excluded.amount`.execute(tx);
}

/** What was used per day from `since` to `now`; a history shorter than that counts from its first hour, and at least a day. */
export async function readBurn(
  db: Executor,
  accountId: string,
  since: Temporal.Instant,
  now: Temporal.Instant,
): Promise<Burn> {
  const rows = await db
    .selectFrom('hourly_usage')
    .select(['destination', 'template_type'])
    .select((eb) => [
      eb.fn.min('hour').as('first'),
      sql<bigint>`sum(plan_segments + payg_segments)::bigint`.as('segments'),
      sql<bigint>`sum(amount)::bigint`.as('amount'),
    ])
    .where('account_id', '=', accountId)
    .where('hour', '>=', since)
    .where('hour', '<=', now)
    .groupBy(['destination', 'template_type'])
    .execute();
  const first = rows.reduce((min, row) => Math.min(min, row.first.epochMilliseconds), now.epochMilliseconds);
  const hours = BigInt(Math.max(24, Math.ceil((now.epochMilliseconds - first) / 3_600_000)));
  const perDay = (amount: bigint) => (amount * 24n) / hours;
  const mainlandPerDay: Record<TemplateType, bigint> = { verification: 0n, notification: 0n, promotion: 0n };
  let internationalPerDay = 0n;
  for (const row of rows) {
    if (row.destination === 'mainland') mainlandPerDay[row.template_type] = perDay(row.segments);
    else internationalPerDay += perDay(row.amount);
  }
  return { mainlandPerDay, internationalPerDay };
}

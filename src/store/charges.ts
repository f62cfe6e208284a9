import { type Selectable, sql } from 'kysely';
import type { Charge, MonthlyVolume } from '../domain/volume-line.ts';
import type { Executor, Schema, Tx } from './schema.ts';

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
      tariff_version, tier, plan_id, segments, unit_price, amount, late)
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
      ${rows.map((row) => row.amount)}::bigint[],
      ${rows.map((row) => row.late)}::boolean[]
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
  return rows.map(toVolume);
}

export function toVolume(row: Selectable<Schema['monthly_volumes']>): MonthlyVolume {
  return {
    month: row.month,
    destination: row.destination,
    country: row.country,
    templateType: row.template_type,
    tariffVersion: row.tariff_version,
    planSegments: row.plan_segments,
    paygSegments: row.payg_segments,
    charged: row.charged,
  };
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

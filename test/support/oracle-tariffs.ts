import type { Database } from '../../src/store/database.ts';
import type { TariffDocument } from '../../src/store/tariffs.ts';
import type { OracleTariff } from './oracle.ts';

/** What the oracle is given; the tariff file is made from it. */
export function oracleTariff(
  mode: 'volume' | 'graduated',
  planUsageCounts: boolean,
  from: Temporal.Instant,
  dearer: number,
) {
  return {
    from,
    mode,
    planUsageCounts,
    mainland: {
      verification: [
        { upTo: 4, micro: 45_000 + dearer },
        { upTo: 9, micro: 40_000 + dearer },
        { upTo: null, micro: 36_001 + dearer },
      ],
      notification: [
        { upTo: 2, micro: 44_000 + dearer },
        { upTo: null, micro: 41_000 + dearer },
      ],
      promotion: [
        { upTo: 2, micro: 55_000 + dearer },
        { upTo: 5, micro: 57_000 + dearer },
        { upTo: null, micro: 46_000 + dearer },
      ],
    },
    international: { HK: 300_000 + dearer, US: 50_000 + dearer } as Record<string, number>,
  } satisfies OracleTariff;
}

/** The same as a tariff file. */
export function documentOf(tariff: ReturnType<typeof oracleTariff>, id: string, version: number): TariffDocument {
  const price = (micro: number) => (micro / 1_000_000).toFixed(6);
  const steps = (list: readonly { upTo: number | null; micro: number }[]) =>
    list.map(({ upTo, micro }) => ({ upTo, price: price(micro) }));
  return {
    id,
    version,
    currency: 'CNY',
    effectiveFrom: tariff.from.toString(),
    mode: tariff.mode,
    planUsageCounts: tariff.planUsageCounts,
    mainland: {
      verification: steps(tariff.mainland.verification),
      notification: steps(tariff.mainland.notification),
      promotion: steps(tariff.mainland.promotion),
    },
    international: Object.fromEntries(
      Object.entries(tariff.international).map(([country, micro]) => [country, price(micro)]),
    ),
  };
}

/** What is stored of an account's months, as the oracle tells it. */
export async function monthsOf(
  db: Database,
  accountId: string,
): Promise<Map<string, { plan: number; payg: number; micro: number }>> {
  const rows = await db.kysely.selectFrom('monthly_volumes').selectAll().where('account_id', '=', accountId).execute();
  return new Map(
    rows.map((row) => [
      `${row.month} ${row.destination} ${row.country || null} ${row.template_type} v${row.tariff_version}`,
      { plan: Number(row.plan_segments), payg: Number(row.payg_segments), micro: Number(row.charged) },
    ]),
  );
}

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { ManualClock } from '../src/clock.ts';
import { TEMPLATE_TYPES, type UsageReport } from '../src/domain/usage.ts';
import { Intake } from '../src/http/intake.ts';
import { createAccount, recharge } from '../src/services/accounts.ts';
import type { ServiceContext } from '../src/services/context.ts';
import { meterUsage } from '../src/services/metering.ts';
import { grantPlan } from '../src/services/plans.ts';
import { type Database, inTransaction } from '../src/store/database.ts';
import { insertOffers } from '../src/store/plans.ts';
import { insertTariff } from '../src/store/tariffs.ts';
import { ensurePartitions } from '../src/store/usage.ts';
import { openBenchDatabase } from './database.ts';
import { printTable, rate } from './report.ts';

const RECORDS = 200_000;
const BATCH = 1_000;
const ACCOUNTS = 1_000;
/** Records that are metered one per transaction: enough to measure, few enough to wait for. */
const SINGLE_RECORDS = 4_000;
/** Gateways that report at the same time. */
const CALLERS = 8;
const CONNECTIONS = 4;
/** Each way is measured this often, in turn; the median counts, so that a slow moment of the machine does not. */
const ROUNDS = 3;
const NOW = Temporal.Instant.from('2026-03-15T04:00:00Z');

interface Batch {
  readonly accountId: string;
  readonly reports: readonly UsageReport[];
}

/**
 * Records per second through metering, beside the bare deduplicating insert of the same rows and beside one transaction per record.
 * Metering is all that happens between a validated request and its answer. All on one database with `fsync` on, each way from the same
 * number of callers and connections.
 */
export async function meteringBench(): Promise<object> {
  const { db, stop } = await openBenchDatabase(CONNECTIONS);
  try {
    const context: ServiceContext = {
      clock: new ManualClock(NOW),
      compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
    };
    const accounts = await setUp(context, db);
    const one = accounts.slice(0, 1);
    const intake = new Intake({ db, context, onReviewDue: () => {} });
    const meter = ({ accountId, reports }: Batch) => intake.take(accountId, { reports, rejected: [] }).then(() => {});
    const single = ({ accountId, reports }: Batch) =>
      inTransaction(db, (tx) => meterUsage(context, tx, accountId, reports)).then(() => {});
    const bare = (batch: Batch) => bareInsert(db, batch);

    await run(meter, batches(accounts, 20_000, BATCH));
    await run(bare, batches(accounts, 20_000, BATCH));
    const figures = { metering: [], bare: [], oneMetering: [], oneBare: [], single: [] } as Record<string, number[]>;
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.metering?.push(await run(meter, batches(accounts, RECORDS, BATCH)));
      figures.bare?.push(await run(bare, batches(accounts, RECORDS, BATCH)));
      figures.oneMetering?.push(await run(meter, batches(one, RECORDS, BATCH)));
      figures.oneBare?.push(await run(bare, batches(one, RECORDS, BATCH)));
      figures.single?.push(await run(single, batches(accounts, SINGLE_RECORDS, 1)));
    }
    const of = (name: string) => median(figures[name] ?? []);
    printTable(
      ['way', 'records per second', 'beside the bare insert'],
      [
        [`metering, ${ACCOUNTS} accounts`, rate(of('metering')), ratio(of('metering') / of('bare'))],
        [`bare insert, ${ACCOUNTS} accounts`, rate(of('bare')), ratio(1)],
        ['metering, one account', rate(of('oneMetering')), ratio(of('oneMetering') / of('oneBare'))],
        ['bare insert, one account', rate(of('oneBare')), ratio(1)],
        ['one transaction per record', rate(of('single')), ratio(of('single') / of('bare'))],
      ],
    );
    return {
      recordsPerSecond: Math.round(of('metering')),
      ratioToBareInsert: round3(of('metering') / of('bare')),
      ratioToPerRecord: round3(of('metering') / of('single')),
      oneAccountRatioToBareInsert: round3(of('oneMetering') / of('oneBare')),
    };
  } finally {
    await stop();
  }
}

/** The least that any meter must do: keep each record once. */
async function bareInsert(db: Database, { accountId, reports }: Batch): Promise<void> {
  await sql`
    insert into bare_records (account_id, received_at, batch_id,
      record_id, at, destination, country, template_type, segments, status, billing)
    select ${accountId}::uuid, ${NOW}::timestamptz, ${randomUUID()}::uuid, r.*, 'free' from unnest(
      ${reports.map((r) => r.id)}::text[],
      ${reports.map((r) => r.at.toString())}::timestamptz[],
      ${reports.map((r) => r.destination)}::text[],
      ${reports.map((r) => r.country)}::text[],
      ${reports.map((r) => r.templateType)}::text[],
      ${reports.map((r) => r.segments)}::integer[],
      ${reports.map((r) => r.status)}::text[]
    ) as r
    on conflict do nothing`.execute(db.kysely);
}

async function setUp(context: ServiceContext, db: Database): Promise<string[]> {
  await ensurePartitions(db.kysely, NOW.subtract({ hours: 24 * 60 }), NOW);
  // The same table, keys and checks included, without what metering does around it.
  await sql`create table bare_records (like usage_records including all) partition by range (at)`.execute(db.kysely);
  await sql`create table bare_records_all partition of bare_records default`.execute(db.kysely);
  return inTransaction(db, async (tx) => {
    const tiers = [
      { upTo: 100_000, price: '0.045' },
      { upTo: 300_000, price: '0.040' },
      { upTo: null, price: '0.039' },
    ];
    await insertTariff(
      tx,
      {
        id: 'bench',
        version: 1,
        currency: 'CNY',
        effectiveFrom: '2020-01-01T00:00:00Z',
        mode: 'volume',
        planUsageCounts: false,
        mainland: { verification: tiers, notification: tiers, promotion: tiers },
        international: { HK: '0.39' },
      },
      NOW,
    );
    const offer = { id: 'bench', title: 'bench', segments: 50_000n, price: 0n, currency: 'CNY' };
    await insertOffers(tx, [{ ...offer, validityMonths: 12, renewalDiscountBp: 0 }]);
    const ids: string[] = [];
    for (let index = 0; index < ACCOUNTS; index += 1) {
      const id = await createAccount(context, tx, {
        name: `bench ${index}`,
        tariffId: 'bench',
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
      });
      await grantPlan(context, tx, { accountId: id, offerId: 'bench', key: 'first', by: 'bench' });
      await recharge(context, tx, { accountId: id, amount: 1_000_000_000_000n, key: 'first', by: 'bench' });
      ids.push(id);
    }
    return ids;
  });
}

/** Fresh records of an ordinary mix, cut into batches, each of one account; the accounts take turns. */
function batches(accounts: readonly string[], count: number, size: number): Batch[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
    accountId: accounts[index % accounts.length] ?? '',
    reports: Array.from({ length: size }, (_, i): UsageReport => {
      const isInternational = i % 20 === 7;
      return {
        id: randomUUID(),
        destination: isInternational ? 'international' : 'mainland',
        country: isInternational ? 'HK' : null,
        templateType: TEMPLATE_TYPES[i % 3] ?? 'notification',
        segments: i % 5 === 0 ? 2 : 1,
        status: i % 50 === 3 ? 'failed' : 'delivered',
        at: NOW.subtract({ seconds: (index * 37 + i * 13) % 86_400 }),
      };
    }),
  }));
}

/** Runs the batches from several callers; records per second. */
async function run(take: (batch: Batch) => Promise<void>, work: readonly Batch[]): Promise<number> {
  const queue = work.values();
  const start = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (const batch of queue) await take(batch);
    }),
  );
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return work.reduce((sum, batch) => sum + batch.reports.length, 0) / seconds;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function ratio(value: number): string {
  return value.toFixed(2);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

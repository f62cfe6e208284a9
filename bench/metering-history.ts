import { sql } from 'kysely';
import type { Database } from '../src/store/database.ts';
import { ensurePartitions } from '../src/store/usage.ts';
import { openBenchDatabase } from './database.ts';
import { BATCH, batches, MeteringWorld, NOW, run } from './metering-world.ts';
import { median, printTable, rate, ratio, round3 } from './report.ts';

const HISTORY = 10_000_000;
const MONTHS = 12;
const RECORDS = 100_000;
const CONNECTIONS = 4;
const ROUNDS = 5;
/** Both servers have the memory that a database of this size is given. */
const SETTINGS = { shared_buffers: '512MB' };

/**
 * What a batch of an account costs that has ten million past records, beside the same in a database without any. Each on a server of its
 * own, in turn.
 */
export async function historyFigures(): Promise<object> {
  const empty = await openBenchDatabase(CONNECTIONS, SETTINGS);
  const full = await openBenchDatabase(CONNECTIONS, SETTINGS);
  try {
    const worlds = { without: new MeteringWorld(empty.db), with: new MeteringWorld(full.db) };
    const accounts = { without: [] as string[], with: [] as string[] };
    for (const which of ['without', 'with'] as const) {
      await worlds[which].setUp();
      accounts[which] = await worlds[which].openAccounts(1, { plan: 'small' });
    }
    await writeHistory(full.db, accounts.with[0] ?? '');
    await worlds.without.seal();
    const start = process.hrtime.bigint();
    const sealed = await worlds.with.seal();
    const sealedPerSecond = ((HISTORY / MONTHS) * sealed) / (Number(process.hrtime.bigint() - start) / 1e9);

    const figures = { without: [] as number[], with: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const which of ['without', 'with'] as const) {
        const figure = await run(worlds[which].meter, batches(accounts[which], RECORDS));
        // The first round fills the caches.
        if (round > 0) figures[which].push(figure);
      }
    }
    const [without, withHistory] = [median(figures.without), median(figures.with)];
    console.log();
    printTable(
      ['one account', 'records per second', 'beside none'],
      [
        ['without past records', rate(without), ratio(1)],
        [`with ${HISTORY.toLocaleString('en')} past records`, rate(withHistory), ratio(withHistory / without)],
      ],
    );
    console.log(`\nsealing ${sealed} months of it: ${rate(sealedPerSecond)} records per second`);
    return {
      sealedRecordsPerSecond: Math.round(sealedPerSecond),
      recordsPerSecondWithoutHistory: Math.round(without),
      recordsPerSecondWithHistory: Math.round(withHistory),
      historyRatio: round3(withHistory / without),
    };
  } finally {
    await full.stop();
    await empty.stop();
  }
}

/**
 * A year of usage as metering leaves it behind: records, the charges of each thousand of them with their transfers, the volumes of months
 * and hours. Its ids are as random as those of a gateway.
 */
async function writeHistory(db: Database, accountId: string): Promise<void> {
  const start = NOW.subtract({ hours: 24 * 30 * MONTHS });
  await ensurePartitions(db.kysely, start, NOW);
  const seconds = (NOW.epochMilliseconds - start.epochMilliseconds) / 1000 - 86_400;
  const patient = db.patient();
  try {
    await sql`
      insert into usage_records (account_id, record_id, at, destination, country, template_type, segments, status, billing,
        batch_id, received_at)
      select ${accountId}::uuid, gen_random_uuid(), at, 'mainland', null, 'verification', 1, 'delivered', 'charged',
        gen_random_uuid(), at
      from generate_series(1, ${HISTORY}::integer) as n,
        lateral (select ${start}::timestamptz + n * interval '1 second' * ${seconds / HISTORY}::float8 as at) as sent`.execute(
      patient.kysely,
    );
    const batch = sql`generate_series(1, ${HISTORY / BATCH}::integer) as n,
      lateral (select ${start}::timestamptz + n * interval '1 second' * ${(seconds / HISTORY) * BATCH}::float8 as at) as sent`;
    await sql`
      insert into charges (account_id, charge_id, batch_id, kind, month, destination, template_type, tariff_version, tier,
        segments, unit_price, amount, at)
      select ${accountId}::uuid, gen_random_uuid(), gen_random_uuid(), 'payg', to_char(at, 'YYYY-MM'), 'mainland', 'verification',
        1, 0, ${BATCH}, 39000, ${BATCH} * 39000, at
      from ${batch}`.execute(patient.kysely);
    await sql`
      insert into transfers (account_id, transfer_id, key, kind, unit, from_book, to_book, amount, at, month)
      select account_id, gen_random_uuid(), 'charge/' || charge_id, kind, 'CNY', 'cash', 'payg', amount, at, month
      from charges where account_id = ${accountId}`.execute(patient.kysely);
    await sql`
      insert into monthly_volumes (account_id, month, destination, template_type, tariff_version, payg_segments, charged)
      select account_id, month, destination, template_type, tariff_version, sum(segments), sum(amount)
      from charges where account_id = ${accountId} group by 1, 2, 3, 4, 5`.execute(patient.kysely);
    await sql`
      insert into hourly_usage (account_id, hour, destination, template_type, payg_segments, amount)
      select account_id, date_trunc('hour', at), destination, template_type, sum(segments), sum(amount)
      from charges where account_id = ${accountId} group by 1, 2, 3, 4`.execute(patient.kysely);
    await sql`vacuum analyze`.execute(patient.kysely);
    await sql`checkpoint`.execute(patient.kysely);
  } finally {
    await patient.close();
  }
}

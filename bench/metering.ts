import { meterUsage } from '../src/services/metering.ts';
import { inTransaction } from '../src/store/database.ts';
import { bareInsert, createBareTable } from './bare-insert.ts';
import { openBenchDatabase } from './database.ts';
import { historyFigures } from './metering-history.ts';
import { ruleSetFigures } from './metering-rules.ts';
import { type Batch, batches, MeteringWorld, run } from './metering-world.ts';
import { median, printTable, rate, ratio, round3 } from './report.ts';

const RECORDS = 200_000;
const ACCOUNTS = 1_000;
/** Records that are metered one per transaction: enough to measure, few enough to wait for. */
const SINGLE_RECORDS = 4_000;
const CONNECTIONS = 4;
/**
 * Each way is measured this often, in turn. What a machine that is shared with others has to give changes from round to round, so a way is
 * compared with the baseline of its own round.
 */
const ROUNDS = 5;

/**
 * Records per second through metering, beside the bare deduplicating insert of the same rows and beside one transaction per record; what
 * each rule costs; and what a long history does. All on databases with `fsync` on, each way from the same number of callers and
 * connections.
 */
export async function meteringBench(flags: readonly string[]): Promise<object> {
  const figures = await wayFigures();
  const ruleSets = await ruleSetFigures();
  if (flags.includes('--no-history')) return { ...figures, ruleSets };
  return { ...figures, ruleSets, ...(await historyFigures()) };
}

async function wayFigures(): Promise<object> {
  const { db, stop } = await openBenchDatabase(CONNECTIONS);
  try {
    const world = await new MeteringWorld(db).setUp();
    await world.seal();
    const { context, meter } = world;
    await createBareTable(db);
    const accounts = await world.openAccounts(ACCOUNTS, { plan: 'small' });
    const one = accounts.slice(0, 1);
    const single = ({ accountId, reports }: Batch) =>
      inTransaction(db, (tx) => meterUsage(context, tx, accountId, reports)).then(() => {});
    const bare = (batch: Batch) => bareInsert(db, batch);

    await run(meter, batches(accounts, 20_000));
    await run(bare, batches(accounts, 20_000));
    const figures = { metering: [], bare: [], oneMetering: [], oneBare: [], single: [] } as Record<string, number[]>;
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.metering?.push(await run(meter, batches(accounts, RECORDS)));
      figures.bare?.push(await run(bare, batches(accounts, RECORDS)));
      figures.oneMetering?.push(await run(meter, batches(one, RECORDS)));
      figures.oneBare?.push(await run(bare, batches(one, RECORDS)));
      figures.single?.push(await run(single, batches(accounts, SINGLE_RECORDS, { size: 1 })));
    }
    const of = (name: string) => median(figures[name] ?? []);
    const beside = (name: string, baseline: string) =>
      median((figures[name] ?? []).map((figure, round) => figure / (figures[baseline]?.[round] ?? Number.NaN)));
    printTable(
      ['way', 'records per second', 'beside the bare insert'],
      [
        [`metering, ${ACCOUNTS} accounts`, rate(of('metering')), ratio(beside('metering', 'bare'))],
        [`bare insert, ${ACCOUNTS} accounts`, rate(of('bare')), ratio(1)],
        ['metering, one account', rate(of('oneMetering')), ratio(beside('oneMetering', 'oneBare'))],
        ['bare insert, one account', rate(of('oneBare')), ratio(1)],
        ['one transaction per record', rate(of('single')), ratio(beside('single', 'bare'))],
      ],
    );
    return {
      recordsPerSecond: Math.round(of('metering')),
      ratioToBareInsert: round3(beside('metering', 'bare')),
      ratioToPerRecord: round3(beside('metering', 'single')),
      oneAccountRatioToBareInsert: round3(beside('oneMetering', 'oneBare')),
    };
  } finally {
    await stop();
  }
}

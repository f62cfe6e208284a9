import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { SystemClock } from '../src/clock.ts';
import { createContext } from '../src/context.ts';
import { databaseJobs } from '../src/jobs/index.ts';
import { Scheduler } from '../src/jobs/scheduler.ts';
import { createLogger } from '../src/log.ts';
import type { Database } from '../src/store/database.ts';
import { inTransaction } from '../src/store/database.ts';
import { insertTariff } from '../src/store/tariffs.ts';
import { type BenchDatabase, openBenchDatabase } from './database.ts';
import { median, printTable, rate, round3 } from './report.ts';

const FULL = { accounts: 1_000_000, due: 10_000 };
/** To look at a change, or on a machine that is busy. */
const SMALL = { accounts: 50_000, due: 1_000 };
const TICKS = 60;
const ROUNDS = 3;
const CONNECTIONS = 10;
const TARIFF_ID = 'bench';
const REPLICA = fileURLToPath(new URL('./review-replica.ts', import.meta.url));
const logger = createLogger({ level: 'error', name: 'bench' });

type Size = typeof FULL;

/**
 * A tick over a million accounts: of which none is due, through the scheduler with all its jobs; and of which ten thousand are, on one
 * replica and on two, each a process of its own. Every account has a plan, a policy, a group, and a week of usage.
 */
export async function reviewBench(flags: readonly string[]): Promise<object> {
  const size = flags.includes('--small') ? SMALL : FULL;
  const bench = await openBenchDatabase(CONNECTIONS);
  try {
    console.error(`filling ${size.accounts.toLocaleString('en')} accounts`);
    await fill(bench.db, size);
    const idle = await idleTicks(bench.db);
    const rates: Record<1 | 2, number[]> = { 1: [], 2: [] };
    // Statistics and caches are warm, and the patterns of the day kept, as in a service that runs.
    await due(bench, size, 1);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const replicas of [1, 2] as const) rates[replicas].push(await due(bench, size, replicas));
    }
    const [one, two] = [median(rates[1]), median(rates[2])];
    printTable(
      ['tick', 'median', 'slowest'],
      [['nobody is due', `${median(idle).toFixed(1)} ms`, `${Math.max(...idle).toFixed(1)} ms`]],
    );
    console.log();
    printTable(
      ['reviews', 'accounts per second'],
      [
        ['one replica', rate(one)],
        ['two replicas', rate(two)],
      ],
    );
    return {
      idleTickMs: round3(median(idle)),
      duePerSecond: Math.round(one),
      duePerSecondTwoReplicas: Math.round(two),
    };
  } finally {
    await bench.stop();
  }
}

/** Milliseconds of each of some ticks that find nothing to do. */
async function idleTicks(db: Database): Promise<number[]> {
  const clock = new SystemClock();
  const { jobs } = databaseJobs({ db, context: createContext(clock), logger, onTold: () => {} });
  const scheduler = new Scheduler(jobs, clock, logger);
  // The daily jobs have had their slots.
  await sql`
    insert into job_runs (job, slot, started_at, finished_at, state)
    select job, now(), now(), now(), 'done' from unnest(array['housekeeping', 'reconciliation']) job`.execute(
    db.kysely,
  );
  await scheduler.tick();
  const times: number[] = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    const start = performance.now();
    await scheduler.tick();
    times.push(performance.now() - start);
  }
  return times;
}

/** Accounts per second until none of those that were made due is. */
async function due({ db, url }: BenchDatabase, size: Size, replicas: number): Promise<number> {
  await sql`
    update accounts set next_review_at = now() - interval '1 second' where account_id in (
      select account_id from bench_accounts where number % ${size.accounts / size.due}::int = 0)`.execute(db.kysely);
  const processes = Array.from({ length: replicas }, () => fork(REPLICA, [url]));
  await Promise.all(processes.map((replica) => once(replica, 'message')));
  const done = processes.map((replica) => once(replica, 'message'));
  const start = performance.now();
  for (const replica of processes) replica.send('go');
  await Promise.all(done);
  const seconds = (performance.now() - start) / 1_000;
  await Promise.all(
    processes.map(async (replica) => {
      const exited = once(replica, 'exit');
      replica.send('stop');
      await exited;
    }),
  );
  const { rows } = await sql<{ left: number }>`
    select count(*)::int as left from accounts where next_review_at <= now()`.execute(db.kysely);
  if (rows[0]?.left !== 0) throw new Error(`${rows[0]?.left} accounts are still due`);
  return size.due / seconds;
}

async function fill(db: Database, { accounts, due }: Size): Promise<void> {
  const patient = db.patient();
  const { kysely } = patient;
  const tiers = [{ upTo: null, price: '0.045' }];
  await inTransaction(patient, (tx) =>
    insertTariff(
      tx,
      {
        ...{ id: TARIFF_ID, version: 1, currency: 'CNY', effectiveFrom: '2020-01-01T00:00:00+08:00', mode: 'volume' },
        planUsageCounts: false,
        mainland: { verification: tiers, notification: tiers, promotion: tiers },
        international: {},
      },
      Temporal.Now.instant(),
    ),
  );
  await sql`create table bench_accounts (account_id uuid primary key, number bigint not null)`.execute(kysely);
  await sql`
    insert into bench_accounts select gen_random_uuid(), number from generate_series(1, ${accounts}::int) number`.execute(
    kysely,
  );
  await sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at,
      first_month, open_month, month_ends_at, balance)
    select account_id, 'account ' || number, 'CNY', 'Asia/Shanghai', ${TARIFF_ID}, 'notification',
      now() + interval '2 hours' + number * interval '10 milliseconds', now() - interval '60 days',
      to_char(now(), 'YYYY-MM'), to_char(now(), 'YYYY-MM'), date_trunc('month', now()) + interval '1 month', 5000000000
    from bench_accounts`.execute(kysely);
  await sql`
    insert into plans (account_id, plan_id, key, source, title, total, remaining, price, effective_at, expires_at)
    select account_id, gen_random_uuid(), 'first', 'purchase', '5 万条包', 50000, 40000, 1900000000, now() - interval '60 days',
      now() + interval '300 days'
    from bench_accounts`.execute(kysely);
  await sql`
    insert into plan_offers
      (offer_id, version, effective_from, withdrawn, title, segments, price, currency, validity_months, renewal_discount_bp)
    values ('bench', 1, 'epoch', false, '5 万条包', 50000, 1900000000, 'CNY', 12, 0)`.execute(kysely);
  await sql`
    insert into renewal_policies (account_id, enabled, threshold, offer_id, offer_version, purchases_per_day, purchases_per_month, changed_at, changed_by)
    select account_id, number % 2 = 0, 5000, 'bench', 1, 3, 20, now(), 'bench' from bench_accounts`.execute(kysely);
  await sql`
    insert into groups (corp_id, conversation_id, account_id, title, language, bound_at, bound_by)
    select 'corp', 'cid' || number, account_id, 'group', 'zh-CN', now(), 'bench' from bench_accounts`.execute(kysely);
  // Only those that become due are ever asked for theirs.
  await sql`
    insert into hourly_usage (account_id, hour, destination, template_type, plan_segments)
    select account_id, date_trunc('hour', now()) - hours * interval '1 hour', 'mainland', 'verification', 5
    from bench_accounts, generate_series(1, 169, 4) hours
    where number % ${accounts / due}::int = 0`.execute(kysely);
  await sql`analyze`.execute(kysely);
  await patient.close();
}

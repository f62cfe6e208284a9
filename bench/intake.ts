import { randomUUID } from 'node:crypto';
import { ManualClock } from '../src/clock.ts';
import type { UsageReport } from '../src/domain/usage.ts';
import { Intake } from '../src/http/intake.ts';
import { createAccount } from '../src/services/accounts.ts';
import type { ServiceContext } from '../src/services/context.ts';
import { meterUsage } from '../src/services/metering.ts';
import { type Database, inTransaction } from '../src/store/database.ts';
import { insertTariff } from '../src/store/tariffs.ts';
import { ensurePartitions } from '../src/store/usage.ts';
import { openBenchDatabase } from './database.ts';
import { median, printTable, rate } from './report.ts';
import { PLAIN_TARIFF } from './tariff.ts';

const REQUESTS = 4_000;
const CALLERS = 50;
const CONNECTIONS = 10;
const ROUNDS = 3;
const NOW = Temporal.Instant.from('2026-03-15T04:00:00Z');

type Take = (accountId: string, reports: readonly UsageReport[]) => Promise<unknown>;

/**
 * Requests per second of one account that reports one message at a time from many callers: through the intake's queue, beside a
 * transaction for each request. On one database with `fsync` on.
 */
export async function intakeBench(): Promise<object> {
  const { db, stop } = await openBenchDatabase(CONNECTIONS);
  try {
    const context: ServiceContext = {
      clock: new ManualClock(NOW),
      compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
    };
    const accountId = await setUp(context, db);
    const intake = new Intake({ db, context, onReviewDue: () => {} });
    const queued: Take = (id, reports) => intake.take(id, { reports, rejected: [] });
    const single: Take = (id, reports) => inTransaction(db, (tx) => meterUsage(context, tx, id, reports));

    await run(queued, accountId, 500);
    await run(single, accountId, 500);
    const figures: Record<'queued' | 'single', number[]> = { queued: [], single: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.queued.push(await run(queued, accountId, REQUESTS));
      figures.single.push(await run(single, accountId, REQUESTS));
    }
    const [withQueue, without] = [median(figures.queued), median(figures.single)];
    printTable(
      ['one hot account, one record per request', 'requests per second', 'beside a transaction each'],
      [
        ['through the queue', rate(withQueue), (withQueue / without).toFixed(2)],
        ['a transaction each', rate(without), '1.00'],
      ],
    );
    return {
      requestsPerSecond: Math.round(withQueue),
      ratioToTransactionEach: Math.round((withQueue / without) * 100) / 100,
    };
  } finally {
    await stop();
  }
}

async function setUp(context: ServiceContext, db: Database): Promise<string> {
  await ensurePartitions(db.kysely, NOW, NOW);
  return inTransaction(db, async (tx) => {
    await insertTariff(tx, PLAIN_TARIFF, NOW);
    return createAccount(context, tx, {
      name: 'bench',
      tariffId: 'bench',
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      creditLimit: 0n,
      overdueGraceHours: 0,
    });
  });
}

/** Reports fresh messages, one per request, from several callers; requests per second. */
async function run(take: Take, accountId: string, requests: number): Promise<number> {
  const queue = Array.from({ length: requests }, aReport).values();
  const start = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (const report of queue) await take(accountId, [report]);
    }),
  );
  return requests / (Number(process.hrtime.bigint() - start) / 1e9);
}

function aReport(): UsageReport {
  return {
    id: randomUUID(),
    destination: 'mainland',
    country: null,
    templateType: 'verification',
    segments: 1,
    status: 'delivered',
    at: NOW,
  };
}

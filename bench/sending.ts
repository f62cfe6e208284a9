import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { SystemClock } from '../src/clock.ts';
import { ALWAYS } from '../src/domain/offer.ts';
import { createAccount, recharge } from '../src/services/accounts.ts';
import { createApiKey } from '../src/services/api-keys.ts';
import type { ServiceContext } from '../src/services/context.ts';
import { setLimit } from '../src/services/limits.ts';
import { grantPlan } from '../src/services/plans.ts';
import { lockAccount } from '../src/store/accounts.ts';
import { type Database, inTransaction } from '../src/store/database.ts';
import { insertOffers } from '../src/store/plans.ts';
import { insertTariff } from '../src/store/tariffs.ts';
import { ensurePartitions } from '../src/store/usage.ts';
import { openBenchDatabase } from './database.ts';
import { startEmulator } from './emulator-thread.ts';
import { TARIFF } from './metering-world.ts';
import { openLoop } from './open-loop.ts';
import { median, printTable, rate, round3 } from './report.ts';

const ACCOUNTS = 100;
const REQUESTS_PER_SECOND = 500;
const CONNECTIONS = 20;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const ROUNDS = 3;
/** What is metered all the while by another process. */
const BATCHES_PER_SECOND = 20;
const BATCH = 100;

interface Figures {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Milliseconds of `GET /v1/sending` of the running service, asked at a fixed rate on connections that are kept while another process meters
 * usage of the same accounts; beside a route of the same framework that answers the same and does nothing, in turns.
 */
export async function sendingBench(): Promise<object> {
  const { db, url, stop } = await openBenchDatabase(2);
  const emulator = await startEmulator({ groups: [], callsPerSecond: 1_000 });
  const children: ChildProcess[] = [];
  const start = async (name: string, env: Record<string, string> = {}): Promise<[ChildProcess, string]> => {
    const child = fork(new URL(`./sending-${name}.ts`, import.meta.url), {
      env: { ...process.env, BENCH_DATABASE: url, BENCH_URL: emulator.url, ...env },
      // The service's log is written as it is in service, but nowhere.
      stdio: ['ignore', 'ignore', name === 'service' ? 'ignore' : 'inherit', 'ipc'],
    });
    children.push(child);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`sending-${name}.ts ended`)));
    ended.catch(() => {});
    const [said] = (await Promise.race([once(child, 'message'), ended])) as [string];
    return [child, said];
  };
  try {
    const { accounts, keys } = await setUp(db);
    const [, service] = await start('service');
    const [, bare] = await start('bare');
    const [metering] = await start('metering', {
      BENCH_ACCOUNTS: accounts.join(','),
      BENCH_BATCHES_PER_SECOND: String(BATCHES_PER_SECOND),
      BENCH_BATCH: String(BATCH),
    });
    const load = { keys, requestsPerSecond: REQUESTS_PER_SECOND, connections: CONNECTIONS };
    const ask = async (base: string, seconds: number) =>
      figuresOf(await openLoop({ ...load, url: new URL('/v1/sending', base), seconds }));
    await ask(bare, WARM_UP_SECONDS);
    await ask(service, WARM_UP_SECONDS);
    const meteredBefore = await countOf(metering);
    const began = performance.now();
    const figures: Record<'service' | 'bare', Figures[]> = { service: [], bare: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.bare.push(await ask(bare, SECONDS));
      figures.service.push(await ask(service, SECONDS));
    }
    const metered = ((await countOf(metering)) - meteredBefore) / ((performance.now() - began) / 1_000);
    return report(figures, metered);
  } finally {
    for (const child of children) {
      if (child.exitCode !== null) continue;
      child.disconnect();
      await once(child, 'exit');
    }
    await emulator.stop();
    await stop();
  }
}

function report(figures: Record<'service' | 'bare', readonly Figures[]>, metered: number): object {
  const of = (way: 'service' | 'bare', figure: keyof Figures) => median(figures[way].map((each) => each[figure]));
  const ms = (value: number) => value.toFixed(2);
  printTable(
    [`${REQUESTS_PER_SECOND} requests per second`, 'p50 ms', 'p99 ms', 'p99 ms of each round'],
    (['service', 'bare'] as const).map((way) => [
      way === 'service' ? 'GET /v1/sending' : 'a bare route',
      ms(of(way, 'p50')),
      ms(of(way, 'p99')),
      figures[way].map(({ p99 }) => ms(p99)).join(' '),
    ]),
  );
  console.log(`meanwhile ${rate(metered)} records per second were metered, in batches of ${BATCH}`);
  return {
    p50Ms: round3(of('service', 'p50')),
    p99Ms: round3(of('service', 'p99')),
    baselineP99Ms: round3(of('bare', 'p99')),
    requestsPerSecond: REQUESTS_PER_SECOND,
    meteredPerSecond: Math.round(metered),
  };
}

function figuresOf(times: readonly number[]): Figures {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

async function countOf(metering: ChildProcess): Promise<number> {
  metering.send('count');
  const [metered] = (await once(metering, 'message')) as [number];
  return metered;
}

/** Accounts with money, several plans, caps that are never reached, and a key each. */
async function setUp(db: Database): Promise<{ accounts: string[]; keys: string[] }> {
  const clock = new SystemClock();
  const context: ServiceContext = {
    clock,
    compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
  };
  await ensurePartitions(db.kysely, clock.now(), clock.now());
  return inTransaction(db, async (tx) => {
    await insertTariff(tx, TARIFF, clock.now());
    const offer = {
      id: 'bench',
      version: 1,
      effectiveFrom: ALWAYS,
      title: 'bench',
      segments: 20_000n,
      price: 0n,
      currency: 'CNY',
    };
    await insertOffers(tx, [{ ...offer, validityMonths: 12, renewalDiscountBp: 0 }]);
    const accounts: string[] = [];
    const keys: string[] = [];
    for (let index = 0; index < ACCOUNTS; index += 1) {
      const accountId = await createAccount(context, tx, {
        name: `bench ${index}`,
        tariffId: TARIFF.id,
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
      });
      for (const key of ['one', 'two', 'three']) {
        await grantPlan(context, tx, { accountId, offerId: offer.id, key, by: 'bench' });
      }
      await recharge(context, tx, { accountId, amount: 1_000_000_000_000n, key: 'first', by: 'bench' });
      const by = { by: 'bench', byName: 'bench' };
      for (const period of ['day', 'month'] as const) {
        const after = { stop: 1_000_000_000n, warn: 800_000_000n };
        await setLimit(context, tx, await lockAccount(tx, accountId), {
          key: { period, unit: 'segments' },
          after,
          ...by,
        });
      }
      accounts.push(accountId);
      keys.push(await createApiKey(context, tx, accountId, 'gateway'));
    }
    return { accounts, keys };
  });
}

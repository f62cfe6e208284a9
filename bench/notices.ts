import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fromKysely, PgBoss } from 'pg-boss';
import { SystemClock } from '../src/clock.ts';
import { OpenApi } from '../src/dingtalk/open-api.ts';
import { completeSettings } from '../src/dingtalk/settings.ts';
import { createLogger } from '../src/log.ts';
import { CallLimiter } from '../src/notify/call-limiter.ts';
import { Deliverer } from '../src/notify/deliverer.ts';
import { CALL_LIMITS, type CallLimits } from '../src/notify/limits.ts';
import { Messenger } from '../src/notify/messenger.ts';
import type { Outcome } from '../src/notify/recorder.ts';
import { type Database, inTransaction, openDatabase } from '../src/store/database.ts';
import type { LeasedNotice } from '../src/store/notice-queue.ts';
import { insertNotice, type NewNotice, NO_ACCOUNT } from '../src/store/notices.ts';
import type { Tx } from '../src/store/schema.ts';
import { type BenchDatabase, openBenchDatabase } from './database.ts';
import { BENCH_APP, type EmulatorReport, startEmulator } from './emulator-thread.ts';
import { printTable, rate } from './report.ts';

const NOTICES = 4_000;
const GROUPS = Array.from({ length: 500 }, (_, index) => `cidBench${index}`);
/** Transactions that store at the same time. */
const CALLERS = 8;
const CONNECTIONS = 10;
/** Notices that are said at the same time; `Deliverer` has the same. */
const BATCH = 48;
const ROUNDS = 3;
/** Enough for half a minute at the rate that a standard organisation is allowed. */
const LIMITED_NOTICES = 600;
const REPLICAS = 2;
const QUEUE = 'notices';
const NO_LIMITS: CallLimits = { callsPerSecond: 1_000_000, repliesPerMinute: 1_000_000, callsPerMonth: 1_000_000_000 };
const logger = createLogger({ level: 'error', name: 'bench' });

interface Figures {
  readonly perSecond: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly refused: number;
}

/**
 * Notices per second, each stored in a transaction of its own and delivered as a card, beside the same through pg-boss; and the share of
 * DingTalk's allowed rate that two replicas use together. On one database with `fsync` on.
 */
export async function noticesBench(): Promise<object> {
  const bench = await openBenchDatabase(CONNECTIONS);
  const boss = new PgBoss({ connectionString: bench.url, max: CONNECTIONS, supervise: false, schedule: false });
  try {
    await boss.start();
    await boss.createQueue(QUEUE);
    await ours(bench, 500, NO_LIMITS, 1);
    await theirs(bench, boss, 500);
    const rounds: { ours: Figures; theirs: Figures }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ ours: await ours(bench, NOTICES, NO_LIMITS, 1), theirs: await theirs(bench, boss, NOTICES) });
    }
    const [own, other] = [median(rounds.map((r) => r.ours.perSecond)), median(rounds.map((r) => r.theirs.perSecond))];
    const limited = await ours(bench, LIMITED_NOTICES, CALL_LIMITS, REPLICAS);
    const share = limited.perSecond / CALL_LIMITS.callsPerSecond;
    const runs = [...rounds.map((r) => r.ours), limited];
    printTable(
      ['way', 'notices per second', 'beside pg-boss'],
      [
        ['this queue, in order per group', rate(own), (own / other).toFixed(2)],
        ['pg-boss, in no order', rate(other), '1.00'],
        [`${REPLICAS} replicas within ${CALL_LIMITS.callsPerSecond} calls a second`, limited.perSecond.toFixed(2), ''],
      ],
    );
    return {
      noticesPerSecond: Math.round(own),
      ratioToPgBoss: round3(own / other),
      shareOfAllowedRate: round3(share),
      lost: runs.reduce((sum, run) => sum + run.lost, 0),
      duplicated: runs.reduce((sum, run) => sum + run.duplicated, 0),
      refused: limited.refused,
    };
  } finally {
    await boss.stop({ graceful: false });
    await bench.stop();
  }
}

/** Through this queue, on some replicas that share the limits. */
async function ours({ db, url }: BenchDatabase, count: number, limits: CallLimits, replicas: number): Promise<Figures> {
  const emulator = await startEmulator({ groups: GROUPS, callsPerSecond: limits.callsPerSecond });
  await db.kysely.deleteFrom('notices').execute();
  await db.kysely.deleteFrom('call_rates').execute();
  let left = count;
  const done = Promise.withResolvers<void>();
  const onRecorded = ({ result }: Outcome) => {
    if (result.state === 'delivered') left -= 1;
    if (left === 0) done.resolve();
  };
  const clock = new SystemClock();
  // pg-boss has connections of its own, too, beside those of the transactions that store.
  const own = openDatabase({ url, maxConnections: CONNECTIONS, logger });
  const deliverers = Array.from({ length: replicas }, () => {
    const gate = new CallLimiter({ db: own, clock, logger, limits: { ...limits, callsPerMonth: 1_000_000_000 } });
    const { messenger } = messengerOf(emulator.url, gate);
    return new Deliverer({ db: own, messenger, clock, logger, callsPerMonth: 1_000_000_000, onRecorded });
  });
  // As the service does, for what has to be tried again.
  const tick = setInterval(() => deliverers.forEach((deliverer) => void deliverer.wake()), 2_000);
  const start = process.hrtime.bigint();
  await store(
    db,
    count,
    (tx, notice) => insertNotice(tx, notice, clock.now()),
    (index) => deliverers[index % replicas]?.wake(),
  );
  await done.promise;
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  clearInterval(tick);
  for (const deliverer of deliverers) await deliverer.stop();
  await own.close();
  const report = await emulator.report();
  await emulator.stop();
  return figures(count, seconds, report);
}

/** Through pg-boss, stored in the same transactions and said by the same messenger, as many at the same time. */
async function theirs({ db }: BenchDatabase, boss: PgBoss, count: number): Promise<Figures> {
  const emulator = await startEmulator({ groups: GROUPS, callsPerSecond: NO_LIMITS.callsPerSecond });
  const { messenger } = messengerOf(emulator.url);
  const start = process.hrtime.bigint();
  const work = async () => {
    for (let delivered = 0; delivered < count; ) {
      const jobs = await boss.fetch<LeasedNotice>(QUEUE, { batchSize: BATCH });
      await Promise.all(jobs.map(({ data }) => messenger.say(data, 'card')));
      if (jobs.length > 0)
        await boss.complete(
          QUEUE,
          jobs.map(({ id }) => id),
        );
      else await pause(1);
      delivered += jobs.length;
    }
  };
  const send = async (tx: Tx, notice: NewNotice) => {
    await boss.send(QUEUE, notice, { db: fromKysely(tx) });
  };
  await Promise.all([store(db, count, send, () => {}), work()]);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const report = await emulator.report();
  await emulator.stop();
  await boss.deleteAllJobs(QUEUE);
  return figures(count, seconds, report);
}

function messengerOf(url: string, gate?: CallLimiter): { messenger: Messenger } {
  const settings = completeSettings({ ...BENCH_APP, apiBase: url, oapiBase: url });
  return { messenger: new Messenger(new OpenApi(settings, gate ? { gate } : {}), settings.cardTemplateId) };
}

/** Stores notices from several callers, each in a transaction of its own. */
async function store(
  db: Database,
  count: number,
  put: (tx: Tx, notice: NewNotice) => Promise<unknown>,
  stored: (index: number) => void,
): Promise<void> {
  const queue = Array.from({ length: count }, (_, index) => aNotice(index)).entries();
  const caller = async () => {
    for (const [index, notice] of queue) {
      await inTransaction(db, (tx) => put(tx, notice));
      stored(index);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

function aNotice(index: number): NewNotice {
  const group = GROUPS[index % GROUPS.length] ?? '';
  const buttons = [{ id: 'on', label: '开启', style: 'primary', command: '自动续费 开' }] as const;
  return {
    accountId: NO_ACCOUNT,
    key: randomUUID(),
    reason: 'bench',
    recipient: `bench/${group}`,
    target: { type: 'group', conversationId: group, directTo: ['admin'] },
    content: {
      title: `余量不足 ${index}`,
      markdown: '剩余 **1,000** 条,阈值 10,000 条。\n\n- 可用余额:¥200.00\n- 预计还可用 2 天',
      buttons,
      hint: '回复「自动续费 开」',
      mentions: [{ userId: 'admin', name: 'admin' }],
    },
    outTrackId: `bench-${randomUUID()}`,
  };
}

/** Lost: no message shows it. Duplicated: two messages show it, or it was asked for twice with success. */
function figures(count: number, seconds: number, { cards, shown, refused }: EmulatorReport): Figures {
  const distinct = new Set(shown);
  const asked = cards.reduce((sum, [, times]) => sum + times, 0);
  return {
    perSecond: count / seconds,
    lost: count - distinct.size,
    duplicated: shown.length - distinct.size + (asked - cards.length),
    refused,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

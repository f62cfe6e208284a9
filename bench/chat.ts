import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { SystemClock } from '../src/clock.ts';
import { parseMoney } from '../src/domain/money.ts';
import { type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts';
import { createAccount, recharge } from '../src/services/accounts.ts';
import type { ServiceContext } from '../src/services/context.ts';
import { authorizeGroup } from '../src/services/groups.ts';
import { type Database, inTransaction } from '../src/store/database.ts';
import { insertTariff } from '../src/store/tariffs.ts';
import { ensurePartitions } from '../src/store/usage.ts';
import { openBenchDatabase } from './database.ts';
import { benchWorld } from './emulator-thread.ts';
import { printTable, rate } from './report.ts';
import { PLAIN_TARIFF } from './tariff.ts';

const GROUPS = Array.from({ length: 50 }, (_, index) => `cidChat${index}`);
const IN_FLIGHT = [1, 10, 50] as const;
/** Commands of one measurement, by how many are in flight. */
const COMMANDS: Readonly<Record<number, number>> = { 1: 500, 10: 1_000, 50: 2_000 };
const WARM_UP = 300;
const ROUNDS = 3;
const COMMAND = '余额';
const ANSWER_WITHIN_MS = 30_000;

type Way = 'echo' | 'service';

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/**
 * Milliseconds from a message's frame to its answer, and commands per second, beside a bot of the published client that echoes; both
 * in a process of their own, on one emulator, in turns.
 */
export async function chatBench(): Promise<object> {
  const { db, url, stop } = await openBenchDatabase(4);
  const sandbox = await startSandbox({
    port: 0,
    world: benchWorld(GROUPS),
    clock: { now: () => Date.now(), advance: async () => {} },
    behaviour: { callsPerSecond: 1_000_000, callsPerMonth: 1_000_000_000, pushesPerMonth: 1_000_000_000 },
  });
  try {
    await setUp(db);
    const figures: Record<Way, Map<number, Figures[]>> = { echo: new Map(), service: new Map() };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of ['echo', 'service'] as const) {
        const bot = await startBot(way, sandbox.url, url);
        await measure(sandbox, 10, WARM_UP);
        for (const inFlight of IN_FLIGHT) {
          const found = await measure(sandbox, inFlight, COMMANDS[inFlight] ?? 0);
          figures[way].set(inFlight, [...(figures[way].get(inFlight) ?? []), found]);
        }
        await stopBot(bot, sandbox);
      }
    }
    return report(figures);
  } finally {
    await sandbox.stop();
    await stop();
  }
}

/** Says the command in as many groups at a time, each time when the one before was answered. */
async function measure(sandbox: Sandbox, inFlight: number, commands: number): Promise<Figures> {
  const times: number[] = [];
  const queue = Array.from({ length: commands }, (_, index) => index).values();
  const start = performance.now();
  await Promise.all(
    GROUPS.slice(0, inFlight).map(async (group) => {
      for (const _ of queue) {
        const said = performance.now();
        const { seq } = sandbox.say(group, 'admin', COMMAND);
        await sandbox.waitForMessage(group, ({ from }) => from === 'bot', { after: seq, timeoutMs: ANSWER_WITHIN_MS });
        times.push(performance.now() - said);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: at(sorted, 0.5), p99: at(sorted, 0.99), perSecond: commands / seconds };
}

async function startBot(way: Way, sandboxUrl: string, databaseUrl: string): Promise<ChildProcess> {
  const child = fork(new URL(`./chat-${way}.ts`, import.meta.url), {
    env: { ...process.env, BENCH_URL: sandboxUrl, BENCH_DATABASE: databaseUrl },
    // The published client announces itself on its output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the ${way} ended before it was ready`);
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return child;
}

async function stopBot(child: ChildProcess, sandbox: Sandbox): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
  await sandbox.waitForConnections(0);
}

function report(figures: Record<Way, Map<number, Figures[]>>): object {
  const of = (way: Way, inFlight: number): Figures => {
    const rounds = figures[way].get(inFlight) ?? [];
    const middle = (pick: (one: Figures) => number) => median(rounds.map(pick));
    return { p50: middle((one) => one.p50), p99: middle((one) => one.p99), perSecond: middle((one) => one.perSecond) };
  };
  printTable(
    ['in flight', 'p50 ms', 'p99 ms', 'echo p50', 'echo p99', 'commands per second', 'echoes per second'],
    IN_FLIGHT.map((inFlight) => {
      const [own, echo] = [of('service', inFlight), of('echo', inFlight)];
      return [
        String(inFlight),
        ...[own.p50, own.p99, echo.p50, echo.p99].map((ms) => ms.toFixed(1)),
        rate(own.perSecond),
        rate(echo.perSecond),
      ];
    }),
  );
  const [own, echo] = [of('service', 1), of('echo', 1)];
  return {
    p50OverheadMs: round1(own.p50 - echo.p50),
    p99OverheadMs: round1(own.p99 - echo.p99),
    commandsPerSecond: Math.round(Math.max(...IN_FLIGHT.map((inFlight) => of('service', inFlight).perSecond))),
  };
}

/** Fifty groups, each of an account of its own. */
async function setUp(db: Database): Promise<void> {
  const context: ServiceContext = {
    clock: new SystemClock(),
    compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
  };
  const now = context.clock.now();
  await ensurePartitions(db.kysely, now, now);
  await inTransaction(db, (tx) => insertTariff(tx, PLAIN_TARIFF, now));
  for (const group of GROUPS) {
    await inTransaction(db, async (tx) => {
      const accountId = await createAccount(context, tx, {
        name: group,
        tariffId: 'bench',
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
      });
      await recharge(context, tx, { accountId, amount: parseMoney('1000'), key: 'bench', by: 'bench' });
      await authorizeGroup(context, tx, {
        conversation: { corpId: 'bench', conversationId: group },
        title: group,
        language: 'zh-CN',
        actor: { staffId: 'admin', name: 'admin' },
        accountId,
      });
    });
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

import { afterEach, expect, onTestFailed, test } from 'vitest';
import { ROBOT_TOPIC } from '../../src/sandbox/gateway.ts';
import type { Fault } from '../support/tcp-proxy.ts';
import { ADMIN, type FaultAccount, FaultWorld } from './support/fault-world.ts';
import { expectNothingLostOrDoubled } from './support/oracle.ts';
import { OwnServer } from './support/own-server.ts';
import { isRenewing, plansOf } from './support/reading.ts';
import type { Replica } from './support/replica.ts';

/** Of which messages to the database a fault strikes; another one by FAULT_SEED. */
const SEED = Number(process.env.FAULT_SEED ?? 20_260_310);

const server = await OwnServer.start();
const world = await FaultWorld.start(server);
const { db, sandbox } = world;

afterEach(() => expectNothingLostOrDoubled(world));

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Load {
  readonly account: FaultAccount;
  readonly batches: (readonly object[])[];
}

async function aLoad(): Promise<Load[]> {
  const accounts = await Promise.all(Array.from({ length: 4 }, () => world.openAccount()));
  return accounts.map((account) => ({ account, batches: Array.from({ length: 10 }, () => world.records(250)) }));
}

const isAnswered = ({ group }: FaultAccount) =>
  sandbox.messages(group).some(({ from, title }) => from === 'bot' && title === '自动续费：已关闭');

/** Everybody says once what they have to say; a gateway and people who get no answer do it again later. */
async function bear(replica: Replica, load: readonly Load[]): Promise<void> {
  for (const { account } of load) sandbox.say(account.group, ADMIN, '自动续费 关');
  await Promise.all(
    load.flatMap(({ account, batches }) => batches.map((records) => world.report(replica, account, records))),
  );
}

async function sayAgain(replica: Replica, load: readonly Load[]): Promise<void> {
  for (const { account, batches } of load) {
    for (const records of batches) {
      expect(await world.report(replica, account, records)).toMatchObject({ conflicts: [], rejected: [] });
    }
  }
  await world.advance(Temporal.Duration.from({ seconds: 130 }));
  await world.quiet();
  for (const { account } of load) {
    if (!isAnswered(account)) sandbox.say(account.group, ADMIN, '自动续费 关');
    await world.hears(account, /自动续费：已关闭/);
    expect(await isRenewing(db, account)).toBe(false);
    expect((await plansOf(db, account)).length).toBeLessThanOrEqual(2);
  }
}

test('given a database that is restarted with immediate under load, then what was not answered is done when it is said again, and nothing twice (promises 1, 2 and 3)', async () => {
  const load = await aLoad();
  const replica = await world.startReplica();
  await world.quiet();
  const working = bear(replica, load);
  await sandbox.acknowledgements.waitFor(({ topic }) => topic === ROBOT_TOPIC);
  await server.restart();
  await working;
  await sayAgain(replica, load);
});

test('given connections that are cut at random statements, then everything has happened once (promises 1, 3, 4 and 5)', async () => {
  onTestFailed(() => console.error(`FAULT_SEED=${SEED} chose the statements`));
  const load = await aLoad();
  const replica = await world.oneReplica();
  await world.quiet();
  const random = randomOf(SEED);
  const cuts: Fault[] = ['cut before', 'cut after'];
  const before = server.wire.struck;
  server.wire.strikeWhere(() => (random() < 0.03 ? cuts[Math.floor(random() * cuts.length)] : undefined));
  await bear(replica, load);
  server.wire.strikeWhere(undefined);
  expect(server.wire.struck).toBeGreaterThan(before);
  await sayAgain(replica, load);
});

test('given a connection that goes silent in a command, then the command is acknowledged, and carried out by another replica when this one is given up', async () => {
  const account = await world.openAccount();
  const victim = await world.oneReplica();
  await world.quiet();
  const before = sandbox.acknowledgements.entries.length;
  server.wire.strikeAt('insert into "inbox"', 'silence');
  const { seq } = sandbox.say(account.group, ADMIN, '自动续费 关');
  const isNew = (at: number) => at >= before;
  await sandbox.acknowledgements.waitFor(
    (ack) => ack.topic === ROBOT_TOPIC && isNew(sandbox.acknowledgements.entries.indexOf(ack)),
  );
  await victim.kill();
  await world.takeOver();
  await world.hears(account, /自动续费：已关闭/, seq);
});

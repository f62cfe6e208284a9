import { expect, test } from 'vitest';
import { ROBOT_TOPIC } from '../../src/sandbox/gateway.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, FaultWorld, MEMBER } from './support/fault-world.ts';
import { expectNothingLostOrDoubled } from './support/oracle.ts';

const world = await FaultWorld.start(await createTestDatabase());
const { db, sandbox } = world;

test('given usage, commands and notices under way, when a replica is told to stop, then it ends cleanly within 10 s, the stream last, and nothing is lost (promises 2 and 5)', async () => {
  const accounts = await Promise.all(Array.from({ length: 5 }, () => world.openAccount()));
  const replica = await world.startReplica();
  await world.quiet();
  const batches = accounts.flatMap((account) =>
    Array.from({ length: 10 }, () => ({ account, records: world.records(260) })),
  );
  const endings: string[] = [];
  const reports = batches.map(async ({ account, records }) => {
    const answer = await world.report(replica, account, records);
    endings.push('report');
    return answer === undefined ? [{ account, records }] : [];
  });
  for (const { group } of accounts) {
    for (let n = 0; n < 4; n += 1) sandbox.say(group, n % 2 === 0 ? ADMIN : MEMBER, n === 3 ? '自动续费 关' : '用量');
  }
  // Some of it is done, and more is not.
  await sandbox.acknowledgements.waitFor(({ topic }) => topic === ROBOT_TOPIC);
  const streamEnded = sandbox.waitForConnections(0).then(() => endings.push('stream'));
  const { code, signal, ms } = await replica.terminate();
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(ms).toBeLessThan(10_000);
  const unanswered = (await Promise.all(reports)).flat();
  await streamEnded;
  expect(endings.at(-1)).toBe('stream');

  const successor = await world.takeOver();
  for (const { account, records } of unanswered) {
    expect(await world.report(successor, account, records)).toMatchObject({ conflicts: [] });
  }
  await expectNothingLostOrDoubled(world);
  // All that was acknowledged was answered.
  const acknowledged = sandbox.acknowledgements.entries.filter(({ topic, again }) => topic === ROBOT_TOPIC && !again);
  const answered = await db.kysely.selectFrom('inbox').select('message_id').execute();
  expect(answered).toHaveLength(acknowledged.length);
  const { metered } = await db.kysely
    .selectFrom('usage_records')
    .select((eb) => eb.fn.countAll<bigint>().as('metered'))
    .executeTakeFirstOrThrow();
  expect(Number(metered)).toBe(5 * 10 * 260);
});

test('given a request that never ends and a platform that does not answer, when a replica is told to stop, then it ends within 10 s and nothing is lost (promise 5)', async () => {
  const account = await world.openAccount();
  await Promise.all(world.replicas.map((one) => one.terminate()));
  const replica = await world.startReplica();
  await world.quiet();
  const slow = fetch(`${replica.url}/v1/usage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.key}`, 'content-type': 'application/json' },
    body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"records":[')) }),
    duplex: 'half',
  } as RequestInit).catch(() => undefined);
  sandbox.faults.hangCalls('*', 10);
  const called = sandbox.calls.entries.length;
  sandbox.say(account.group, ADMIN, '余额');
  await sandbox.calls.waitFor((call) => sandbox.calls.entries.indexOf(call) >= called);
  const { code, ms } = await replica.terminate();
  expect(code).toBe(0);
  expect(ms).toBeLessThan(10_000);
  await slow;
  sandbox.faults.clear();
  await world.takeOver();
  await world.hears(account, /^余额/);
  await expectNothingLostOrDoubled(world);
});

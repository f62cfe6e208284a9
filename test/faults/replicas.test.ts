import { afterEach, beforeAll, expect, test } from 'vitest';
import { ROBOT_TOPIC } from '../../src/sandbox/gateway.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, type FaultAccount, FaultWorld, MEMBER } from './support/fault-world.ts';
import { expectNothingLostOrDoubled } from './support/oracle.ts';
import { isRenewing, plansOf } from './support/reading.ts';
import type { Replica } from './support/replica.ts';

const CARD = '/v1.0/card/instances/createAndDeliver';

/** Which of the connections gets the next push; by turns until a test says. */
let turn = 0;
let only: number | undefined;
const pick = () => (only ?? turn++ % 2) / 2;

const world = await FaultWorld.start(await createTestDatabase(), { random: pick, disconnectGraceMs: 500 });
const { db, sandbox } = world;
let replicas: Replica[] = [];

beforeAll(async () => {
  replicas = [await world.startReplica(), await world.startReplica()];
});

afterEach(async () => {
  only = undefined;
  sandbox.faults.clear();
  await expectNothingLostOrDoubled(world);
});

test('given two replicas of one robot, when each push comes to both, then each message and each click has one effect and one answer (promise 1)', async () => {
  const accounts = await Promise.all(Array.from({ length: 4 }, () => world.openAccount()));
  await world.quiet();
  const count = 10;
  sandbox.faults.repeatNext('other', accounts.length * count);
  for (let n = 0; n < count; n += 1) {
    for (const { group } of accounts) sandbox.say(group, n % 2 === 0 ? ADMIN : MEMBER, '余额');
  }
  const answers = (account: FaultAccount) => world.saidIn(account).filter(({ title }) => title?.startsWith('余额'));
  await Promise.all(accounts.map((account) => world.hearsTimes(account, /^余额/, count)));
  await world.quiet();
  expect(accounts.map((account) => answers(account).length)).toEqual(accounts.map(() => count));

  const [account] = accounts;
  if (!account) throw new TypeError('there is an account');
  const { seq } = sandbox.say(account.group, ADMIN, '购买 plan-20000');
  const card = await world.hears(account, /请确认/, seq);
  const confirm = card.buttons.find(({ label }) => label === '确认');
  sandbox.faults.repeatNext('other', 2);
  // Pressed twice by an impatient hand, and each press pushed to both.
  const press = () => sandbox.click(card.outTrackId ?? '', ADMIN, confirm?.id ?? '').catch(() => undefined);
  await Promise.all([press(), press()]);
  await world.quiet();
  expect(await plansOf(db, account)).toEqual(['grant', 'purchase']);
});

test('given a frame that was answered, when it comes again after 60 s at the other replica, then nothing happens (promise 1)', async () => {
  const account = await world.openAccount();
  await world.quiet();
  only = 0;
  const { seq } = sandbox.say(account.group, ADMIN, '自动续费 关');
  await world.hears(account, /自动续费：已关闭/, seq);
  const frame = sandbox.acknowledgements.entries.findLast(({ topic }) => topic === ROBOT_TOPIC)?.messageId ?? '';
  await world.advance(Temporal.Duration.from({ seconds: 60 }));
  const on = sandbox.say(account.group, ADMIN, '自动续费 开');
  await world.hears(account, /自动续费：已开启|自动续费.*开/, on.seq);
  const isTwice = () => sandbox.acknowledgements.entries.filter(({ messageId }) => messageId === frame).length === 2;
  sandbox.faults.repeatFrame('other', frame);
  await sandbox.acknowledgements.waitFor(isTwice);
  await world.quiet();
  expect(await isRenewing(db, account)).toBe(true);
  expect(world.saidIn(account, seq).filter(({ title }) => title?.includes('已关闭'))).toHaveLength(1);
});

test('given usage that is reported to both replicas at once, then it is billed once and one plan is bought (promises 3, 4 and 6)', async () => {
  const account = await world.openAccount();
  await world.quiet();
  const records = world.records(2_500);
  await Promise.all([...replicas, ...replicas].map((replica) => world.report(replica, account, records)));
  await world.quiet();
  expect(await plansOf(db, account)).toEqual(['grant', 'renewal']);
});

test('given a connection that died silently, when its pushes come again at the other replica, then each is answered once', async () => {
  const account = await world.openAccount();
  await world.quiet();
  await replicas[1]?.terminate();
  await sandbox.waitForConnections(1);
  sandbox.faults.silentHandshakes();
  const deaf = await world.startReplica();
  only = 1;
  const { seq } = sandbox.say(account.group, ADMIN, '自动续费 关');
  sandbox.faults.repeatFrame('other');
  await world.hears(account, /自动续费：已关闭/, seq);
  await deaf.kill();
  replicas[1] = await world.startReplica();
});

test('given connections that the platform announces to close, and then kills, then what people say meanwhile is answered', async () => {
  const account = await world.openAccount();
  await world.quiet();
  await world.reconnects(() => sandbox.faults.disconnect());
  await world.hearsAnswer(account);
  await world.reconnects(() => sandbox.faults.killSockets());
  await world.hearsAnswer(account);
});

test('given a machine whose clock is an hour ahead, then its replica tells the right time, and leaves another one what that has in hand', async () => {
  const [slow, quick] = [await world.openAccount(), await world.openAccount()];
  await world.quiet();
  await replicas[1]?.terminate();
  await sandbox.waitForConnections(1);
  const wrong = await world.startReplica({ env: { CLOCK_WRONG_MS: '3600000' } });
  only = 0;
  sandbox.faults.hangCalls(CARD);
  sandbox.say(slow.group, ADMIN, '余额');
  await eventually(() => expect(sandbox.faults.armed).toEqual([]));
  only = 1;
  const { seq } = sandbox.say(quick.group, ADMIN, '余额');
  // At noon the time of these tests begins.
  expect((await world.hears(quick, /^余额/, seq)).text).toMatch(/ 12:\d\d（GMT/);
  const inHand = db.kysely.selectFrom('notices').select(['state', 'attempts']).where('account_id', '=', slow.id);
  expect(await inHand.execute()).toEqual([{ state: 'waiting', attempts: 1 }]);
  await world.hears(slow, /^余额/);
  const figures = await (await fetch(`${wrong.url}/metrics`)).text();
  expect(figures).toMatch(/^sms_steward_clock_ahead_seconds -3(599|600)/m);
  expect(wrong.output).toContain('clock_differs');
  await wrong.terminate();
  replicas[1] = await world.startReplica();
});

test('given one replica that is killed while both are at work, then the other one does what it left', async () => {
  const accounts = await Promise.all(Array.from({ length: 4 }, () => world.openAccount()));
  await world.quiet();
  const [victim, survivor] = replicas;
  if (!victim || !survivor) throw new TypeError('there are two replicas');
  await victim.tell({ killAt: { step: 'delivery.mark', since: 'usage.receive' } });
  const records = world.records(2_500);
  const reports = accounts.map(async (account) => {
    const answer = await world.report(victim, account, records);
    return answer ?? world.report(survivor, account, records);
  });
  for (const { group } of accounts) sandbox.say(group, MEMBER, '余额');
  await Promise.all([...reports, victim.ended]);
  await world.advance(Temporal.Duration.from({ seconds: 130 }));
  await world.quiet();
  for (const account of accounts) expect(await plansOf(db, account)).toEqual(['grant', 'renewal']);
});

import { afterEach, expect, test } from 'vitest';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, FaultWorld } from './support/fault-world.ts';
import { expectNothingLostOrDoubled } from './support/oracle.ts';
import { plansOf } from './support/reading.ts';

const CARD = '/v1.0/card/instances/createAndDeliver';
const REPLY = '/robot/sendBySession';
const CALLS = [CARD, REPLY];
const TOKEN = '/v1.0/oauth2/accessToken';
const BROKEN = { status: 500, body: { code: 'system.error', message: '系统错误' } };

const world = await FaultWorld.start(await createTestDatabase());
const { db, sandbox } = world;
const { faults } = sandbox;

afterEach(async () => {
  faults.clear();
  await expectNothingLostOrDoubled(world);
});

test.each<[string, () => unknown]>([
  ['refuses', () => CALLS.map((api) => faults.answerCalls(api, BROKEN, 2))],
  ['throttles by 403', () => faults.throttleCalls(CARD, 2)],
  [
    'throttles by 130101',
    () => faults.answerCalls(REPLY, { status: 200, body: { errcode: 130101, errmsg: 'send too fast' } }, 1),
  ],
  ['hangs', () => faults.hangCalls(CARD, 1)],
  ['answers garbage', () => CALLS.map((api) => faults.garbleCalls(api, 2))],
  ['drops after it accepted', () => CALLS.map((api) => faults.dropCalls(api, 'after', 2))],
  ['drops before it accepted', () => CALLS.map((api) => faults.dropCalls(api, 'before', 2))],
  ['revokes the token', () => faults.revokeToken()],
  ['issues no token', () => [faults.revokeToken(), faults.answerCalls(TOKEN, BROKEN, 2)]],
  ['lets webhooks expire', () => faults.expireSessions()],
])(
  'given a platform that %s, then alerts, receipts and answers are told all the same, each card once (promise 5)',
  async (_, fail) => {
    const account = await world.openAccount();
    const replica = await world.oneReplica();
    await world.quiet();
    const after = sandbox.messages(account.group).at(-1)?.seq ?? 0;
    fail();
    expect(await world.report(replica, account, world.records(2_500))).toMatchObject({ accepted: 2_500 });
    sandbox.say(account.group, ADMIN, '余额');
    await world.hears(account, /(?<!2)9,500/, after);
    await world.hears(account, /^余额/, after);
    await world.quiet();
    expect(await plansOf(db, account)).toEqual(['grant', 'renewal']);
  },
);

test('given a gateway that refuses connections and handshakes, when it takes them again, then people are answered', async () => {
  const account = await world.openAccount();
  await world.oneReplica();
  await world.quiet();
  faults.refuseGatewayOpens(500, 1);
  faults.refuseHandshakes(503, 1);
  await world.reconnects(() => faults.killSockets(), 3);
  await world.hearsAnswer(account);
});

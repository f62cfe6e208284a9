import { beforeAll, describe, expect, test } from 'vitest';
import { parseMoney } from '../../src/domain/money.ts';
import type { Message } from '../../src/sandbox/conversations.ts';
import { recharge } from '../../src/services/accounts.ts';
import { createApiKey } from '../../src/services/api-keys.ts';
import { setAutoRenewal } from '../../src/services/auto-renewal.ts';
import { issueGroupCode } from '../../src/services/groups.ts';
import { grantPlan } from '../../src/services/plans.ts';
import { inTransaction } from '../../src/store/database.ts';
import { DEFAULT_POLICY } from '../../src/store/renewals.ts';
import { addExampleCatalogue, authorizeExampleGroup, openExampleAccount } from '../support/example-account.ts';
import { runService } from '../support/running-service.ts';
import { GROUP, LUNCH_GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const database = await createTestDatabase();
const running = await runService(database);
const { service, sandbox } = running;

let accountId = '';
let key = '';

/** An account with 12,000 of quota, ¥100 and auto-renewal at 10,000, which buys 20,000 for ¥800. */
beforeAll(async () => {
  const { context, db } = service;
  await inTransaction(db, async (tx) => {
    await addExampleCatalogue(tx, context.clock.now());
    accountId = await openExampleAccount(context, tx);
    await grantPlan(context, tx, { accountId, offerId: 'plan-12000', key: 'first', by: 'test' });
    await recharge(context, tx, { accountId, amount: parseMoney('1000'), key: 'first', by: 'test' });
    const policy = { ...DEFAULT_POLICY, enabled: true, threshold: 10_000n, offerId: 'plan-20000' };
    await setAutoRenewal(context, tx, accountId, policy, 'test');
    key = await createApiKey(context, tx, accountId, 'test');
  });
  await service.scheduler.tick();
  await inTransaction(db, (tx) => authorizeExampleGroup(context, tx, accountId));
});

let sent = 0;

/** New mainland messages that were delivered just now. */
function messages(count: number): object[] {
  const at = service.context.clock.now().toString({ smallestUnit: 'millisecond' });
  return Array.from({ length: count }, () => {
    sent += 1;
    return {
      id: `m-${sent}`,
      destination: 'mainland',
      templateType: 'notification',
      segments: 1,
      status: 'delivered',
      at,
    };
  });
}

/** Reports usage as a gateway does. */
async function send(records: readonly object[]): Promise<unknown> {
  const response = await fetch(`${service.url}/v1/usage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ records }),
  });
  expect(response.status).toBe(200);
  return response.json();
}

async function sendingState(): Promise<Record<string, unknown>> {
  const response = await fetch(`${service.url}/v1/sending`, { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as Record<string, unknown>;
}

/** Says something in a group and waits for the bot's next message there. */
async function ask(userId: string, text: string, conversation = GROUP): Promise<Message> {
  const { seq } = sandbox.say(conversation, userId, text);
  return sandbox.waitForMessage(conversation, (message) => message.from === 'bot', { after: seq });
}

function lastSeq(conversation = GROUP): number {
  return sandbox.messages(conversation).at(-1)?.seq ?? 0;
}

function nextFromBot(after: number, text: RegExp): Promise<Message> {
  return sandbox.waitForMessage(
    GROUP,
    (message) => message.from === 'bot' && text.test(`${message.title} ${message.text}`),
    {
      after,
    },
  );
}

describe('given an account with a plan that is nearly at its threshold', () => {
  let crossing: object[] = [];

  test('when the balance and the quota are asked for, then the answers carry the figures', async () => {
    expect((await ask('lina', '余额')).text).toContain('1,000.00');
    expect((await ask('lina', ' ＱＵＯＴＡ ')).text).toContain('12,000');
  });

  test('when usage crosses the threshold, then the administrator is alerted, a plan is bought, and the alert and its receipt are one message', async () => {
    const before = lastSeq();
    crossing = messages(2_500);
    expect(await send(crossing)).toMatchObject({ accepted: 2_500, duplicates: 0 });
    const alert = await nextFromBot(before, /9,500/);
    expect(alert.mentions).toContain('zhangwei');
    expect(alert.buttons?.length).toBeGreaterThan(0);
    expect(alert.text).toMatch(/800\.00.*29,500/s);
    expect(sandbox.messages(GROUP, { after: alert.seq })).toEqual([]);
    expect(await sendingState()).toMatchObject({ sending: 'allowed', available: '200.00', quota: 29_500 });
  });

  test('when the same usage is reported again, then nothing changes and nothing is said', async () => {
    const before = lastSeq();
    expect(await send(crossing)).toMatchObject({ accepted: 0, duplicates: 2_500 });
    await service.scheduler.tick();
    expect(sandbox.messages(GROUP, { after: before })).toEqual([]);
    expect(await sendingState()).toMatchObject({ quota: 29_500 });
  });

  test('when a member switches auto-renewal off, then an administrator decides by a button and the card shows who', async () => {
    const before = lastSeq();
    sandbox.say(GROUP, 'lina', '自动续费 关');
    const isToApprove = ({ id }: { id: string }) => id.startsWith('approve-');
    const card = await sandbox.waitForMessage(GROUP, (message) => message.buttons?.some(isToApprove) ?? false, {
      after: before,
    });
    expect(card.mentions).toContain('zhangwei');
    // Her own answer, too, before the next one is awaited.
    await sandbox.waitForMessage(GROUP, ({ title }) => /已提交申请/.test(title ?? ''), { after: before });
    const approve = card.buttons?.find(isToApprove);
    const byMember = await sandbox.click(card.outTrackId ?? '', 'lina', approve?.id ?? '');
    expect(byMember.acknowledged).toBe(true);
    // It concerns only who clicked.
    await sandbox.waitForMessage('direct:lina', (message) => /只有本群的管理员/.test(message.text));
    expect((await ask('wangqiang', '自动续费')).text).toMatch(/开/);

    await sandbox.click(card.outTrackId ?? '', 'zhangwei', approve?.id ?? '');
    const decided = await sandbox.waitForMessage(
      GROUP,
      (message) => message.seq === card.seq && /张伟/.test(message.text),
      {
        after: card.seq - 1,
      },
    );
    expect(decided.revision).toBeGreaterThan(card.revision);
    expect(await database.db.kysely.selectFrom('renewal_policies').select('enabled').executeTakeFirst()).toEqual({
      enabled: false,
    });
  });

  test('when the plan is used up and the money runs out, then it is told once each and sending is suspended', async () => {
    const before = lastSeq();
    for (let batch = 0; batch < 4; batch += 1) await send(messages(9_000));
    await nextFromBot(before, /用完|耗尽/);
    await nextFromBot(before, /欠费/);
    expect(await sendingState()).toMatchObject({ sending: 'suspended', standing: 'overdue', quota: 0 });
    await service.scheduler.tick();
    const told = sandbox.messages(GROUP, { after: before }).filter((message) => message.from === 'bot');
    expect(new Set(told.map((message) => message.title)).size).toBe(told.length);
  });

  test('when it is recharged, then sending is restored at once and that is told', async () => {
    const before = lastSeq();
    const { context, db } = service;
    await inTransaction(db, (tx) =>
      recharge(context, tx, { accountId, amount: parseMoney('3000'), key: 'second', by: 'test' }),
    );
    expect(await sendingState()).toMatchObject({ sending: 'allowed', standing: 'clear' });
    await service.scheduler.tick();
    await nextFromBot(before, /恢复/);
  });
});

describe('given a group that is not authorized', () => {
  test('when it asks for data, then it gets none; when it binds with a code, then it does', async () => {
    expect((await ask('lina', '余额', LUNCH_GROUP)).text).not.toContain('1,000.00');
    expect((await ask('lina', '绑定 WRONGCODE', LUNCH_GROUP)).text).toBeTruthy();
    const { context, db } = service;
    const { code } = await inTransaction(db, (tx) => issueGroupCode(context, tx, accountId));
    expect((await ask('lina', `bind ${code}`, LUNCH_GROUP)).text).toContain('示例科技');
    expect((await ask('lina', 'balance', LUNCH_GROUP)).text).toMatch(/¥|CNY/);
  });
});

test('the books are right after all of it: each unit sums to zero, and balance and plans equal their entries', async () => {
  const transfers = await database.db.kysely.selectFrom('transfers').selectAll().execute();
  const sums = new Map<string, bigint>();
  for (const { from_book, to_book, amount } of transfers) {
    sums.set(from_book, (sums.get(from_book) ?? 0n) - amount);
    sums.set(to_book, (sums.get(to_book) ?? 0n) + amount);
  }
  const account = await database.db.kysely.selectFrom('accounts').select('balance').executeTakeFirstOrThrow();
  expect(sums.get('cash')).toBe(account.balance);
  for (const plan of await database.db.kysely.selectFrom('plans').selectAll().execute()) {
    expect(sums.get(`plan:${plan.plan_id}`)).toBe(plan.remaining);
  }
});

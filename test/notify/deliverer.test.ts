import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { Deliverer } from '../../src/notify/deliverer.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertNotice, leaseDueNotices, type NewNotice, NO_ACCOUNT } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';
import { APP, GROUP, LUNCH_GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const logger = pino({ level: 'silent' });

const CARD = '/v1.0/card/instances/createAndDeliver';
const CARD_CHANGE = 'PUT /v1.0/card/instances';
const GROUP_SEND = '/v1.0/robot/groupMessages/send';
const DIRECT_SEND = '/v1.0/robot/oToMessages/batchSend';

const BROKEN = { status: 500, body: { code: 'system.error', message: '系统错误' } };
const FORBIDDEN = {
  status: 403,
  body: { code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied', message: '没有权限' },
};
const TOO_FAST = {
  status: 403,
  body: { code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', message: '太快' },
};

let sandbox: Sandbox;
let clock: ManualClock;
let deliverer: Deliverer;

beforeEach(async () => {
  sandbox = await startTestSandbox({ behaviour: { callsPerSecond: 10_000 } });
  clock = new ManualClock(NOW);
  deliverer = newDeliverer();
});

afterEach(async () => {
  await deliverer.stop();
  await sandbox.stop();
  await db.kysely.deleteFrom('notices').execute();
});

function newDeliverer(): Deliverer {
  const settings = completeSettings({ ...APP, apiBase: sandbox.url, oapiBase: sandbox.url });
  const api = new OpenApi(settings, { timeoutMs: 500 });
  return new Deliverer({ db, messenger: new Messenger(api, settings.cardTemplateId), clock, logger });
}

const BUTTON = { id: 'on', label: '开启', style: 'primary', command: '自动续费 开' } as const;

function aNotice(overrides: Partial<NewNotice> & { title?: string } = {}): NewNotice {
  const { title = '余量不足', ...rest } = overrides;
  return {
    accountId: NO_ACCOUNT,
    key: randomUUID(),
    reason: 'quota_low',
    recipient: `corp/${GROUP}`,
    target: { type: 'group', conversationId: GROUP, directTo: ['zhangwei'] },
    content: {
      title,
      markdown: `#### ${title}\n剩余 **1,000** 条`,
      buttons: [BUTTON],
      hint: '回复「自动续费 开」',
      mentions: [{ userId: 'zhangwei', name: '张伟' }],
    },
    outTrackId: `steward-${randomUUID()}`,
    ...rest,
  };
}

async function queue(overrides: Parameters<typeof aNotice>[0] = {}): Promise<NewNotice> {
  const notice = aNotice(overrides);
  await inTransaction(db, (tx) => insertNotice(tx, notice, clock.now()));
  return notice;
}

async function stored(notice: NewNotice) {
  return db.kysely
    .selectFrom('notices')
    .select(['state', 'form', 'attempts', 'next_attempt_at', 'last_error', 'leased_until'])
    .where('key', '=', notice.key)
    .executeTakeFirstOrThrow();
}

/** Moves the clock to the notice's next attempt and makes it. */
async function attemptAgain(notice: NewNotice): Promise<void> {
  clock.set((await stored(notice)).next_attempt_at);
  await deliverer.deliverDue();
}

const inGroup = () => sandbox.messages(GROUP);
const toAdministrator = () => sandbox.messages('direct:zhangwei');
const callsOf = (path: string) => sandbox.calls.entries.filter((call) => call.path === path);

describe('forms (rule 22)', () => {
  test('given a notice to a group, then it is a card that mentions the administrator and has its buttons', async () => {
    const notice = await queue();
    await deliverer.deliverDue();
    expect(inGroup()).toMatchObject([
      {
        kind: 'card',
        outTrackId: notice.outTrackId,
        mentions: ['zhangwei'],
        buttons: [{ id: 'on', label: '开启' }],
      },
    ]);
    expect(inGroup()[0]?.text).toContain('1,000');
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'card', attempts: 1, leased_until: null });
  });

  test('rule 22: given cards that are not allowed, then it is markdown with the commands in the place of the buttons, at once', async () => {
    sandbox.faults.answerCalls(CARD, FORBIDDEN);
    const notice = await queue();
    await deliverer.deliverDue();
    expect(inGroup()).toMatchObject([{ kind: 'markdown' }]);
    expect(inGroup()[0]?.text).toContain('回复「自动续费 开」');
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'group_markdown', attempts: 1 });
  });

  test('rule 22: given a text that is too large for markdown, then it is a shorter plain text', async () => {
    sandbox.faults.answerCalls(CARD, FORBIDDEN);
    const content = { ...aNotice().content, markdown: '汉'.repeat(6_000) };
    const notice = await queue({ content });
    await deliverer.deliverDue();
    expect(inGroup()).toMatchObject([{ kind: 'text' }]);
    expect(await stored(notice)).toMatchObject({ form: 'group_text' });
  });

  test('rule 22: given a group that is gone, then the administrators are told directly', async () => {
    const target = { type: 'group', conversationId: 'cidGone', directTo: ['zhangwei', 'lina'] } as const;
    const notice = await queue({ target });
    await deliverer.deliverDue();
    expect(toAdministrator()).toMatchObject([{ kind: 'markdown', title: '余量不足' }]);
    expect(sandbox.messages('direct:lina')).toHaveLength(1);
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'direct_markdown' });
  });

  test('rule 22: given forms that have failed for good, then a retry does not try them again', async () => {
    sandbox.faults.answerCalls(DIRECT_SEND, BROKEN);
    const target = { type: 'group', conversationId: 'cidGone', directTo: ['zhangwei'] } as const;
    const notice = await queue({ target });
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'waiting', form: 'direct_markdown' });
    await attemptAgain(notice);
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'direct_markdown' });
    expect(callsOf(CARD)).toHaveLength(1);
    expect(callsOf(GROUP_SEND)).toHaveLength(2);
  });

  test('given more administrators than one call takes, then all are told', async () => {
    const strangers = Array.from({ length: 25 }, (_, n) => `left-${n}`);
    const target = { type: 'group', conversationId: 'cidGone', directTo: [...strangers, 'zhangwei'] } as const;
    const notice = await queue({ target });
    await deliverer.deliverDue();
    expect(toAdministrator()).toHaveLength(1);
    expect(await stored(notice)).toMatchObject({ state: 'delivered' });
  });

  test('given a notice to one person, then it is a card in their conversation; one who left makes it a dead letter', async () => {
    const target = { type: 'direct', userId: 'zhangwei' } as const;
    await queue({ target, recipient: 'corp/zhangwei' });
    const lost = await queue({ target: { type: 'direct', userId: 'left' }, recipient: 'corp/left' });
    await deliverer.deliverDue();
    expect(toAdministrator()).toMatchObject([{ kind: 'card' }]);
    expect(await stored(lost)).toMatchObject({ state: 'dead' });
  });

  test('given an answer without buttons, then it is said by the webhook of the question; when that is over, through the API', async () => {
    sandbox.say(GROUP, 'lina', '余额');
    const reply = {
      type: 'reply',
      conversationKind: 'group',
      conversationId: GROUP,
      userId: 'lina',
      webhook: `${sandbox.url}/robot/sendBySession?session=unknown`,
      webhookExpiresAt: NOW.toString(),
    } as const;
    const notice = await queue({ target: reply, content: { ...aNotice().content, buttons: [] }, outTrackId: null });
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'group_markdown', attempts: 1 });
  });

  test('given a webhook that is not the platform’s, then nothing is sent there', async () => {
    const target = {
      type: 'reply',
      conversationKind: 'group',
      conversationId: 'cidGone',
      userId: null,
      webhook: 'http://169.254.169.254/latest',
      webhookExpiresAt: NOW.toString(),
    } as const;
    const notice = await queue({ target, content: { ...aNotice().content, buttons: [] }, outTrackId: null });
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'dead', attempts: 1 });
  });
});

describe('changing a card (rule 22)', () => {
  test('given a card that was shown, then it changes for everybody and nothing new is posted', async () => {
    const { outTrackId } = await queue();
    await deliverer.deliverDue();
    const content = { ...aNotice().content, markdown: '张伟 已同意', buttons: [] };
    const target = { type: 'card', conversationId: GROUP } as const;
    const change = await queue({ target, content, outTrackId });
    await deliverer.deliverDue();
    expect(inGroup()).toMatchObject([
      { kind: 'card', revision: 1, buttons: [], text: expect.stringContaining('张伟 已同意') },
    ]);
    expect(await stored(change)).toMatchObject({ state: 'delivered', form: 'card_change' });
  });

  test('given a card that was never made, then what it would say is said anew', async () => {
    const change = await queue({ target: { type: 'card', conversationId: GROUP } });
    await deliverer.deliverDue();
    expect(inGroup()).toMatchObject([{ kind: 'markdown' }]);
    expect(await stored(change)).toMatchObject({ form: 'group_markdown' });
  });

  test('given a change that cannot be made for now, then it waits, and the card is changed later', async () => {
    const { outTrackId } = await queue();
    await deliverer.deliverDue();
    sandbox.faults.answerCalls(CARD_CHANGE, BROKEN);
    const change = await queue({ target: { type: 'card', conversationId: GROUP }, outTrackId });
    await deliverer.deliverDue();
    expect(await stored(change)).toMatchObject({ state: 'waiting' });
    await attemptAgain(change);
    expect(inGroup()).toMatchObject([{ revision: 1 }]);
  });
});

describe('retries (rule 22)', () => {
  test('rule 22: given an interface that fails, then the same form is tried again, after growing pauses', async () => {
    sandbox.faults.answerCalls(CARD, BROKEN, 3);
    const notice = await queue();
    await deliverer.deliverDue();
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { state, form, attempts, next_attempt_at } = await stored(notice);
      expect({ state, form, attempts }).toEqual({ state: 'waiting', form: 'card', attempts: attempt });
      pauses.push(clock.now().until(next_attempt_at).total('milliseconds'));
      clock.set(next_attempt_at.subtract({ milliseconds: 1 }));
      await deliverer.deliverDue();
      expect(callsOf(CARD)).toHaveLength(attempt);
      await attemptAgain(notice);
    }
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(1_000 * 2 ** index);
    }
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'card', attempts: 4, last_error: null });
    expect(inGroup()).toMatchObject([{ kind: 'card' }]);
  });

  test('rule 22: given cards that go on failing, then a plainer form says it within seconds, and the next notice is a card again', async () => {
    sandbox.faults.answerCalls(CARD, BROKEN, 4);
    const notice = await queue();
    await deliverer.deliverDue();
    for (let attempt = 2; attempt <= 4; attempt += 1) await attemptAgain(notice);
    expect(inGroup()).toMatchObject([{ kind: 'markdown' }]);
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'group_markdown', attempts: 4 });
    expect(NOW.until(clock.now()).total('seconds')).toBeLessThan(10);
    await queue({ title: '已续费' });
    await deliverer.deliverDue();
    expect(inGroup()).toMatchObject([{ kind: 'markdown' }, { kind: 'card' }]);
  });

  test('rule 22: given everything fails for hours, then nothing is lost, and the best form comes when it works again', async () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) sandbox.faults.answerCalls(route, BROKEN, 1_000);
    const notice = await queue();
    await deliverer.deliverDue();
    for (let attempt = 2; attempt <= 20; attempt += 1) await attemptAgain(notice);
    expect(NOW.until(clock.now()).total('hours')).toBeGreaterThan(1);
    sandbox.faults.clear();
    await attemptAgain(notice);
    expect(inGroup()).toMatchObject([{ kind: 'card' }]);
    expect(toAdministrator()).toEqual([]);
  });

  test('rule 22: given permissions that are missing everywhere, then it waits for a person to grant them', async () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) sandbox.faults.answerCalls(route, FORBIDDEN, 1_000);
    const notice = await queue();
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'waiting', attempts: 1 });
    await attemptAgain(notice);
    sandbox.faults.clear();
    await attemptAgain(notice);
    expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'card' });
  });

  test('rule 23: given the platform says that it was too fast, then its pause is kept', async () => {
    sandbox.faults.answerCalls(CARD, TOO_FAST);
    const notice = await queue();
    await deliverer.deliverDue();
    const { next_attempt_at } = await stored(notice);
    expect(clock.now().until(next_attempt_at).total('seconds')).toBe(2);
    await attemptAgain(notice);
    expect(inGroup()).toMatchObject([{ kind: 'card' }]);
  });

  test.each(['before', 'after'] as const)(
    'promise 5: given a connection that breaks %s the card is made, then there is one card in the end',
    async (when) => {
      sandbox.faults.dropCalls(CARD, when);
      const notice = await queue();
      await deliverer.deliverDue();
      expect(await stored(notice)).toMatchObject({ state: 'waiting', form: 'card' });
      await attemptAgain(notice);
      expect(await stored(notice)).toMatchObject({ state: 'delivered', form: 'card' });
      expect(inGroup().filter(({ outTrackId }) => outTrackId === notice.outTrackId)).toHaveLength(1);
    },
  );

  test('given a call that hangs, then it is given up and tried again', async () => {
    sandbox.faults.hangCalls(CARD);
    const notice = await queue();
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'waiting' });
    await attemptAgain(notice);
    expect(inGroup()).toHaveLength(1);
  });

  test('rule 22: given nothing works to the last attempt, then it is a dead letter that says why', async () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) sandbox.faults.answerCalls(route, BROKEN, 1_000);
    const notice = await queue();
    await deliverer.deliverDue();
    for (let attempt = 2; attempt <= 60; attempt += 1) await attemptAgain(notice);
    const { state, attempts, last_error } = await stored(notice);
    expect({ state, attempts }).toEqual({ state: 'dead', attempts: 60 });
    expect(last_error).toContain('system.error');
  });

  test('given a group that is gone and nobody to tell directly, then it is a dead letter at once', async () => {
    const notice = await queue({ target: { type: 'group', conversationId: 'cidGone', directTo: ['left'] } });
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'dead', attempts: 1 });
  });
});

describe('order and replicas (rule 22)', () => {
  test('given several for one group, then they come in the order in which they were queued', async () => {
    for (const title of ['一', '二', '三', '四']) await queue({ title });
    await deliverer.deliverDue();
    expect(inGroup().map(({ text }) => text[5])).toEqual(['一', '二', '三', '四']);
  });

  test('given the first that has to wait, then the others of its group wait behind it, and another group does not', async () => {
    sandbox.faults.answerCalls(CARD, BROKEN);
    const first = await queue({ title: '一' });
    await queue({ title: '二' });
    await deliverer.deliverDue();
    const other = { type: 'group', conversationId: LUNCH_GROUP, directTo: [] } as const;
    await queue({ target: other, recipient: `corp/${LUNCH_GROUP}` });
    await deliverer.deliverDue();
    expect(inGroup()).toEqual([]);
    expect(sandbox.messages(LUNCH_GROUP)).toHaveLength(1);
    await attemptAgain(first);
    expect(inGroup().map(({ text }) => text[5])).toEqual(['一', '二']);
  });

  test('given two deliverers at once, then each notice is said once, in order', async () => {
    const other = newDeliverer();
    for (let n = 0; n < 12; n += 1) await queue({ title: `${n % 2 ? '乙' : '甲'}${n}`, recipient: `r${n % 2}` });
    await Promise.all([deliverer.deliverDue(), other.deliverDue()]);
    await Promise.all([deliverer.deliverDue(), other.deliverDue()]);
    await other.stop();
    expect(inGroup()).toHaveLength(12);
    expect(callsOf(CARD)).toHaveLength(12);
  });

  test('promise 5: given a process that died while it was saying it, then another says it when the lease is over, as the same card', async () => {
    const notice = await queue();
    const [leased] = await leaseDueNotices(db.kysely, NOW, { limit: 1, leaseUntil: NOW.add({ seconds: 120 }) });
    const settings = completeSettings({ ...APP, apiBase: sandbox.url, oapiBase: sandbox.url });
    if (leased) await new Messenger(new OpenApi(settings), settings.cardTemplateId).say(leased, 'card');
    clock.set(NOW.add({ seconds: 119 }));
    await deliverer.deliverDue();
    expect(callsOf(CARD)).toHaveLength(1);
    clock.set(NOW.add({ seconds: 120 }));
    await deliverer.deliverDue();
    expect(callsOf(CARD)).toHaveLength(2);
    expect(await stored(notice)).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(inGroup()).toHaveLength(1);
  });

  test('given a notice that is queued while others are being said, then the same run says it too', async () => {
    await queue({ title: '一' });
    const running = deliverer.deliverDue();
    await queue({ title: '二' });
    await deliverer.deliverDue();
    await running;
    expect(inGroup()).toHaveLength(2);
  });

  test('given a stopped deliverer, then it says nothing more', async () => {
    await deliverer.stop();
    const notice = await queue();
    await deliverer.deliverDue();
    expect(await stored(notice)).toMatchObject({ state: 'waiting', attempts: 0 });
  });
});

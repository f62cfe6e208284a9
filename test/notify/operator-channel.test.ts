import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { Deliverer } from '../../src/notify/deliverer.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import type { NoticeTarget } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';
import { APP, GROUP, LUNCH_GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { CARD, DeliveryHarness, DIRECT_SEND, FORBIDDEN, GROUP_SEND } from './delivery-harness.ts';

const { db } = await createTestDatabase();
let harness: DeliveryHarness;
let deliverer: Deliverer;
let logged: Record<string, unknown>[];
let dead: string[];

beforeEach(async () => {
  harness = await DeliveryHarness.start(db);
  logged = [];
  dead = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const settings = completeSettings({ ...APP, apiBase: harness.sandbox.url, oapiBase: harness.sandbox.url });
  const messenger = new Messenger(new OpenApi(settings), settings.cardTemplateId, {
    logger,
    mayReply: async (conversationId) => conversationId !== LUNCH_GROUP,
  });
  const onDead = async (_: unknown, letters: readonly { error: string }[]) => {
    dead.push(...letters.map(({ error }) => error));
  };
  deliverer = new Deliverer({ db, messenger, clock: harness.clock, logger, onDead });
});

afterEach(() => harness.stop());

describe('alerts to the operator (rules 5, 8 and 22)', () => {
  const alert = (target: Omit<NoticeTarget & { type: 'operator' }, 'type'>) =>
    harness.queue({ reason: 'books_differ', recipient: 'operator', target: { type: 'operator', ...target } });

  test('given a group of theirs, then it is a card there, and not in the log', async () => {
    const notice = await alert({ conversationId: LUNCH_GROUP, staffIds: ['zhangwei'] });
    await deliverer.deliverDue();
    expect(harness.sandbox.messages(LUNCH_GROUP)).toMatchObject([{ kind: 'card', title: '余量不足' }]);
    expect(harness.toAdministrator()).toEqual([]);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'card' });
    expect(logged).toEqual([]);
  });

  test('given a group that cannot be reached, or none, then they are told directly', async () => {
    await alert({ conversationId: 'cidGone', staffIds: ['zhangwei'] });
    await alert({ conversationId: null, staffIds: ['zhangwei'] });
    await deliverer.deliverDue();
    expect(harness.toAdministrator()).toMatchObject([{ kind: 'markdown' }, { kind: 'markdown' }]);
  });

  test.each([
    ['nothing is configured', null],
    ['nothing can be reached', 'cidGone'],
  ])('given that %s, then it is an error in the log, with its code, and no dead letter', async (_, conversationId) => {
    const notice = await alert({ conversationId, staffIds: [] });
    await deliverer.deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'log' });
    expect(logged).toMatchObject([{ level: 50, code: 'books_differ', msg: 'to the operator: 余量不足' }]);
    expect(dead).toEqual([]);
  });

  test('given a platform that allows nothing, then it is in the log at once, not after half a day', async () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) harness.sandbox.faults.answerCalls(route, FORBIDDEN, 3);
    await alert({ conversationId: GROUP, staffIds: ['zhangwei'] });
    await deliverer.deliverDue();
    expect(logged).toHaveLength(1);
  });

  test('rule 22: given a dead letter, then that is told in the transaction in which it becomes one', async () => {
    await harness.queue({ target: { type: 'group', conversationId: 'cidGone', directTo: [] } });
    await deliverer.deliverDue();
    expect(dead).toEqual([expect.stringContaining('invalid.openConversationId')]);
  });

  test.each([
    ['a zero byte', '坏\u0000了'],
    ['half a character where it is cut', `x${'😀'.repeat(200)}`],
  ])(
    'rule 22: given a platform that answers an error with %s in it, then what became of the notice is recorded all the same',
    async (_, message) => {
      const body = { code: 'contain.notAllowed.text', message };
      for (const route of [CARD, GROUP_SEND, DIRECT_SEND])
        harness.sandbox.faults.answerCalls(route, { status: 400, body }, 9);
      const notice = await harness.queue();
      await deliverer.deliverDue();
      expect(await harness.stored(notice)).toMatchObject({ state: 'dead' });
      expect(dead.every((error) => error.isWellFormed())).toBe(true);
    },
  );
});

describe('the webhook of a conversation', () => {
  const reply = (conversationId: string, webhook: string) => ({
    type: 'reply' as const,
    conversationKind: 'group' as const,
    conversationId,
    userId: 'lina',
    webhook,
    webhookExpiresAt: NOW.add({ minutes: 90 }).toString(),
  });
  const stored = async () => (await db.kysely.selectFrom('notices').select('target').executeTakeFirstOrThrow()).target;
  const sessionOf = (conversationId: string) => {
    harness.sandbox.say(conversationId, 'lina', '余额');
    return `${harness.sandbox.url}/robot/sendBySession?session=x`;
  };

  test('given a reply that was said, then its secret webhook is kept no longer', async () => {
    await harness.queue({ target: reply(GROUP, sessionOf(GROUP)), outTrackId: null });
    expect(await stored()).toHaveProperty('webhook');
    await deliverer.deliverDue();
    expect(await stored()).not.toHaveProperty('webhook');
  });

  test('given one that has expired, then nothing is sent to it, and it is kept no longer while the reply waits', async () => {
    for (const route of [GROUP_SEND, DIRECT_SEND]) harness.sandbox.faults.answerCalls(route, FORBIDDEN, 9);
    const content = { title: '余额', markdown: '余额', buttons: [], hint: '', mentions: [] };
    const notice = await harness.queue({ target: reply(GROUP, sessionOf(GROUP)), outTrackId: null, content });
    harness.clock.set(NOW.add({ minutes: 90 }));
    await deliverer.deliverDue();
    expect((await harness.stored(notice)).state).toBe('waiting');
    expect(await stored()).not.toHaveProperty('webhook');
    expect(harness.callsOf('/robot/sendBySession')).toEqual([]);
  });

  test('rule 23: given more answers in a minute than a conversation may get by it, then the next goes through the API', async () => {
    const content = { title: '余额', markdown: '余额', buttons: [], hint: '', mentions: [] };
    const notice = await harness.queue({
      target: reply(LUNCH_GROUP, sessionOf(LUNCH_GROUP)),
      outTrackId: null,
      content,
    });
    await deliverer.deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'group_markdown', attempts: 1 });
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DingTalkError } from '../../src/dingtalk/errors.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import type { Form } from '../../src/notify/forms.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import { NOW } from '../support/builders.ts';
import { APP, GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import {
  aNotice,
  BROKEN,
  CARD,
  CARD_CHANGE,
  DeliveryHarness,
  DIRECT_SEND,
  FORBIDDEN,
  GROUP_SEND,
  TOO_FAST,
} from './delivery-harness.ts';

const { db } = await createTestDatabase();
let harness: DeliveryHarness;

beforeEach(async () => {
  harness = await DeliveryHarness.start(db);
});

afterEach(() => harness.stop());

describe('forms (rule 22)', () => {
  test('given a notice to a group, then it is a card that mentions the administrator and has its buttons', async () => {
    const notice = await harness.queue();
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([
      {
        kind: 'card',
        outTrackId: notice.outTrackId,
        mentions: ['zhangwei'],
        buttons: [{ id: 'on', label: '开启' }],
      },
    ]);
    expect(harness.inGroup()[0]?.text).toContain('1,000');
    expect(await harness.stored(notice)).toMatchObject({
      state: 'delivered',
      form: 'card',
      attempts: 1,
      leased_until: null,
    });
  });

  test('rule 22: given cards that are not allowed, then it is an action card whose buttons say the commands, which stand in the text too, at once', async () => {
    harness.sandbox.faults.answerCalls(CARD, FORBIDDEN);
    const notice = await harness.queue();
    await harness.deliver();
    const url = `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent('@短信管家 自动续费 开')}`;
    expect(harness.inGroup()).toMatchObject([{ kind: 'actionCard', buttons: [{ label: '开启', url }] }]);
    expect(harness.inGroup()[0]?.text).toContain('回复「自动续费 开」');
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'group_buttons', attempts: 1 });
  });

  test('rule 22: given neither cards nor action cards, then it is markdown with the commands in the place of the buttons', async () => {
    harness.sandbox.faults.answerCalls(CARD, FORBIDDEN);
    harness.sandbox.faults.answerCalls(GROUP_SEND, FORBIDDEN);
    const notice = await harness.queue();
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([{ kind: 'markdown', buttons: [] }]);
    expect(harness.inGroup()[0]?.text).toContain('回复「自动续费 开」');
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'group_markdown', attempts: 1 });
  });

  test.each([1, 2, 5, 6])('given %i buttons, then an action card has as many as the platform takes', async (count) => {
    harness.sandbox.faults.answerCalls(CARD, FORBIDDEN);
    const button = { label: '查', style: 'plain', command: '余额' } as const;
    const buttons = Array.from({ length: count }, (_, index) => ({ ...button, id: `b${index}` }));
    await harness.queue({ content: { ...aNotice().content, buttons } });
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([{ kind: 'actionCard' }]);
    expect(harness.inGroup()[0]?.buttons).toHaveLength(Math.min(count, 5));
  });

  test('rule 22: given a text that is too large, then it is shortened within the limit and keeps its commands', async () => {
    harness.sandbox.faults.answerCalls(CARD, FORBIDDEN);
    const content = { ...aNotice().content, markdown: `${'汉'.repeat(6_000)}\n\n完` };
    const notice = await harness.queue({ content });
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([{ kind: 'actionCard' }]);
    expect(harness.inGroup()[0]?.text).toMatch(/^汉{4500,5000}\n\n…\n\n回复「自动续费 开」$/);
    expect(await harness.stored(notice)).toMatchObject({ form: 'group_buttons', attempts: 1 });
  });

  test('rule 22: given a platform that takes less than it says, then the form is tried with half of it, and with a quarter', async () => {
    const tooLong = { status: 400, body: { code: 'invalidParameter.msgParam.tooLong', message: '过长' } };
    harness.sandbox.faults.answerCalls(CARD, tooLong, 2);
    const content = { ...aNotice().content, markdown: '汉'.repeat(4_000) };
    const notice = await harness.queue({ content });
    await harness.deliver();
    expect(harness.inGroup()[0]?.text).toMatch(/^汉{1000,1250}\n\n…$/);
    expect(await harness.stored(notice)).toMatchObject({ form: 'card', attempts: 1 });
    expect(harness.callsOf(CARD)).toHaveLength(3);
  });

  test('rule 22: given a group that is gone, then the administrators are told directly', async () => {
    const target = { type: 'group', conversationId: 'cidGone', directTo: ['zhangwei', 'lina'] } as const;
    const notice = await harness.queue({ target });
    await harness.deliver();
    expect(harness.toAdministrator()).toMatchObject([{ kind: 'markdown', title: '余量不足' }]);
    expect(harness.sandbox.messages('direct:lina')).toHaveLength(1);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'direct_markdown' });
  });

  test('rule 22: given forms that have failed for good, then a retry does not try them again', async () => {
    harness.sandbox.faults.answerCalls(DIRECT_SEND, BROKEN);
    const target = { type: 'group', conversationId: 'cidGone', directTo: ['zhangwei'] } as const;
    const notice = await harness.queue({ target });
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', form: 'direct_markdown' });
    await harness.attemptAgain(notice);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'direct_markdown' });
    expect(harness.callsOf(CARD)).toHaveLength(1);
    expect(harness.callsOf(GROUP_SEND)).toHaveLength(3);
  });

  test('given more administrators than one call takes, then all are told', async () => {
    const strangers = Array.from({ length: 25 }, (_, n) => `left-${n}`);
    const target = { type: 'group', conversationId: 'cidGone', directTo: [...strangers, 'zhangwei'] } as const;
    const notice = await harness.queue({ target });
    await harness.deliver();
    expect(harness.toAdministrator()).toHaveLength(1);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered' });
  });

  test('given a notice to one person, then it is a card in their conversation; one who left makes it a dead letter', async () => {
    const target = { type: 'direct', userId: 'zhangwei' } as const;
    await harness.queue({ target, recipient: 'corp/zhangwei' });
    const lost = await harness.queue({ target: { type: 'direct', userId: 'left' }, recipient: 'corp/left' });
    await harness.deliver();
    expect(harness.toAdministrator()).toMatchObject([{ kind: 'card' }]);
    expect(await harness.stored(lost)).toMatchObject({ state: 'dead' });
  });

  test('given an answer without buttons, then it is said by the webhook of the question; when that is over, through the API', async () => {
    harness.sandbox.say(GROUP, 'lina', '余额');
    const reply = {
      type: 'reply',
      conversationKind: 'group',
      conversationId: GROUP,
      userId: 'lina',
      webhook: `${harness.sandbox.url}/robot/sendBySession?session=unknown`,
      webhookExpiresAt: NOW.add({ hours: 1 }).toString(),
    } as const;
    const notice = await harness.queue({
      target: reply,
      content: { ...aNotice().content, buttons: [] },
      outTrackId: null,
    });
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'group_markdown', attempts: 1 });
  });

  test('given a webhook that is not the platform’s, then nothing is sent there', async () => {
    const target = {
      type: 'reply',
      conversationKind: 'group',
      conversationId: 'cidGone',
      userId: null,
      webhook: 'http://169.254.169.254/latest',
      webhookExpiresAt: NOW.add({ hours: 1 }).toString(),
    } as const;
    const notice = await harness.queue({ target, content: { ...aNotice().content, buttons: [] }, outTrackId: null });
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'dead', attempts: 1 });
  });
});

describe('changing a card (rule 22)', () => {
  test('given a card that was shown, then it changes for everybody and nothing new is posted', async () => {
    const { outTrackId } = await harness.queue();
    await harness.deliver();
    const content = { ...aNotice().content, markdown: '张伟 已同意', buttons: [] };
    const target = { type: 'card', conversationId: GROUP } as const;
    const change = await harness.queue({ target, content, outTrackId });
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([
      { kind: 'card', revision: 1, buttons: [], text: expect.stringContaining('张伟 已同意') },
    ]);
    expect(await harness.stored(change)).toMatchObject({ state: 'delivered', form: 'card_change' });
  });

  test('given a card that was never made, then what it would say is said anew', async () => {
    const change = await harness.queue({ target: { type: 'card', conversationId: GROUP } });
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([{ kind: 'actionCard' }]);
    expect(await harness.stored(change)).toMatchObject({ form: 'group_buttons' });
  });

  test('given a change that cannot be made for now, then it waits, and the card is changed later', async () => {
    const { outTrackId } = await harness.queue();
    await harness.deliver();
    harness.sandbox.faults.answerCalls(CARD_CHANGE, BROKEN);
    const change = await harness.queue({ target: { type: 'card', conversationId: GROUP }, outTrackId });
    await harness.deliver();
    expect(await harness.stored(change)).toMatchObject({ state: 'waiting' });
    await harness.attemptAgain(change);
    expect(harness.inGroup()).toMatchObject([{ revision: 1 }]);
  });
});

describe('retries (rule 22)', () => {
  test('rule 22: given an interface that fails, then the same form is tried again, after growing pauses', async () => {
    harness.sandbox.faults.answerCalls(CARD, BROKEN, 3);
    const notice = await harness.queue();
    await harness.deliver();
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { state, form, attempts, next_attempt_at } = await harness.stored(notice);
      expect({ state, form, attempts }).toEqual({ state: 'waiting', form: 'card', attempts: attempt });
      pauses.push(harness.clock.now().until(next_attempt_at).total('milliseconds'));
      harness.clock.set(next_attempt_at.subtract({ milliseconds: 1 }));
      await harness.deliver();
      expect(harness.callsOf(CARD)).toHaveLength(attempt);
      await harness.attemptAgain(notice);
    }
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(1_000 * 2 ** index);
    }
    expect(await harness.stored(notice)).toMatchObject({
      state: 'delivered',
      form: 'card',
      attempts: 4,
      last_error: null,
    });
    expect(harness.inGroup()).toMatchObject([{ kind: 'card' }]);
  });

  test('rule 22: given cards that go on failing, then a plainer form says it within seconds, and the next notice is a card again', async () => {
    harness.sandbox.faults.answerCalls(CARD, BROKEN, 4);
    const notice = await harness.queue();
    await harness.deliver();
    for (let attempt = 2; attempt <= 4; attempt += 1) await harness.attemptAgain(notice);
    expect(harness.inGroup()).toMatchObject([{ kind: 'actionCard' }]);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'group_buttons', attempts: 4 });
    expect(NOW.until(harness.clock.now()).total('seconds')).toBeLessThan(10);
    await harness.queue({ title: '已续费' });
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([{ kind: 'actionCard' }, { kind: 'card' }]);
  });

  test('rule 22: given everything fails for hours, then nothing is lost, and the best form comes when it works again', async () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) harness.sandbox.faults.answerCalls(route, BROKEN, 1_000);
    const notice = await harness.queue();
    await harness.deliver();
    for (let attempt = 2; attempt <= 20; attempt += 1) await harness.attemptAgain(notice);
    expect(NOW.until(harness.clock.now()).total('hours')).toBeGreaterThan(1);
    harness.sandbox.faults.clear();
    await harness.attemptAgain(notice);
    expect(harness.inGroup()).toMatchObject([{ kind: 'card' }]);
    expect(harness.toAdministrator()).toEqual([]);
  });

  test('rule 22: given permissions that are missing everywhere, then it waits for a person to grant them', async () => {
    for (const route of [CARD, GROUP_SEND, DIRECT_SEND]) harness.sandbox.faults.answerCalls(route, FORBIDDEN, 1_000);
    const notice = await harness.queue();
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', attempts: 1 });
    await harness.attemptAgain(notice);
    harness.sandbox.faults.clear();
    await harness.attemptAgain(notice);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'card' });
  });

  test('rule 23: given the platform says that it was too fast, then its pause is kept', async () => {
    harness.sandbox.faults.answerCalls(CARD, TOO_FAST);
    const notice = await harness.queue();
    await harness.deliver();
    const { next_attempt_at } = await harness.stored(notice);
    expect(harness.clock.now().until(next_attempt_at).total('seconds')).toBe(2);
    await harness.attemptAgain(notice);
    expect(harness.inGroup()).toMatchObject([{ kind: 'card' }]);
  });

  test.each(['before', 'after'] as const)(
    'promise 5: given a connection that breaks %s the card is made, then there is one card in the end',
    async (when) => {
      harness.sandbox.faults.dropCalls(CARD, when);
      const notice = await harness.queue();
      await harness.deliver();
      expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', form: 'card' });
      await harness.attemptAgain(notice);
      expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'card' });
      expect(harness.inGroup().filter(({ outTrackId }) => outTrackId === notice.outTrackId)).toHaveLength(1);
    },
  );

  test('given forms that take long to fail, then no further one is begun that could outlast the lease, and it is tried again', async () => {
    const notice = await harness.queue();
    const tried: Form[] = [];
    class Slow extends Messenger {
      override async say(...[, form]: Parameters<Messenger['say']>): Promise<void> {
        tried.push(form);
        harness.clock.set(harness.clock.now().add({ seconds: 35 }));
        throw new DingTalkError({ call: 'any', code: 'timeout', kind: 'unknown_outcome' });
      }
    }
    const settings = completeSettings({ ...APP, apiBase: harness.sandbox.url, oapiBase: harness.sandbox.url });
    const deliverer = harness.newDeliverer({ messenger: new Slow(new OpenApi(settings), settings.cardTemplateId) });
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      tried.length = 0;
      harness.clock.set((await harness.stored(notice)).next_attempt_at);
      await deliverer.deliverDue();
    }
    expect(tried).toEqual(['card', 'group_buttons']);
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', form: 'card', attempts: 4 });
  });

  test('given a call that hangs, then it is given up and tried again', async () => {
    harness.sandbox.faults.hangCalls(CARD);
    const notice = await harness.queue();
    await harness.newDeliverer({ messenger: harness.newMessenger(500) }).deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting' });
    await harness.attemptAgain(notice);
    expect(harness.inGroup()).toHaveLength(1);
  });

  test('given a group that is gone and nobody to tell directly, then it is a dead letter at once', async () => {
    const notice = await harness.queue({ target: { type: 'group', conversationId: 'cidGone', directTo: ['left'] } });
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'dead', attempts: 1 });
  });
});

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mergeContents } from '../../src/notify/merge.ts';
import { insertCard, readCard } from '../../src/store/cards.ts';
import { inTransaction } from '../../src/store/database.ts';
import { leaseDueNotices, mergeWaiting } from '../../src/store/notice-queue.ts';
import type { NewNotice, NoticeButton } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';
import { GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { aNotice, BROKEN, CARD, DeliveryHarness, DIRECT_SEND, GROUP_SEND } from './delivery-harness.ts';

const { db } = await createTestDatabase();
let harness: DeliveryHarness;

beforeEach(async () => {
  harness = await DeliveryHarness.start(db);
});

afterEach(() => harness.stop());

const merging = (title: string, overrides: Partial<NewNotice> = {}) =>
  harness.queue({ title, merges: true, ...overrides });
const shown = () =>
  harness.inGroup().map(({ text }) => [...text.matchAll(/#### (\S+)\n剩余/g)].map(([, title]) => title));
const states = async (notices: readonly NewNotice[]) =>
  Promise.all(notices.map(async (notice) => (await harness.stored(notice)).state));

describe('what waits for the same recipient (rule 23)', () => {
  test('rule 23: given several plain announcements, then they are one card with all their words, and all are delivered by it', async () => {
    const notices = [await merging('一'), await merging('二'), await merging('三')];
    await harness.deliver();
    expect(shown()).toEqual([['一', '二', '三']]);
    expect(harness.inGroup()).toMatchObject([{ outTrackId: notices[0]?.outTrackId, title: '一 · 二 · 三' }]);
    expect(await states(notices)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(harness.callsOf(CARD)).toHaveLength(1);
  });

  test('given buttons of several, then the card has each command once, and a click on it finds all of them', async () => {
    const other: NoticeButton = { id: 'on', label: '余额', style: 'plain', command: '余额' };
    const content = { ...aNotice().content, buttons: [...aNotice().content.buttons, other] };
    const first = await merging('一');
    const { outTrackId } = first;
    const card = { outTrackId: outTrackId ?? '', accountId: null, corpId: 'corp', conversationId: GROUP, actsIn: null };
    await inTransaction(db, (tx) => insertCard(tx, { ...card, buttons: first.content.buttons, subject: null }, NOW));
    await merging('二', { content });
    await harness.deliver();
    const buttons = harness.inGroup()[0]?.buttons ?? [];
    expect(buttons.map(({ label }) => label)).toEqual(['开启', '余额']);
    const stored = await readCard(db.kysely, outTrackId ?? '');
    expect(stored?.buttons.map(({ id, command }) => [id, command])).toEqual([
      [buttons[0]?.id, '自动续费 开'],
      [buttons[1]?.id, '余额'],
    ]);
  });

  test('given an answer or a card that is changed later among them, then it stays one of its own, in its place', async () => {
    await merging('一');
    await merging('二');
    await harness.queue({ title: '审批' });
    await merging('三');
    await merging('四');
    await harness.deliver();
    expect(shown()).toEqual([['一', '二'], ['审批'], ['三', '四']]);
  });

  test('given one person who administers two accounts, then they get a card of each: a button acts in the account of its card', async () => {
    const target = { type: 'direct', userId: 'zhangwei' } as const;
    const [one, other] = [randomUUID(), randomUUID()];
    for (const [title, accountId] of [
      ['一', one],
      ['二', one],
      ['三', other],
      ['四', one],
    ] as const)
      await merging(title, { accountId, target, recipient: 'corp/zhangwei' });
    await harness.deliver();
    expect(harness.toAdministrator().map(({ title }) => title)).toEqual(['一 · 二', '三', '四']);
  });

  test('given alerts to the operator about several accounts, then they are one card', async () => {
    const target = { type: 'operator', conversationId: GROUP, staffIds: [] } as const;
    for (const title of ['一', '二']) await merging(title, { accountId: randomUUID(), target, recipient: 'operator' });
    await harness.deliver();
    expect(shown()).toEqual([['一', '二']]);
  });

  test('given one alone, then it is said as it is', async () => {
    await merging('一');
    await harness.deliver();
    expect(harness.inGroup()).toMatchObject([{ title: '一', text: '#### 一\n剩余 **1,000** 条' }]);
  });

  test.each(['before', 'after'] as const)(
    'promise 5: given a connection that breaks %s the merged card is made, then the same card is asked for again, and what came later is the next one',
    async (when) => {
      harness.sandbox.faults.dropCalls(CARD, when);
      const notices = [await merging('一'), await merging('二')];
      await harness.deliver();
      expect(await states(notices)).toEqual(['waiting', 'waiting']);
      notices.push(await merging('三'));
      for (const notice of notices.slice(0, 1)) await harness.attemptAgain(notice);
      expect(await states(notices)).toEqual(['delivered', 'delivered', 'delivered']);
      expect(shown()).toEqual([['一', '二'], ['三']]);
    },
  );

  test('given one that was tried alone, then what came later is not put into its card', async () => {
    harness.sandbox.faults.answerCalls(CARD, BROKEN);
    const first = await merging('一');
    await harness.deliver();
    await merging('二');
    await merging('三');
    await harness.attemptAgain(first);
    expect(shown()).toEqual([['一'], ['二', '三']]);
  });

  test('promise 5: given a process that died after it had said them, then another says the same card, which is there once', async () => {
    const notices = [await merging('一'), await merging('二')];
    const [parcel] = await leaseDueNotices(db.kysely, NOW, { limit: 1, leaseUntil: NOW.add({ seconds: 120 }) });
    const room = { leaseUntil: NOW.add({ seconds: 120 }), maxNotices: 20, maxBytes: 12_000 };
    const leader = parcel?.leader;
    if (!leader) throw new Error('there is one to lease');
    const merged = await inTransaction(db, (tx) => mergeWaiting(tx, leader, NOW, room));
    expect(merged).toHaveLength(1);
    const content = mergeContents([leader, ...merged].map((notice) => notice.content));
    await harness.newMessenger().say({ ...leader, content }, 'card');
    notices.push(await merging('三'));
    harness.clock.set(NOW.add({ seconds: 120 }));
    await harness.deliver();
    expect(await states(notices)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(shown()).toEqual([['一', '二'], ['三']]);
    expect(harness.callsOf(CARD)).toHaveLength(3);
  });

  test('given more than a message holds, then there are several, in order, and nothing is cut', async () => {
    const content = { ...aNotice().content, markdown: '汉'.repeat(1_500) };
    for (const title of ['一', '二', '三', '四']) await merging(title, { content: { ...content, title } });
    await harness.deliver();
    expect(harness.inGroup().map(({ title }) => title)).toEqual(['一 · 二', '三 · 四']);
  });

  test('given a merged card that nobody gets, then each of its notices is a dead letter', async () => {
    const target = { type: 'group', conversationId: 'cidGone', directTo: [] } as const;
    const notices = [await merging('一', { target }), await merging('二', { target })];
    await harness.deliver();
    expect(await states(notices)).toEqual(['dead', 'dead']);
  });

  test('given forms that fail for all of them, then the merged text is said in the next form, with the commands of all', async () => {
    for (const route of [CARD, GROUP_SEND])
      harness.sandbox.faults.answerCalls(route, { status: 400, body: { code: 'param.contentUnsafe' } }, 3);
    await merging('一');
    await merging('二', { target: { type: 'group', conversationId: GROUP, directTo: ['lina'] } });
    await harness.deliver();
    expect(harness.callsOf(DIRECT_SEND)).toHaveLength(1);
    for (const person of ['zhangwei', 'lina']) {
      const [message] = harness.sandbox.messages(`direct:${person}`);
      expect(message?.text).toMatch(/#### 一.*#### 二.*回复「自动续费 开」$/s);
    }
  });
});

describe('the words of a merged message', () => {
  const content = aNotice().content;

  test('given parts that close with the same words, then those that follow each other say them once, at the end', () => {
    const parts = [
      '甲。\n\n截至 12:00',
      '乙。\n\n截至 12:00',
      '丙。\n\n截至 12:01',
      '丁。\n\n截至 12:00',
      '截至 12:00',
    ];
    expect(mergeContents(parts.map((markdown, index) => ({ ...content, title: `${index}`, markdown }))).markdown).toBe(
      [
        '#### 0\n\n甲。',
        '#### 1\n\n乙。\n\n截至 12:00',
        '#### 2\n\n丙。\n\n截至 12:01',
        '#### 3\n\n丁。\n\n截至 12:00',
        '#### 4\n\n截至 12:00',
      ].join('\n\n'),
    );
  });

  test('given many titles, then the push shows the first ones and how many more there are', () => {
    const titles = Array.from({ length: 9 }, (_, index) => ({ ...content, title: `第 ${index} 条通知的标题` }));
    expect(mergeContents(titles).title).toMatch(/^第 0 条通知的标题 · .* \+[1-9]$/);
    expect(mergeContents(titles).title.length).toBeLessThan(70);
  });

  test('given more buttons than a card shows well, then those that act stay before those that only show', () => {
    const buttons = Array.from(
      { length: 10 },
      (_, index): NoticeButton => ({
        id: `b${index}`,
        label: `${index}`,
        style: index === 9 ? 'danger' : 'plain',
        command: `命令 ${index}`,
      }),
    );
    const kept = mergeContents([{ ...content, buttons }, content]).buttons.map(({ command }) => command);
    expect(kept).toHaveLength(6);
    expect(kept).toContain('命令 9');
    expect(kept).toContain('自动续费 开');
  });
});

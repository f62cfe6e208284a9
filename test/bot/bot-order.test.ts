import { describe, expect, it } from 'vitest';
import { ConversationQueue } from '../../src/bot/conversation-queue.ts';
import { waitForBlocked } from '../support/database-waits.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, MEMBER } from './bot-world.ts';

const { db } = await createTestDatabase();

describe('ConversationQueue', () => {
  it('given work for one conversation, then each piece waits for the one before, also when that fails', async () => {
    const queue = new ConversationQueue();
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    const first = queue.run('a', async () => {
      await gate.promise;
      done.push('first');
      throw new Error('first');
    });
    const second = queue.run('a', async () => done.push('second'));
    await queue.run('b', async () => done.push('elsewhere'));
    expect(done).toEqual(['elsewhere']);
    expect([queue.isIdle('a'), queue.isIdle('b')]).toEqual([false, true]);
    gate.resolve();
    await expect(first).rejects.toThrow('first');
    await second;
    expect(done).toEqual(['elsewhere', 'first', 'second']);
    expect(queue.isIdle('a')).toBe(true);
  });
});

describe('Bot: what is said back to back', () => {
  it('given a command that takes long, then the next ones of its conversation are answered after it, and others are not held up', async () => {
    const world = await new BotWorld(db).setUp();
    const other = await new BotWorld(db).setUp();
    const release = await world.holdAccount();
    const said = [world.message(ADMIN, '自动续费 关'), world.message(MEMBER, '自动续费'), world.message(ADMIN, '余额')];
    const answered = said.map((message) => world.bot.handleMessage(message));
    await waitForBlocked(db, 1);
    await world.bot.handleMessage(other.message(ADMIN, '余额', { conversationId: other.group }));
    expect(await other.notices('reply')).toHaveLength(1);
    expect(await world.notices('reply')).toEqual([]);
    await release();
    await Promise.all(answered);
    const replies = await world.notices('reply');
    expect(replies.map(({ key }) => key.split('/').at(-1))).toEqual(said.map(({ messageId }) => messageId));
    expect(replies[1]?.content.title).toBe('自动续费：已关闭');
  });

  it('given a click right after a message, then it is answered after it', async () => {
    const world = await new BotWorld(db).setUp();
    const card = await world.say(ADMIN, '自动续费');
    const release = await world.holdAccount();
    const typed = world.message(ADMIN, '自动续费 关');
    const click = world.aClick('lina', card.outTrackId, 'quota');
    const answered = [world.bot.handleMessage(typed), world.bot.handleClick(click)];
    await waitForBlocked(db, 1);
    await release();
    await Promise.all(answered);
    const keys = (await world.notices('reply')).map(({ key }) => key.split('dingcorp/')[1]);
    expect(keys.slice(-2)).toEqual([typed.messageId, `click/${click.messageId}`]);
  });
});

describe('Bot: a command that takes longer than a moment', () => {
  it('given a held account, then who waits is told so once, before the answer, whatever replica the message reaches', async () => {
    const world = await new BotWorld(db, { patienceMs: 1 }).setUp();
    const replica = world.anotherBot(undefined, db, 1);
    const release = await world.holdAccount();
    const message = world.message(ADMIN, '自动续费 关');
    const answered = [world.bot, replica].map((bot) => bot.handleMessage(message));
    await eventually(async () => expect(await world.notices('processing')).toHaveLength(1));
    const more = world.bot.handleMessage(world.message(ADMIN, '自动续费'));
    const others = world.bot.handleMessage(world.message(MEMBER, '自动续费'));
    await eventually(async () => expect(await world.notices('processing')).toHaveLength(2));
    await release();
    await Promise.all([...answered, more, others]);
    const told = await world.notices();
    const reasons = told.map(({ reason }) => reason).filter((reason) => ['reply', 'processing'].includes(reason));
    expect(reasons).toEqual(['processing', 'processing', 'reply', 'reply', 'reply']);
    const [first, second] = await world.notices('processing');
    expect(first?.content).toMatchObject({ title: '收到，正在处理…', mentions: [{ userId: 'zhangwei' }], buttons: [] });
    expect(first?.content.markdown).toContain('正在处理「自动续费 关」');
    expect(second?.content.mentions).toEqual([{ userId: 'lina', name: '李娜' }]);
  });

  it('given an answer that comes at once, then nothing else is said', async () => {
    const world = await new BotWorld(db).setUp();
    await world.say(MEMBER, '余额');
    expect(await world.notices('processing')).toEqual([]);
  });

  it('given what was said later, when it takes long again, then it is told again', async () => {
    const world = await new BotWorld(db, { patienceMs: 1 }).setUp();
    for (const [round, text] of ['自动续费 关', '自动续费 开'].entries()) {
      const release = await world.holdAccount();
      const answered = world.bot.handleMessage(world.message(ADMIN, text));
      await eventually(async () => expect(await world.notices('processing')).toHaveLength(round + 1));
      await release();
      await answered;
    }
  });
});

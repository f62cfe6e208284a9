import { describe, expect, it } from 'vitest';
import { authorizeGroup } from '../../src/services/groups.ts';
import { inTransaction } from '../../src/store/database.ts';
import { deleteGroup } from '../../src/store/groups.ts';
import { NO_ACCOUNT } from '../../src/store/notices.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, MEMBER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) => new BotWorld(db).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;

describe('Bot: clicks', () => {
  it('given a button, when it is pressed, then its command runs as that person, answered in the group', async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '余量');
    const answer = await world.click('lina', card.outTrackId, 'balance');
    expect(answer.content.title).toBe('余额：可用 ¥6,000.00');
    expect(answer).toMatchObject({
      accountId: world.accountId,
      recipient: `${CORP}/${world.group}`,
      target: { type: 'group', conversationId: world.group, directTo: ['lina'] },
      content: { mentions: [{ userId: 'lina' }] },
    });
  });

  it('given the same click twice, then it has one effect; two clicks are two', async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '自动续费');
    const click = world.aClick('zhangwei', card.outTrackId, 'auto-renew-off');
    await Promise.all([world.bot.handleClick(click), world.anotherBot().handleClick(click)]);
    expect(read(await world.answerTo(`click/${click.messageId}`))).toContain('已关闭，立即生效');
    expect(read(await world.click('zhangwei', card.outTrackId, 'auto-renew-off'))).toContain('本来就是关闭的');
  });

  it('given a button that an administrator has, when a member presses it, then it is a request (rule 16)', async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '自动续费');
    expect(read(await world.click('lina', card.outTrackId, 'auto-renew-off'))).toContain('已提交申请');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given parameters that claim something else, then they are ignored: what was stored with the card counts', async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '余量');
    const params = { command: '自动续费 关', action: 'auto-renew-off', userId: 'zhangwei' };
    expect((await world.click('lina', card.outTrackId, 'balance', { params })).content.title).toContain('余额');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given a direct conversation, when its card is pressed, then the answer goes there', async () => {
    const world = await aWorld();
    const card = await world.say(MEMBER, '今天天气', world.direct(MEMBER));
    const answer = await world.click('lina', card.outTrackId, 'help', { conversationId: null });
    expect(answer).toMatchObject({ target: { type: 'direct', userId: 'lina' }, content: { mentions: [] } });
    expect(answer.content.title).toBe('短信管家：你在这里可以做什么');
  });

  describe('that are forged or stray are answered to the clicker alone, and change nothing', () => {
    async function refused(world: BotWorld, answer: QueuedNotice, clicker: string, reason: string): Promise<void> {
      expect(read(answer)).toContain(reason);
      expect(read(answer)).toContain('没有任何改动');
      expect(answer.target).toEqual({ type: 'direct', userId: clicker });
      expect(answer.accountId).toBe(NO_ACCOUNT);
      expect(JSON.stringify(answer.content)).not.toMatch(/¥|示例科技/);
      expect(await world.isAutoRenewalOn()).toBe(true);
      expect(await world.notices('approval_requested')).toEqual([]);
    }

    it('given a card that does not exist', async () => {
      const world = await aWorld();
      await refused(world, await world.click('zhangwei', 'steward-guess', 'auto-renew-off'), 'zhangwei', '已经失效');
    });

    it('given a button that the card does not have', async () => {
      const world = await aWorld();
      const card = await world.say(ADMIN, '余量');
      for (const action of ['auto-renew-off', 'approve-7F3K', '自动续费 关', '__proto__', '']) {
        await refused(world, await world.click('zhangwei', card.outTrackId, action), 'zhangwei', '没有这个按钮');
      }
    });

    it("given the card of another group, even by that group's administrator", async () => {
      const world = await aWorld();
      const card = await world.say(ADMIN, '自动续费');
      const stray = world.click('zhangwei', card.outTrackId, 'auto-renew-off', { conversationId: 'cidElsewhere' });
      await refused(world, await stray, 'zhangwei', '另一个会话');
    });

    it('given the card of a group, pressed as if it were in a direct conversation', async () => {
      const world = await aWorld();
      const card = await world.say(ADMIN, '自动续费');
      const stray = world.click('zhangwei', card.outTrackId, 'auto-renew-off', { conversationId: null });
      await refused(world, await stray, 'zhangwei', '另一个会话');
    });

    it("given somebody else's direct card", async () => {
      const world = await aWorld();
      const card = await world.say(MEMBER, '今天天气', world.direct(MEMBER));
      const stray = world.click('wangqiang', card.outTrackId, 'help', { conversationId: null });
      await refused(world, await stray, 'wangqiang', '另一个会话');
    });

    it('given a card of another organization', async () => {
      const world = await aWorld();
      const card = await world.say(ADMIN, '自动续费');
      const click = world.aClick('zhangwei', card.outTrackId, 'auto-renew-off', { corpId: 'another' });
      await world.bot.handleClick(click);
      const answer = (await world.allNotices()).find(({ key }) => key === `reply/another/click/${click.messageId}`);
      expect(answer && read(answer)).toContain('已经失效');
      expect(await world.isAutoRenewalOn()).toBe(true);
    });
  });

  it('given a group that is another account’s by now, then the cards of the first one change nothing there, and tell nothing', async () => {
    const [former, present] = [await aWorld(), await aWorld({ group: false })];
    const card = await former.say(ADMIN, '自动续费');
    await inTransaction(db, async (tx) => {
      await deleteGroup(tx, { corpId: CORP, conversationId: former.group });
      await authorizeGroup(present.context, tx, {
        ...{ conversation: { corpId: CORP, conversationId: former.group }, title: '短信运维群' },
        ...{ language: 'zh-CN', actor: ADMIN, accountId: present.accountId },
      });
    });
    const answer = await former.click('zhangwei', card.outTrackId, 'auto-renew-off');
    expect(read(answer)).toContain('之前绑定的账户');
    expect(answer).toMatchObject({ target: { type: 'direct', userId: 'zhangwei' }, accountId: NO_ACCOUNT });
    expect([await former.isAutoRenewalOn(), await present.isAutoRenewalOn()]).toEqual([true, true]);
  });

  it('given a group that is no longer authorized, then its old cards tell nothing', async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '余量');
    await db.kysely.deleteFrom('groups').where('conversation_id', '=', world.group).execute();
    expect(read(await world.click('zhangwei', card.outTrackId, 'balance'))).toContain('还没有授权');
  });

  describe('and the name of who clicked', () => {
    it.each([
      ['from the directory', async () => '李 娜\u202e', '李 娜'],
      ['the staff id where the directory knows nobody', async () => undefined, 'lina'],
      [
        'the staff id where the directory fails',
        async () => {
          throw new Error('directory down');
        },
        'lina',
      ],
    ])('is %s', async (_, nameOf, expected) => {
      const world = await new BotWorld(db, { nameOf }).setUp();
      const card = await world.say(ADMIN, '自动续费');
      await world.click('lina', card.outTrackId, 'auto-renew-off');
      const [request] = await world.notices('approval_requested');
      expect(request?.content.title).toContain(`${expected} 申请`);
    });

    it('is what the group knows of its administrators, without asking the directory', async () => {
      const asked: string[] = [];
      const nameOf = async (staffId: string) => {
        asked.push(staffId);
        return 'someone';
      };
      const world = await new BotWorld(db, { nameOf }).setUp();
      const card = await world.say(ADMIN, '余量');
      const answer = await world.click('zhangwei', card.outTrackId, 'balance');
      expect(answer.content.mentions).toEqual([{ userId: 'zhangwei', name: '张伟' }]);
      expect(asked).toEqual([]);
    });
  });
});

import { describe, expect, it } from 'vitest';
import { authorizeGroup } from '../../src/services/groups.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertAdministrator, readAdministrators, readGroup } from '../../src/store/groups.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const NAMES: Readonly<Record<string, string>> = { lina: '李娜', liuyang: '刘洋' };
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) =>
  new BotWorld(db, { nameOf: async (staffId) => NAMES[staffId] }).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const commands = ({ content }: QueuedNotice) => content.buttons.map(({ command }) => command);
const mention = (...staffIds: (string | null)[]) => ({
  mentions: staffIds.map((staffId) => ({ dingtalkId: `dt-${staffId}`, staffId })),
});
const here = (world: BotWorld) => ({ corpId: CORP, conversationId: world.group });
const administrators = async (world: BotWorld) =>
  (await readAdministrators(db.kysely, here(world))).map(({ name }) => name).toSorted();
const press = (world: BotWorld, who: string, card: QueuedNotice, index = 0) =>
  world.click(who, card.outTrackId, card.content.buttons[index]?.id ?? '');
const addAdministrator = (world: BotWorld, person: { staffId: string; name: string }) =>
  inTransaction(db, (tx) => insertAdministrator(tx, here(world), person, world.clock.now()));

describe('Bot: the group in one card', () => {
  it.each([
    ['群', ['示例科技', '张伟', '群里', '中文', '已开启', '10,000 条'], '自动续费 关'],
    ['group', ['示例科技', '张伟', 'the group', '中文', 'is on', '10,000 segments'], 'auto-renew off'],
  ])(
    'given %s, then it shows binding, administrators, auto-renewal, alerts and language, with the switch',
    async (text, expected, toggle) => {
      const world = await aWorld();
      const answer = await world.say(MEMBER, text);
      for (const words of expected) expect(read(answer)).toContain(words);
      expect(commands(answer)[0]).toBe(toggle);
      expect(read(await press(world, 'zhangwei', answer))).toMatch(/已关闭|is off/);
      expect(await world.isAutoRenewalOn()).toBe(false);
    },
  );
});

describe('Bot: administrators', () => {
  it("given one is added by mention, then it is confirmed, and who they are is the platform's word, not the name in the text", async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '管理员 添加 @张伟', mention('lina'));
    expect(read(card)).toContain('李娜');
    expect(await administrators(world)).toEqual(['张伟']);
    await press(world, 'zhangwei', card);
    expect(await administrators(world)).toEqual(['张伟', '李娜'].toSorted());
    expect(read(await world.say(MEMBER, '自动续费 关'))).toContain('已关闭，立即生效');
  });

  it.each([
    ['管理员 移除 @李娜', mention('lina')],
    ['管理员 移除 lina', {}],
    ['管理员 移除 李娜', {}],
    ['admins remove lina', {}],
  ])('given %s, then their rights end with the confirmation', async (text, overrides) => {
    const world = await aWorld();
    await addAdministrator(world, MEMBER);
    const card = await world.say(ADMIN, text, overrides);
    expect(read(card)).toContain('李娜');
    await press(world, 'zhangwei', card);
    expect(await administrators(world)).toEqual(['张伟']);
    expect(read(await world.say(MEMBER, '自动续费 关'))).toContain('已提交申请');
  });

  it('given the list, then everyone sees it, and its buttons remove one with a card to confirm', async () => {
    const world = await aWorld();
    await addAdministrator(world, { staffId: 'LiNa01', name: '李娜' });
    const answer = await world.say(EXTERNAL, '管理员');
    expect(read(answer)).toContain('管理员：2 位');
    const list = await world.say(ADMIN, 'admins');
    const index = commands(list).indexOf('admins remove LiNa01');
    expect(index, 'the id as it is, capitals too').toBeGreaterThanOrEqual(0);
    await press(world, 'zhangwei', await press(world, 'zhangwei', list, index));
    expect(await administrators(world)).toEqual(['张伟']);
  });

  it('given the last one, then they stay, and the answer says what to do', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '管理员 移除 张伟'))).toContain('最后一位管理员，不能移除');
    expect(await administrators(world)).toEqual(['张伟']);
  });

  it('given an external person, several at once, or somebody who is none, then it is refused kindly', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '管理员 添加 @赵敏', mention(null)))).toContain('只有本组织的成员可以做管理员');
    expect(read(await world.say(ADMIN, '管理员 添加 @李娜 @刘洋', mention('lina', 'liuyang')))).toContain('一次只能');
    expect(read(await world.say(ADMIN, '管理员 移除 @李娜', mention('lina')))).toContain('没有 李娜');
    expect(read(await world.say(ADMIN, '管理员 移除 nobody'))).toContain('没有 nobody');
    expect(read(await world.say(ADMIN, '管理员 添加 @张伟', mention('zhangwei')))).toContain('已经是本群的管理员');
    expect(read(await world.say(EXTERNAL, '管理员 添加 @李娜', mention('lina')))).toContain('只有本组织的成员可以做');
    expect(await administrators(world)).toEqual(['张伟']);
  });

  it('given nobody is named, then it is asked for', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '管理员 添加'))).toContain('请 @ 这位同事');
    const question = await world.say(ADMIN, '管理员 移除');
    expect(commands(question)).toEqual(['管理员 移除 zhangwei']);
  });

  it('given a member, then it becomes a request', async () => {
    const world = await aWorld();
    expect(read(await world.say(MEMBER, '管理员 添加 @李娜', mention('lina')))).toContain('等 张伟 批准');
    const [card] = await world.notices('approval_requested');
    if (card) await press(world, 'zhangwei', card);
    expect(await administrators(world)).toEqual(['张伟', '李娜'].toSorted());
  });
});

describe('Bot: unbinding', () => {
  it('given the last group, then the card says what ends and warns, and afterwards nothing is answered there', async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '解绑');
    expect(read(card)).toContain('不能再查询余额');
    expect(read(card)).toContain('最后一个群');
    expect(await readGroup(db.kysely, here(world))).toBeDefined();
    const answer = await press(world, 'zhangwei', card);
    expect(read(answer)).toContain('已解绑');
    expect(await readGroup(db.kysely, here(world))).toBeUndefined();
    const changed = (await world.notices('approval_decided')).find(({ outTrackId }) => outTrackId === card.outTrackId);
    expect(changed?.content.buttons, 'its own card says so').toEqual([]);
    for (const text of ['余额', '记录', '设置', '管理员', '群', '解绑']) {
      const refused = await world.say(ADMIN, text);
      expect(read(refused), text).toContain('还没有授权');
      expect(read(refused), text).not.toContain('示例科技');
    }
    expect(read(await press(world, 'zhangwei', card))).toContain('还没有授权');
  });

  it('given another group, then it is told who unbound which, and the card says that one is left', async () => {
    const world = await aWorld();
    const second = { corpId: CORP, conversationId: `${world.group}-second` };
    await inTransaction(db, (tx) =>
      authorizeGroup(world.context, tx, {
        conversation: second,
        title: '二群',
        language: 'en',
        actor: ADMIN,
        accountId: world.accountId,
      }),
    );
    const card = await world.say(ADMIN, 'unbind');
    expect(read(card)).toContain('other group is told');
    await press(world, 'zhangwei', card);
    const told = await world.notices('group_unbound');
    expect(told.map(({ recipient }) => recipient)).toEqual([`${CORP}/${second.conversationId}`]);
    expect(told[0] && read(told[0])).toContain('短信运维群');
  });

  it('given a member or an external person, then the group stays bound', async () => {
    const world = await aWorld();
    expect(read(await world.say(MEMBER, '解绑'))).toContain('等 张伟 批准');
    expect(read(await world.say(EXTERNAL, '解绑'))).toContain('只有本组织的成员可以做');
    expect(await readGroup(db.kysely, here(world))).toBeDefined();
  });
});

describe('Bot: history', () => {
  it('given what was done, then it is told with who, what and what came of it, the newest first', async () => {
    const world = await aWorld();
    await world.say(MEMBER, '设置 阈值 20000');
    const [card] = await world.notices('approval_requested');
    if (card) await press(world, 'zhangwei', card);
    await world.say(ADMIN, '自动续费 关');
    const text = read(await world.say(EXTERNAL, '记录'));
    expect(text).toMatch(
      /张伟 关闭自动续费[\s\S]*张伟 批准 李娜 的申请 [2-9A-Z]{4}：把「阈值」改为 20,000 条[\s\S]*充值 ¥5,000\.00/,
    );
    expect(read(await world.say(MEMBER, 'history'))).toContain('张伟: turn auto-renewal off');
  });

  it('given more than a page, then a button and a number lead to the older ones, and back', async () => {
    const world = await aWorld();
    for (let count = 0; count < 6; count += 1) await world.say(ADMIN, count % 2 === 0 ? '自动续费 关' : '自动续费 开');
    const first = await world.say(ADMIN, '记录');
    expect(commands(first)).toEqual(['记录 2']);
    const second = await press(world, 'lina', first);
    expect(read(second)).toContain('第 2 页');
    expect(read(second)).toContain('开通账户');
    expect(commands(second)).toEqual(['记录 1']);
    expect(read(await world.say(ADMIN, '记录 第2页'))).toBe(read(second));
    expect(read(await world.say(ADMIN, '记录 999'))).toContain('第 999 页没有记录');
    expect(read(await world.say(ADMIN, '记录 昨天'))).toContain('没看懂「昨天」');
  });
});

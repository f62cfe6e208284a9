import { describe, expect, it } from 'vitest';
import { readAdministrators, readGroup } from '../../src/store/groups.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const anUnboundWorld = () => new BotWorld(db).setUp({ group: false });
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const refOf = (world: BotWorld) => ({ corpId: CORP, conversationId: world.group });

describe('Bot: binding a group', () => {
  it.each([
    ['绑定 ', 'zh-CN', '已绑定账户：示例科技'],
    ['绑定', 'zh-CN', '已绑定账户：示例科技'],
    ['bind ', 'en', 'Bound to account 示例科技'],
  ] as const)(
    'given %sCODE, then the group is authorized, in that language, and who said it is its administrator',
    async (word, language, title) => {
      const world = await anUnboundWorld();
      const answer = await world.say(MEMBER, word + (await world.groupCode()));
      expect(answer.content.title).toBe(title);
      expect(answer.content.markdown).toContain('李娜');
      expect(await readGroup(db.kysely, refOf(world))).toMatchObject({ accountId: world.accountId, language });
      expect(await readAdministrators(db.kysely, refOf(world))).toEqual([MEMBER]);
      expect((await world.say(MEMBER, '余额')).content.title).toContain('¥6,000.00');
    },
  );

  it('given the code in small letters with a hyphen and full-width, then it is the same code', async () => {
    const world = await anUnboundWorld();
    const code = (await world.groupCode()).toLowerCase();
    const spelled = `${code.slice(0, 4)}-${code.slice(4)}`.replaceAll(/[a-z0-9]/g, (c) =>
      String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0),
    );
    expect((await world.say(ADMIN, `绑定　${spelled}。`)).content.title).toContain('已绑定');
  });

  it('given no code, then the answer says how to get one', async () => {
    const world = await anUnboundWorld();
    expect(read(await world.say(ADMIN, '绑定'))).toContain('npm run cli -- group code');
  });

  it('given wrong codes up to the limit, then each is an answer, and then even the right one has to wait', async () => {
    const world = await anUnboundWorld();
    const code = await world.groupCode();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect(read(await world.say(ADMIN, `绑定 WRONG${attempt}`))).toContain('绑定码不对');
    }
    expect(read(await world.say(ADMIN, `绑定 ${code}`))).toContain('错误次数太多');
    expect(read(await world.say(ADMIN, `bind ${code}`))).toContain('Too many wrong codes');
    expect(await readGroup(db.kysely, refOf(world))).toBeUndefined();

    world.clock.set(world.clock.now().add({ minutes: 15, seconds: 1 }));
    expect(read(await world.say(ADMIN, `绑定 ${await world.groupCode()}`))).toContain('已绑定');
  });

  it('given a wrong code pushed twice, then it counts once', async () => {
    const world = await anUnboundWorld();
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const message = world.message(ADMIN, '绑定 WRONG');
      await world.bot.handleMessage(message);
      await world.bot.handleMessage(message);
    }
    expect(read(await world.say(ADMIN, `绑定 ${await world.groupCode()}`))).toContain('已绑定');
  });

  it('given a code that was used, or is older than 15 minutes, then it is a wrong code', async () => {
    const world = await anUnboundWorld();
    const used = await world.groupCode();
    await world.say(ADMIN, `绑定 ${used}`, { conversationId: `${world.group}-first` });
    expect(read(await world.say(ADMIN, `绑定 ${used}`))).toContain('绑定码不对');
    const old = await world.groupCode();
    world.clock.set(world.clock.now().add({ minutes: 15 }));
    expect(read(await world.say(ADMIN, `绑定 ${old}`))).toContain('绑定码不对');
  });

  it('given a group that is bound, then nothing is changed, and the code is still good', async () => {
    const world = await new BotWorld(db).setUp();
    const code = await world.groupCode();
    expect(read(await world.say(MEMBER, `绑定 ${code}`))).toContain('本群已绑定：示例科技');
    expect(await readAdministrators(db.kysely, refOf(world))).toEqual([ADMIN]);
    expect(read(await world.say(ADMIN, `绑定 ${code}`, { conversationId: `${world.group}-new` }))).toContain(
      '已绑定账户',
    );
  });

  it('given a direct conversation, then the answer asks for the group, and the code is still good', async () => {
    const world = await anUnboundWorld();
    const code = await world.groupCode();
    expect(read(await world.say(ADMIN, `绑定 ${code}`, world.direct(ADMIN)))).toContain('请在群里绑定');
    expect(read(await world.say(ADMIN, `绑定 ${code}`))).toContain('已绑定');
  });

  it('given an external person with the right code, then they are refused, and the code is still good', async () => {
    const world = await anUnboundWorld();
    const code = await world.groupCode();
    expect(read(await world.say(EXTERNAL, `绑定 ${code}`))).toContain('只有本组织的成员可以做');
    expect(await readGroup(db.kysely, refOf(world))).toBeUndefined();
    expect(read(await world.say(ADMIN, `绑定 ${code}`))).toContain('已绑定');
  });

  it('given a name and a group title with control characters, then they are stored clean', async () => {
    const world = await anUnboundWorld();
    const person = { staffId: 'odd', name: 'A\u0000\u202eB\n**C**' };
    const text = `绑定 ${await world.groupCode()}`;
    const answer = await world.say(person, text, { conversationTitle: '群\u0000\u2066\n名' });
    expect(answer.content.markdown).toContain('A B ＊＊C＊＊');
    expect(await readGroup(db.kysely, refOf(world))).toMatchObject({ title: '群 名' });
    expect(await readAdministrators(db.kysely, refOf(world))).toEqual([{ staffId: 'odd', name: 'A B **C**' }]);
  });
});

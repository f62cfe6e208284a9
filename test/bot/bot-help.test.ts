import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/bot/commands/index.ts';
import { parse } from '../../src/bot/parse.ts';
import zhCn from '../../src/bot/texts/zh-CN.ts';
import { text } from '../../src/bot/texts.ts';
import type { CommandName } from '../../src/bot/vocabulary.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, EXTERNAL, MEMBER } from './bot-world.ts';

const { db } = await createTestDatabase();
const NAMES = Object.keys(COMMANDS) as CommandName[];

describe('help', () => {
  it('given all that help says to anybody anywhere, then every command is in it, with something to type', async () => {
    for (const language of ['zh-CN', 'en'] as const) {
      const word = language === 'en' ? 'help' : '帮助';
      const world = await new BotWorld(db).setUp({ language });
      const unbound = new BotWorld(db);
      const said = [
        await world.say(ADMIN, word),
        await world.say(MEMBER, word),
        await unbound.say(MEMBER, word),
        await world.say(MEMBER, word, world.direct(MEMBER)),
      ].map(({ content }) => content.markdown);
      for (const name of NAMES) {
        const line = text(language, `help.${name}`);
        expect({ name, isSaid: said.some((markdown) => markdown.includes(line)) }).toEqual({ name, isSaid: true });
        const [, example = ''] = /\*\*(.+?)\*\*/.exec(line) ?? [];
        expect({ example, parsed: parse(example) }).toMatchObject({
          example,
          parsed: { type: 'command', command: name },
        });
      }
    }
  });

  it('given a member, then what only administrators may do is not offered, and who they are is said', async () => {
    const world = await new BotWorld(db).setUp();
    const member = (await world.say(MEMBER, '帮助')).content.markdown;
    const administrator = (await world.say(ADMIN, '帮助')).content.markdown;
    for (const line of [zhCn['help.approve'], zhCn['help.reject']]) {
      expect(administrator).toContain(line);
      expect(member).not.toContain(line);
    }
    expect(member).toContain('由管理员（张伟）决定');
    expect(member).toContain(zhCn['help.topic.request.member']);
    expect(administrator).toContain(zhCn['help.topic.request.administrator']);
  });

  it('given somebody of another organization, then only questions are offered', async () => {
    const world = await new BotWorld(db).setUp();
    const { markdown } = (await world.say(EXTERNAL, '帮助')).content;
    expect(markdown).toContain(zhCn['help.balance']);
    expect(markdown).not.toContain(zhCn['help.auto-renew']);
    expect(markdown).not.toContain(zhCn['help.topic.request.member']);
  });

  it('given a question mark alone, then it is help, in the language of the group', async () => {
    for (const language of ['zh-CN', 'en'] as const) {
      const world = await new BotWorld(db).setUp({ language });
      for (const mark of ['?', '？', ' ？？ ']) {
        expect((await world.say(MEMBER, mark)).content.title).toBe(text(language, 'help.title'));
      }
    }
  });
});

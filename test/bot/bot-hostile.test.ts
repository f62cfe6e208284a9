import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VOCABULARY } from '../../src/bot/vocabulary.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { accountState, changedTables } from './account-state.ts';
import { ADMIN, BotWorld, EXTERNAL, MEMBER } from './bot-world.ts';
import { hostileText } from './hostile-text.ts';
import { structureOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();

/** Arguments that are nearly figures, dates, codes or names, and text that wants to be more. */
const hostileArgument = fc.oneof(
  hostileText(),
  fc.constantFrom(
    ...[
      '-1',
      '9'.repeat(400),
      '1e309',
      '0x7f',
      'NaN',
      '٥٠٠٠',
      '5OOO',
      '½',
      '5²',
      '1'.repeat(30),
      '0.000000001',
      '１，０００，０',
    ],
    ...['2026-13', '9999-12', '2026-02-30', '0月', '13月', '__proto__', 'constructor', 'toString', 'null', 'undefined'],
    ...["'; drop table accounts; --", '%00', '../../etc/passwd', '{{7*7}}', '@zhangwei', '@all', 'on off'],
    ...['\u202e5000', '5\u0000000', '🈹', 'Ⅳ', '二〇二六年十三月', '一百万亿亿'],
  ),
);

describe('hostile input', () => {
  it('given any command with any argument from somebody who may do nothing, then nothing changes and nothing fails', async () => {
    const world = await new BotWorld(db).setUp();
    const state = () => accountState(db, world.accountId, [world.group]);
    const before = await state();
    const names = Object.values(VOCABULARY).flatMap((words) => [words['zh-CN'][0], words.en[0]]);
    let said = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), hostileArgument, async (name, argument) => {
        await world.bot.handleMessage(world.message(EXTERNAL, `${name} ${argument}`));
        said += 1;
      }),
      { numRuns: 300 },
    );
    expect(changedTables(before, await state())).toEqual([]);
    expect(await world.notices('reply')).toHaveLength(said);
    expect(world.log).toEqual([]);
  });

  it('given any command with any argument from an administrator or a member, then it is answered and nothing fails', async () => {
    const world = await new BotWorld(db).setUp();
    const words = Object.values(VOCABULARY).filter(({ takesArgument }) => takesArgument);
    const names = words.flatMap((entry) => [entry['zh-CN'][0], entry.en[0]]);
    const speakers = fc.constantFrom(ADMIN, MEMBER);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), hostileArgument, speakers, async (name, argument, speaker) => {
        await world.bot.handleMessage(world.message(speaker, `${name} ${argument}`));
      }),
      { numRuns: 200 },
    );
    expect(world.log).toEqual([]);
  });

  it('given a name with markup, mentions and control characters, then an answer looks as it does for anybody', async () => {
    const world = await new BotWorld(db).setUp();
    const plain = structureOf((await world.say(MEMBER, '帮助')).content.markdown);
    await fc.assert(
      fc.asyncProperty(hostileText(), async (name) => {
        const { content } = await world.say({ ...MEMBER, name }, '帮助');
        expect(structureOf(content.markdown)).toEqual(plain);
        expect(content.mentions.map(({ userId }) => userId)).toEqual(['lina']);
      }),
      { numRuns: 60 },
    );
  });

  it('given clicks with forged parameters, actions and ids, then only the button that was shown counts', async () => {
    const world = await new BotWorld(db).setUp();
    const card = await world.say(ADMIN, '自动续费');
    const before = await accountState(db, world.accountId, [world.group]);
    await fc.assert(
      fc.asyncProperty(hostileText(), fc.dictionary(hostileText(), fc.anything()), async (actionId, forged) => {
        const params = { ...forged, command: '自动续费 关', actionId: 'auto-renew-off' };
        const shown = card.content.buttons.some(({ id }) => id === actionId);
        fc.pre(!shown && actionId !== '');
        await world.click('zhangwei', card.outTrackId, actionId, { params });
      }),
      { numRuns: 60 },
    );
    await world.click('zhangwei', card.outTrackId, 'quota', { params: { command: '自动续费 关' } });
    expect(changedTables(before, await accountState(db, world.accountId, [world.group]))).toEqual([]);
    expect(await world.isAutoRenewalOn()).toBe(true);
  });
});

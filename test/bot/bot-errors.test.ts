import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHAT_ERRORS, chatError } from '../../src/bot/errors.ts';
import { Writer } from '../../src/bot/writer.ts';
import type { ErrorArguments, ErrorDetails } from '../../src/domain/error-sentences.ts';
import { RuleError } from '../../src/domain/errors.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, MEMBER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;

/** In the bot's reach, but not in a chat's: an account that a group is bound to exists, and the others would be defects. */
const NOT_IN_CHAT = ['account_unknown', 'ledger_conflict', 'money_malformed', 'offer_unknown', 'plan_conflict'];

/** Also with a code that there is not. */
function anError(code: string, details: ErrorDetails = {}): RuleError {
  return new RuleError(...([code, '', details] as unknown as ErrorArguments));
}

/** The files that the bot runs, itself included. */
function reach(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const source = readFileSync(file, 'utf8');
  for (const [, target = ''] of source.matchAll(/^(?:import|export) (?!type )[^;]*? from '(\.[^']+\.ts)'/gm)) {
    reach(join(dirname(file), target), found);
  }
  return found;
}

/** Every code with which something that the bot runs can refuse. */
function refusedCodes(): string[] {
  const codes = [...reach(join(import.meta.dirname, '../../src/bot/bot.ts'))].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/new (?:Rule|Input)Error\(\s*'([a-z_]+)'/g)].map(([, code = '']) => code),
  );
  return [...new Set(codes)].toSorted();
}

describe('Bot: what a rule refuses', () => {
  it('given every code that a rule can refuse with, then a chat has words for it, or never meets it', () => {
    const told = [...Object.keys(CHAT_ERRORS), ...NOT_IN_CHAT];
    expect(refusedCodes().length).toBeGreaterThan(8);
    expect(refusedCodes().filter((code) => !told.includes(code))).toEqual([]);
    expect(Object.keys(CHAT_ERRORS).filter((code) => !refusedCodes().includes(code))).toEqual([]);
  });

  it('given each code that a chat can meet, then it is told in both languages', () => {
    const details = {
      code: '7F3K',
      state: 'on',
      offer: '5 万条',
      segments: '1',
      threshold: '2',
      max: '3',
      currency: 'USD',
    };
    for (const code of Object.keys(CHAT_ERRORS)) {
      const chinese = chatError(
        new Writer({ language: 'zh-CN', currency: 'CNY', timeZone: 'UTC' }),
        anError(code, details),
      );
      const english = chatError(
        new Writer({ language: 'en', currency: 'CNY', timeZone: 'UTC' }),
        anError(code, details),
      );
      expect(chinese).toMatch(/\p{Script=Han}/u);
      expect(english?.replace('5 万条', '')).toMatch(/^[^\p{Script=Han}]{20,}$/u);
      expect(`${chinese}${english}`).not.toMatch(/\{\{|error\./);
    }
  });

  it('given a code that nobody foresaw, then there are no words for it', () => {
    const writer = new Writer({ language: 'en', currency: 'CNY', timeZone: 'UTC' });
    for (const code of ['ledger_conflict', 'toString', '__proto__']) {
      expect(chatError(writer, anError(code))).toBeUndefined();
    }
  });

  it('given a refusal, then what was done before it is rolled back, and the message has its one answer', async () => {
    const world = await new BotWorld(db).setUp({ policy: { enabled: false, threshold: 60_000n } });
    const before = await world.state();
    const message = world.message(MEMBER, '自动续费 开');
    await world.bot.handleMessage(message);
    await world.bot.handleMessage(message);
    expect(await world.state()).toEqual(before);
    expect(read(await world.answerTo(message.messageId))).toContain('没有执行');
    expect(world.log).toEqual([]);
  });
});

describe('Bot: what nobody foresaw', () => {
  it('given a defect half-way, then nothing is changed, and the answer has a reference that is in the log', async () => {
    const world = await new BotWorld(db).setUp();
    const before = await world.state();
    world.composeDefect = new TypeError('cannot read 自动续费 关 of 李娜');
    const answer = await world.say(MEMBER, '自动续费 关');
    const [, reference] = /编号 ([2-9A-HJ-NP-Z]{6}) /.exec(read(answer)) ?? [];
    expect(read(answer)).toContain('什么都没有改动');
    expect(reference).toBeDefined();
    expect(await world.state()).toEqual(before);
    expect(await world.notices('approval_requested')).toEqual([]);
    expect(world.wakes).toEqual(['deliver']);

    const log = world.log.join('');
    expect(log).toContain(reference);
    expect(log).toContain('TypeError');
    expect(log).toMatch(/at .*bot-errors\.test\.ts/);
    expect(log, 'no content').not.toMatch(/自动续费|李娜|session=/);
  });

  it('given a defect in English, then the answer is in English, and saying it again works once the defect is gone', async () => {
    const world = await new BotWorld(db).setUp();
    world.composeDefect = new Error('x');
    expect(read(await world.say(MEMBER, 'auto-renew off'))).toContain('nothing was changed');
    world.composeDefect = undefined;
    expect(read(await world.say(MEMBER, 'auto-renew off'))).toContain('Request');
  });

  it('given a click that meets a defect, then the clicker is told in the group', async () => {
    const world = await new BotWorld(db).setUp();
    const card = await world.say(ADMIN, '自动续费');
    world.composeDefect = new Error('x');
    const answer = await world.click('lina', card.outTrackId, 'auto-renew-off');
    expect(read(answer)).toContain('出了点问题');
    expect(answer.target).toMatchObject({ type: 'group', conversationId: world.group });
    expect(await world.isAutoRenewalOn()).toBe(true);
  });
});

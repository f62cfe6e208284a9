import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance } from '../../src/bot/edit-distance.ts';
import { type Parsed, parse } from '../../src/bot/parse.ts';
import { commandText, SWITCH_WORDS, switchOf, switchText, VOCABULARY } from '../../src/bot/vocabulary.ts';
import { hostileText } from './hostile-text.ts';

/** `balance`, `auto-renew on`, or for what is not understood `? 余额 余量`. */
function short(parsed: Parsed): string {
  if (parsed.type === 'empty') return '';
  if (parsed.type === 'unknown') return ['?', ...parsed.suggestions.map(({ text }) => text)].join(' | ');
  return `${parsed.language ?? '-'} ${parsed.command} ${parsed.argument}`.trim();
}

describe('parse', () => {
  it.each([
    // Names in both languages
    ['帮助', 'zh-CN help'],
    ['help', 'en help'],
    ['余额', 'zh-CN balance'],
    ['balance', 'en balance'],
    ['余量', 'zh-CN quota'],
    ['quota', 'en quota'],
    ['价格', 'zh-CN price'],
    ['套餐价格', 'zh-CN price'],
    ['Prices?', 'en price'],
    ['自动续费', 'zh-CN auto-renew'],
    ['auto-renew', 'en auto-renew'],
    ['审批', 'zh-CN approvals'],
    ['approvals', 'en approvals'],
    // Arguments, with and without a space
    ['自动续费 开', 'zh-CN auto-renew 开'],
    ['自动续费关', 'zh-CN auto-renew 关'],
    ['自动续费：关闭', 'zh-CN auto-renew 关闭'],
    ['auto-renew on', 'en auto-renew on'],
    ['Auto Renew  OFF', 'en auto-renew off'],
    ['关闭自动续费', 'zh-CN auto-renew off'],
    ['开启自动续费', 'zh-CN auto-renew on'],
    ['turn off auto-renewal', 'en auto-renew off'],
    ['绑定 ABCD2345', 'zh-CN bind abcd2345'],
    ['绑定ABCD-2345', 'zh-CN bind abcd-2345'],
    ['bind: abcd 2345', 'en bind abcd 2345'],
    ['批准 7F3K', 'zh-CN approve 7f3k'],
    ['批准7F3K', 'zh-CN approve 7f3k'],
    ['审批通过 7F3K', 'zh-CN approve 7f3k'],
    ['approve 7f3k', 'en approve 7f3k'],
    ['不同意 7F3K', 'zh-CN reject 7f3k'],
    ['reject 7F3K', 'en reject 7f3k'],
    ['批准', 'zh-CN approve'],
    // Width, case, spaces, slashes, punctuation, invisible characters
    ['　余　额　', 'zh-CN balance'],
    ['ＢＡＬＡＮＣＥ', 'en balance'],
    ['/余额', 'zh-CN balance'],
    ['／ｈｅｌｐ', 'en help'],
    ['余额？', 'zh-CN balance'],
    ['余量！！', 'zh-CN quota'],
    ['「余额」', 'zh-CN balance'],
    ['HeLp.', 'en help'],
    ['余\u200b额\n', 'zh-CN balance'],
    ['@短信管家 余额', 'zh-CN balance'],
    ['批准　７Ｆ３Ｋ。', 'zh-CN approve 7f3k'],
    // Traditional characters, other words, sounds, small talk
    ['餘額', 'zh-CN balance'],
    ['自動續費 關', 'zh-CN auto-renew 关'],
    ['拒絕 7F3K', 'zh-CN reject 7f3k'],
    ['查余额', 'zh-CN balance'],
    ['余额查询', 'zh-CN balance'],
    ['余额 查询', 'zh-CN balance'],
    ['yue', 'zh-CN balance'],
    ['余额是多少？', 'zh-CN balance 是多少'],
    ['余量还有多少条', 'zh-CN quota 还有多少条'],
    // Not taken for a switch
    ['自动续费关了吗', 'zh-CN auto-renew 关了吗'],
    // Near misses
    ['余颔', '? | 余额 | 余量'],
    ['余', '? | 余额 | 余量'],
    ['balanse', '? | balance'],
    ['qouta', '? | quota'],
    ['hepl', '? | help'],
    ['自动徐费关', '? | 自动续费 关'],
    ['pizun 7F3K', '? | 批准 7F3K'],
    ['aprove 7f3k', '? | approve 7F3K'],
    ['请问余额还有多少', '? | 余额'],
    ['please show the balance', '? | balance'],
    ['余额宝收益', '? | 余额'],
    ['balance sheet', '? | balance'],
    ['请关闭自动续费', '? | 自动续费 关'],
    // Nothing near
    ['今天天气怎么样', '?'],
    ['lorem ipsum dolor', '?'],
    ['helpme', '? | help'],
    // A question mark alone, in the group's language
    ['?', '- help'],
    ['？', '- help'],
    [' ？？ ', '- help'],
    ['/?', '- help'],
    ['@短信管家 ？', '- help'],
    ['？。', ''],
    // Digits of other kinds are not those that they look like
    ['批准 ７Ｆ３Ｋ', 'zh-CN approve 7f3k'],
    ['批准 ⑦f3k', 'zh-CN approve ⑦f3k'],
    ['自动续费 5²', 'zh-CN auto-renew 5²'],
    // Nothing at all
    ['', ''],
    [' 　\n', ''],
    ['\u200b\u202e', ''],
  ])('%j is read as %j', (text, expected) => {
    expect(short(parse(text))).toBe(expected);
  });

  it('given the text of any button, then it is read as that command in that language', () => {
    for (const language of ['zh-CN', 'en'] as const) {
      for (const name of Object.keys(VOCABULARY) as (keyof typeof VOCABULARY)[]) {
        expect(parse(commandText(language, name))).toMatchObject({
          type: 'command',
          command: name,
          language,
          argument: '',
        });
      }
      for (const state of ['on', 'off'] as const) {
        const parsed = parse(switchText(language, state));
        expect(parsed).toMatchObject({ type: 'command', command: 'auto-renew', language });
        expect(parsed.type === 'command' && switchOf(parsed.argument)).toBe(state);
      }
      for (const name of ['approve', 'reject'] as const) {
        const expected = { type: 'command', command: name, language, argument: '7f3k' };
        expect(parse(commandText(language, name, '7F3K'))).toMatchObject(expected);
      }
    }
  });

  it('given an argument, then it is also known as it was typed', () => {
    const typed = (text: string) => {
      const parsed = parse(text);
      return parsed.type === 'command' ? parsed.argumentAsTyped : undefined;
    };
    expect(typed('拒绝 7F3K 等Q3預算 Approved。')).toBe('7F3K 等Q3預算 Approved');
    expect(typed('Reject: 7F3K İstanbul')).toBe('7F3K İstanbul');
    expect(typed('余额')).toBe('');
  });

  it('given every word for a command, then it is read as that command: no word stands for two', () => {
    for (const [name, words] of Object.entries(VOCABULARY)) {
      for (const word of [...words['zh-CN'], ...words.en, words.pinyin]) {
        expect({ word, parsed: parse(word) }).toMatchObject({ word, parsed: { type: 'command', command: name } });
      }
    }
    const switches = [...SWITCH_WORDS.on['zh-CN'], ...SWITCH_WORDS.on.en].filter((word) => switchOf(word) !== 'on');
    expect(switches).toEqual([]);
  });

  it('given any text, then it is read without failing, and so is every suggestion', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        const parsed = parse(text);
        if (parsed.type !== 'unknown') return;
        expect(parsed.suggestions.length).toBeLessThanOrEqual(2);
        for (const suggestion of parsed.suggestions) {
          expect(parse(suggestion.text)).toMatchObject({ type: 'command', command: suggestion.command });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('given a megabyte of text, then it is read at once', () => {
    for (const piece of ['余', 'balance ', ' ', '@a ', 'ﷺ', '「']) {
      expect(['unknown', 'empty', 'command']).toContain(parse(piece.repeat(1_000_000 / piece.length)).type);
    }
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', '', 3],
    ['quota', 'qouta', 1],
    ['balance', 'balanse', 1],
    ['余额', '余量', 1],
    ['help', 'hellp', 1],
    ['help', 'hlep', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

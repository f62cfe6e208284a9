import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeMarkdown, plainLine } from '../../src/bot/markdown.ts';
import { hostileText } from './hostile-text.ts';
import { structureOf } from './markdown-structure.ts';

describe('plainLine', () => {
  it.each([
    ['line breaks become spaces', 'a\nb\r\n\tc\u2028d', 'a b c d'],
    ['bidirectional overrides are dropped', '\u202eabc\u202c \u2066x\u2069\u200f', 'abc x'],
    ['invisible marks are dropped', 'a\u200bb\ufeffc\u00add\u{e0041}', 'abcd'],
    ['NUL, which the database refuses, is dropped', 'a\u0000b', 'a b'],
    ['half a surrogate pair becomes the replacement character', 'a\ud83d', 'a\ufffd'],
    ['an emoji of several people stays whole', '👨‍👩‍👧', '👨‍👩‍👧'],
    ['spaces around are dropped', '  李娜 ', '李娜'],
  ])('%s', (_, text, expected) => {
    expect(plainLine(text, 40)).toBe(expected);
  });

  it('given a long text, when it is cut, then it ends with an ellipsis and no character is torn apart', () => {
    expect(plainLine('一'.repeat(50), 10)).toBe(`${'一'.repeat(9)}…`);
    expect(plainLine(`${'a'.repeat(7)}👨‍👩‍👧b`, 10)).toBe('aaaaaaa…');
    expect(plainLine('a'.repeat(10), 10)).toBe('a'.repeat(10));
  });

  it('given any text, then the result is one line of limited length that reads the same again', () => {
    fc.assert(
      fc.property(hostileText(), fc.integer({ min: 1, max: 60 }), (text, length) => {
        const line = plainLine(text, length);
        expect([...line].length).toBeLessThanOrEqual(length);
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(line.isWellFormed()).toBe(true);
        expect(plainLine(line, length)).toBe(line);
      }),
    );
  });
});

describe('escapeMarkdown', () => {
  it.each([
    ['[点我](https://evil.example)', '［点我］(https：//evil．example)'],
    ['**大** `code` _x_', '＊＊大＊＊ ｀code｀ ＿x＿'],
    ['<font color=red>x</font>', '＜font color＝red＞x＜/font＞'],
    ['dtmd://dingtalkclient/sendMessage', 'dtmd：//dingtalkclient/sendMessage'],
    ['@zhangwei', '＠zhangwei'],
    ['1) 第一', '1） 第一'],
    ['- 李娜', '－ 李娜'],
    ['---', '－－－'],
    ['-5', '-5'],
    ['2.5 万', '2.5 万'],
    ['国内短信 5 万条（12.5% 折扣）', '国内短信 5 万条（12.5% 折扣）'],
    ['', '—'],
  ])('%s reads as %s', (text, expected) => {
    expect(escapeMarkdown(text, 60)).toBe(expected);
  });

  it('given any text inside a sentence, then the sentence has the structure that it has with a plain name', () => {
    const frames: ((value: string) => string)[] = [
      (value) => `**${value}** 申请 **关闭自动续费** 。`,
      (value) => `套餐「${value}」还剩 **5 条** 。`,
      (value) => `- **余量** ：${value}\n- 余额`,
      (value) => `Request **${value}**: ${value}, rejected.`,
      (value) => `${value}，你可以 **查询** 。`,
    ];
    fc.assert(
      fc.property(hostileText(), fc.constantFrom(...frames), (text, frame) => {
        expect(structureOf(frame(escapeMarkdown(text, 40)))).toBe(structureOf(frame('张伟')));
      }),
      { numRuns: 1_000 },
    );
  });
});

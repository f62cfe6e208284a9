import { describe, expect, test } from 'vitest';
import { csvRow } from '../../src/cli/csv.ts';

describe('csvRow', () => {
  test.each([
    ['plain text', 'text', 'text'],
    ['nothing', null, ''],
    ['a comma', 'a,b', '"a,b"'],
    ['quotes', 'say "hi"', '"say ""hi"""'],
    ['a line break', 'a\r\nb', '"a\r\nb"'],
    ['Chinese', '国内短信', '国内短信'],
    ['a negative amount', '-45.005', '-45.005'],
    ['a formula', '=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['a formula with a plus', '+1+1', "'+1+1"],
    ['a formula with a minus', '-1+cmd', "'-1+cmd"],
    ['a formula with an at sign', '@SUM(1)', "'@SUM(1)"],
    ['a formula in full width', '＝1+1', "'＝1+1"],
    ['a formula behind blanks and marks that cannot be seen', ' \t\u200b=1', "' \t\u200b=1"],
  ])('given %s, then it stays itself and does nothing', (_, cell, expected) => {
    expect(csvRow([cell, 'x'])).toBe(`${expected},x`);
  });
});

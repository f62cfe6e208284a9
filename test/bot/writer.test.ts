import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownMarkdown } from '../../src/bot/markdown.ts';
import { Writer } from '../../src/bot/writer.ts';
import { moneyToDecimal, parseMoney } from '../../src/domain/money.ts';
import { at, yuan } from '../support/builders.ts';

const chinese = new Writer({ language: 'zh-CN', currency: 'CNY', timeZone: 'Asia/Shanghai' });
const english = new Writer({ language: 'en', currency: 'CNY', timeZone: 'Asia/Shanghai' });

describe('Writer: money', () => {
  it.each([
    ['0', '¥0.00'],
    ['1234.5', '¥1,234.50'],
    ['-12.5', '-¥12.50'],
    ['0.045', '¥0.045'],
    ['0.000001', '¥0.000001'],
    ['999999999999.999999', '¥999,999,999,999.999999'],
  ])('given %s, then it reads %s in both languages', (amount, expected) => {
    expect(chinese.money(yuan(amount))).toBe(expected);
    expect(english.money(yuan(amount))).toBe(expected);
  });

  it('given any amount, then reading it back gives the same amount: no digit is lost (rule 7)', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }), (amount) => {
        expect(parseMoney(chinese.money(amount).replaceAll(/[¥,]/g, ''))).toBe(amount);
      }),
    );
  });

  it.each([
    ['12.34', '¥12.34'],
    ['12.3401', '¥12.35'],
    ['0.000001', '¥0.01'],
    ['0', '¥0.00'],
  ])('given that %s is missing, then at least %s has to be paid', (amount, expected) => {
    expect(chinese.payable(yuan(amount))).toBe(expected);
  });

  it('given any amount that is missing, then what has to be paid covers it and is less than a fen more', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), (amount) => {
        const paid = parseMoney(chinese.payable(amount).replaceAll(/[¥,]/g, ''));
        expect(paid >= amount && paid - amount < 10_000n, moneyToDecimal(amount)).toBe(true);
      }),
    );
  });

  it('given an estimate, then it is told to the fen, and exactly below one', () => {
    expect(chinese.estimate(yuan('41.666667'))).toBe('¥41.67');
    expect(chinese.estimate(yuan('0.0012'))).toBe('¥0.0012');
  });

  it('given another currency, then its own sign tells it apart', () => {
    const dollars = { currency: 'USD', timeZone: 'Asia/Shanghai' } as const;
    expect(new Writer({ ...dollars, language: 'zh-CN' }).money(yuan('5'))).toBe('US$5.00');
    expect(new Writer({ ...dollars, language: 'en' }).money(yuan('5'))).toBe('$5.00');
  });
});

describe('Writer: numbers, days and times', () => {
  it('given segments, then they are grouped, exact and in the plural where English has one', () => {
    expect(chinese.segments(123_456_789_012_345_678_901n)).toBe('123,456,789,012,345,678,901 条');
    expect(english.segments(1n)).toBe('1 segment');
    expect(english.segments(0n)).toBe('0 segments');
    expect(english.segments(12_000n)).toBe('12,000 segments');
  });

  it.each([
    [0, '不到 1 天', 'less than a day'],
    [0.9, '不到 1 天', 'less than a day'],
    [1, '约 1 天', 'about 1 day'],
    [1.19, '约 1.1 天', 'about 1.1 days'],
    [30, '约 30 天', 'about 30 days'],
    [366, '一年以上', 'more than a year'],
  ])('given an estimate of %d days, then it reads %s, %s', (days, zh, en) => {
    expect(chinese.aboutDays(days)).toBe(zh);
    expect(english.aboutDays(days)).toBe(en);
  });

  it('given a time, then it is told in the time zone of the account', () => {
    const time = at('2026-12-31T23:59');
    expect(chinese.time(time)).toBe('2026年12月31日 23:59');
    expect(english.time(time)).toBe('Dec 31, 2026, 23:59');
    const utc = new Writer({ language: 'en', currency: 'CNY', timeZone: 'UTC' });
    expect(utc.asOf(time, 'Acme')).toBe('As of Dec 31, 2026, 15:59 (GMT+0) · Acme');
  });

  it('given names to choose from, then they are listed with an or', () => {
    const names = ['张伟', '李娜', '王强'].map(ownMarkdown);
    expect(chinese.anyOf(names)).toBe('张伟、李娜或王强');
    expect(english.anyOf(names)).toBe('张伟, 李娜, or 王强');
  });
});

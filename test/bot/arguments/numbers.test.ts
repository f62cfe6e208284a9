import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chineseNumber } from '../../../src/bot/arguments/chinese-numbers.ts';
import { amountOf, numberOf } from '../../../src/bot/arguments/numbers.ts';
import { moneyToDecimal } from '../../../src/domain/money.ts';
import { hostileText } from '../hostile-text.ts';

describe('numberOf', () => {
  it.each([
    ['0', 0n],
    ['5000', 5_000n],
    ['5,000', 5_000n],
    ['5，000', 5_000n],
    ['５０００', 5_000n],
    ['1,234,567', 1_234_567n],
    ['5千', 5_000n],
    ['5 千', 5_000n],
    ['0.5万', 5_000n],
    ['０．５万', 5_000n],
    ['1.2亿', 120_000_000n],
    ['2千万', 20_000_000n],
    ['3百万条', 3_000_000n],
    ['5k', 5_000n],
    ['5K', 5_000n],
    ['5w', 50_000n],
    ['2m', 2_000_000n],
    ['2 million', 2_000_000n],
    ['1.50万', 15_000n],
    ['1万2千', 12_000n],
    ['1万5000', 15_000n],
    ['5000条', 5_000n],
    ['5000 条', 5_000n],
    ['5,000 segments', 5_000n],
    ['1 segment', 1n],
    ['五千', 5_000n],
    ['五千条', 5_000n],
    ['两万', 20_000n],
    ['一万二', 12_000n],
    ['三千五', 3_500n],
    ['十二', 12n],
    ['一亿五', 150_000_000n],
    ['伍仟', 5_000n],
    ['五〇〇〇', 5_000n],
    ['5萬', 50_000n],
    ['1000000000000000', 10n ** 15n],
  ])('%j is %s', (said, expected) => {
    expect(numberOf(said)).toBe(expected);
  });

  it.each([
    ...['', ' ', '条', '万', 'k', '千', '一些', '很多', 'five'],
    // Half understood
    ...[
      '5,00',
      '5,0000',
      '50,00,000',
      '1.5',
      '5.000',
      '5000.0',
      '0.00005万',
      '1.23456万',
      '1万5',
      '1万50',
      '3千5',
      '5 000',
      '5千千',
    ],
    ...[
      '5-6',
      '5000 6000',
      '5000条 x',
      '约5000',
      '5000+',
      '>5000',
      '-5000',
      '+5000',
      '05',
      '0005',
      '1e6',
      '0x10',
      '5%',
      '¥5000',
      '5000元',
    ],
    // Look-alikes
    ...[
      '5OOO',
      'l000',
      'I0',
      '5о00',
      '٥٠٠٠',
      '५०००',
      '𝟝𝟘𝟘',
      '５²',
      '5²',
      '①',
      '½万',
      '5ｏ',
      'Ⅳ',
      '㊄千',
      '5к',
      '5\u0000',
      '卄',
      '5000\u202e',
    ],
    // Chinese that no one writes
    ...[
      '万五',
      '五五',
      '五六百',
      '零五千',
      '千五',
      '百十',
      '一千五十',
      '一百五千',
      '五百万千',
      '一零',
      '十十',
      '一千零零五',
      '两两',
    ],
    ...['1000000000000001', '9'.repeat(30), '1'.repeat(100_000)],
  ])('%j is not understood', (said) => {
    expect(numberOf(said)).toBeUndefined();
  });

  it('given any number, then it is understood in each way in which Intl writes it', () => {
    const grouped = new Intl.NumberFormat('en');
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), (value) => {
        expect(numberOf(String(value))).toBe(value);
        expect(numberOf(grouped.format(value))).toBe(value);
      }),
    );
  });

  it('given any text, then it does not fail', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        expect(['bigint', 'undefined']).toContain(typeof numberOf(text));
        expect(['bigint', 'undefined']).toContain(typeof amountOf(text, 'CNY'));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('chineseNumber', () => {
  it.each([
    ['零', 0n],
    ['五', 5n],
    ['两', 2n],
    ['十', 10n],
    ['一十', 10n],
    ['二十', 20n],
    ['九十九', 99n],
    ['一百', 100n],
    ['一百五', 150n],
    ['一百零五', 105n],
    ['一百一十二', 112n],
    ['一千零五', 1_005n],
    ['一千零五十', 1_050n],
    ['一千零十', 1_010n],
    ['一万零五百', 10_500n],
    ['一万零五', 10_005n],
    ['十万五千', 105_000n],
    ['一百二十万', 1_200_000n],
    ['两千万', 20_000_000n],
    ['两亿', 200_000_000n],
    ['一亿零五万', 100_050_000n],
    ['一亿二千三百四十五万六千七百八十九', 123_456_789n],
    ['二〇二六', 2_026n],
  ])('%s is %s', (said, expected) => {
    expect(chineseNumber(said)).toBe(expected);
  });
});

describe('amountOf', () => {
  it.each([
    ['500', '500.00'],
    ['500.00', '500.00'],
    ['500.5', '500.50'],
    ['0.01', '0.01'],
    ['0', '0.00'],
    ['5,000.00', '5000.00'],
    ['¥500', '500.00'],
    ['￥ 500', '500.00'],
    ['500元', '500.00'],
    ['５００元', '500.00'],
    ['500 元', '500.00'],
    ['500块', '500.00'],
    ['500块钱', '500.00'],
    ['人民币500元', '500.00'],
    ['CNY 500', '500.00'],
    ['500 cny', '500.00'],
    ['500 rmb', '500.00'],
    ['0.5万', '5000.00'],
    ['0.5万元', '5000.00'],
    ['1.23456万', '12345.60'],
    ['5k', '5000.00'],
    ['五百元', '500.00'],
    ['1万2千元', '12000.00'],
  ])('%j is %s yuan', (said, expected) => {
    const amount = amountOf(said, 'CNY');
    expect(amount === undefined ? undefined : moneyToDecimal(amount)).toBe(expected);
  });

  it.each([
    ...[
      '',
      '元',
      '¥',
      '-500',
      '500-600',
      '500.005',
      '0.001',
      '$500',
      '500美元',
      '500 usd',
      'HK$500',
      '500条',
      '¥5OO',
      '5.000,00',
      '¥٥',
    ],
    ...['五块五', '5元5角', '500元元', '500.', '.5', '500..0', '5,00', '12.345678901'],
  ])('%j is no amount in yuan', (said) => {
    expect(amountOf(said, 'CNY')).toBeUndefined();
  });

  it('given an account in another currency, then its own marks are understood and those of yuan are not', () => {
    expect(amountOf('HK$500', 'HKD')).toBe(500_000_000n);
    expect(amountOf('US$1.50', 'USD')).toBe(1_500_000n);
    expect(amountOf('$1.50', 'USD')).toBe(1_500_000n);
    expect(amountOf('20 SGD', 'SGD')).toBe(20_000_000n);
    expect(amountOf('500元', 'USD')).toBeUndefined();
    expect(amountOf('¥500', 'SGD')).toBeUndefined();
  });
});

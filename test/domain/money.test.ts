import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/domain/errors.ts';
import { moneyToDecimal, parseMoney, roundToFen } from '../../src/domain/money.ts';

const FEN = 10_000n;

describe('parseMoney (rule 7)', () => {
  test.each([
    ['500', 500_000_000n],
    ['500.00', 500_000_000n],
    [' 500.5 ', 500_500_000n],
    ['0.045', 45_000n],
    ['0.000001', 1n],
    ['-0.045', -45_000n],
    ['-12.50', -12_500_000n],
    ['0', 0n],
    ['-0', 0n],
    ['999999999999.999999', 999_999_999_999_999_999n],
  ])('given %j, then it is exactly %s micro-units', (text, micro) => {
    expect(parseMoney(text)).toBe(micro);
  });

  test.each([
    '',
    ' ',
    '.',
    '5.',
    '.5',
    '+5',
    '--5',
    '1,000',
    '1e3',
    '0x10',
    '0.0000001',
    '1000000000000',
    '5 0',
    '５',
    'NaN',
    'Infinity',
  ])('given %j, then it is refused with the code money_malformed', (text) => {
    expect(() => parseMoney(text)).toThrow(
      expect.objectContaining({ name: 'InputError', code: 'money_malformed' }) as InputError,
    );
  });

  test('given a very long text, then the error shows only its beginning', () => {
    const parse = () => parseMoney('9'.repeat(10_000));
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(/^.{1,200}$/);
  });

  test('property, rule 7: what is written is read back exactly, with at least two decimals and no superfluous ones', () => {
    const micro = fc.bigInt({ min: -999_999_999_999_999_999n, max: 999_999_999_999_999_999n });
    fc.assert(
      fc.property(micro, (amount) => {
        const text = moneyToDecimal(amount);
        expect(text).toMatch(/^-?\d+\.(\d\d|\d{3,5}[1-9]|\d\d[1-9])$/);
        expect(parseMoney(text)).toBe(amount);
      }),
    );
  });
});

describe('moneyToDecimal', () => {
  test.each([
    [0n, '0.00'],
    [1n, '0.000001'],
    [45_000n, '0.045'],
    [-12_500_000n, '-12.50'],
    [-1n, '-0.000001'],
    [1_000_000n, '1.00'],
    [100_000_010_000n, '100000.01'],
  ])('given %s, then it reads %j', (amount, text) => {
    expect(moneyToDecimal(amount)).toBe(text);
  });
});

describe('roundToFen (rule 7)', () => {
  test.each([
    [4_999n, 0n],
    [5_000n, 0n],
    [5_001n, 10_000n],
    [15_000n, 20_000n],
    [25_000n, 20_000n],
    [24_999n, 20_000n],
    [25_001n, 30_000n],
    [-5_000n, 0n],
    [-5_001n, -10_000n],
    [-15_000n, -20_000n],
    [-25_000n, -20_000n],
  ])('given %s, then the half goes to the even fen: %s', (amount, rounded) => {
    expect(roundToFen(amount)).toBe(rounded);
  });

  test('property, rule 7: against exact fractions it is the nearest fen, and of two equally near ones the even', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.bigInt({ min: -20_000n, max: 20_000n }),
        fc.bigInt({ min: 1n, max: 20_000n }),
        (amount, numerator, denominator) => {
          const rounded = roundToFen(amount, numerator, denominator);
          expect(rounded % FEN).toBe(0n);
          // |amount * numerator / denominator - rounded|, times the denominator, compared with half a fen
          const exact = amount * numerator;
          const distance = exact - rounded * denominator;
          const twice = (distance < 0n ? -distance : distance) * 2n;
          expect(twice <= FEN * denominator).toBe(true);
          if (twice === FEN * denominator) expect((rounded / FEN) % 2n).toBe(0n);
        },
      ),
    );
  });

  test('property: rounding has no drift: an amount and its negative round to opposites', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.bigInt({ min: 1n, max: 10_000n }), (amount, parts) => {
        expect(roundToFen(-amount, 1n, parts)).toBe(-roundToFen(amount, 1n, parts));
      }),
    );
  });
});

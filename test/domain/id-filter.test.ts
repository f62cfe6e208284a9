import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf, IdFilter } from '../../src/domain/id-filter.ts';

const filterOf = (ids: readonly string[]) => IdFilter.of(ids.map(hashOf));

describe('IdFilter', () => {
  test('given any ids, then it may hold each of them, also read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), { maxLength: 200 }), (ids) => {
        const read = new IdFilter(Buffer.from(filterOf(ids).bits));
        expect(ids.filter((id) => !read.mayHold(hashOf(id)))).toEqual([]);
      }),
    );
  });

  test('given none, then it holds nothing', () => {
    expect(filterOf([]).mayHold(hashOf('a'))).toBe(false);
  });

  test.each([
    ['running numbers', (n: number) => String(n)],
    ['receipts', (n: number) => `${706715193751989145n + BigInt(n)}^0:0a1b2c3d4e5f6071`],
    ['ids of one length', (n: number) => n.toString(16).padStart(32, '0')],
  ])('given %s, then of others it seems to hold one in a thousand, at two bytes each', (_, idOf) => {
    const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => idOf(from + index));
    const filter = filterOf(ids(0, 50_000));
    expect(filter.bits.length).toBe(100_000);
    const mistaken = ids(50_000, 100_000).filter((id) => filter.mayHold(hashOf(id))).length;
    // 94 are expected, by the formula of such filters: (1 - e^(-6/16))^6.
    expect(mistaken).toBeGreaterThan(40);
    expect(mistaken).toBeLessThan(160);
  });

  test('what is stored today can be read tomorrow: hash and places stay', () => {
    expect(hashOf('706715193751989145^0')).toEqual({ first: 813649390, second: 1978297305 });
    expect(Buffer.from(filterOf(['a', 'b']).bits).toString('hex')).toBe('0c04d50e');
  });
});

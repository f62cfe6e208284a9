import { expect, test } from 'vitest';
import { sumsOfVolumes } from '../../src/domain/bill.ts';
import type { MonthlyVolume } from '../../src/domain/volume-line.ts';

function aVolume(overrides: Partial<MonthlyVolume>): MonthlyVolume {
  return {
    month: '2026-03',
    destination: 'mainland',
    country: '',
    templateType: 'verification',
    tariffVersion: 1,
    planSegments: 0n,
    paygSegments: 0n,
    charged: 0n,
    ...overrides,
  };
}

test('given volumes of two months and two price lists, then an estimate has one line for what is alike', () => {
  const sums = sumsOfVolumes([
    aVolume({ month: '2026-02', planSegments: 2n, paygSegments: 1n, charged: 45n }),
    aVolume({ planSegments: 3n, paygSegments: 2n, charged: 90n }),
    aVolume({ tariffVersion: 2, planSegments: 4n, paygSegments: 5n, charged: 500n }),
    aVolume({ templateType: 'promotion', planSegments: 1n }),
  ]);
  expect(
    sums.map(({ kind, templateType, tariffVersion, segments, amount }) => [
      kind,
      templateType,
      tariffVersion,
      segments,
      amount,
    ]),
  ).toEqual([
    ['plan', 'verification', null, 9n, 0n],
    ['payg', 'verification', 1, 3n, 135n],
    ['payg', 'verification', 2, 5n, 500n],
    ['plan', 'promotion', null, 1n, 0n],
  ]);
});

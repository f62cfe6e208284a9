import { describe, expect, test } from 'vitest';
import { type DeliveryStatus, isChargeable, judge, type UsageRecord, type Verdict } from '../../src/domain/usage.ts';
import { aReport } from '../support/builders.ts';

const REPORT = aReport({ id: 'r', segments: 2 });

function recorded(overrides: Partial<UsageRecord> = {}): UsageRecord {
  return { ...REPORT, templateType: 'verification', billing: 'free', lateMonth: null, ...overrides };
}

describe('isChargeable (rule 2)', () => {
  test.each([
    ['mainland', 'submitted', false],
    ['mainland', 'delivered', true],
    ['mainland', 'failed', false],
    ['international', 'submitted', true],
    ['international', 'delivered', true],
    ['international', 'failed', true],
  ] as const)('given %s, %s, then it is charged: %s', (destination, status, chargeable) => {
    expect(isChargeable(destination, status)).toBe(chargeable);
  });
});

describe('judge (rules 1 and 2)', () => {
  const verdicts: [known: DeliveryStatus, reported: DeliveryStatus, verdict: Verdict][] = [
    ['submitted', 'submitted', 'duplicate'],
    ['submitted', 'delivered', 'progress'],
    ['submitted', 'failed', 'progress'],
    ['delivered', 'submitted', 'duplicate'],
    ['delivered', 'delivered', 'duplicate'],
    ['delivered', 'failed', 'conflict'],
    ['failed', 'submitted', 'duplicate'],
    ['failed', 'delivered', 'conflict'],
    ['failed', 'failed', 'duplicate'],
  ];
  test.each(verdicts)(
    'rule 2: given a record that is %s, when %s is reported, then it is %s',
    (known, status, verdict) => {
      expect(judge(recorded({ status: known }), { ...REPORT, status })).toBe(verdict);
    },
  );

  test('rule 1: given an id that is not known, then it is new, whatever its status', () => {
    for (const status of ['submitted', 'delivered', 'failed'] as const) {
      expect(judge(undefined, { ...REPORT, status })).toBe('new');
    }
  });

  test.each([
    ['another number of segments', { segments: 3 }],
    ['another template type', { templateType: 'promotion' }],
    ['another destination', { destination: 'international', country: 'HK' }],
    ['another time', { at: REPORT.at.add({ milliseconds: 1 }) }],
  ] as const)(
    'rule 1: given the same id with %s, then it is a conflict even where the status would be progress',
    (_, other) => {
      expect(judge(recorded({ status: 'submitted' }), { ...REPORT, ...other })).toBe('conflict');
    },
  );

  test('rule 1: given the same id with another country, then it is a conflict', () => {
    const hongKong = { destination: 'international', country: 'HK' } as const;
    expect(judge(recorded(hongKong), { ...REPORT, ...hongKong, country: 'MO' })).toBe('conflict');
  });

  test('rule 1: given a report that does not say the template type, then that is no contradiction', () => {
    expect(judge(recorded({ templateType: 'promotion' }), { ...REPORT, templateType: null })).toBe('duplicate');
  });
});

import { describe, expect, test } from 'vitest';
import { nameOf, periodOf } from '../../src/bot/usage-period.ts';

/** A Tuesday in March. */
const NOW = Temporal.ZonedDateTime.from('2026-03-10T12:00[Asia/Shanghai]');

function days(said: string): string | undefined {
  const period = periodOf(said, NOW);
  return period && `${period.kind} ${period.first}/${period.last}`;
}

describe('the period that is asked for', () => {
  test.each([
    ['', 'month 2026-03-01/2026-03-31'],
    ['本月', 'month 2026-03-01/2026-03-31'],
    ['month', 'month 2026-03-01/2026-03-31'],
    ['上月', 'month 2026-02-01/2026-02-28'],
    ['last month', 'month 2026-02-01/2026-02-28'],
    ['2026-01', 'month 2026-01-01/2026-01-31'],
    ['2026年1月', 'month 2026-01-01/2026-01-31'],
    ['１月', 'month 2026-01-01/2026-01-31'],
    ['今天', 'day 2026-03-10/2026-03-10'],
    ['today', 'day 2026-03-10/2026-03-10'],
    ['昨天', 'day 2026-03-09/2026-03-09'],
    ['3月1日', 'day 2026-03-01/2026-03-01'],
    ['2026-03-05', 'day 2026-03-05/2026-03-05'],
    ['本周', 'week 2026-03-09/2026-03-15'],
    ['Week', 'week 2026-03-09/2026-03-15'],
    ['上周', 'week 2026-03-02/2026-03-08'],
    ['2026-13', undefined],
    ['什么', undefined],
    ['3', undefined],
  ])('given “%s”, then %s', (said, expected) => {
    expect(days(said)).toBe(expected);
  });

  test('given a period that has a word, then it is known by it; else by none', () => {
    const name = (said: string) => {
      const period = periodOf(said, NOW);
      return period && nameOf(period, NOW);
    };
    expect(['', '今天', 'this week', '2026-02', '2026-01', '昨天', '上周'].map(name)).toEqual([
      'month',
      'today',
      'week',
      'last_month',
      undefined,
      undefined,
      undefined,
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, durationOf, monthOf } from '../../../src/bot/arguments/times.ts';
import { hostileText } from '../hostile-text.ts';

const NOW = Temporal.ZonedDateTime.from('2026-03-10T12:00:00+08:00[Asia/Shanghai]');

describe('monthOf', () => {
  it.each([
    ['2026-10', '2026-10'],
    ['2026-1', '2026-01'],
    ['2025/12', '2025-12'],
    ['2025.12', '2025-12'],
    ['202512', '2025-12'],
    ['２０２５－１２', '2025-12'],
    ['2025年10月', '2025-10'],
    ['2025 年 10 月', '2025-10'],
    ['2025年10月份', '2025-10'],
    ['二〇二五年十月', '2025-10'],
    ['去年10月', '2025-10'],
    ['去年十二月', '2025-12'],
    ['今年1月', '2026-01'],
    ['10月', '2025-10'],
    ['十月', '2025-10'],
    ['3月', '2026-03'],
    ['2月份', '2026-02'],
    ['4月', '2025-04'],
    ['上月', '2026-02'],
    ['上个月', '2026-02'],
    ['上上个月', '2026-01'],
    ['下个月', '2026-04'],
    ['next month', '2026-04'],
    ['本月', '2026-03'],
    ['这个月', '2026-03'],
    ['last month', '2026-02'],
    ['This Month', '2026-03'],
    ['October', '2025-10'],
    ['oct', '2025-10'],
    ['Oct. 2026', '2026-10'],
    ['october 2024', '2024-10'],
    ['2024 October', '2024-10'],
    ['march', '2026-03'],
  ])('%j is %s', (said, expected) => {
    expect(monthOf(said, NOW)?.toString()).toBe(expected);
  });

  it.each([
    ...[
      '',
      '10',
      '2026',
      '13月',
      '0月',
      '2026-13',
      '2026-00',
      '26-10',
      '2026-10-01',
      '10月1日',
      '2026年',
      'octo',
      'month',
      '月',
    ],
    ...['1999-01', '9999-01', '2026-1O', '２０２６-١٠', '十三月', '2026--10', 'constructor', '__proto__', 'toString'],
  ])('%j is no month', (said) => {
    expect(monthOf(said, NOW)).toBeUndefined();
  });

  it('given the turn of a year in the zone of the account, then last month and months without a year are meant there', () => {
    const now = Temporal.Instant.from('2025-12-31T17:00:00Z').toZonedDateTimeISO('Asia/Shanghai');
    expect(monthOf('上个月', now)?.toString()).toBe('2025-12');
    expect(monthOf('12月', now)?.toString()).toBe('2025-12');
    expect(monthOf('1月', now)?.toString()).toBe('2026-01');
  });
});

describe('dayOf', () => {
  it.each([
    ['2026-10-01', '2026-10-01'],
    ['2026-1-2', '2026-01-02'],
    ['2026/10/1', '2026-10-01'],
    ['20261001', '2026-10-01'],
    ['2026年10月1日', '2026-10-01'],
    ['2026年10月1号', '2026-10-01'],
    ['10月1日', '2025-10-01'],
    ['3月10日', '2026-03-10'],
    ['3月11日', '2025-03-11'],
    ['十月一号', '2025-10-01'],
    ['今天', '2026-03-10'],
    ['昨天', '2026-03-09'],
    ['前天', '2026-03-08'],
    ['明天', '2026-03-11'],
    ['today', '2026-03-10'],
    ['Yesterday', '2026-03-09'],
    ['oct 1', '2025-10-01'],
    ['October 1st, 2026', '2026-10-01'],
    ['1 Oct 2026', '2026-10-01'],
    ['2月29日', '2024-02-29'],
  ])('%j is %s', (said, expected) => {
    expect(dayOf(said, NOW)?.toString()).toBe(expected);
  });

  it('given a day that is to come, then the next such day is meant', () => {
    expect(dayOf('10月1日', NOW, { nearest: 'future' })?.toString()).toBe('2026-10-01');
    expect(dayOf('3月10日', NOW, { nearest: 'future' })?.toString()).toBe('2026-03-10');
    expect(dayOf('3月9日', NOW, { nearest: 'future' })?.toString()).toBe('2027-03-09');
    expect(dayOf('2月29日', NOW, { nearest: 'future' })?.toString()).toBe('2028-02-29');
  });

  it.each([
    ...[
      '',
      '1',
      '10/1',
      '10-1',
      '2026-02-29',
      '2026-13-01',
      '2026-10-32',
      '2026-10-0',
      '2月30日',
      '32号',
      '2026/10-01',
      '2026-10',
      '周一',
    ],
  ])('%j is no day', (said) => {
    expect(dayOf(said, NOW)).toBeUndefined();
  });
});

describe('durationOf', () => {
  it.each([
    ['4h', 'PT4H'],
    ['4 H', 'PT4H'],
    ['4小时', 'PT4H'],
    ['4个小时', 'PT4H'],
    ['四小时', 'PT4H'],
    ['半小时', 'PT30M'],
    ['半个小时', 'PT30M'],
    ['一个半小时', 'PT1H30M'],
    ['半天', 'PT12H'],
    ['1.5小时', 'PT1H30M'],
    ['1小时30分钟', 'PT1H30M'],
    ['1小时30分', 'PT1H30M'],
    ['1h30m', 'PT1H30M'],
    ['1h 30min', 'PT1H30M'],
    ['30分钟', 'PT30M'],
    ['90 min', 'PT1H30M'],
    ['2天', 'PT48H'],
    ['两天', 'PT48H'],
    ['2 days', 'PT48H'],
    ['a day', 'PT24H'],
    ['an hour', 'PT1H'],
    ['half an hour', 'PT30M'],
    ['1周', 'PT168H'],
    ['一个星期', 'PT168H'],
    ['2 weeks', 'PT336H'],
    ['1天12小时', 'PT36H'],
    ['366天', 'PT8784H'],
  ])('%j is %s', (said, expected) => {
    expect(durationOf(said)?.toString()).toBe(expected);
  });

  it.each([
    ...[
      '',
      '4',
      'h',
      '小时',
      '0小时',
      '-4h',
      '4h4h',
      '30m1h',
      '1.3小时',
      '367天',
      '99999天',
      '4小时后',
      '4 hours ago',
      '一会儿',
      '4月',
      '4x',
      '٤h',
    ],
    ...['半半小时', '0.5分钟', '1h30'],
  ])('%j is no duration', (said) => {
    expect(durationOf(said)).toBeUndefined();
  });

  it('given any text, then no parser of times fails', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        for (const parser of [durationOf, (said: string) => monthOf(said, NOW), (said: string) => dayOf(said, NOW)]) {
          expect(['object', 'undefined']).toContain(typeof parser(text));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { higherStops, limitArgument, limitIn, limitNear, limitText, valuesAfter } from '../../src/bot/limit-words.ts';
import { parse } from '../../src/bot/parse.ts';
import { LIMIT_KEYS } from '../../src/domain/limit.ts';
import { yuan } from '../support/builders.ts';
import { DAY_MONEY, DAY_SEGMENTS, MONTH_MONEY, MONTH_SEGMENTS } from '../support/limits.ts';

/** What a whole message says of a cap. */
function said(text: string) {
  const parsed = parse(text);
  if (parsed.type !== 'command' || parsed.command !== 'limits') return parsed;
  return limitIn(parsed.argument, 'CNY');
}

describe('what one says of a cap', () => {
  test.each([
    ['上限 日条数 20000 预警 16000', DAY_SEGMENTS, { stop: 20_000n, warn: 16_000n }],
    ['上限日条数20000预警16000', DAY_SEGMENTS, { stop: 20_000n, warn: 16_000n }],
    ['上限 每天条数 2万，预警 80%', DAY_SEGMENTS, { stop: 20_000n, warn: 16_000n }],
    ['上限 每日短信 5千条', DAY_SEGMENTS, { stop: 5_000n }],
    ['上限 月条数改成 50万', MONTH_SEGMENTS, { stop: 500_000n }],
    ['上限 月金额 500元', MONTH_MONEY, { stop: yuan('500') }],
    ['上限 每月按量付费金额：¥1,000.50 预警 800', MONTH_MONEY, { stop: yuan('1000.5'), warn: yuan('800') }],
    ['上限 日金额 关', DAY_MONEY, { stop: null }],
    ['上限 日条数 预警 16000', DAY_SEGMENTS, { warn: 16_000n }],
    ['上限 日条数 停发 20000 预警 关', DAY_SEGMENTS, { stop: 20_000n, warn: null }],
    ['限额 日条数', DAY_SEGMENTS, {}],
    ['limits daily segments 20000 warn 16000', DAY_SEGMENTS, { stop: 20_000n, warn: 16_000n }],
    ['Limit segments per month to 5k', MONTH_SEGMENTS, { stop: 5_000n }],
    ['cap monthly amount: 500.00, warning at 80%', MONTH_MONEY, { stop: yuan('500'), warn: yuan('400') }],
    ['limits daily spending off', DAY_MONEY, { stop: null }],
  ])('%s', (text, key, values) => {
    expect(said(text)).toEqual({ key, values, unclear: '' });
  });

  test.each([
    ['上限 日条数 很多', '很多'],
    ['上限 日条数 20000 预警 16000 预警 1', '20000 预警 16000 预警 1'],
    ['上限 日条数 1.5', '1.5'],
    ['limits daily segments -5', '-5'],
    ['上限 日条数 预警 80%', '预警 80%'],
  ])('given %s, then the cap is known and its value is asked for', (text, unclear) => {
    expect(said(text)).toEqual({ key: DAY_SEGMENTS, values: {}, unclear });
  });

  test.each(['上限', '上限 每年条数 5', 'limits', 'limits daily segmentsx 5', 'limits weekly segments 5'])(
    'given %s, then no cap is named',
    (text) => {
      expect(said(text)).toBeUndefined();
    },
  );

  test('given any cap, values and language, then the command for it is understood as just that', () => {
    for (const language of ['zh-CN', 'en'] as const) {
      for (const key of LIMIT_KEYS) {
        for (const [stop, warn] of [
          [20_000_000n, 16_000_000n],
          [20_000_000n, null],
          [null, 16_000_000n],
        ] as const) {
          expect(said(limitText(language, key, { stop, warn }))).toEqual({ key, values: { stop, warn }, unclear: '' });
        }
        expect(said(limitText(language, key, null))).toEqual({ key, values: { stop: null }, unclear: '' });
      }
    }
    expect(limitArgument('zh-CN', MONTH_MONEY, { stop: yuan('500'), warn: yuan('400.5') })).toBe(
      '月金额 500 预警 400.50',
    );
  });
});

describe('the values that follow', () => {
  test.each([
    [{ stop: 100n }, null, { stop: 100n, warn: 80n }],
    [{ stop: 1n }, null, { stop: 1n, warn: null }],
    [
      { stop: 100n, warn: null },
      { stop: 50n, warn: 40n },
      { stop: 100n, warn: null },
    ],
    [{ warn: 70n }, { stop: 100n, warn: 80n }, { stop: 100n, warn: 70n }],
    [{ warn: 70n }, null, { stop: null, warn: 70n }],
    [{ warn: null }, { stop: 100n, warn: 80n }, { stop: 100n, warn: null }],
    [{ stop: null }, { stop: 100n, warn: 80n }, null],
    [
      { stop: null, warn: 50n },
      { stop: 100n, warn: 80n },
      { stop: null, warn: 50n },
    ],
  ])('case %#', (values, current, after) => {
    expect(valuesAfter(values, current)).toEqual(after);
  });

  test.each([
    [DAY_SEGMENTS, 20_000n, 16_000n, [30_000n, 40_000n, 100_000n]],
    [DAY_SEGMENTS, 20_000n, 23_456n, [36_000n, 47_000n, 120_000n]],
    [DAY_SEGMENTS, null, 0n, [2n, 5n]],
    [MONTH_MONEY, yuan('500'), yuan('500.01'), [yuan('760'), yuan('1100'), yuan('2600')]],
  ])(
    'given %j with a stop of %s and %s used, then what is offered is higher than both, and round',
    (key, stop, used, offered) => {
      expect(higherStops(key, stop, used)).toEqual(offered);
    },
  );
});

describe('a cap whose name is mistyped', () => {
  test.each([
    ['每日短心 20000', 'zh-CN', '日条数 20000'],
    ['月金鹅 500', 'zh-CN', '月金额 500'],
    ['daily segmnts 20000 warn 16000', 'en', 'daily segments 20000 warn 16000'],
    ['daily segmnts lots', 'en', 'daily segments'],
    ['weather', 'en', undefined],
  ] as const)('given %s, then %s suggests %s', (said, language, expected) => {
    const known = limitIn(said, 'CNY');
    expect(known ? undefined : limitNear(said, language, 'CNY')).toBe(expected);
  });
});

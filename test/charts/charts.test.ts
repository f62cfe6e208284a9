import { describe, expect, test } from 'vitest';
import type { BarChart, BurnDownChart, Chart } from '../../src/charts/chart.ts';
import { chartSvg, renderChart } from '../../src/charts/render.ts';
import { axisLabel, axisValues, shownLabels } from '../../src/charts/scale.ts';
import { HEIGHT, textWidth, WIDTH } from '../../src/charts/svg.ts';

const BARS: BarChart = {
  kind: 'bars',
  title: '2026年3月：每天用量（条）',
  note: '数据截至 2026年3月10日 12:00（GMT+8）',
  locale: 'zh-CN',
  series: ['验证码', '通知', '推广', '国际'],
  bars: Array.from({ length: 31 }, (_, index) => ({ label: String(index + 1), values: [index, 2 * index, 0, 5] })),
  empty: '没有用量',
};

const BURN_DOWN: BurnDownChart = {
  kind: 'burn_down',
  title: '套餐余量与预测：还剩 31,000 条',
  note: '数据截至 2026年3月10日 12:00（GMT+8）',
  locale: 'zh-CN',
  days: Array.from({ length: 30 }, (_, index) => `3/${index + 1}`),
  past: [
    { day: 0, value: 50_000 },
    { day: 10.5, value: 31_000 },
  ],
  future: [
    { day: 10.5, value: 31_000 },
    { day: 25, value: 0 },
  ],
  threshold: { value: 10_000, label: '阈值 10,000 条' },
  end: { day: 25, label: '预计 3/26 用完' },
  names: { past: '实际', future: '预计', now: '现在' },
};

const EMPTY_BARS: BarChart = { ...BARS, bars: BARS.bars.map(({ label }) => ({ label, values: [0, 0, 0, 0] })) };
const HUGE: BarChart = { ...BARS, bars: BARS.bars.map(({ label }) => ({ label, values: [9e14, 3, 0, 1e15] })) };
const LONG: BarChart = { ...BARS, title: '很长的标题'.repeat(30), series: BARS.series.map((name) => name.repeat(9)) };
const BARE: BurnDownChart = {
  ...BURN_DOWN,
  past: [{ day: 0, value: 0 }],
  future: [],
  days: ['3/1'],
  threshold: null,
  end: null,
};

const EVERY: readonly (readonly [string, Chart])[] = [
  ['bars', BARS],
  ['bars of nothing', EMPTY_BARS],
  ['bars of one day', { ...BARS, bars: BARS.bars.slice(0, 1) }],
  ['no bars', { ...BARS, bars: [] }],
  ['bars of huge numbers', HUGE],
  ['long texts', LONG],
  ['a burn-down', BURN_DOWN],
  ['a burn-down of nothing', BARE],
  ['a threshold far above', { ...BURN_DOWN, threshold: { value: 200_000_000, label: '阈值' } }],
];

/** Every number that a drawing is placed by. */
function places(svg: string): number[] {
  return [...svg.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy|width|height|font-size)="([^"]*)"/g)].map(([, value]) =>
    Number(value),
  );
}

describe('charts', () => {
  test.each(EVERY)('given %s, then it is a PNG of three pixels a point', async (_, chart) => {
    const png = await renderChart(chart);
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    expect(png.subarray(12, 16).toString()).toBe('IHDR');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([WIDTH * 3, HEIGHT * 3]);
    expect(png.subarray(-8, -4).toString()).toBe('IEND');
    expect(png.byteLength).toBeLessThan(200_000);
  });

  test.each(EVERY)('given %s, then everything is drawn within the picture', (_, chart) => {
    for (const place of places(chartSvg(chart))) {
      expect(place).toBeGreaterThanOrEqual(-0.01);
      expect(place).toBeLessThanOrEqual(WIDTH);
    }
  });

  test('given a picture, then it fits the size in which DingTalk shows it, and says its title, note, names and numbers', () => {
    expect(WIDTH).toBeLessThanOrEqual(358);
    expect(HEIGHT).toBeLessThanOrEqual(350);
    const bars = chartSvg(BARS);
    for (const text of [BARS.title, BARS.note, '验证码', '通知', '国际', '>1<', '>0<']) expect(bars).toContain(text);
    // Nothing was sent of this kind.
    expect(bars).not.toContain('推广');
    const burnDown = chartSvg(BURN_DOWN);
    for (const text of [BURN_DOWN.title, '阈值 10,000 条', '预计 3/26 用完', '现在', '实际', '>6万<']) {
      expect(burnDown).toContain(text);
    }
    expect(chartSvg(EMPTY_BARS)).toContain('没有用量');
    expect(bars).not.toContain('没有用量');
  });

  test('given a stack, then each kind that has something has its part, as high as its share', () => {
    const svg = chartSvg({ ...BARS, bars: [{ label: '1', values: [30, 10, 0, 20] }] });
    const heights = [...svg.matchAll(/<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([\d.]+)" fill="#\w+"><\/rect>/g)]
      .map(([, height]) => Number(height))
      .slice(-3);
    const [first = 0, second = 0, third = 0] = heights;
    expect(heights).toHaveLength(3);
    expect(first / second).toBeCloseTo(3, 1);
    expect(third / second).toBeCloseTo(2, 1);
  });

  test('given text with markup in it, then it is text', () => {
    const svg = chartSvg({ ...BARS, title: '<script>&"\u0000' });
    expect(svg).toContain('&lt;script&gt;&amp;&quot;');
    expect(svg).not.toContain('<script>');
  });

  test('given a text that is too long for the picture, then it is drawn smaller, and never smaller than can be seen', () => {
    const size = (title: string) =>
      Number(/font-size="([\d.]+)"/.exec(chartSvg({ ...BARS, title }))?.[1] ?? Number.NaN);
    expect(size('短')).toBe(15);
    const fitted = size('很长的标题'.repeat(6));
    expect(fitted).toBeLessThan(15);
    expect(textWidth('很长的标题'.repeat(6), fitted)).toBeLessThanOrEqual(WIDTH);
  });
});

describe('the axis', () => {
  test.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [7, [0, 2, 4, 6, 8]],
    [50_000, [0, 20_000, 40_000, 60_000]],
    [99_000, [0, 25_000, 50_000, 75_000, 100_000]],
  ])('given a highest value of %s, then its values are round and reach it', (highest, values) => {
    expect(axisValues(highest)).toEqual(values);
  });

  test('given a language, then numbers are as short as it writes them', () => {
    expect([axisLabel(25_000, 'zh-CN'), axisLabel(25_000, 'en'), axisLabel(150_000_000, 'zh-CN')]).toEqual([
      '2.5万',
      '25K',
      '1.5亿',
    ]);
  });

  test('given more labels than there is room for, then every so many are shown', () => {
    expect(shownLabels(5, 300, 20)).toEqual([0, 1, 2, 3, 4]);
    expect(shownLabels(31, 300, 22)).toEqual([0, 4, 8, 12, 16, 20, 24, 28]);
    expect(shownLabels(0, 300, 20)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import en from '../../src/bot/texts/en.ts';
import zhCn from '../../src/bot/texts/zh-CN.ts';
import { Writer } from '../../src/bot/writer.ts';
import { FONT_FILE } from '../../src/charts/render.ts';
import { axisLabel } from '../../src/charts/scale.ts';
import { coverageOf } from './font.ts';

const covered = coverageOf(FONT_FILE);

/** The characters of a text that the font of the charts lacks. */
function missing(text: string): string[] {
  return [...new Set(text)].filter((character) => !covered.has(character.codePointAt(0) ?? 0));
}

describe('the font of the charts', () => {
  test('has no glyph for what it surely lacks, so that its coverage is read right', () => {
    expect(missing('A阈余条')).toEqual([]);
    expect(missing('龘😀')).toEqual(['龘', '😀']);
  });

  test.each([
    ['zh-CN', zhCn],
    ['en', en],
  ] as const)('has every character of the texts in %s that charts show', (_, texts) => {
    const shown = Object.entries(texts).filter(([key]) => /^(chart|unit|template_type|usage\.period)\./.test(key));
    expect(shown.length).toBeGreaterThan(20);
    expect(missing(shown.map(([, text]) => text).join(''))).toEqual([]);
  });

  test.each(['zh-CN', 'en'] as const)('has every character of the figures, days and times in %s', (language) => {
    const zones = ['Asia/Shanghai', 'UTC', 'America/St_Johns', 'Asia/Kathmandu', 'America/Sao_Paulo'];
    const texts = [0, 1, 999, 12_345, 2_500_000, 987_654_321_012].map((value) => axisLabel(value, language));
    for (const timeZone of zones) {
      const writer = new Writer({ language, currency: 'CNY', timeZone });
      for (let day = 0; day < 400; day += 3) {
        const at = Temporal.Instant.from('2026-01-01T23:59:00Z').add({ hours: 24 * day });
        const date = at.toZonedDateTimeISO(timeZone).toPlainDate();
        const month = date.toPlainYearMonth().toString();
        texts.push(
          ...[writer.time(at), writer.zone(at), writer.day(date), writer.shortDay(date), writer.weekday(date)],
          ...[writer.month(month), writer.segments(BigInt(day) ** 4n)],
        );
      }
    }
    expect(missing(texts.join(''))).toEqual([]);
  });
});

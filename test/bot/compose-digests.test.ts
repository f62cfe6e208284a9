import { describe, expect, it } from 'vitest';
import { compose } from '../../src/bot/compose.ts';
import { anAudience, everyAnnouncement } from './announcements.ts';
import { wordsOf } from './markdown-structure.ts';

describe('compose: summaries (rule 20)', () => {
  it('given a month with the day before in it, then both are told with their figures, and how things are now once', () => {
    const both = everyAnnouncement('李娜').filter(({ kind }) => kind === 'monthly_digest')[1];
    if (!both) throw new Error('there is no such announcement');
    for (const language of ['zh-CN', 'en'] as const) {
      const content = compose(both, anAudience({ language }));
      const words = wordsOf(content.markdown);
      const [month, day, left] =
        language === 'en'
          ? ['What was done, February 2026', 'Summary of Mar 1, 2026', 'Left now:']
          : ['2026年2月处理过的事', '日报 2026年3月1日', '现在还有：'];
      expect(words).toContain(month);
      expect(words).toContain(day);
      expect(words).toContain('¥1,903.00');
      expect(words.split(left)).toHaveLength(2);
    }
  });
});

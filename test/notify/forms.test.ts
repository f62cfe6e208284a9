import { describe, expect, test } from 'vitest';
import { formsFor } from '../../src/notify/forms.ts';
import { markdownWithHint, markdownWithMentions, plainText } from '../../src/notify/render.ts';
import { pauseAfter } from '../../src/notify/retry.ts';
import type { NoticeContent, NoticeTarget } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';

const BUTTON = { id: 'b', label: '开启', style: 'primary', command: '自动续费 开' } as const;

function content(overrides: Partial<NoticeContent> = {}): NoticeContent {
  return { title: '余量不足', markdown: '#### 余量不足', buttons: [BUTTON], hint: '', mentions: [], ...overrides };
}

describe('formsFor (rules 21 and 22)', () => {
  const group: NoticeTarget = { type: 'group', conversationId: 'g', directTo: ['zhangwei'] };
  const direct: NoticeTarget = { type: 'direct', userId: 'lina' };
  const reply = {
    type: 'reply',
    conversationKind: 'group',
    conversationId: 'g',
    userId: 'lina',
    webhook: 'https://x',
    webhookExpiresAt: '2026-03-10T12:00:00Z',
  } as const;

  test.each<[string, NoticeTarget, NoticeContent, string[]]>([
    [
      'a group',
      group,
      content(),
      ['card', 'group_buttons', 'group_markdown', 'group_text', 'direct_markdown', 'direct_text'],
    ],
    [
      'a group, without buttons',
      group,
      content({ buttons: [] }),
      ['card', 'group_markdown', 'group_text', 'direct_markdown', 'direct_text'],
    ],
    [
      'a group without administrators',
      { ...group, directTo: [] },
      content(),
      ['card', 'group_buttons', 'group_markdown', 'group_text'],
    ],
    ['a person', direct, content(), ['direct_card', 'direct_buttons', 'direct_markdown', 'direct_text']],
    ['a person, without buttons', direct, content({ buttons: [] }), ['direct_markdown', 'direct_text']],
    [
      'an answer in a group',
      reply,
      content({ buttons: [] }),
      ['session', 'group_markdown', 'group_text', 'direct_markdown', 'direct_text'],
    ],
    [
      'an answer with buttons in a group',
      reply,
      content(),
      [
        'card',
        'session_buttons',
        'session',
        'group_buttons',
        'group_markdown',
        'group_text',
        'direct_markdown',
        'direct_text',
      ],
    ],
    [
      'an answer to someone without a staff id',
      { ...reply, userId: null },
      content(),
      ['card', 'session_buttons', 'session', 'group_buttons', 'group_markdown', 'group_text'],
    ],
    [
      'an answer in a direct conversation',
      { ...reply, conversationKind: 'direct' },
      content(),
      ['direct_card', 'session_buttons', 'session', 'direct_buttons', 'direct_markdown', 'direct_text'],
    ],
    [
      'a card that changes',
      { type: 'card', conversationId: 'g' },
      content({ buttons: [] }),
      ['card_change', 'group_markdown', 'group_text'],
    ],
    [
      'a card that changes and keeps its buttons',
      { type: 'card', conversationId: 'g' },
      content(),
      ['card_change', 'group_buttons', 'group_markdown', 'group_text'],
    ],
    [
      'a card that changes, of which an answer beside it tells as well',
      { type: 'card', conversationId: 'g', isSaidBeside: true },
      content(),
      ['card_change', 'card_unchanged'],
    ],
  ])('rule 22: given %s, then the forms follow each other from the best to the plainest', (_, target, said, forms) => {
    expect(formsFor(target, said, NOW)).toEqual(forms);
  });
});

describe('pauseAfter', () => {
  test('given attempts, then pauses double from a second to a quarter of an hour, and jitter only shortens them, by half at most', () => {
    const longest = (attempts: number) => pauseAfter(attempts, () => 1).total('milliseconds');
    const shortest = (attempts: number) => pauseAfter(attempts, () => 0).total('milliseconds');
    expect([1, 2, 3, 4].map(longest)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(longest(60)).toBe(900_000);
    for (const attempts of [1, 5, 10, 11, 60, 10_000]) expect(shortest(attempts)).toBe(longest(attempts) / 2);
  });
});

describe('texts of forms without buttons', () => {
  test('given commands in the place of buttons, then they stand under the text', () => {
    expect(markdownWithHint(content({ hint: '回复「自动续费 开」' }))).toBe('#### 余量不足\n\n回复「自动续费 开」');
    expect(markdownWithHint(content())).toBe('#### 余量不足');
  });

  test('given people to mention, then a webhook’s text names them by their ids', () => {
    const mentions = [
      { userId: 'zhangwei', name: '张伟' },
      { userId: 'lina', name: '李娜' },
    ];
    expect(markdownWithMentions(content({ mentions }))).toBe('#### 余量不足\n\n@zhangwei @lina');
  });

  test('given markdown, then plain text has its words, no marks, and begins with the title', () => {
    const markdown = '**1,000** 条\n\n> 阈值 `1,000`\n\n3 \\* 4';
    expect(plainText(content({ markdown }))).toBe('余量不足\n1,000 条\n\n阈值 1,000\n\n3 * 4');
    expect(plainText(content({ markdown: '#### 余量不足\n再买' }))).toBe('余量不足\n再买');
  });

  test('given a very long text, then plain text is cut within the platform’s limits', () => {
    const text = plainText(content({ markdown: '汉'.repeat(20_000) }));
    expect(text.length).toBe(1_500);
    expect(text.endsWith('…')).toBe(true);
  });
});

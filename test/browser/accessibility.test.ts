import axe, { type AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { GROUP } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';
import { accountView } from './support/receiving-service.ts';
import type { Visit } from './support/visit.ts';

const page$ = usePage();

const looks: [string, BrowserContextOptions][] = [
  ['in light', { colorScheme: 'light' }],
  ['in dark', { colorScheme: 'dark' }],
];
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const still = { reducedMotion: 'reduce' } as const;

/** What axe finds wrong with what is on the screen. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate<AxeResults>('axe.run()');
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

/** A page with something of everything on it: messages of all kinds, unread and read, a sick account, faults, a tour under way. */
async function busyPage(options: BrowserContextOptions): Promise<Visit> {
  const { sandbox, service } = await page$.scene();
  const since = '2026-03-10T01:00:00Z';
  service.view = {
    accounts: [
      accountView({
        balance: '-20.50',
        available: '-20.50',
        standing: 'overdue',
        sending: 'suspended',
        reasons: ['suspended', 'paused'],
        alerts: [
          { kind: 'quota', level: 2, since },
          { kind: 'overdue', level: 2, since },
          { kind: 'something_new', level: 1, since },
        ],
        approvals: [{ code: '7F3K', summary: '关闭自动续费', requester: '李娜', expiresAt: '2026-03-11T01:00:00Z' }],
      }),
    ],
    notices: { waiting: 2, dead: 1, delivered: 40 },
    nextEventAt: '2026-03-11T01:00:00Z',
  };
  const bot = await page$.bot(sandbox);
  await bot.tellDirectly('zhangwei', '余量告警', '余量只剩 **8,000** 条');
  const buttons = ['blue', 'green', 'red', 'orange', 'gray'].map((color) => ({ id: color, text: color, color }));
  await bot.postCard(GROUP, 'busy', {
    title: '余量偏低',
    markdown:
      '**还剩** 9,200 条\n\n- 一\n- 二\n\n| 表 | 头 |\n|--|--|\n| 1 | 2 |\n\n> 引用 [链接](https://example.com) `代码`',
    buttons: [...buttons, { id: 'off', text: '已处理', disabled: true }],
  });
  await bot.tell(GROUP, 'sampleMarkdown', {
    title: '标题',
    text: '<font color="red">红</font> <font color="gray">灰</font>',
  });
  await bot.tell(GROUP, 'sampleActionCard', {
    title: '快捷',
    text: '常用',
    singleTitle: '打开',
    singleURL: 'https://example.com',
  });
  sandbox.say(GROUP, 'lina', '余额');
  sandbox.say(GROUP, 'zhangwei', '余额');
  sandbox.faults.throttleCalls(undefined, 3);

  const opened = await page$.open(sandbox, { ...options, ...still });
  await opened.page.getByText('接口').or(opened.page.getByText('余量偏低')).first().waitFor({ state: 'attached' });
  await opened.page.locator('#world-standing').getByText('已欠费').waitFor({ state: 'attached' });
  await opened.page.locator('#faults-armed li').first().waitFor({ state: 'attached' });
  return opened;
}

describe.each(looks)('%s', (_name, look) => {
  test('given a page with something of everything, when axe looks at it, then it finds nothing, also with the tour open', async () => {
    const { page } = await busyPage(look);
    await page.locator('#log .message').last().waitFor();
    expect(await violations(page)).toEqual([]);

    await page.locator('#tour-open').click();
    await page.locator('#tour-step-title').waitFor();
    await page.locator('#recharge-amount').fill('99999');
    await page.locator('#recharge-form button[type=submit]').click();
    await page.getByRole('alert').waitFor();
    await page.locator('#clock .more summary').click();
    expect(await violations(page)).toEqual([]);
  });

  test('given a phone, when axe looks at each view, then it finds nothing', async () => {
    const { page } = await busyPage({ ...look, ...phone });
    await page.locator('#tour-open').click();
    for (const view of ['chat', 'list', 'controls']) {
      await page.locator(`.tabs [data-view="${view}"]`).click();
      expect(await violations(page), view).toEqual([]);
    }
  });
});

test('given the keyboard alone, when a person, a conversation and a button are chosen, then each acts and the focus stays', async () => {
  const { sandbox } = await page$.scene();
  const clicks: string[] = [];
  const bot = await page$.bot(sandbox, {
    onClick: ({ userId, actionId }) => void clicks.push(`${userId} ${actionId}`),
  });
  await bot.postCard(GROUP, 'card', { title: '请决定', markdown: '…', buttons: [{ id: 'yes', text: '同意' }] });
  const { page } = await page$.open(sandbox);

  await page.getByRole('button', { name: /^王强/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '王强的会话' }).waitFor();
  expect(await page.evaluate('document.activeElement.dataset.person')).toBe('wangqiang');

  await page.locator('#log').getByRole('button', { name: '同意' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => clicks).toEqual(['wangqiang yes']);
});

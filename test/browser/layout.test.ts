import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { GROUP } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const tablet = { viewport: { width: 1024, height: 768 } };
const long = `https://example.com/${'verylongaddress'.repeat(20)}`;

async function widthsOf(page: Page): Promise<{ page: number; window: number }> {
  return page.evaluate('({ page: document.documentElement.scrollWidth, window: window.innerWidth })');
}

/** What reaches beyond the right edge of the window, other than within a frame that is there to be scrolled. */
async function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('body *')]
    .filter((e) => e.checkVisibility({ checkVisibilityCSS: true }) && e.getBoundingClientRect().right > window.innerWidth + 1)
    .filter((e) => !e.closest('.table-frame, pre, .people, .chips') && !e.matches('.skip'))
    .map((e) => e.outerHTML.slice(0, 120))`);
}

describe('at phone width', () => {
  test('given long words and wide tables, when each view is shown, then nothing scrolls sideways', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page, complaints } = await page$.open(sandbox, phone);
    sandbox.say(GROUP, 'lina', long);
    const row = `| ${'很宽的一格'.repeat(8)} `.repeat(6);
    await bot.postCard(GROUP, 'wide', {
      title: long,
      markdown: `${long}\n\n${row}|\n${'|---'.repeat(6)}|\n${row}|\n\n\`\`\`\n${long}\n\`\`\``,
      buttons: [1, 2, 3, 4].map((n) => ({ id: `b${n}`, text: `按钮的名字很长很长 ${n}` })),
    });
    await page.locator('[data-out-track-id="wide"]').waitFor();

    for (const view of ['会话', '世界', '聊天']) {
      await page.getByRole('navigation', { name: '视图' }).getByRole('button', { name: view }).click();
      const widths = await widthsOf(page);
      expect(widths.page, view).toBe(widths.window);
      expect(await sticksOut(page), view).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  test('given the list, when a conversation is chosen, then the chat is in front', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox, phone);
    const views = page.getByRole('navigation', { name: '视图' });

    await views.getByRole('button', { name: '会话' }).click();
    await page.getByRole('button', { name: /短信管家/ }).click();

    await page.getByRole('heading', { name: '短信管家', level: 2 }).waitFor();
    expect(await page.getByRole('textbox', { name: /^消息/ }).isVisible()).toBe(true);
    expect(await page.getByRole('navigation', { name: '会话' }).isVisible()).toBe(false);
  });
});

describe('at tablet width', () => {
  test('given the drawer, when it is opened and Escape is pressed, then it closes and the focus is back', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox, tablet);
    const opener = page.getByRole('button', { name: '打开世界与控制' });
    expect(await page.getByRole('button', { name: /^发送 1,000/ }).isVisible()).toBe(false);

    await opener.click();
    await page.getByRole('button', { name: /^发送 1,000/ }).waitFor();
    expect(await opener.getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: /^发送 1,000/ }).waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.id')).toBe('open-controls');
    expect(await widthsOf(page)).toEqual({ page: 1024, window: 1024 });
  });
});

describe('language', () => {
  test('given an English browser, when the language is switched, then the labels change and it is remembered', async () => {
    const { sandbox } = await page$.scene();
    const { page, complaints } = await page$.open(sandbox, { locale: 'en-GB' });
    await page.getByRole('heading', { name: 'World and controls' }).waitFor();
    expect(await page.getByRole('button', { name: 'balance' }).count()).toBeGreaterThan(0);

    await page.getByRole('button', { name: '切换到中文' }).click();
    await page.getByRole('heading', { name: '世界与控制' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');

    await page.reload();
    await page.getByRole('heading', { name: '世界与控制' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('given the page as it is sent, when it is compared with the texts, then its labels are the Chinese ones', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    const differing = await page.evaluate(`(async () => {
      const { text } = await import('/texts.js');
      const sent = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
      const all = (selector) => [...sent.querySelectorAll(selector)];
      return [
        ...all('[data-text]').map((e) => [e.dataset.text, e.textContent]),
        ...all('[data-label]').map((e) => [e.dataset.label, e.getAttribute('aria-label')]),
        ...all('[data-hint]').map((e) => [e.dataset.hint, e.placeholder]),
      ].filter(([key, words]) => text(key) !== words);
    })()`);

    expect(differing).toEqual([]);
  });

  test('given the texts, when both languages are compared, then they have the same keys and the same places in each', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    const [chinese, english] = await page.evaluate<[string[], string[]]>(`(async () => {
      const { dictionaries } = await import('/texts.js');
      const placesOf = ([key, words]) => key + ' ' + [...String(words).matchAll(/\\{\\w+\\}/g)].map(String).sort().join('');
      return ['zh-CN', 'en'].map((language) => Object.entries(dictionaries[language]).map(placesOf).sort());
    })()`);

    expect(english).toEqual(chinese);
  });

  test('given the page and its modules, when the labels that they name are looked up, then there is each of them', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    const missing = await page.evaluate<string[]>(`(async () => {
      const { hasText } = await import('/texts.js');
      const modules = performance.getEntriesByType('resource').map((e) => e.name).filter((url) => /\\/[a-z-]+\\.js$/.test(url) && !url.includes('/vendor/'));
      const sources = await Promise.all(modules.map(async (url) => (await fetch(url)).text()));
      const called = sources.flatMap((source) => [...source.matchAll(/\\btext\\('(\\w+)'/g)].map((match) => match[1]));
      const named = [...document.querySelectorAll('[data-text], [data-label], [data-hint]')]
        .flatMap(({ dataset }) => [dataset.text, dataset.label, dataset.hint]).filter(Boolean);
      return [...new Set([...called, ...named])].filter((key) => !hasText(key));
    })()`);

    expect(missing).toEqual([]);
  });
});

describe('the whole page', () => {
  test('given the page, when it loads, then it and its libraries are under 300 KB', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    const bytes = await page.evaluate(
      'performance.getEntries().filter((e) => e.transferSize).reduce((sum, e) => sum + e.transferSize, 0)',
    );

    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(300_000);
  });

  test('given the keyboard alone, when somebody tabs through, then every stop has a name', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);
    const nameless = `[...document.querySelectorAll('button, input, select, textarea, a[href]')]
      .filter((e) => e.checkVisibility())
      .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
      .map((e) => e.outerHTML)`;

    expect(await page.evaluate(nameless)).toEqual([]);

    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('跳到消息输入框');
    await page.keyboard.press('Enter');
    await page.keyboard.type('余额');
    expect(await page.getByRole('textbox', { name: /^消息/ }).inputValue()).toBe('余额');
  });
});

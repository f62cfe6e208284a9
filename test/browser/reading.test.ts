import { expect, test } from 'vitest';
import { GROUP } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

test('given a message, when others look at it, then its author sees who has not read it yet', async () => {
  const { sandbox } = await page$.scene();
  sandbox.say(GROUP, 'zhangwei', '请看');
  const { page, complaints } = await page$.open(sandbox);
  const state = page.locator('.message-own .read-state');
  await state.getByText('3 人未读').waitFor();
  expect(await state.getAttribute('title')).toBe('未读：李娜、王强、赵敏');

  await page.getByRole('button', { name: /^李娜/ }).click();
  await page.getByRole('heading', { name: '李娜的会话' }).waitFor();
  await page.getByRole('button', { name: /^张伟/ }).click();

  await state.getByText('2 人未读').waitFor();
  expect(await state.getAttribute('title')).toBe('已读：李娜\n未读：王强、赵敏');
  await expect.poll(() => sandbox.messages(GROUP)[0]?.readBy).toContain('lina');
  expect(complaints).toEqual([]);
});

test('given unread messages, when the page is opened elsewhere, then what was read stays read', async () => {
  const { sandbox } = await page$.scene();
  sandbox.say(GROUP, 'lina', '第一句');
  const first = await page$.open(sandbox);
  await first.page.getByRole('log').getByText('第一句').waitFor();
  await expect.poll(() => sandbox.messages(GROUP)[0]?.readBy).toContain('zhangwei');

  const { page } = await page$.open(sandbox);
  await page.getByRole('log').getByText('第一句').waitFor();

  await page.getByRole('button', { name: '王强 1 条未读' }).waitFor();
  expect(await page.getByRole('button', { name: '张伟 管理员' }).locator('.unread').count()).toBe(0);
});

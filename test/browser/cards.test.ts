import { describe, expect, test } from 'vitest';
import { GROUP } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';
import type { Card, Click } from './support/scripted-bot.ts';

const page$ = usePage();

const request: Card = {
  title: '审批：关闭自动续费',
  markdown: '<a atId=zhangwei>张伟</a>，**李娜** 请求<font color="red">关闭</font>自动续费。',
  buttons: [
    { id: 'approve', text: '同意', color: 'blue' },
    { id: 'reject', text: '拒绝', color: 'gray' },
  ],
};

describe('cards', () => {
  test('given a card for the administrator, then it shows whom it mentions', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page } = await page$.open(sandbox);
    await bot.postCard(GROUP, 'mention-1', { ...request, markdown: '…' }, { mentions: { zhangwei: '张伟' } });
    await page.locator('[data-out-track-id="mention-1"]').getByText('@张伟', { exact: true }).waitFor();
  });

  test('given a card, when a button is clicked, then the bot is called back as that person and the card changes', async () => {
    const { sandbox } = await page$.scene();
    const clicks: Omit<Click, 'content'>[] = [];
    const bot = await page$.bot(sandbox, {
      onClick: ({ outTrackId, userId, actionId }, itself) => {
        clicks.push({ outTrackId, userId, actionId });
        void itself.changeCard(outTrackId, {
          ...request,
          markdown: `由 ${userId} 决定`,
          buttons: [{ id: 'done', text: '已同意', disabled: true }],
        });
      },
    });
    const { page, complaints } = await page$.open(sandbox);
    await page.getByRole('radio', { name: /张伟/ }).check();

    await bot.postCard(GROUP, 'request-1', request);
    const card = page.locator('[data-out-track-id="request-1"]');
    await card.getByRole('button', { name: '同意' }).click();

    await card.getByText('由 zhangwei 决定').waitFor();
    expect(await card.getByRole('button', { name: '已同意' }).isDisabled()).toBe(true);
    expect(await card.getByRole('button').count()).toBe(1);
    expect(clicks).toEqual([{ outTrackId: 'request-1', userId: 'zhangwei', actionId: 'approve' }]);
    expect(complaints).toEqual([]);
  });

  test("given DingTalk's own markup in a card, when it is shown, then it is a mention and a colour", async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page } = await page$.open(sandbox);

    await bot.postCard(GROUP, 'request-2', request);
    const card = page.locator('[data-out-track-id="request-2"]');

    await card.getByRole('heading', { name: '审批：关闭自动续费' }).waitFor();
    expect(await card.locator('.mention').allInnerTexts()).toEqual(['@张伟']);
    expect(await card.locator('.tone-red').textContent()).toBe('关闭');
  });

  test('given a bot that does not acknowledge, when a button is clicked, then a notice says so and the card stays', async () => {
    const { sandbox } = await page$.scene({ behaviour: { callbackTimeoutMs: 50 } });
    const bot = await page$.bot(sandbox, { onClick: async () => false });
    const { page } = await page$.open(sandbox);

    await bot.postCard(GROUP, 'request-3', request);
    const card = page.locator('[data-out-track-id="request-3"]');
    await card.getByRole('button', { name: '同意' }).click();

    await page.getByRole('alert').getByText('没有在 2 秒内确认').waitFor();
    expect(await card.getByRole('button', { name: '同意' }).isEnabled()).toBe(true);
    await page.getByRole('alert').getByRole('button', { name: '关闭提示' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  test('given data for one person, when the card changes, then that person alone sees it', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page } = await page$.open(sandbox);
    await bot.postCard(GROUP, 'request-4', request);
    const card = page.locator('[data-out-track-id="request-4"]');
    await page.getByRole('radio', { name: /张伟/ }).check();
    await card.getByRole('button', { name: '同意' }).waitFor();

    await bot.changeCard('request-4', { ...request, markdown: '只有你能看到这个' }, 'zhangwei');
    await card.getByText('只有你能看到这个').waitFor();

    await page.getByRole('radio', { name: /李娜/ }).check();
    await card.getByText('请求关闭自动续费').waitFor();
    expect(await card.getByText('只有你能看到这个').count()).toBe(0);
  });
});

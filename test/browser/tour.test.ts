import { afterAll, beforeAll, expect, test } from 'vitest';
import { usePage } from './support/page-test.ts';
import { Program } from './support/program.ts';
import { takeTour } from './support/tour.ts';

const page$ = usePage();
let program: Program;

beforeAll(async () => {
  program = await Program.start();
});
afterAll(() => program?.stop());

// Two tours of seven steps.
test('given the real program, when the tour is taken in Chinese and again in English on a phone, then the bot tells all of it', async () => {
  const { page, complaints } = await page$.open(program);
  await page.getByRole('button', { name: '开始导览' }).click();

  const seen = await takeTour(page, async (step) => {
    if (step === 7) {
      await page.locator('#world-standing').getByText('已欠费').waitFor();
      expect(await page.locator('#world-body').innerText()).toContain('-¥');
    }
  });

  expect(seen).toEqual([
    { step: '套餐在减少', message: expect.stringContaining('余量：10,200 条') },
    { step: '触发告警', message: expect.stringContaining('余量偏低') },
    { step: '自动续费', message: expect.stringMatching(/余量：(59|60),\d{3} 条/) },
    { step: '收据', message: expect.stringContaining('余额：可用 ¥2,957.50') },
    { step: '余额见底', message: expect.stringContaining('套餐已用完') },
    { step: '欠费停发', message: expect.stringContaining('已欠费') },
    { step: '充值恢复', message: expect.stringContaining('已恢复') },
  ]);
  await page.locator('#world-standing').getByText('可发送').waitFor();
  await page.locator('.message-found').getByText('已恢复').first().waitFor();
  await page.getByRole('button', { name: '关闭导览' }).click();
  expect(complaints).toEqual([]);

  await page.getByRole('button', { name: 'Switch to English' }).click();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: 'Conversations' }).click();
  await page.getByRole('button', { name: 'Once more, a day later' }).click();
  await page.getByText('Tour · step 1 of 7').waitFor();
  const seenAgain = await takeTour(page, async (step) => {
    if (step !== 3) return;
    await page.getByRole('button', { name: 'Leave for now' }).click();
    await page.getByRole('heading', { name: 'Auto-renewal' }).waitFor({ state: 'hidden' });
    await page.reload();
    await page.getByRole('button', { name: 'Tour', exact: true }).click();
    await page.getByRole('heading', { name: 'Auto-renewal' }).waitFor();
  });

  expect(seenAgain).toEqual([
    { step: 'A plan runs down', message: expect.stringContaining('Quota: 10,200') },
    { step: 'The alert', message: expect.stringContaining('余量偏低') },
    { step: 'Auto-renewal', message: expect.stringMatching(/余量：(59|60),\d{3} 条/) },
    { step: 'The receipt', message: expect.stringContaining('余额：') },
    { step: 'The balance runs out', message: expect.stringContaining('套餐已用完') },
    { step: 'Overdue', message: expect.stringContaining('已欠费') },
    { step: 'Recharge and restored', message: expect.stringContaining('已恢复') },
  ]);
  await page.getByRole('heading', { name: 'That was the story' }).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(complaints).toEqual([]);
}, 900_000);

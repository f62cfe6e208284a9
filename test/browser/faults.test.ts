import { expect, test } from 'vitest';
import { GROUP } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

test('given a fault, when it is armed, used and cleared, then the page shows what is armed', async () => {
  const { sandbox } = await page$.scene();
  const bot = await page$.bot(sandbox);
  const { page, complaints } = await page$.open(sandbox);
  await page.getByText('没有等着发生的故障').waitFor();

  await page.getByLabel('让什么出错').selectOption({ label: '限流' });
  await page.getByRole('button', { name: '触发' }).click();
  await page.locator('#faults-armed').getByText('限流 × 3').waitFor();
  await expect(bot.tell(GROUP, 'sampleText', { content: '大家好' })).rejects.toThrow('Forbidden');
  await page.locator('#faults-armed').getByText('限流 × 2').waitFor();

  await page.getByRole('button', { name: '全部清除' }).click();
  await page.getByText('没有等着发生的故障').waitFor();
  await bot.tell(GROUP, 'sampleText', { content: '大家好' });
  await page.getByRole('log').getByText('大家好').waitFor();
  expect(complaints).toEqual([]);
});

test('given a connected bot, when its connection is cut, then the page says that it is gone', async () => {
  const { sandbox } = await page$.scene();
  await page$.bot(sandbox);
  const { page } = await page$.open(sandbox);
  await page.locator('#bot-state').getByText('机器人在线').waitFor();

  await page.getByLabel('让什么出错').selectOption({ label: '切断连接' });
  await page.getByRole('button', { name: '触发' }).click();

  await page.locator('#bot-state').getByText('机器人未连接').waitFor();
});

test('given every fault that is offered, when it is armed, then the sandbox knows it', async () => {
  const { sandbox } = await page$.scene();
  await page$.bot(sandbox, { onText: () => {} });
  const { page } = await page$.open(sandbox);
  const options = await page.evaluate<string[]>(
    "[...document.querySelectorAll('#fault option')].map(({ value }) => value)",
  );
  expect(options).toHaveLength(12);

  // The others need a connection.
  const ending = ['disconnect', 'silence', 'kill'];
  for (const fault of [...options.filter((one) => !ending.includes(one)), ...ending]) {
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/faults'));
    await page.locator('#fault').selectOption(fault);
    await page.getByRole('button', { name: '触发' }).click();
    // Nothing to repeat, or no connection any more: the sandbox has understood all the same.
    expect([200, 409], fault).toContain((await answered).status());
    await page.locator('#fault-form[aria-busy]').waitFor({ state: 'detached' });
  }
});

import { expect, onTestFinished, test } from 'vitest';
import { GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';
import { accountView } from './support/receiving-service.ts';

const page$ = usePage();

test('given an account, when the page opens, then it shows what a chat does not: money, plans, alerts, requests, notices', async () => {
  const { sandbox, service } = await page$.scene();
  const at = '2026-03-11T01:30:00Z';
  service.view = {
    accounts: [
      accountView({
        balance: '915.00',
        available: '1915.00',
        quota: 9_200,
        plans: [{ id: 'p', title: '五万条', total: 50_000, remaining: 9_200, expiresAt: '2027-01-02T00:00:00Z' }],
        alerts: [{ kind: 'low_balance', level: 2, since: at }],
        approvals: [{ code: '7F3K', summary: '关闭自动续费', requester: '李娜', expiresAt: at }],
      }),
    ],
    notices: { waiting: 2, dead: 1, delivered: 40 },
    nextEventAt: at,
  };
  const { page, complaints } = await page$.open(sandbox);

  const world = page.locator('#world');
  await world.getByText('¥915.00').waitFor();
  const words = (await world.innerText()).replaceAll(/\s+/g, ' ');
  expect(words).toContain('示例公司 可发送');
  expect(words).toContain('可用 ¥1,915.00');
  expect(words).toContain('五万条 9,200 剩 9,200 / 50,000 条 · 2027年1月2日到期');
  expect(words).toContain('自动续费已开启：降到 10,000 条时购买');
  expect(words).toContain('即将欠费');
  expect(words).toContain('7F3K 李娜: 关闭自动续费 3月11日周三 09:30 前有效');
  expect(words).toContain('待发 2 已送达 40 失败 1');
  const bar = page.getByRole('meter', { name: '五万条' });
  expect(await bar.getAttribute('aria-valuetext')).toBe('剩 9,200 / 50,000 条');
  expect(await page.locator('#next-event').innerText()).toBe('下一事件 3月11日周三 09:30');
  expect(complaints).toEqual([]);
});

test('given a change in the chat, when it is told, then the world is fetched anew, and many changes are one fetch', async () => {
  const { sandbox, service } = await page$.scene();
  const { page } = await page$.open(sandbox);
  await page.locator('#world').getByText('14,200 条').waitFor();
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/api/world')) asked += 1;
  });

  service.view = { ...service.view, accounts: [accountView({ quota: 7_000 })] };
  for (let n = 0; n < 20; n += 1) sandbox.say(GROUP, 'lina', `第${n}句`);

  await page.locator('#world').getByText('7,000 条').waitFor();
  expect(asked).toBe(1);
});

test('given the next event, when the clock is sent there, then it stands there', async () => {
  const { sandbox, service } = await page$.scene();
  service.view = { ...service.view, nextEventAt: '2026-03-12T04:05:00Z' };
  const { page } = await page$.open(sandbox);

  await page.getByRole('button', { name: '到下一事件' }).click();

  await page.locator('#clock-time').getByText('12:05').waitFor();
  await page.locator('#clock-date').getByText('2026年3月12日').waitFor();
});

test('given a sandbox without a service, when the page opens, then there is no world and no tour', async () => {
  const sandbox = await startTestSandbox();
  onTestFinished(() => sandbox.stop());
  const { page } = await page$.open(sandbox);

  await page.getByRole('heading', { name: /^时钟/ }).waitFor();
  expect(await page.locator('#world, #tour-open, #tour-outline, #to-next').filter({ visible: true }).count()).toBe(0);
});

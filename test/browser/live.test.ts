import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

test('given a sandbox that goes away, when it is back, then the page reconnects and shows what it missed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-page-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const statePath = join(folder, 'state.jsonl');
  const before = await startTestSandbox({ statePath });
  const { page } = await page$.open(before);
  before.say(GROUP, 'lina', '停机之前');
  await page.getByRole('log').getByText('停机之前').waitFor();

  await before.stop();
  await page.locator('#page-state').getByText('正在重新连接').waitFor();
  const after = await startTestSandbox({ statePath, port: Number(new URL(before.url).port) });
  onTestFinished(() => after.stop());
  after.say(GROUP, 'lina', '重启之后');

  await page.getByRole('log').getByText('重启之后').waitFor();
  await page.locator('#page-state').getByText('实时更新').waitFor();
  expect(await page.getByRole('log').getByText('停机之前').count()).toBe(1);
});

test('given a message that arrives while the page fetches, when the older answer comes, then the message stays', async () => {
  const { sandbox } = await page$.scene();
  sandbox.say(GROUP, 'lina', '之前');
  const { page } = await page$.open(sandbox);
  await page.getByRole('log').getByText('之前').waitFor();
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await page.route(`**/${GROUP}/messages?*`, async (route) => {
    const answer = await route.fetch();
    asked.resolve();
    await gate.promise;
    await route.fulfill({ response: answer });
  });

  await page.getByRole('radio', { name: /王强/ }).check();
  await asked.promise;
  sandbox.say(GROUP, 'lina', '之间');
  await page.getByRole('log').getByText('之间').waitFor();
  const fetched = page.waitForResponse(`**/${GROUP}/messages?*`);
  gate.resolve();
  await (await fetched).finished();
  sandbox.say(GROUP, 'lina', '之后');

  await page.getByRole('log').getByText('之后').waitFor();
  expect(await page.locator('.message').allInnerTexts()).toEqual([
    expect.stringContaining('之前'),
    expect.stringContaining('之间'),
    expect.stringContaining('之后'),
  ]);
});

test('given a bot, when it connects and goes, then the page shows it at once', async () => {
  const { sandbox } = await page$.scene();
  const { page } = await page$.open(sandbox);
  await page.locator('#bot-state').getByText('机器人未连接').waitFor();

  const bot = await page$.bot(sandbox);
  await page.locator('#bot-state').getByText('机器人在线（1 个连接）').waitFor();
  await page.getByText('机器人还没有连接').waitFor({ state: 'hidden' });

  bot.stop();
  await page.locator('#bot-state').getByText('机器人未连接').waitFor();
});

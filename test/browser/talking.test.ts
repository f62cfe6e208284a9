import { describe, expect, test } from 'vitest';
import { GROUP } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

describe('talking', () => {
  test('given the page, when somebody types and presses Enter, then the words appear as theirs and reach the bot', async () => {
    const { sandbox } = await page$.scene();
    const heard: string[] = [];
    await page$.bot(sandbox, { onText: ({ senderStaffId, text }) => void heard.push(`${senderStaffId}: ${text}`) });
    const { page, complaints } = await page$.open(sandbox);

    await page.getByRole('radio', { name: /李娜/ }).check();
    await page.getByRole('textbox', { name: /^消息/ }).fill('余额');
    await page.getByRole('textbox', { name: /^消息/ }).press('Enter');

    const own = page.locator('.message-own[data-from="lina"]');
    await own.filter({ hasText: '@短信管家 余额' }).waitFor();
    expect(await own.locator('.mention').textContent()).toBe('@短信管家');
    expect(await page.getByRole('textbox', { name: /^消息/ }).inputValue()).toBe('');
    expect(heard).toEqual(['lina: 余额']);
    expect(complaints).toEqual([]);
  });

  test('given a bot, when it answers, then the answer appears by itself with the mention by name', async () => {
    const { sandbox } = await page$.scene();
    await page$.bot(sandbox, { onText: (heard, bot) => bot.reply(heard, '余额', '可用：**¥1,280.00**') });
    const { page, complaints } = await page$.open(sandbox);

    await page.getByRole('button', { name: '余额', exact: true }).first().click();

    const answer = page.locator('.message-robot').filter({ hasText: '可用' });
    await answer.waitFor();
    expect(await answer.locator('strong').textContent()).toBe('¥1,280.00');
    expect(await answer.locator('.mention').textContent()).toBe('@张伟');
    expect(await answer.locator('.tag-robot').textContent()).toBe('机器人');
    expect(complaints).toEqual([]);
  });

  test('given the box, when Shift+Enter is pressed, then a line is added and nothing is sent', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);
    const box = page.getByRole('textbox', { name: /^消息/ });

    await box.fill('第一行');
    await box.press('Shift+Enter');
    await box.pressSequentially('第二行');
    expect(await box.inputValue()).toBe('第一行\n第二行');
    expect(sandbox.messages(GROUP)).toEqual([]);

    await box.press('Enter');
    await page.locator('.message-own').filter({ hasText: '第二行' }).waitFor();
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given a composition of an input method, when Enter ends it, then nothing is sent', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    await page.getByRole('textbox', { name: /^消息/ }).fill('yue');
    await page
      .getByRole('textbox', { name: /^消息/ })
      .dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
    await page.getByRole('textbox', { name: /^消息/ }).fill('余额');
    await page.getByRole('textbox', { name: /^消息/ }).press('Enter');

    await page.locator('.message-own').waitFor();
    expect(sandbox.messages(GROUP).map(({ text }) => text)).toEqual(['@短信管家 余额']);
  });

  test('given no bot, when somebody types, then the message is marked as not delivered', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    await page.getByText('机器人还没有连接').waitFor();
    await page.getByRole('textbox', { name: /^消息/ }).fill('余额');
    await page.getByRole('button', { name: '发送', exact: true }).click();

    await page.locator('.message-own').getByText('未送达').waitFor();
  });

  test('given a link that sends, when it is clicked, then the chosen person says its words', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page } = await page$.open(sandbox);
    const say = (words: string) => `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent(words)}`;
    await bot.tell(GROUP, 'sampleMarkdown', { title: '帮助', text: `试试 [看余额](${say('余额')})` });
    await bot.tell(GROUP, 'sampleActionCard', {
      title: '快捷操作',
      text: '常用',
      singleTitle: '看余量',
      singleURL: say('余量'),
    });
    await page.getByRole('radio', { name: /王强/ }).check();

    await page.getByRole('button', { name: '看余额' }).click();
    await page.locator('.message-own[data-from="wangqiang"]').filter({ hasText: '余额' }).waitFor();
    await page.getByRole('button', { name: '看余量' }).click();
    await page.locator('.message-own[data-from="wangqiang"]').filter({ hasText: '余量' }).waitFor();
  });
});

describe('conversations', () => {
  test('given a direct message to the administrator, when their conversation is clicked, then it is read there', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page, complaints } = await page$.open(sandbox);

    await bot.tellDirectly('zhangwei', '余量告警', '余量只剩 **8,000** 条');
    const item = page.getByRole('button', { name: /短信管家.*余量告警/ });
    await item.locator('.unread').getByText('1').waitFor();
    await item.click();

    await page.locator('.message-robot').filter({ hasText: '8,000' }).waitFor();
    await item.locator('.unread').waitFor({ state: 'detached' });
    expect(await page.locator('.unread').filter({ visible: true }).count()).toBe(0);
    expect(await page.locator('.person').allInnerTexts()).toEqual([expect.stringContaining('张伟')]);
    expect(complaints).toEqual([]);
  });

  test('given a card for some, when another person looks, then it is not shown to them', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page } = await page$.open(sandbox);
    const card = { title: '只给管理员', markdown: '请处理', buttons: [] };

    await bot.postCard(GROUP, 'for-the-administrator', card, { recipients: ['zhangwei'] });
    await page.getByText('仅 张伟 可见').waitFor();
    const gate = Promise.withResolvers<void>();
    await page.route('**/messages?*', (route) => gate.promise.then(() => route.continue()));
    await page.getByRole('radio', { name: /李娜/ }).check();
    await page.getByText('请处理').waitFor({ state: 'detached' });
    gate.resolve();
    await bot.tell(GROUP, 'sampleText', { content: '大家好' });
    await page.getByRole('log').getByText('大家好').waitFor();
    expect(await page.getByText('请处理').count()).toBe(0);

    await page.getByRole('radio', { name: /张伟/ }).check();
    await page.getByText('请处理').waitFor();
  });

  test('given a long history, when the page opens, then it shows the newest and older ones on request', async () => {
    const { sandbox } = await page$.scene();
    for (let n = 1; n <= 130; n += 1) sandbox.say(GROUP, 'lina', `第${n}句`);
    const { page } = await page$.open(sandbox);

    await page.getByRole('log').getByText('第130句').waitFor();
    expect(await page.locator('.message').count()).toBe(100);
    await page.getByRole('button', { name: '查看更早的消息' }).click();
    await page.getByRole('log').getByText('@短信管家 第1句', { exact: true }).waitFor();
    expect(await page.locator('.message').count()).toBe(130);
  });

  test('given a link and a message that is recalled, then the one can be opened and the other is gone', async () => {
    const { sandbox } = await page$.scene();
    const bot = await page$.bot(sandbox);
    const { page } = await page$.open(sandbox);
    const log = page.getByRole('log');

    await bot.tell(GROUP, 'sampleLink', {
      title: '账单',
      text: '十一月的账单',
      picUrl: '',
      messageUrl: 'https://example.com/bill',
    });
    await log.getByRole('heading', { name: '账单' }).waitFor();
    expect(await log.locator('a[href="https://example.com/bill"]').count()).toBe(1);

    const key = await bot.tell(GROUP, 'sampleText', { content: '说错了' });
    await log.getByText('说错了').waitFor();
    await bot.recall(GROUP, key);
    await log.getByText('说错了').waitFor({ state: 'detached' });
  });
});

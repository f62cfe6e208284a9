import { expect, test } from 'vitest';
import { APP, GROUP, sandboxWorld } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

const script = '<script>window.injected = true</script>';
const picture = '<img src="x" onerror="window.injected = true">';

/** Text that would run or load something if any of it became markup. */
const attacks = [
  script,
  picture,
  '<svg onload="window.injected = true">',
  '<a atId=zhangwei><img src=x onerror=window.injected=1></a>',
  '<a atId="zhangwei" onclick="window.injected = true">张伟</a>',
  '<font color="red" onclick="window.injected = true">红</font>',
  '<font color="red"><img src=x onerror=window.injected=1></font>',
  '[link](javascript:window.injected=1)',
  '[link](data:text/html,<script>parent.injected=1</script>)',
  '[link](https://example.com" onclick="window.injected=1)',
  '![picture](https://example.com/tracker.png)',
  '![picture](x" onerror="window.injected=1)',
  '<iframe srcdoc="<script>parent.injected=1</script>"></iframe>',
  '<form action="/api/clock/advance"><button name="by" value="P1D">go</button></form>',
  '<style>body { display: none }</style>',
  `\`\`\`${picture}\n${script}\n\`\`\``,
];

test('given markup in names, texts, titles and labels, when they are shown, then nothing of it runs or loads', async () => {
  const world = sandboxWorld({
    app: { ...APP, robotName: `管家${picture}`.slice(0, 40) },
    people: [
      { userId: 'zhangwei', name: `张${picture}` },
      { userId: 'lina', name: script },
      { userId: 'wangqiang', name: '王强' },
      { userId: 'zhaomin', name: '<b>赵敏</b>', external: true },
    ],
  });
  const { sandbox } = await page$.scene({ world });
  const bot = await page$.bot(sandbox);
  const { page, complaints } = await page$.open(sandbox);

  for (const attack of attacks) sandbox.say(GROUP, 'lina', attack);
  for (const attack of attacks) {
    await bot.tell(GROUP, 'sampleMarkdown', { title: attack, text: attack });
  }
  await bot.postCard(GROUP, 'attack', {
    title: picture,
    markdown: attacks.join('\n\n'),
    buttons: [{ id: '"><script>window.injected=1</script>', text: picture, color: '" onclick="window.injected=1' }],
  });
  await bot.tell(GROUP, 'sampleImageMsg', { photoURL: 'https://example.com/tracker.png' });
  await bot.tell(GROUP, 'sampleActionCard', {
    title: script,
    text: 'the last one',
    singleTitle: picture,
    singleURL: 'javascript:window.injected=1',
  });
  await page.getByText('the last one').waitFor();

  const foreign =
    'script, iframe, form, style, svg[onload], object, embed, img, [onclick], [onerror], [onload], [style]';
  expect(await page.locator('#log').locator(foreign).count()).toBe(0);
  expect(await page.locator('#conversation-list, #people, .heading').locator('img, script, b').count()).toBe(0);
  const addresses = await page.evaluate<string[]>(
    "[...document.querySelectorAll('#log a')].map((link) => link.protocol)",
  );
  expect(new Set(addresses)).toEqual(new Set(['https:']));
  for (const button of await page.locator('#log .card-button:not(:disabled)').all()) await button.click();
  expect(await page.evaluate('window.injected')).toBeUndefined();
  expect(complaints).toEqual([]);
});

test('given a link that sends in the words of a person, when it is shown, then it is no link', async () => {
  const { sandbox } = await page$.scene();
  const { page } = await page$.open(sandbox);

  sandbox.say(GROUP, 'lina', '[点我](dtmd://dingtalkclient/sendMessage?content=%E5%90%8C%E6%84%8F)');

  await page.getByRole('log').getByText('点我').waitFor();
  expect(await page.locator('#log .bubble').locator('a, button').count()).toBe(0);
});

import { describe, expect, test } from 'vitest';
import { startTestSandbox } from '../support/sandbox-world.ts';
import { usePage } from './support/page-test.ts';

const page$ = usePage();

describe('sending SMS', () => {
  test('given a kind and a count, when they are sent, then the intake gets receipts of that kind', async () => {
    const { sandbox, service } = await page$.scene();
    const { page, complaints } = await page$.open(sandbox);

    await page.getByRole('radio', { name: '通知' }).check();
    await page.getByLabel('共多少条').fill('250');
    await page.getByLabel('每条段数').fill('2');
    await page.getByRole('button', { name: '发送 250 条' }).click();

    await page.getByRole('status').getByText('已发送 250 条短信').waitFor();
    expect(service.received).toBe(250);
    expect(service.pushes[0]?.path).toBe('/v1/receipts/key-of-acme/mainland');
    expect(service.pushes[0]?.receipts[0]).toMatchObject({ sms_size: '2', template_code: 'SMS_2' });
    expect(complaints).toEqual([]);
  });

  test('given a country, when messages go abroad, then the international intake gets them', async () => {
    const { sandbox, service } = await page$.scene();
    const { page } = await page$.open(sandbox);

    await page.getByLabel('目的地').selectOption('SG');
    await page.getByLabel('共多少条').fill('3');
    await page.getByRole('button', { name: '发送 3 条' }).click();

    await page.getByRole('status').getByText('已发送 3 条短信').waitFor();
    expect(service.pushes.map(({ path }) => path)).toEqual(['/v1/receipts/key-of-acme/international']);
    expect(service.pushes[0]?.receipts[0]).toMatchObject({ To: expect.stringMatching(/^65/) });
  });

  test('given a rate, when messages are sent, then they go a quarter of a second each, with progress, and can be stopped', async () => {
    const { sandbox, service } = await page$.scene();
    const { page } = await page$.open(sandbox);
    const asked: number[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/api/sms')) asked.push(request.postDataJSON().count);
    });
    const third = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    service.onPush = () => {
      if (service.received <= 10_000) return;
      third.resolve();
      return gate.promise;
    };

    await page.getByLabel('共多少条').fill('35000');
    await page.getByLabel('每秒多少条').fill('20000');
    await page.getByRole('button', { name: '发送 35,000 条' }).click();
    await page.getByText('已发送 10,000 / 35,000').waitFor();
    await third.promise;
    await page.getByRole('button', { name: '停止' }).click();
    gate.resolve();

    await page.getByText('已停止，共发送 15,000 / 35,000 条').waitFor();
    expect(asked).toEqual([5_000, 5_000, 5_000]);
    expect(service.received).toBe(15_000);
    expect(await page.locator('#sms-progress').isVisible()).toBe(false);
  });

  test('given a burst, when it is paused and resumed, then nothing is sent meanwhile and all of it is sent in the end', async () => {
    const { sandbox, service } = await page$.scene();
    const { page } = await page$.open(sandbox);
    const first = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    service.onPush = () => {
      first.resolve();
      return gate.promise;
    };

    await page.getByLabel('共多少条').fill('40');
    await page.getByLabel('每秒多少条').fill('80');
    await page.getByRole('button', { name: '发送 40 条' }).click();
    await first.promise;
    await page.getByRole('button', { name: '暂停' }).click();
    gate.resolve();
    await page.getByText('已发送 20 / 40').waitFor();
    expect(service.received).toBe(20);
    await page.getByRole('button', { name: '继续' }).click();

    await page.getByRole('status').getByText('已发送 40 条短信').waitFor();
    expect(service.received).toBe(40);
  });

  test('given an intake that refuses, when messages are sent, then the notice says why and how many went through', async () => {
    const { sandbox, service } = await page$.scene();
    service.answer = { status: 503, body: { error: { code: 'busy', message: 'The database is busy.' } } };
    const { page } = await page$.open(sandbox);

    await page.getByRole('button', { name: '发送 1,000 条' }).click();

    await page.getByRole('alert').getByText('The database is busy.').waitFor();
  });

  test('given a count that is none, when it is submitted, then the field says what fits and nothing is sent', async () => {
    const { sandbox, service } = await page$.scene();
    const { page } = await page$.open(sandbox);

    await page.getByLabel('共多少条').fill('很多');
    await page.locator('#sms-form button[type=submit]').click();

    expect(await page.evaluate('document.activeElement.validationMessage')).toContain('整数');
    expect(service.pushes).toEqual([]);
  });

  test('given several accounts, when one is chosen, then it is the one that is used', async () => {
    const accounts = [
      { id: 'acme', name: '示例公司' },
      { id: 'beta', name: '第二公司' },
    ];
    const { sandbox, service } = await page$.scene({}, accounts);
    const { page } = await page$.open(sandbox);

    await page.locator('#account').selectOption('beta');
    await page.locator('#recharge-amount').fill('12.5');
    await page.locator('#recharge-form').getByRole('button', { name: '充值' }).click();

    await page.getByRole('status').getByText('已充值 ¥12.50').waitFor();
    expect(service.recharges).toEqual([{ accountId: 'beta', amount: '12.50' }]);
  });
});

describe('recharging', () => {
  test('given an amount, when it is refused, then the reason is shown', async () => {
    const { sandbox, service } = await page$.scene();
    const { page } = await page$.open(sandbox);

    await page.locator('#recharge-amount').fill('99999');
    await page.locator('#recharge-form').getByRole('button', { name: '充值' }).click();

    await page.getByRole('alert').getByText('The bank refused this transfer.').waitFor();
    expect(service.recharges).toEqual([]);
  });
});

describe('the clock', () => {
  test('given the clock, when it is advanced, then it shows the new time', async () => {
    const { sandbox } = await page$.scene();
    const { page, complaints } = await page$.open(sandbox);
    await page.locator('#clock-date').getByText('2026年3月10日').waitFor();

    await page.getByRole('button', { name: '1 天' }).click();
    await page.locator('#clock-date').getByText('2026年3月11日').waitFor();

    await page.getByText('其他时长').click();
    await page.getByRole('textbox', { name: /自定义时长/ }).fill('p1m');
    await page.getByRole('button', { name: '前进' }).click();
    await page.locator('#clock-date').getByText('2026年4月11日').waitFor();
    await page.locator('#header-clock').getByText('4月11日').waitFor();

    await page.getByRole('button', { name: '到月末' }).click();
    await page
      .locator('#clock-date')
      .getByText(/2026年(4月30|5月1)日/)
      .waitFor();
    expect(complaints).toEqual([]);
  });

  test('given the clock, when a script moves it, then the page follows', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);
    await page.locator('#clock-date').getByText('2026年3月10日').waitFor();

    await fetch(`${sandbox.url}/api/clock/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ by: 'P1D' }),
    });

    await page.locator('#clock-date').getByText('2026年3月11日').waitFor();
  });

  test('given something that is no duration, when it is submitted, then the field says what fits', async () => {
    const { sandbox } = await page$.scene();
    const { page } = await page$.open(sandbox);

    await page.getByText('其他时长').click();
    await page.getByRole('textbox', { name: /自定义时长/ }).fill('明天');
    await page.getByRole('button', { name: '前进' }).click();

    expect(await page.evaluate('document.activeElement.validationMessage')).toContain('ISO 8601');
  });
});

describe('a sandbox without a service', () => {
  test('given no service, when the page opens, then it offers no SMS and no recharge and says nothing of errors', async () => {
    const sandbox = await startTestSandbox();
    try {
      const { page } = await page$.open(sandbox);

      await page.getByRole('heading', { name: /^时钟/ }).waitFor();
      await page.getByRole('heading', { name: '发送短信' }).waitFor({ state: 'hidden' });
      expect(await page.getByRole('heading', { name: '充值' }).isVisible()).toBe(false);
      expect(await page.getByRole('alert').count()).toBe(0);
    } finally {
      await sandbox.stop();
    }
  });
});

import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import {
  aMainlandReceipt,
  anInternationalReceipt,
  balanceOf,
  createHttpHarness,
  recordsOf,
  rejectedOf,
  type TestAccount,
} from './harness.ts';

const http = await createHttpHarness();
const YUAN = 1_000_000n;
const TAKEN = { code: 0, msg: '接收成功' };

async function push(account: TestAccount, where: 'mainland' | 'international', receipts: unknown, headers = {}) {
  const response = await http.app.inject({
    method: 'POST',
    url: `/v1/receipts/${account.key}/${where}`,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    payload: typeof receipts === 'string' ? receipts : JSON.stringify(receipts),
  });
  return { status: response.statusCode, body: response.json() };
}

describe('given mainland receipts', () => {
  test('when they are pushed as the platform does, then they are billed and answered with its own words', async () => {
    const account = await http.account();
    const answer = await push(account, 'mainland', [
      aMainlandReceipt({ sms_size: '2' }),
      aMainlandReceipt({ sms_size: 3, success: false, err_code: 'MK:0005' }),
    ]);
    expect(answer).toEqual({ status: 200, body: TAKEN });
    const [delivered, failed] = await recordsOf(http.db, account.id);
    expect(delivered).toMatchObject({ status: 'delivered', segments: 2, destination: 'mainland', country: null });
    expect(delivered?.at.toString()).toBe('2026-03-10T03:59:00Z');
    expect(failed).toMatchObject({ status: 'failed', segments: 3, billing: 'free' });
    expect(await balanceOf(http.db, account.id)).toBe(100n * YUAN - 2n * 40_000n);
  });

  test('when two numbers share a biz_id, then they are two messages, and no number is stored', async () => {
    const account = await http.account();
    const biz_id = '706715193751989145^0';
    const receipts = ['13800138000', '13900139000'].map((phone_number) => aMainlandReceipt({ biz_id, phone_number }));
    await push(account, 'mainland', receipts);
    const records = await recordsOf(http.db, account.id);
    expect(records).toHaveLength(2);
    for (const { record_id } of records) expect(record_id).toMatch(/^706715193751989145\^0:[0-9a-f]{16}$/);
    expect(JSON.stringify(records)).not.toMatch(/13[89]00/);
  });

  test('when a push repeats, then nothing changes (rule 1)', async () => {
    const account = await http.account();
    const receipts = [aMainlandReceipt(), aMainlandReceipt()];
    expect(await push(account, 'mainland', receipts)).toEqual(await push(account, 'mainland', receipts));
    expect(await recordsOf(http.db, account.id)).toHaveLength(2);
    expect(await balanceOf(http.db, account.id)).toBe(100n * YUAN - 2n * 40_000n);
  });

  test('when a template is known, then its type is billed; when it is not, or absent, then the default', async () => {
    const account = await http.account();
    const codes = ['SMS_P', 'SMS_V', 'SMS_unheard_of', '', null, undefined, 7];
    await push(
      account,
      'mainland',
      codes.map((template_code, i) => aMainlandReceipt({ template_code, biz_id: `biz${i}^0` })),
    );
    expect((await recordsOf(http.db, account.id)).map((record) => record.template_type)).toEqual([
      'promotion',
      'verification',
      ...Array(5).fill('notification'),
    ]);
  });

  test('when fields are absent that need not be there, or new, then it makes no difference', async () => {
    const account = await http.account();
    const { out_id: _, report_time: __, err_msg: ___, ...bare } = aMainlandReceipt();
    const rich = aMainlandReceipt({ sign_name: '示例', message_id: '1', request_id: '2', brand_new: { a: 1 } });
    expect(await push(account, 'mainland', [bare, rich])).toEqual({ status: 200, body: TAKEN });
    expect(await recordsOf(http.db, account.id)).toHaveLength(2);
    expect(await rejectedOf(http.db, account.id)).toEqual([]);
  });
});

describe('given international receipts', () => {
  test.each([
    ['1', 'delivered'],
    ['2', 'failed'],
    ['6', 'failed'],
    [1, 'delivered'],
  ])('when the status is %j, then the message is %s, and charged all the same (rule 2)', async (Status, status) => {
    const account = await http.account();
    const receipt = anInternationalReceipt({ Status });
    expect(await push(account, 'international', [receipt])).toEqual({ status: 200, body: TAKEN });
    expect(await recordsOf(http.db, account.id)).toMatchObject([
      { record_id: receipt.MessageId, status, country: 'SG', billing: 'charged', template_type: 'notification' },
    ]);
    expect(await balanceOf(http.db, account.id)).toBe(100n * YUAN - 300_000n);
  });

  test.each([
    ['6591234567', 'SG'],
    ['+85291234567', 'HK'],
    [85366123456, 'MO'],
    ['886912345678', 'TW'],
    ['12025550123', 'US'],
    ['14165550123', 'CA'],
    ['447400123456', 'GB'],
  ])('when it went to %s, then its country is %s', async (To, country) => {
    const account = await http.account();
    await push(account, 'international', [anInternationalReceipt({ To })]);
    expect((await recordsOf(http.db, account.id)).map((record) => record.country)).toEqual([country]);
  });

  test.each([
    ['Tue, 10 Mar 2026 11:59:00 +0800', '2026-03-10T03:59:00Z'],
    ['Tue, 10 Mar 2026 03:59:00 GMT', '2026-03-10T03:59:00Z'],
    ['3 Mar 2026 22:00:05 -0530', '2026-03-04T03:30:05Z'],
  ])('when it was sent at %s, then it is recorded at %s', async (SendDate, expected) => {
    const account = await http.account();
    await push(account, 'international', [anInternationalReceipt({ SendDate })]);
    expect((await recordsOf(http.db, account.id)).map((record) => record.at.toString())).toEqual([expected]);
  });
});

describe('given receipts of which some cannot be read', () => {
  const wrong: ['mainland' | 'international', string, Record<string, unknown>, string, string][] = [
    ['mainland', 'no size', { sms_size: undefined }, 'field_missing', 'sms_size'],
    ['mainland', 'a size of 0', { sms_size: '0' }, 'field_invalid', 'sms_size'],
    ['mainland', 'a size in words', { sms_size: 'two' }, 'field_invalid', 'sms_size'],
    ['mainland', 'no time', { send_time: undefined }, 'field_missing', 'send_time'],
    ['mainland', 'a time that is none', { send_time: '2026-02-30 00:00:00' }, 'field_invalid', 'send_time'],
    ['mainland', 'a time far ahead', { send_time: '2026-03-10 12:10:01' }, 'at_in_future', 'send_time'],
    ['mainland', 'a time long ago', { send_time: '2025-01-01 00:00:00' }, 'at_too_old', 'send_time'],
    ['mainland', 'no number', { phone_number: undefined }, 'field_missing', 'phone_number'],
    ['mainland', 'no biz_id', { biz_id: undefined }, 'field_missing', 'biz_id'],
    ['mainland', 'no outcome', { success: 'perhaps' }, 'field_invalid', 'success'],
    ['international', 'a status that is not known', { Status: '3' }, 'field_invalid', 'Status'],
    ['international', 'a number of nowhere', { To: '99912345678' }, 'country_unknown', 'To'],
    ['international', 'a number of the mainland', { To: '8613800138000' }, 'country_unexpected', 'To'],
    [
      'international',
      'a time that is none',
      { SendDate: 'Tue, 32 Mar 2026 11:59:00 +0800' },
      'field_invalid',
      'SendDate',
    ],
    [
      'international',
      'a month that is none',
      { SendDate: 'Tue, 10 Foo 2026 11:59:00 +0800' },
      'field_invalid',
      'SendDate',
    ],
    ['international', 'no id', { MessageId: undefined }, 'field_missing', 'MessageId'],
  ];
  test.each(wrong)(
    'when a %s one has %s, then it is kept for a person and the others are billed',
    async (where, _, change, code, field) => {
      const account = await http.account();
      const make = where === 'mainland' ? aMainlandReceipt : anInternationalReceipt;
      expect(await push(account, where, [make(), make(change), make()])).toEqual({ status: 200, body: TAKEN });
      expect(await recordsOf(http.db, account.id)).toHaveLength(2);
      const [kept, ...others] = await rejectedOf(http.db, account.id);
      expect(others).toEqual([]);
      expect(kept).toMatchObject({ reason: 'invalid', received: { code, field } });
    },
  );

  test('then what is kept shows no number, wherever it stood, and stays readable otherwise', async () => {
    const account = await http.account();
    const receipt = aMainlandReceipt({
      sms_size: 'x',
      biz_id: '706715193751989145^0',
      phone_number: 13812345678,
      out_id: 'order-13812345678',
      err_msg: 'to +86 138-1234-5678 failed',
      extra: { mobile: ['13812345678'] },
      'caller 13812345678': 'y',
    });
    await push(account, 'mainland', [receipt]);
    const [kept] = await rejectedOf(http.db, account.id);
    expect(kept?.record_id).toBe('706715193751989145^0');
    expect(kept?.received).toMatchObject({
      receipt: { phone_number: '138******78', biz_id: '706715193751989145^0', send_time: '2026-03-10 11:59:00' },
    });
    expect(JSON.stringify(kept).replaceAll(/[\s-]/g, '')).not.toContain('13812345678');
    expect(http.log.join('')).not.toContain('1381234');
  });

  test('then what the database cannot keep as it is, or is huge, is kept all the same', async () => {
    const account = await http.account();
    const odd = ['nul \0', 'half \ud800', 'x'.repeat(100_000), null, 7, [1], { 'k\0': 'v\0' }, '13812345678'];
    expect(await push(account, 'mainland', [...odd, aMainlandReceipt()])).toEqual({ status: 200, body: TAKEN });
    const kept = await rejectedOf(http.db, account.id);
    expect(kept).toHaveLength(odd.length);
    expect(JSON.stringify(kept).length).toBeLessThan(10_000);
    expect(JSON.stringify(kept)).not.toContain('13812345678');
    expect(await recordsOf(http.db, account.id)).toHaveLength(1);
  });

  test('when the push repeats, then each is kept once', async () => {
    const account = await http.account();
    const receipts = [aMainlandReceipt({ sms_size: 'x' }), 'junk'];
    await push(account, 'mainland', receipts);
    await push(account, 'mainland', receipts);
    expect(await rejectedOf(http.db, account.id)).toHaveLength(2);
  });
});

describe('given a push that cannot be taken as a whole', () => {
  test.each([
    ['malformed JSON', '[{', 400, 'json_malformed'],
    ['no array', '{"phone_number":"1"}', 400, 'body_invalid'],
    ['more than 4 MiB', `["${'x'.repeat(4 * 1024 * 1024)}"]`, 413, 'body_too_large'],
  ])('when it is %s, then the code is a number, as the platform wants it', async (_, payload, status, code) => {
    const answer = await push(await http.account(), 'mainland', payload);
    expect(answer).toMatchObject({ status, body: { code: status, msg: expect.any(String), error: { code } } });
  });

  test('when the key is unknown, then it is refused, with a number as code', async () => {
    const unknown = { id: '', key: `sk_${'0'.repeat(12)}_${'A'.repeat(43)}` };
    const answer = await push(unknown, 'international', [anInternationalReceipt()]);
    expect(answer).toMatchObject({ status: 401, body: { code: 401, error: { code: 'key_unknown' } } });
  });

  test('when the content type is missing or another one, then it is taken: a refused push would be lost', async () => {
    const account = await http.account();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      expect((await push(account, 'mainland', [aMainlandReceipt()], { 'content-type': type })).status).toBe(200);
    }
    expect(await recordsOf(http.db, account.id)).toHaveLength(3);
  });

  test('when a remark in it is not UTF-8, then it is taken', async () => {
    const { id, key } = await http.account();
    const text = JSON.stringify([aMainlandReceipt({ err_msg: 'caf\u00e9' })]);
    const response = await http.app.inject({
      method: 'POST',
      url: `/v1/receipts/${key}/mainland`,
      payload: Buffer.from(text, 'latin1'),
    });
    expect(response.json()).toEqual(TAKEN);
    expect(await recordsOf(http.db, id)).toHaveLength(1);
  });

  test('when the address ends in a slash, then it is taken all the same', async () => {
    const { key } = await http.account();
    const response = await http.app.inject({ method: 'POST', url: `/v1/receipts/${key}/mainland/`, payload: [] });
    expect(response.json()).toEqual(TAKEN);
  });

  test('when the database cannot be reached, then the answer lets the platform push again, and nothing is taken', async () => {
    const account = await http.account();
    const logger = http.db.logger.child({}, { level: 'silent' });
    const gone = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', logger });
    const response = await http.server({ db: gone }).inject({
      method: 'POST',
      url: `/v1/receipts/${account.key}/mainland`,
      payload: [aMainlandReceipt()],
    });
    await gone.close();
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.json()).toMatchObject({ code: 503, error: { code: 'unavailable' } });
    expect(await recordsOf(http.db, account.id)).toEqual([]);
  });
});

test('given traffic of all kinds, then neither keys nor numbers are in the log, and the routes are', () => {
  // Ids of what was asked and traced are random, and now and then one looks like a number.
  const log = http.log.join('').replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id');
  expect(log).toContain('/v1/receipts/:key/mainland');
  expect(log).not.toMatch(/sk_[a-z0-9]{12}_/);
  expect(log).not.toMatch(/1[38]\d{9}|6591234567/);
});

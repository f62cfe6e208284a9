import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SandboxBackend } from '../../src/sandbox/backend.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { StillClock, startTestSandbox } from '../support/sandbox-world.ts';

type Receipt = Record<string, unknown>;

/** A usage intake: keeps what is posted, and answers as it is told. */
class Intake {
  readonly posts: { path: string; receipts: Receipt[] }[] = [];
  answers: { status: number; body: string }[] = [];
  /** Called with each post. */
  onPost: () => Promise<void> = async () => {};
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const body = z.array(z.record(z.string(), z.unknown())).parse(JSON.parse((await request.toArray()).join('')));
      this.posts.push({ path: request.url ?? '', receipts: body });
      await this.onPost();
      const { status, body: text } = this.answers.shift() ?? { status: 200, body: '{"code":0,"msg":"接收成功"}' };
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  }

  get receipts(): Receipt[] {
    return this.posts.flatMap((post) => post.receipts);
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let intake: Intake;
let sandbox: Sandbox;
let clock: StillClock;
let accounts: { id: string; name: string }[];
let recharges: [string, string][];

beforeEach(async () => {
  intake = new Intake();
  const baseUrl = await intake.start();
  accounts = [{ id: 'acc-1', name: '一' }];
  recharges = [];
  const backend: SandboxBackend = {
    accounts: async () => accounts,
    intake: async (id) => ({
      baseUrl,
      key: `key of ${id}`,
      templateCodes: { verification: 'SMS_1', promotion: 'SMS_3' },
    }),
    recharge: async (id, amount) => {
      if (amount === '0.00') throw new Error('a recharge is more than nothing');
      recharges.push([id, amount]);
    },
  };
  clock = new StillClock('2021-11-25T02:25:00.900Z');
  sandbox = await startTestSandbox({ backend, clock });
});
afterEach(async () => {
  await sandbox.stop();
  await intake.stop();
});

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const mainland = (rest: Receipt = {}) => ({ destination: 'mainland', templateType: 'verification', count: 1, ...rest });
const international = (country: string, rest: Receipt = {}) => ({
  destination: 'international',
  templateType: 'verification',
  country,
  count: 1,
  ...rest,
});

describe('delivery receipts of mainland messages', () => {
  test('then they are in the documented form, in Beijing time by the sandbox clock', async () => {
    const answer = await post('/api/sms', mainland({ segments: 2 }));

    expect(answer).toEqual({
      status: 200,
      body: { posted: 1, answers: [{ status: 200, body: { code: 0, msg: '接收成功' } }] },
    });
    expect(intake.posts).toEqual([
      {
        path: '/v1/receipts/key%20of%20acc-1/mainland',
        receipts: [
          {
            phone_number: '13800130000',
            send_time: '2021-11-25 10:25:00',
            report_time: '2021-11-25 10:25:00',
            success: true,
            err_code: 'DELIVERED',
            err_msg: '用户接收成功',
            sms_size: '2',
            biz_id: expect.stringMatching(/^\d{18}\^0$/),
            out_id: expect.any(String),
            template_code: 'SMS_1',
          },
        ],
      },
    ]);
  });

  test('given 2,500, then three pushes of at most 1,000, and each receipt is known by its biz_id and number', async () => {
    expect(await post('/api/sms', mainland({ count: 2_500 }))).toMatchObject({ body: { posted: 2_500 } });

    expect(intake.posts.map((one) => one.receipts.length)).toEqual([1_000, 1_000, 500]);
    const identities = new Set(intake.receipts.map((one) => `${one.biz_id} ${one.phone_number}`));
    expect(identities.size).toBe(2_500);
  });

  test('given pushes that take their time, then each was sent when it was its turn', async () => {
    intake.onPost = () => clock.advance('PT2S');
    await post('/api/sms', mainland({ count: 2_500 }));
    expect([...new Set(intake.receipts.map((one) => one.send_time))]).toEqual([
      '2021-11-25 10:25:00',
      '2021-11-25 10:25:02',
      '2021-11-25 10:25:04',
    ]);
  });

  test('given the same again, then the ids are new', async () => {
    await post('/api/sms', mainland());
    await post('/api/sms', mainland());
    expect(new Set(intake.receipts.map((one) => one.biz_id)).size).toBe(2);
  });

  test.each([
    ['a refusal', { status: 200, body: '{"code":1,"msg":"no"}' }, { code: 1, msg: 'no' }],
    ['a code in a string', { status: 200, body: '{"code":"0"}' }, { code: '0' }],
    ['HTTP 500 without JSON', { status: 500, body: 'oops' }, 'oops'],
  ])('given %s to the second push, then it stops there and says so', async (_name, refusal, body) => {
    intake.answers = [{ status: 200, body: '{"code":0}' }, refusal];
    const answer = await post('/api/sms', mainland({ count: 2_500 }));

    expect(answer.body).toEqual({
      posted: 1_000,
      answers: [
        { status: 200, body: { code: 0 } },
        { status: refusal.status, body },
      ],
    });
    expect(intake.posts).toHaveLength(2);
  });

  test('given an intake that cannot be reached, then 502, and the key is not in the message', async () => {
    await intake.stop();
    const answer = await post('/api/sms', mainland());
    expect(answer).toMatchObject({ status: 502, body: { error: { code: 'intake_unreachable' } } });
    expect(JSON.stringify(answer)).not.toContain('key');
  });
});

describe('delivery receipts of international messages', () => {
  test('then they are in the documented form', async () => {
    await post('/api/sms', international('SG', { count: 2, segments: 3 }));

    expect(intake.posts[0]?.path).toBe('/v1/receipts/key%20of%20acc-1/international');
    expect(intake.receipts[0]).toEqual({
      To: expect.stringMatching(/^65\d{8}$/),
      SendDate: 'Thu, 25 Nov 2021 10:25:00 +0800',
      ReceiveDate: 'Thu, 25 Nov 2021 10:25:00 +0800',
      Status: '1',
      ErrorCode: 'DELIVERED',
      ErrorDescription: 'success',
      SmsSize: '3',
      MessageId: expect.stringMatching(/^\d{18}$/),
      TaskId: expect.stringMatching(/^\d{18}$/),
    });
    expect(new Set(intake.receipts.map((one) => one.MessageId)).size).toBe(2);
  });

  test.each(['HK', 'MO', 'TW', 'US', 'CA', 'JM', 'GB', 'JE', 'RU', 'KZ', 'BR', 'IT'])(
    'given %s, then every number is one of that country',
    async (country) => {
      await post('/api/sms', international(country, { count: 1_000 }));

      const countries = new Set(intake.receipts.map((one) => parsePhoneNumberFromString(`+${one.To}`)?.country));
      expect([...countries]).toEqual([country]);
    },
  );
});

describe('bad input', () => {
  test.each([
    ['no messages', mainland({ count: 0 }), 400, 'invalid_input', 'count'],
    ['half a message', mainland({ count: 1.5 }), 400, 'invalid_input', 'count'],
    ['an unknown type', mainland({ templateType: 'spam' }), 400, 'invalid_input', 'templateType'],
    ['a type without a template', mainland({ templateType: 'notification' }), 400, 'template_unknown', 'templateType'],
    ['no country', { ...international('SG'), country: undefined }, 400, 'invalid_input', 'country'],
    ['an unknown country', international('XX'), 400, 'invalid_input', 'country'],
    [
      "a country whose numbers cannot be told from its neighbour's",
      international('VA'),
      400,
      'invalid_input',
      'country',
    ],
    ['the mainland as abroad', international('CN'), 400, 'invalid_input', 'country'],
    ['a foreign country as the mainland', mainland({ country: 'SG' }), 400, 'invalid_input', 'country'],
    ['an unknown account', mainland({ accountId: 'acc-9' }), 404, 'account_unknown', 'accountId'],
  ])('given %s, then a clear error and nothing is posted', async (_name, body, status, code, field) => {
    const answer = await post('/api/sms', body);
    expect(answer).toMatchObject({ status, body: { error: { code, field, message: expect.any(String) } } });
    expect(intake.posts).toEqual([]);
  });
});

describe('which account', () => {
  test('given one, then it may be left out; given two, then it has to be named', async () => {
    expect((await post('/api/recharge', { amount: '500.00' })).status).toBe(200);
    accounts.push({ id: 'acc-2', name: '二' });
    const unnamed = await post('/api/recharge', { amount: '500.00' });
    expect(unnamed).toMatchObject({ status: 400, body: { error: { code: 'account_needed', field: 'accountId' } } });
    expect((await post('/api/recharge', { accountId: 'acc-2', amount: '8' })).status).toBe(200);

    expect(recharges).toEqual([
      ['acc-1', '500.00'],
      ['acc-2', '8'],
    ]);
    const listed = await fetch(`${sandbox.url}/api/accounts`);
    expect(await listed.json()).toEqual(accounts);
  });

  test('given none yet, then 409', async () => {
    accounts = [];
    expect(await post('/api/recharge', { amount: '1' })).toMatchObject({
      status: 409,
      body: { error: { code: 'no_account' } },
    });
  });

  test('given an amount that the service refuses or that is none, then 400 and why', async () => {
    expect(await post('/api/recharge', { amount: '0.00' })).toEqual({
      status: 400,
      body: {
        error: {
          ...{ code: 'recharge_refused', message: 'a recharge is more than nothing' },
          messageZh: '充值没有成功：a recharge is more than nothing',
        },
      },
    });
    for (const amount of ['-5', '1.005', '1e3', 'five', 5]) {
      expect(await post('/api/recharge', { amount })).toMatchObject({
        status: 400,
        body: { error: { field: 'amount' } },
      });
    }
    expect(recharges).toEqual([]);
  });
});

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ALWAYS } from '../../src/domain/offer.ts';
import { HTTP_ERRORS, HttpError, toHttpError } from '../../src/http/errors.ts';
import { RECORD_PROBLEMS } from '../../src/http/record-problem.ts';
import { recharge } from '../../src/services/accounts.ts';
import { addPlan } from '../../src/services/plans.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { StoreError } from '../../src/store/errors.ts';
import { aRecord, bearer, createHttpHarness } from './harness.ts';

const http = await createHttpHarness();

describe('given what a monitor asks', () => {
  test('then the process is up, and ready when its checks say so', async () => {
    expect((await http.app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await http.app.inject('/readyz');
    expect([ready.statusCode, ready.json()]).toEqual([200, { ready: true, checks: { database: { ok: true } } }]);

    http.readiness = { ready: false, checks: { database: { ok: false } } };
    const unready = await http.app.inject('/readyz');
    expect([unready.statusCode, unready.json()]).toEqual([503, { ready: false, checks: { database: { ok: false } } }]);
    expect((await http.app.inject('/healthz')).statusCode).toBe(200);
  });
});

describe('given a gateway that asks whether it may send', () => {
  const ask = (key: string) => http.app.inject({ url: '/v1/sending', headers: bearer(key) });

  test('then it is told what is available and left, of when', async () => {
    const { id, key } = await http.account();
    await inTransaction(http.db, async (tx) => {
      const offer = {
        id: 'o',
        version: 1,
        effectiveFrom: ALWAYS,
        title: '5,000',
        segments: 5_000n,
        price: 0n,
        currency: 'CNY',
        validityMonths: 12,
        renewalDiscountBp: 0,
      };
      const account = await lockAccount(tx, id);
      await addPlan(http.context, tx, account, { source: 'grant', offer, price: 0n, key: 'k', by: 'test' });
    });
    expect((await ask(key)).json()).toEqual({
      sending: 'allowed',
      reasons: [],
      standing: 'clear',
      available: '100.00',
      quota: 5_000,
      asOf: '2026-03-10T04:00:00.000Z',
    });
  });

  test('when the account is overdue, then sending is suspended at once, and a recharge restores it (rule 9)', async () => {
    const { id, key } = await http.account();
    const records = Array.from({ length: 26 }, () => aRecord({ segments: 100, templateType: 'notification' }));
    const usage = { method: 'POST', url: '/v1/usage', headers: bearer(key), payload: { records } } as const;
    expect((await http.app.inject(usage)).json()).toMatchObject({ accepted: 26 });
    expect((await ask(key)).json()).toMatchObject({ sending: 'suspended', standing: 'overdue', available: '-4.00' });
    await inTransaction(http.db, (tx) =>
      recharge(http.context, tx, { accountId: id, amount: 4_000_000n, key: 'second', by: 'test' }),
    );
    expect((await ask(key)).json()).toMatchObject({ sending: 'allowed', standing: 'clear', available: '0.00' });
  });

  test('when the key is unknown, then it is refused', async () => {
    expect((await ask('nonsense')).json().error.code).toBe('key_unknown');
  });
});

describe('given a request that fits no route', () => {
  test.each(['/', '/v1', '/v1/usage/x', '/v1/receipts/k/elsewhere', '/metrics?key=sk_secret'])(
    'when the address is %s, then it is not found, and the answer does not repeat it',
    async (url) => {
      const response = await http.app.inject({ method: 'POST', url, payload: 'x', headers: { 'content-type': 'a/b' } });
      expect(response.statusCode).toBe(404);
      expect(response.json().error.code).toBe('not_found');
      expect(response.body).not.toContain('secret');
    },
  );

  test.each([
    ['GET', '/v1/usage', 'POST'],
    ['PUT', '/v1/usage', 'POST'],
    ['GET', '/v1/receipts/whatever/mainland', 'POST'],
    ['DELETE', '/v1/receipts/whatever/international', 'POST'],
    ['POST', '/v1/sending', 'GET, HEAD'],
    ['OPTIONS', '/healthz', 'GET, HEAD'],
    ['PATCH', '/readyz', 'GET, HEAD'],
  ] as const)('when it is %s %s, then only %s is allowed', async (method, url, allow) => {
    const response = await http.app.inject({ method, url });
    expect([response.statusCode, response.headers.allow]).toEqual([405, allow]);
    expect(response.json().error.code).toBe('method_not_allowed');
  });

  test('when the address is not encoded properly, then it is refused without being repeated', async () => {
    const response = await http.app.inject({ method: 'POST', url: '/v1/receipts/sk_secret%zz/mainland' });
    expect([response.statusCode, response.json().error.code]).toEqual([400, 'request_malformed']);
    expect(response.body + http.log.join('')).not.toContain('secret');
  });
});

describe('given bytes that are no proper request', () => {
  const send = async (bytes: string, requestTimeout?: number) => {
    const app = http.server(requestTimeout === undefined ? {} : { requestTimeout });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect(portOf(app), '127.0.0.1');
    socket.write(bytes);
    const answer = await text(socket);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    return { status: Number(head.split(' ')[1]), code: JSON.parse(body).error.code };
  };

  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'request_malformed'],
    ['too long headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ])('when it is %s, then it is refused with a code', async (_, bytes, status, code) => {
    expect(await send(bytes)).toEqual({ status, code });
  });

  test('when a request does not arrive whole in time, then it is ended', async () => {
    const { key } = await http.account();
    expect(await send(`${slowRequest(key)}{`, 50)).toEqual({ status: 408, code: 'request_too_slow' });
  });

  test('when the server is closed while a request arrives, then it waits no longer than it is told to', async () => {
    const { key } = await http.account();
    const app = http.server({ closeGrace: 50 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect(portOf(app), '127.0.0.1');
    socket.write(`${slowRequest(key)}{`);
    await once(app.server, 'request');
    await Promise.all([app.close(), once(socket, 'close')]);
  });
});

/** The head of a request whose body is to come. */
function slowRequest(key: string): string {
  const lines = ['POST /v1/usage HTTP/1.1', 'Host: x', `Authorization: Bearer ${key}`];
  return [...lines, 'Content-Type: application/json', 'Content-Length: 100', '', ''].join('\r\n');
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

test('given a defect, then the answer says nothing of it, and the log has it without the rows it was about', async () => {
  const { key } = await http.account();
  await sql`alter table usage_records add constraint test_defect check (record_id <> 'secret-13812345678')`.execute(
    http.db.kysely,
  );
  const response = await http.app.inject({
    method: 'POST',
    url: '/v1/usage',
    headers: bearer(key),
    payload: { records: [aRecord({ id: 'secret-13812345678' })] },
  });
  expect(response.statusCode).toBe(500);
  expect(response.json().error).toEqual({
    code: 'internal',
    message: HTTP_ERRORS.internal.message,
    messageZh: HTTP_ERRORS.internal.messageZh,
    next: HTTP_ERRORS.internal.next,
    nextZh: HTTP_ERRORS.internal.nextZh,
  });
  const log = http.log.join('');
  expect(log).toContain('test_defect');
  expect(log).not.toContain('13812345678');
});

describe('given many unknown keys from one address', () => {
  const ask = (key: string, remoteAddress: string) =>
    http.app.inject({ url: '/v1/sending', headers: bearer(key), remoteAddress });

  test('then it is told to wait, a key that was good before works all the same, and other addresses notice nothing', async () => {
    const [known, fresh] = [await http.account(), await http.account()];
    expect((await ask(known.key, '10.0.0.1')).statusCode).toBe(200);
    for (let i = 0; i < 20; i += 1) expect((await ask('nonsense', '10.0.0.1')).statusCode).toBe(401);

    const blocked = await ask('nonsense', '10.0.0.1');
    expect([blocked.statusCode, blocked.headers['retry-after']]).toEqual([429, '60']);
    expect(blocked.json().error.code).toBe('too_many_failures');
    expect((await ask(fresh.key, '10.0.0.1')).statusCode).toBe(429);
    expect((await ask(known.key, '10.0.0.1')).statusCode).toBe(200);
    expect((await ask(fresh.key, '10.0.0.2')).statusCode).toBe(200);

    http.clock.set(http.clock.now().add({ minutes: 1 }));
    expect((await ask('nonsense', '10.0.0.1')).statusCode).toBe(401);
  });
});

describe('given an error of the database', () => {
  const withCode = (code: string) => Object.assign(new Error('x'), { code });

  test.each(['08006', '40P01', '53300', '55P03', '57014', '57P01'])('when it is %s, then it may pass', (code) => {
    expect(toHttpError(withCode(code)).code).toBe('unavailable');
  });

  test.each(['23505', '42P01', '22003'])('when it is %s, then it is a defect', (code) => {
    expect(toHttpError(withCode(code)).code).toBe('internal');
  });

  test('when the connection is lost, then it may pass; when a transaction went on after a failure, it is a defect', () => {
    expect(toHttpError(new StoreError('connection_lost', 'x')).code).toBe('unavailable');
    expect(toHttpError(new StoreError('transaction_aborted', 'x')).code).toBe('internal');
    expect(toHttpError(new HttpError('busy')).code).toBe('busy');
  });
});

test('the README lists every code with its status, and no other', async () => {
  const readme = await readFile(new URL('../../src/http/README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(HTTP_ERRORS).map(([code, { status }]) => [code, status])),
  );
  const [, table = ''] = readme.split('| code of a record |');
  const codes = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code);
  expect(codes).toEqual([...RECORD_PROBLEMS]);
});

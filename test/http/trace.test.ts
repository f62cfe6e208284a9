import { expect, test } from 'vitest';
import { aRecord, bearer, createHttpHarness, type RecordInput, type TestAccount } from './harness.ts';

const http = await createHttpHarness();

function post(account: TestAccount, records: readonly RecordInput[]) {
  return http.app.inject({ method: 'POST', url: '/v1/usage', headers: bearer(account.key), payload: { records } });
}

/** Four such take more than an account has. */
const spending = () => aRecord({ destination: 'international', country: 'SG', segments: 99, templateType: null });

/** The lines of the log that bear an id. */
const linesOf = (id: unknown) =>
  http.log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ trace }) => trace === id);

test('given a request that makes an account due, then its answer, its line in the log and the review that it wakes bear one id', async () => {
  const account = await http.account();
  const response = await post(account, Array.from({ length: 4 }, spending));
  const id = response.headers['x-request-id'];
  expect(id).toMatch(/^http\/[0-9a-f-]{36}$/);
  expect(linesOf(id)).toMatchObject([{ msg: 'request', route: '/v1/usage', status: 200 }]);
  expect(http.reviewedUnder).toEqual([id]);
});

test('given requests that are recorded together, then the review bears the id of one of them, and the log says with which the others are', async () => {
  const account = await http.account();
  http.reviewedUnder.length = 0;
  const responses = await Promise.all(Array.from({ length: 12 }, () => post(account, [spending()])));
  const ids = responses.map((response) => String(response.headers['x-request-id']));
  expect(new Set(ids).size).toBe(12);
  expect(http.reviewedUnder.length).toBeGreaterThan(0);
  for (const id of http.reviewedUnder) expect(ids).toContain(id);
  const joined = ids.filter((id) => linesOf(id).some(({ msg }) => msg === 'recorded together'));
  expect(joined.length).toBeGreaterThan(0);
  for (const id of joined) {
    expect(linesOf(id)).toContainEqual(expect.objectContaining({ with: expect.toBeOneOf(ids), account: account.id }));
  }
});

test('given a request that is refused, then its answer and its line in the log bear one id, too', async () => {
  const response = await http.app.inject({ method: 'POST', url: '/v1/usage', payload: {} });
  expect(response.statusCode).toBe(401);
  expect(linesOf(response.headers['x-request-id'])).toMatchObject([{ msg: 'request', status: 401 }]);
});

import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Intake } from '../../src/http/intake.ts';
import { currentTrace, withTrace } from '../../src/trace.ts';
import { aReport } from '../support/builders.ts';
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

test('given requests that wait for each other, then what is recorded together bears the id of the first of them, and the log leads to it from the others', async () => {
  const account = await http.account();
  const seen: (string | undefined)[] = [];
  const lines: string[] = [];
  const intake = new Intake({
    db: http.db,
    context: http.context,
    logger: pino({ level: 'debug' }, { write: (line: string) => lines.push(line) }),
    onReviewDue: () => seen.push(currentTrace()),
  });
  const take = (trace: string, segments: number) =>
    withTrace(trace, () => {
      const abroad = { destination: 'international', country: 'SG', status: 'submitted' } as const;
      const reports = [aReport({ id: trace, segments, at: http.clock.now(), ...abroad })];
      return intake.take(account.id, { reports, rejected: [] });
    });
  // Two of an account run at a time. The others wait, and go together when one of these has ended; only they take all of the money.
  await Promise.all([take('one', 1), take('two', 1), take('three', 300), take('four', 1), take('five', 300)]);
  expect(seen).toEqual(['three']);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { msg: 'recorded together', trace: 'four', with: 'three', account: account.id },
    { msg: 'recorded together', trace: 'five', with: 'three' },
  ]);
});

test('given a request that is refused, then its answer and its line in the log bear one id, too', async () => {
  const response = await http.app.inject({ method: 'POST', url: '/v1/usage', payload: {} });
  expect(response.statusCode).toBe(401);
  expect(linesOf(response.headers['x-request-id'])).toMatchObject([{ msg: 'request', status: 401 }]);
});

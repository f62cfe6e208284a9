import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { Partitions } from '../../src/http/partitions.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import {
  aRecord,
  balanceOf,
  bearer,
  createHttpHarness,
  type RecordInput,
  recordsOf,
  type TestAccount,
} from './harness.ts';

const http = await createHttpHarness();
const YUAN = 1_000_000n;

async function post(account: TestAccount, records: readonly RecordInput[]) {
  const response = await http.app.inject({
    method: 'POST',
    url: '/v1/usage',
    headers: bearer(account.key),
    payload: { records },
  });
  return { status: response.statusCode, body: response.json() };
}

async function transactionsOf(accountId: string): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(distinct batch_id) from usage_records where account_id = ${accountId}`.execute(http.db.kysely);
  return Number(rows[0]?.count);
}

describe('given many requests of one account at the same time', () => {
  test('then they share transactions, and each has its own answer', async () => {
    const account = await http.account();
    const shared = aRecord({ id: 'shared' });
    const requests = Array.from({ length: 40 }, (_, i) => [
      aRecord({ id: `own-${i}` }),
      { ...shared, segments: i < 20 ? 1 : 2 },
      aRecord({ id: `abroad-${i}`, destination: 'international', country: 'JP' }),
    ]);
    const answers = await Promise.all(requests.map((records) => post(account, records)));

    expect(await transactionsOf(account.id)).toBeLessThan(10);
    expect(answers.every(({ status, body }) => status === 200 && body.unpriced === 1)).toBe(true);
    // The first to come has the shared record; half of the others repeat it, half contradict it.
    const first = answers.filter(({ body }) => body.accepted === 3);
    const repeating = answers.filter(({ body }) => body.accepted === 2 && body.duplicates === 1);
    const conflicting = answers.filter(({ body }) => body.accepted === 2 && body.conflicts[0] === 'shared');
    expect([first.length, repeating.length + conflicting.length]).toEqual([1, 39]);
    expect(await recordsOf(http.db, account.id)).toHaveLength(81);
  });

  test('when one of them cannot be saved, then it alone fails', async () => {
    const account = await http.account();
    await sql`alter table usage_records add constraint test_poison check (record_id <> 'poison')`.execute(
      http.db.kysely,
    );
    const requests = Array.from({ length: 12 }, (_, i) => [aRecord({ id: i === 7 ? 'poison' : `good-${i}` })]);
    const answers = await Promise.all(requests.map((records) => post(account, records)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, (_, i) => (i === 7 ? 500 : 200)));
    expect(await recordsOf(http.db, account.id)).toHaveLength(11);
    expect(await balanceOf(http.db, account.id)).toBe(100n * YUAN - 11n * 50_000n);
  });
});

test('given a connection that breaks in the middle, then the work is done again, and only once', async () => {
  const account = await http.account();
  await sql`
    create function test_break_once() returns trigger language plpgsql as $$
    begin
      if nextval('test_breaks') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
      return new;
    end $$`.execute(http.db.kysely);
  await sql`create sequence test_breaks`.execute(http.db.kysely);
  await sql`create trigger test_break after insert on charges for each row execute function test_break_once()`.execute(
    http.db.kysely,
  );
  expect(await post(account, [aRecord(), aRecord()])).toMatchObject({ status: 200, body: { accepted: 2 } });
  expect(await balanceOf(http.db, account.id)).toBe(100n * YUAN - 2n * 50_000n);
});

describe('given months without partitions', () => {
  const report = (at: string) => ({
    id: 'x',
    destination: 'mainland' as const,
    country: null,
    templateType: null,
    segments: 1,
    status: 'delivered' as const,
    at: Temporal.Instant.from(at),
  });
  const partitions = async () => {
    const { rows } = await sql<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'usage_records'::regclass order by 1`.execute(http.db.kysely);
    return rows.map(({ name }) => name).filter((name) => /_20(30|31)_/.test(name));
  };

  test('when many ask for them at the same time, then each is made once, those in between too', async () => {
    await Promise.all(
      Array.from({ length: 8 }, () =>
        new Partitions(http.db).ensure([report('2031-01-31T23:59:59.999Z'), report('2030-11-01T00:00:00Z')]),
      ),
    );
    expect(await partitions()).toEqual(['usage_records_2030_11', 'usage_records_2030_12', 'usage_records_2031_01']);
  });

  test('when they are there already, then nothing happens', async () => {
    const at = Temporal.Instant.from('2030-11-15T00:00:00Z');
    await ensurePartitions(http.db.kysely, at, at);
    expect(await partitions()).toHaveLength(3);
  });
});

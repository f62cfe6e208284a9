import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { at } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, codeOf, jsonOf, type Ran } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-books-'));
afterAll(() => rm(folder, { recursive: true }));
const run = (...args: string[]): Promise<Ran> => cli(args, { env: { DATABASE_URL: url }, folder });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));
let account: TestAccount;
const MARCH = ['--from', '2026-03-01', '--to', '2026-03-31'];

beforeAll(async () => {
  const world = await BillingWorld.on(db);
  account = await world.openAccount({ name: 'Acme' });
  world.clock.set(at('2026-02-28T23:59:59.999'));
  await account.recharge('100', 'february');
  world.clock.set(at('2026-03-01'));
  await account.recharge('20.5', 'march');
  await account.grant('sms-100');
  world.clock.set(at('2026-03-31T23:59:59'));
  await account.use(110);
  world.clock.set(at('2026-04-01'));
  await account.recharge('1', 'april');
});

describe('given the statement of a book', () => {
  test('when a month is asked for, then it begins and ends in the time zone of the account, with a running balance', async () => {
    const found = await json('statement', 'Acme', ...MARCH);
    expect(found).toMatchObject({ book: 'cash', unit: 'CNY', opening: '100.00', closing: '120.05' });
    expect(found.entries).toMatchObject([
      {
        key: 'recharge/march',
        kind: 'recharge',
        counterpart: 'funding',
        amount: '20.50',
        balance: '120.50',
        details: { by: 'operator' },
      },
      { kind: 'payg', counterpart: 'payg', amount: '-0.45', balance: '120.05', details: { month: '2026-03' } },
    ]);
  });

  test('when people read it, then it is a table from the opening to the closing', async () => {
    const { out } = await run('statement', 'Acme', ...MARCH);
    expect(out).toMatch(/^Book cash of "Acme" in CNY, 2026-03-01 to 2026-03-31 \(Asia\/Shanghai\)$/m);
    expect(out).toMatch(/^2026-03-01 +opening +¥100\.00$/m);
    expect(out).toMatch(/^2026-03-01 00:00 +recharge +from funding +¥20\.50 +¥120\.50 +recharge\/march$/m);
    expect(out).toMatch(/^2026-03-31 23:59 +payg +to payg +-¥0\.45 +¥120\.05 +charge\/[-0-9a-f]+$/m);
    expect(out).toMatch(/^2026-03-31 +closing +¥120\.05$/m);
  });

  test('when it is of a plan, then it is in segments', async () => {
    const [plan] = await account.plans();
    const found = await json('statement', 'Acme', '--book', `plan:${plan?.plan_id}`, ...MARCH);
    expect(found).toMatchObject({ unit: 'segment', opening: 0, closing: 0 });
    expect(found.entries).toMatchObject([
      { counterpart: 'issued', amount: 100, balance: 100 },
      { counterpart: 'consumed', amount: -100, balance: 0 },
    ]);
  });

  test('when nothing moved, then the balance is that from before', async () => {
    expect(await json('statement', 'Acme', '--from', '2027-01-01', '--to', '2027-01-31')).toMatchObject({
      opening: '121.05',
      entries: [],
      closing: '121.05',
    });
  });

  test.each([
    ['a book that is not there', ['--book', 'plan:x'], 1, 'book_unknown'],
    ['a period that ends before it begins', ['--from', '2026-03-02', '--to', '2026-03-01'], 1, 'period_malformed'],
    ['a day that is none', ['--from', '2026-02-30'], 2, 'usage'],
    ['a day before there is anything', ['--from', '0001-01-01'], 2, 'usage'],
    ['a year that no database knows', ['--to', '0000-01-01'], 2, 'usage'],
  ])('when it is asked of %s, then it is refused', async (_, options, exit, code) => {
    const refused = await run('statement', 'Acme', ...options);
    expect([refused.code, codeOf(refused)]).toEqual([exit, code]);
  });

  test('when a day is too early, then which there are is said in both languages', async () => {
    const early = ['statement', 'Acme', '--from', '1999-12-31'];
    expect((await run(...early)).error).toContain('--from must be 2000-01-01 or later');
    expect((await run(...early, '--language', 'zh-CN')).error).toContain('--from 不得早于 2000-01-01');
    expect((await run('statement', 'Acme', '--from', '1x')).error).not.toContain('2000');
  });
});

describe('given the books', () => {
  test('when they are right, then that is said', async () => {
    expect(await run('reconcile')).toMatchObject({
      code: 0,
      out: 'Everything follows from its entries: accounts looked at: 1.\n',
    });
    expect(await json('reconcile', 'Acme')).toEqual({ accounts: 1, differences: [] });
  });

  test('when a figure is wrong, then it is shown with exit code 1, for people and for machines', async () => {
    await sql`update accounts set balance = balance + 10000`.execute(db.kysely);
    const told = await run('reconcile');
    expect([told.code, told.error]).toEqual([1, '']);
    expect(told.out).toMatch(/^Acme +balance +¥121\.06 +¥121\.05$/m);
    const { code, out } = await run('reconcile', 'Acme', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      accounts: 1,
      differences: [
        {
          accountId: account.id,
          accountName: 'Acme',
          figure: 'balance',
          subject: '',
          unit: 'CNY',
          stored: '121.06',
          derived: '121.05',
        },
      ],
    });
  });
});

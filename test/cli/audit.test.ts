import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { createContext } from '../../src/context.ts';
import { createAccount, recharge } from '../../src/services/accounts.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { readAccount } from '../../src/store/accounts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { TARIFF } from '../support/billing-world.ts';
import { at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, cliProcess, codeOf, jsonOf, type Ran } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-audit-'));
afterAll(() => rm(folder, { recursive: true }));
const settings = { env: { DATABASE_URL: url }, folder };
const run = (...args: string[]): Promise<Ran> => cli(args, settings);

const clock = new ManualClock(at('2026-03-09T12:00'));
const context = createContext(clock);
const ids = await inTransaction(db, async (tx) => {
  await insertTariff(tx, TARIFF, clock.now());
  const open = (name: string) =>
    createAccount(context, tx, {
      name,
      tariffId: TARIFF.id,
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      creditLimit: 0n,
      overdueGraceHours: 0,
    });
  const accounts = { one: await open('甲'), two: await open('乙') };
  await authorizeGroup(context, tx, {
    accountId: accounts.one,
    conversation: { corpId: 'corp', conversationId: 'cid' },
    title: '群, "甲"',
    language: 'zh-CN',
    actor: { staffId: 'evil', name: '=HYPERLINK("http://x")' },
  });
  for (const [day, key] of [
    ['2026-03-10T00:00', 'a'],
    ['2026-03-10T23:59', 'b'],
    ['2026-03-11T00:00', 'c'],
  ] as const) {
    clock.set(at(day));
    await recharge(context, tx, { accountId: accounts.one, amount: yuan('5'), key, by: 'cli' });
  }
  return accounts;
});

const entriesOf = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('audit export', () => {
  test('given JSON lines of an account, then each entry is whole and in order, and other accounts are not among them', async () => {
    const { out, code } = await run('audit', 'export', '--account', '甲', '--format', 'jsonl');
    expect(code).toBe(0);
    const entries = entriesOf(out);
    expect(entries.map(({ deed }) => deed)).toEqual([
      'account_opened',
      'group_bound',
      'recharged',
      'recharged',
      'recharged',
    ]);
    expect(entries.every(({ account }) => account === ids.one)).toBe(true);
    expect(entries[1]).toMatchObject({
      time: '2026-03-09T04:00:00Z',
      actor: 'person',
      actor_id: 'evil',
      details: { title: '群, "甲"', conversationId: 'cid' },
      outcome: 'done',
      via: 'service',
      message: null,
    });
  });

  test("given days, then they are the account's, the last one included", async () => {
    const { out } = await run(
      'audit',
      'export',
      '--account',
      ids.one,
      '--from',
      '2026-03-10',
      '--to',
      '2026-03-10',
      '--format',
      'jsonl',
    );
    expect(entriesOf(out).map(({ details }) => (details as { key: string }).key)).toEqual(['a', 'b']);
  });

  test('given a CSV file of all accounts, then a spreadsheet reads it, and runs nothing of it', async () => {
    const answer = jsonOf(await cliProcess(['audit', 'export', '--out', 'audit.csv', '--json'], settings));
    const text = await readFile(join(folder, 'audit.csv'), 'utf8');
    const rows = text.split('\r\n');
    expect(text.startsWith('\ufefftime,account,actor')).toBe(true);
    expect(rows.at(-1)).toBe('');
    expect(answer).toMatchObject({ entries: rows.length - 2, file: 'audit.csv' });
    expect(text).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(text).toContain(ids.two);
  });

  test('given a place where nothing can be written, or an account that is not there, then it says so', async () => {
    expect(codeOf(await run('audit', 'export', '--out', 'nowhere/audit.csv'))).toBe('file_unwritable');
    expect(codeOf(await run('audit', 'export', '--account', '丙'))).toBe('account_unknown');
  });

  test.each([
    ['--from', '0001-01-01'],
    ['--to', '0000-01-01'],
  ])('given %s %s, then it is no day that can be asked for', async (option, day) => {
    expect(codeOf(await run('audit', 'export', option, day))).toBe('usage');
  });
});

describe('account set', () => {
  test('given new terms, then they hold at once, are shown with what they were, and the audit has the operator', async () => {
    const { out } = await run('account', 'set', '乙', '--credit-limit', '1000.50', '--grace-hours', '24');
    expect(out).toContain('credit limit  ¥0.00  →  ¥1,000.50');
    expect((await readAccount(db.kysely, ids.two)).money).toMatchObject({
      creditLimit: yuan('1000.5'),
      overdueGraceHours: 24,
    });
    const { out: audit } = await run('audit', 'export', '--account', '乙', '--format', 'jsonl');
    expect(entriesOf(audit).at(-1)).toMatchObject({ actor: 'operator', via: 'cli', deed: 'account_changed' });
  });

  test('given nothing to change, or a time zone that money follows, then it is refused', async () => {
    expect(codeOf(await run('account', 'set', '乙'))).toBe('account_change_missing');
    expect(codeOf(await run('account', 'set', '甲', '--time-zone', 'Europe/Berlin'))).toBe('time_zone_in_use');
  });
});

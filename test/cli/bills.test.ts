import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { billExport } from '../../src/cli/commands/bill-export.ts';
import { billShow } from '../../src/cli/commands/bill-show.ts';
import { addPlan } from '../../src/services/plans.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { Bills } from '../support/bills.ts';
import { anOffer, aReport, at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, cliProcess, codeOf, jsonOf, type Ran } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-bills-'));
afterAll(() => rm(folder, { recursive: true }));
const settings = { env: { DATABASE_URL: url }, folder };
const run = (...args: string[]): Promise<Ran> => cli(args, settings);
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));

/** March and April are closed: a recharge, a plan with a hostile title, pay-as-you-go, and a late message of March in April. */
beforeAll(async () => {
  const world = await BillingWorld.on(db);
  const bills = new Bills(world);
  const account = await bills.openAccount('2026-03-10', { name: '示例, "科技"' });
  await account.recharge('100', 'first');
  const offer = anOffer({ title: '=cmd|calc', segments: 10n, price: yuan('5') });
  await world.run(async (tx) =>
    addPlan(world.context, tx, await lockAccount(tx, account.id), {
      ...{ source: 'purchase', offer, price: yuan('5'), key: 'p', by: 'x' },
    }),
  );
  await account.use(11);
  await bills.closeAt(account, '2026-04-02');
  await account.meter([aReport({ segments: 12, at: at('2026-03-09') })]);
  await bills.closeAt(account, '2026-05-02');
});

describe('given closed bills', () => {
  test('when they are listed, then each is there, and the running month as an estimate', async () => {
    const found = await json('bill', 'list');
    expect(found.bills).toMatchObject([
      {
        month: '2026-03',
        opening: '0.00',
        recharges: '100.00',
        purchases: '-5.00',
        payg: '-0.045',
        rounding: '0.005',
        closing: '94.96',
      },
      { month: '2026-04', opening: '94.96', payg: '-0.54', closing: '94.42', closedAt: '2026-05-01T16:00:00Z' },
    ]);
    expect(found.running).toMatchObject({ opening: '94.42', closing: '94.42' });
    const { out } = await run('bill', 'list');
    expect(out).toMatch(/^2026-03 +¥0\.00 +¥94\.96 +¥94\.96 +2026-04-02 00:00$/m);
    expect(out).toMatch(/estimate$/m);
  });

  test('when one is shown, then its lines are, with exact amounts', async () => {
    const found = await json('bill', 'show', '--month', '2026-04');
    expect(found).toMatchObject({ state: 'closed', month: '2026-04', closing: '94.42' });
    expect(found.lines).toMatchObject([
      { kind: 'payg', late: true, tier: 1, segments: 12, unitPrice: '0.045', amount: '-0.54' },
    ]);
    const { out } = await run('bill', 'show', '--month', '2026-04');
    expect(out).toMatch(/^Bill of 2026-04 of "示例, "科技"", closed at 2026-05-02 00:00 \(Asia\/Shanghai\)$/m);
    expect(out).toMatch(/^pay-as-you-go \(late\) +mainland verification +v1 tier 1 +12 +¥0\.045 +-¥0\.54$/m);
  });

  test('when one is exported, then it is a file that Excel reads, whose amounts add up, and in which nothing is a formula', async () => {
    const { out } = await cliProcess(['bill', 'export', '--month', '2026-03', '--out', 'march.csv'], settings);
    expect(out).toBe('Wrote 1 bills with 5 lines to march.csv\n');
    const file = await readFile(join(folder, 'march.csv'), 'utf8');
    const name = '"示例, ""科技"""';
    expect(file.split('\r\n')).toEqual([
      '\ufeffAccount,Month,Line,Item,Destination,Country,Template type,Tariff version,Tier,Late,Plan,Segments,Unit price (CNY),Amount (CNY),Balance (CNY),Booked at (Asia/Shanghai),Reference',
      `${name},2026-03,,opening balance,,,,,,,,,,,0.00,,`,
      `${name},2026-03,1,recharge,,,,,,,,,,100.00,100.00,2026-03-10 00:00:00,recharge/first`,
      `${name},2026-03,2,plan purchase,,,,,,,'=cmd|calc,10,,-5.00,95.00,2026-03-10 00:00:00,`,
      `${name},2026-03,3,covered by plan,mainland,,verification,,,,'=cmd|calc,10,,0.00,95.00,,`,
      `${name},2026-03,4,pay-as-you-go,mainland,,verification,1,1,,,1,0.045,-0.045,94.955,,`,
      `${name},2026-03,5,rounding,,,,,,,,,,0.005,94.96,2026-04-02 00:00:00,bill/2026-03/rounding`,
      `${name},2026-03,,closing balance,,,,,,,,,,,94.96,2026-04-02 00:00:00,`,
      '',
    ]);
  });

  test('when all are exported without a file, then they are the output, one after the other under one header', async () => {
    const { out, code } = await run('bill', 'export', '--all');
    expect(code).toBe(0);
    const rows = out.split('\r\n');
    expect(rows.filter((row) => row.includes('Account,Month'))).toHaveLength(1);
    expect(rows.filter((row) => row.includes('opening balance')).map((row) => /2026-\d\d/.exec(row)?.[0])).toEqual([
      '2026-03',
      '2026-04',
    ]);
    expect(out).toContain(',late,');
  });

  test.each([
    ['a month before the account', ['show', '--month', '2026-02'], 'bill_unknown'],
    ['a month that has not begun', ['show', '--month', '2999-01'], 'bill_unknown'],
    ['a month that is not closed, to be exported', ['export', '--month', '2026-05'], 'bill_open'],
    ['a file that cannot be written', ['export', '--all', '--out', 'none/x.csv'], 'file_unwritable'],
    ['an account that is not there', ['list', '--account', 'Nobody'], 'account_unknown'],
  ])('given %s, then it is refused with what to do', async (_, args, code) => {
    const ran = await run('bill', ...args);
    expect([ran.code, codeOf(ran), ran.out]).toEqual([1, code, '']);
  });

  test.each([
    ['a month that is none', billShow, ['--month', '2026-13'], /--month must be a month like 2026-03/],
    ['no month', billExport, [], /--month or --all must be given/],
    ['a month and all', billExport, ['--all', '--month', '2026-03'], /--month or --all must be given, and not both/],
    ['a value for a switch', billExport, ['--all=yes'], /--all/],
    ['no file', billExport, ['--all', '--out', ''], /--out must be a file/],
  ])('given %s, then the command is not understood', (_, command, args, message) => {
    expect(() => command.prepare(args)).toThrow(message);
  });
});

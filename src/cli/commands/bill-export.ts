import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Bill } from '../../domain/bill.ts';
import { bilingual } from '../../domain/sentence.ts';
import type { Account } from '../../store/accounts.ts';
import { listBills, readBill } from '../../store/bills.ts';
import { codeOf } from '../../store/connection.ts';
import { accountOf, accountOption, exportRows, findBill, month } from '../bills.ts';
import { defineCommand } from '../command.ts';
import { CSV_MARK, csvRow } from '../csv.ts';
import { CliError } from '../errors.ts';
import { formatTime } from '../output.ts';
import type { Session } from '../session.ts';

export const billExport = defineCommand({
  name: 'bill export',
  about: 'Write closed bills as CSV, for spreadsheets too',
  options: {
    account: accountOption,
    month: { value: 'MONTH', about: 'the bill of this month, like 2026-03' },
    all: { about: 'all closed bills' },
    out: { value: 'FILE', about: 'write to this file, which is replaced; default: standard output' },
  },
  input: z
    .object({
      account: z.string().optional(),
      month: month.optional(),
      all: z.boolean().default(false),
      out: z.string().min(1, bilingual('must be a file', '须为文件路径')).optional(),
    })
    .refine(({ month: of, all }) => (of === undefined) === all, {
      path: ['month'],
      error: bilingual('or --all must be given, and not both', '和 --all 须给出其中一个，且只能给出一个'),
    }),
  run: async (session, { account: name, month: of, out }) => {
    const account = await accountOf(session, name);
    const bills = of === undefined ? await readAll(session, account) : [await readClosed(session, account, of)];
    const rows = exportRows(account, bills).map(csvRow);
    // The terminal adds the LF.
    if (out === undefined)
      return { json: rows.slice(1), lines: rows.map((row, index) => `${index === 0 ? CSV_MARK : ''}${row}\r`) };
    await write(out, rows);
    const count = bills.reduce((sum, bill) => sum + bill.lines.length, 0);
    return {
      json: { file: out, bills: bills.length, lines: count },
      lines: [`Wrote ${bills.length} bills with ${count} lines to ${out}`],
    };
  },
});

async function readAll({ db }: Session, account: Account): Promise<Bill[]> {
  const bills: Bill[] = [];
  for (const { month: closed } of await listBills(db.kysely, account.id)) {
    const bill = await readBill(db.kysely, account.id, closed);
    if (bill) bills.push(bill);
  }
  return bills;
}

/** @throws InputError `bill_unknown`; CliError `bill_open` */
async function readClosed(session: Session, account: Account, of: string): Promise<Bill> {
  const bill = await findBill(session, account, of);
  if (bill.state === 'closed') return bill;
  const time = formatTime(bill.closesAt, account.timeZone);
  throw new CliError(
    'bill_open',
    `The bill of ${of} closes at ${time} (${account.timeZone}); until then "npm run cli -- bill show" shows an estimate.`,
    { month: of, time, timeZone: account.timeZone },
  );
}

/** @throws CliError `file_unwritable` */
async function write(path: string, rows: readonly string[]): Promise<void> {
  try {
    await writeFile(path, CSV_MARK + rows.map((row) => `${row}\r\n`).join(''));
  } catch (error) {
    const reason = codeOf(error) ?? String(error);
    throw new CliError(
      'file_unwritable',
      `"${path}" cannot be written (${reason}); name a place where you may write.`,
      { path, reason },
    );
  }
}

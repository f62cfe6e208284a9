import { z } from 'zod';
import type { Bill, BillFigures, BillLine } from '../domain/bill.ts';
import { BILL_FIGURES } from '../domain/bill.ts';
import { InputError } from '../domain/errors.ts';
import { moneyToDecimal } from '../domain/money.ts';
import { bilingual } from '../domain/sentence.ts';
import { type BillView, readBillView } from '../services/bills.ts';
import type { Account } from '../store/accounts.ts';
import { findAccount, onlyAccount } from './accounts.ts';
import type { Session } from './session.ts';

export const accountOption = { value: 'ACCOUNT', about: 'its id or name; it can be left out where there is only one' };

/** `2026-03` */
export const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, bilingual('must be a month like 2026-03', '须为 2026-03 这样的月份'));

/** The account that was named, else the only one. */
export function accountOf(session: Session, name: string | undefined): Promise<Account> {
  return name === undefined ? onlyAccount(session) : findAccount(session, name);
}

/**
 * The bill of a month, or an estimate where it is not closed.
 * @throws InputError `bill_unknown`
 */
export async function findBill(
  { db, context }: Session,
  account: Account,
  of: string | undefined,
): Promise<Exclude<BillView, { state: 'none' }>> {
  const view = await readBillView(context, db.kysely, account, of);
  if (view.state !== 'none') return view;
  const first = view.firstMonth;
  throw new InputError(
    'bill_unknown',
    view.reason === 'future'
      ? `${view.month} has not begun; the bills of this account begin with ${first}.`
      : `There is no bill of ${view.month}; the bills of this account begin with ${first}.`,
    { month: view.month, first },
  );
}

/** The figures as exact decimals, each what it did to the balance. */
export function figuresToJson(figures: BillFigures): Record<string, string> {
  const names = ['opening', ...BILL_FIGURES, 'closing'] as const;
  return Object.fromEntries(names.map((name) => [name, moneyToDecimal(figures[name])]));
}

/** A line with exact decimals; what it does not have is null, and tiers count from 1. */
export function lineToJson({ segments, unitPrice, amount, tier, at, ...line }: BillLine): object {
  return {
    ...line,
    tier: tier === null ? null : tier + 1,
    segments: segments === null ? null : Number(segments),
    unitPrice: unitPrice === null ? null : moneyToDecimal(unitPrice),
    amount: moneyToDecimal(amount),
    at: at?.toString() ?? null,
  };
}

/** What is exported of bills, a row each: the opening balance, every line with the balance after it, the closing balance. */
export function exportRows(account: Account, bills: readonly Bill[]): string[][] {
  const { currency, timeZone } = account;
  const header = [
    'Account',
    'Month',
    'Line',
    'Item',
    'Destination',
    'Country',
    'Template type',
    'Tariff version',
    'Tier',
  ];
  header.push('Late', 'Plan', 'Segments', `Unit price (${currency})`, `Amount (${currency})`, `Balance (${currency})`);
  header.push(`Booked at (${timeZone})`, 'Reference');
  return [header, ...bills.flatMap((bill) => billRows(account, bill))];
}

function billRows({ name, timeZone }: Account, bill: Bill): string[][] {
  const local = (at: Temporal.Instant) =>
    at.toZonedDateTimeISO(timeZone).toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ');
  const row = (line: string, item: string, cells: readonly string[]) => [name, bill.month, line, item, ...cells];
  const balanceRow = (item: string, balance: bigint, at: string) =>
    row('', item, ['', '', '', '', '', '', '', '', '', '', moneyToDecimal(balance), at, '']);
  let balance = bill.figures.opening;
  return [
    balanceRow('opening balance', balance, ''),
    ...bill.lines.map((line, index) => {
      balance += line.amount;
      return row(String(index + 1), ITEMS[line.kind], [
        line.destination ?? '',
        line.country ?? '',
        line.templateType ?? '',
        line.tariffVersion?.toString() ?? '',
        line.tier === null ? '' : String(line.tier + 1),
        line.late ? 'late' : '',
        line.title ?? '',
        line.segments?.toString() ?? '',
        line.unitPrice === null ? '' : moneyToDecimal(line.unitPrice),
        moneyToDecimal(line.amount),
        moneyToDecimal(balance),
        line.at ? local(line.at) : '',
        line.key ?? '',
      ]);
    }),
    balanceRow('closing balance', bill.figures.closing, local(bill.closedAt)),
  ];
}

/** How lines are named to people. */
export const ITEMS: Readonly<Record<BillLine['kind'], string>> = {
  recharge: 'recharge',
  withdrawal: 'withdrawal',
  purchase: 'plan purchase',
  renewal: 'plan renewal',
  grant: 'plan grant',
  refund: 'plan refund',
  usage: 'covered by plan',
  payg: 'pay-as-you-go',
  correction: 'tier correction',
  forfeit: 'plan forfeit',
  rounding: 'rounding',
};

import { z } from 'zod';
import { BILL_FIGURES, type BillLine } from '../../domain/bill.ts';
import { accountOf, accountOption, figuresToJson, findBill, ITEMS, lineToJson, month } from '../bills.ts';
import { defineCommand } from '../command.ts';
import { fields, formatCount, formatMoney, formatTime, table } from '../output.ts';

export const billShow = defineCommand({
  name: 'bill show',
  about: 'Show the bill of a month with its lines; of a month that is not closed an estimate',
  options: {
    account: accountOption,
    month: { value: 'MONTH', about: 'like 2026-03, in its time zone; default: the running one' },
  },
  input: z.object({ account: z.string().optional(), month: month.optional() }),
  run: async (session, { account: name, month: of }) => {
    const account = await accountOf(session, name);
    const { currency, timeZone } = account;
    const bill = await findBill(session, account, of);
    const state =
      bill.state === 'closed'
        ? { state: bill.state, closedAt: bill.closedAt.toString() }
        : { state: bill.stage, closesAt: bill.closesAt.toString(), asOf: bill.asOf.toString() };
    const write = (amount: bigint) => formatMoney(amount, currency);
    return {
      json: {
        accountId: account.id,
        month: bill.month,
        ...state,
        currency,
        ...figuresToJson(bill.figures),
        lines: bill.lines.map(lineToJson),
      },
      lines: [
        bill.state === 'closed'
          ? `Bill of ${bill.month} of "${account.name}", closed at ${formatTime(bill.closedAt, timeZone)} (${timeZone})`
          : `Estimate of ${bill.month} of "${account.name}" as of ${formatTime(bill.asOf, timeZone)}; it closes at ${formatTime(bill.closesAt, timeZone)} (${timeZone})`,
        '',
        ...fields([
          ['opening', write(bill.figures.opening)],
          ...BILL_FIGURES.filter((figure) => bill.figures[figure] !== 0n).map(
            (figure) => [figure, write(bill.figures[figure])] as const,
          ),
          ['closing', write(bill.figures.closing)],
        ]),
        ...(bill.lines.length === 0 ? [] : ['', ...lineTable(bill.lines, write)]),
      ],
    };
  },
});

function lineTable(lines: readonly BillLine[], write: (amount: bigint) => string): string[] {
  const rows = lines.map((line) => [
    `${ITEMS[line.kind]}${line.late ? ' (late)' : ''}`,
    [line.country ?? line.destination, line.templateType, line.title].filter((part) => part !== null).join(' '),
    line.tariffVersion === null ? '' : `v${line.tariffVersion}${line.tier === null ? '' : ` tier ${line.tier + 1}`}`,
    line.segments === null ? '' : formatCount(line.segments),
    line.unitPrice === null ? '' : write(line.unitPrice),
    write(line.amount),
  ]);
  return table([['ITEM', 'OF', 'TARIFF', 'SEGMENTS', 'EACH', 'AMOUNT'], ...rows], [3, 4, 5]);
}

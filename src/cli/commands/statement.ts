import { z } from 'zod';
import { BOOKS, CASH, SEGMENT } from '../../domain/ledger.ts';
import { moneyToDecimal } from '../../domain/money.ts';
import { readAccountStatement, type Statement } from '../../services/statement.ts';
import type { Account } from '../../store/accounts.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { dateArgument } from '../date-argument.ts';
import { formatCount, formatMoney, formatTime, table } from '../output.ts';

const OTHERS = BOOKS.filter((book) => book !== CASH).join(', ');

interface Details extends Statement {
  readonly account: Account;
  readonly book: string;
  readonly from: Temporal.PlainDate;
  readonly to: Temporal.PlainDate;
}

export const statement = defineCommand({
  name: 'statement',
  about: 'Show what moved in a book of an account, with a running balance',
  arguments: [{ name: 'ACCOUNT', about: 'its id or name' }],
  options: {
    book: {
      value: 'BOOK',
      about: `${CASH} (default), ${OTHERS} or plan:ID`,
    },
    from: { value: 'DATE', about: 'the first day, in its time zone; default: the first of the month of the last day' },
    to: { value: 'DATE', about: 'the last day; default: today' },
  },
  input: z.object({
    ACCOUNT: z.string(),
    book: z.string().default(CASH),
    from: dateArgument.optional(),
    to: dateArgument.optional(),
  }),
  run: async (session, { ACCOUNT, book, from, to }) => {
    const { db, context } = session;
    const account = await findAccount(session, ACCOUNT);
    const last = to ?? context.clock.now().toZonedDateTimeISO(account.timeZone).toPlainDate();
    const period = { from: from ?? last.with({ day: 1 }), to: last };
    const found = await readAccountStatement(db.kysely, account, { book, ...period });
    const details = { ...found, account, book, ...period };
    return { json: toJson(details), lines: toLines(details) };
  },
});

function toJson({ account, book, unit, from, to, opening, entries, closing }: Details): object {
  const write = unit === SEGMENT ? Number : moneyToDecimal;
  return {
    accountId: account.id,
    book,
    unit,
    from: from.toString(),
    to: to.toString(),
    opening: write(opening),
    entries: entries.map(({ at, amount, balance, ...entry }) => ({
      at: at.toString(),
      ...entry,
      amount: write(amount),
      balance: write(balance),
    })),
    closing: write(closing),
  };
}

function toLines({ account, book, unit, from, to, opening, entries, closing }: Details): string[] {
  const write = (amount: bigint) => (unit === SEGMENT ? formatCount(amount) : formatMoney(amount, unit));
  const rows = entries.map(({ at, kind, counterpart, amount, balance, key }) => [
    formatTime(at, account.timeZone),
    kind,
    amount > 0n ? `from ${counterpart}` : `to ${counterpart}`,
    write(amount),
    write(balance),
    key,
  ]);
  const inUnit = unit === SEGMENT ? 'in segments' : `in ${unit}`;
  return [
    `Book ${book} of "${account.name}" ${inUnit}, ${from} to ${to} (${account.timeZone})`,
    '',
    ...table(
      [
        ['TIME', 'KIND', 'WITH', 'AMOUNT', 'BALANCE', 'KEY'],
        [from.toString(), 'opening', '', '', write(opening), ''],
        ...rows,
        [to.toString(), 'closing', '', '', write(closing), ''],
      ],
      [3, 4],
    ),
  ];
}

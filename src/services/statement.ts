import { InputError } from '../domain/errors.ts';
import { BOOKS, planBook, unitOfBook } from '../domain/ledger.ts';
import type { Account } from '../store/accounts.ts';
import { readPlanIds } from '../store/plans.ts';
import type { Executor } from '../store/schema.ts';
import { type BookStatement, readStatement } from '../store/statements.ts';

export interface StatementInput {
  readonly book: string;
  /** The first and the last day, both included, in the account's time zone. */
  readonly from: Temporal.PlainDate;
  readonly to: Temporal.PlainDate;
}

export interface Statement extends BookStatement {
  /** `segment`, or a currency, then amounts are in micro-units. */
  readonly unit: string;
  /** Of the book, after the last entry. */
  readonly closing: bigint;
}

/**
 * What moved in one book of an account, with a running balance. (rule 8)
 * @throws InputError `book_unknown`, `period_malformed`
 */
export async function readAccountStatement(
  db: Executor,
  account: Account,
  { book, from, to }: StatementInput,
): Promise<Statement> {
  if (Temporal.PlainDate.compare(from, to) > 0) {
    throw new InputError(
      'period_malformed',
      `The period ends on ${to}, before it begins on ${from}; turn them round.`,
      {
        from: from.toString(),
        to: to.toString(),
      },
    );
  }
  const unit = unitOfBook(book, account.currency);
  const planBooks = (await readPlanIds(db, account.id)).map(planBook);
  if (unit === undefined || (!BOOKS.includes(book) && !planBooks.includes(book))) {
    const known = [...BOOKS, ...planBooks].join(', ');
    throw new InputError('book_unknown', `There is no book "${book}"; the account has ${known}.`, {
      book,
      books: known,
    });
  }
  const { opening, entries } = await readStatement(db, account.id, {
    book,
    unit,
    from: from.toZonedDateTime(account.timeZone).toInstant(),
    to: to.add({ days: 1 }).toZonedDateTime(account.timeZone).toInstant(),
  });
  return { unit, opening, entries, closing: entries.at(-1)?.balance ?? opening };
}

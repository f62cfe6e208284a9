import { type Micro, moneyToDecimal } from '../domain/money.ts';
import { availableOf } from '../domain/standing.ts';
import { type Account, readAccount } from '../store/accounts.ts';
import type { Result } from './command.ts';
import { formatMoney } from './output.ts';
import type { Session } from './session.ts';

/** What is answered to who has moved money: whether it was booked now, in the words given for either, and what the account has then. */
export async function moneyBooked(
  { db }: Session,
  { id, currency }: Account,
  movement: { readonly amount: Micro; readonly key: string; readonly booked: boolean },
  words: { readonly now: string; readonly before: string },
): Promise<Result> {
  const { amount, key, booked } = movement;
  const { money } = await readAccount(db.kysely, id);
  const [balance, available] = [money.balance, availableOf(money)];
  return {
    json: {
      accountId: id,
      amount: moneyToDecimal(amount),
      key,
      booked,
      balance: moneyToDecimal(balance),
      available: moneyToDecimal(available),
    },
    lines: [
      booked ? words.now : words.before,
      `Its balance is ${formatMoney(balance, currency)}, available ${formatMoney(available, currency)}.`,
    ],
  };
}

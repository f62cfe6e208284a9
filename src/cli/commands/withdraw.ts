import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseMoney } from '../../domain/money.ts';
import { bilingual } from '../../domain/sentence.ts';
import { withdraw as withdrawMoney } from '../../services/withdrawals.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand, nameOf } from '../command.ts';
import { amountArgument } from '../money-argument.ts';
import { moneyBooked } from '../money-booked.ts';
import { formatMoney } from '../output.ts';

export const withdraw = defineCommand({
  name: 'withdraw',
  about: 'Take money out of the balance of an account: a mistaken recharge, or what is paid back',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'AMOUNT', about: "in the account's currency, like 500 or 500.00" },
  ],
  options: {
    reason: { value: 'REASON', about: 'why, for the record and the receipt' },
    key: { value: 'KEY', about: 'of the payment, such as its number: the same key is booked once' },
    overdraw: { about: 'also when the balance is less: then the account owes the rest, and may be overdue' },
  },
  input: z.object({
    ACCOUNT: z.string(),
    AMOUNT: amountArgument,
    reason: z.string(bilingual('is missing', '不能缺少')).pipe(nameOf(200)),
    key: nameOf(200).optional(),
    overdraw: z.boolean().optional(),
  }),
  run: async (session, { ACCOUNT, AMOUNT, reason, key = randomUUID(), overdraw = false }) => {
    const { db, context } = session;
    const account = await findAccount(session, ACCOUNT);
    const { id, name, currency } = account;
    const amount = parseMoney(AMOUNT);
    const booked = await inTransaction(db, (tx) =>
      withdrawMoney(context, tx, { accountId: id, amount, key, reason, mayOverdraw: overdraw, by: 'cli' }),
    );
    return moneyBooked(
      session,
      account,
      { amount, key, booked },
      {
        now: `${formatMoney(amount, currency)} were taken out of the balance of "${name}", under the key ${key}.`,
        before: `The withdrawal ${key} of "${name}" had been booked before; nothing was changed.`,
      },
    );
  },
});

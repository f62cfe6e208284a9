import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseMoney } from '../../domain/money.ts';
import { recharge as rechargeAccount } from '../../services/accounts.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand, nameOf } from '../command.ts';
import { amountArgument } from '../money-argument.ts';
import { moneyBooked } from '../money-booked.ts';
import { formatMoney } from '../output.ts';

export const recharge = defineCommand({
  name: 'recharge',
  about: 'Add money to the balance of an account',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'AMOUNT', about: "in the account's currency, like 500 or 500.00" },
  ],
  options: { key: { value: 'KEY', about: 'of the payment, such as its number: the same key is booked once' } },
  input: z.object({ ACCOUNT: z.string(), AMOUNT: amountArgument, key: nameOf(200).optional() }),
  run: async (session, { ACCOUNT, AMOUNT, key = randomUUID() }) => {
    const { db, context } = session;
    const account = await findAccount(session, ACCOUNT);
    const { id, name, currency } = account;
    const amount = parseMoney(AMOUNT);
    const booked = await inTransaction(db, (tx) =>
      rechargeAccount(context, tx, { accountId: id, amount, key, by: 'cli' }),
    );
    return moneyBooked(
      session,
      account,
      { amount, key, booked },
      {
        now: `"${name}" was recharged by ${formatMoney(amount, currency)}, under the key ${key}.`,
        before: `The recharge ${key} of "${name}" had been booked before; nothing was changed.`,
      },
    );
  },
});

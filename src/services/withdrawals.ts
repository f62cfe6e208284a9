import { InputError, RuleError } from '../domain/errors.ts';
import { withdrawalTransfer } from '../domain/ledger.ts';
import type { Micro } from '../domain/money.ts';
import { moneyToDecimal } from '../domain/money.ts';
import { assertBalance } from '../domain/money-bounds.ts';
import { availableOf } from '../domain/standing.ts';
import { lockAccount, makeDue } from '../store/accounts.ts';
import { postTransfers } from '../store/ledger.ts';
import type { Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import { record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { settleSending } from './sending.ts';

export interface WithdrawalInput {
  readonly accountId: string;
  /** In micro-units; more than zero. */
  readonly amount: Micro;
  /** The same key and amount again is the same withdrawal. */
  readonly key: string;
  /** For the ledger, the record and the receipt. */
  readonly reason: string;
  /** Whether more than the balance may be taken, so that the account owes it: of a mistaken recharge that was spent in part. */
  readonly mayOverdraw: boolean;
  readonly by: string;
}

/**
 * Takes money out of an account's balance: what was recharged by mistake, or is paid back. What was bought meanwhile stays bought. Where it
 * brings available below zero, the account is overdue from then on. (rules 8 and 9)
 * @returns whether it was booked now; false when it had been booked before.
 * @throws InputError `amount_not_positive`; RuleError `ledger_conflict`, `withdrawal_too_large`, `balance_out_of_range`
 */
export async function withdraw(context: ServiceContext, tx: Tx, input: WithdrawalInput): Promise<boolean> {
  const { amount, reason, by } = input;
  if (amount <= 0n) throw new InputError('amount_not_positive', 'The amount must be more than zero.');
  const account = await lockAccount(tx, input.accountId);
  const now = context.clock.now();
  const key = `withdrawal/${input.key}`;
  const transfer = withdrawalTransfer({ key, currency: account.currency, amount, at: now, by, reason });
  const booked = await postTransfers(tx, account, [transfer], now);
  if (booked.length === 0) return false;
  const balance = account.money.balance - amount;
  if (balance < 0n && !input.mayOverdraw) {
    const has = moneyToDecimal(account.money.balance);
    throw new RuleError(
      'withdrawal_too_large',
      `The balance is ${has}, less than ${moneyToDecimal(amount)}. Take less, or add --overdraw: then the account owes the rest.`,
      { balance: has, amount: moneyToDecimal(amount) },
    );
  }
  assertBalance(balance, -amount);
  await record(context, tx, account.id, {
    by,
    deed: {
      type: 'withdrawn',
      amount: amount.toString(),
      balance: balance.toString(),
      key: input.key,
      reason,
    },
  });
  await announce(
    context,
    tx,
    account,
    { kind: 'withdrawn', amount, balance, available: availableOf({ ...account.money, balance }), reason },
    { key },
  );
  await settleSending(context, tx, account.id);
  await makeDue(tx, account.id, now);
  return true;
}

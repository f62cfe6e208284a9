import { randomUUID } from 'node:crypto';
import { InputError } from '../domain/errors.ts';
import { rechargeTransfer } from '../domain/ledger.ts';
import type { Micro } from '../domain/money.ts';
import { assertBalance, assertCreditLimit } from '../domain/money-bounds.ts';
import { isTimeZone } from '../domain/month.ts';
import { availableOf } from '../domain/standing.ts';
import type { TemplateType } from '../domain/usage.ts';
import { insertAccount, lockAccount, makeDue } from '../store/accounts.ts';
import { dateAlertsBefore } from '../store/alerts.ts';
import { postTransfers } from '../store/ledger.ts';
import { dateAttemptBefore } from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import { readTariffs } from '../store/tariffs.ts';
import { announce } from './announce.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { settleSending } from './sending.ts';

export interface AccountInput {
  /** A UUID of the caller's; default: a new one. */
  readonly id?: string;
  readonly name: string;
  readonly tariffId: string;
  readonly timeZone: string;
  readonly defaultTemplateType: TemplateType;
  readonly creditLimit: Micro;
  readonly overdueGraceHours: number;
}

/**
 * Opens an account in its tariff's currency, with a balance of zero.
 * @returns its id.
 * @throws InputError `tariff_unknown`, `time_zone_unknown`; RuleError `credit_limit_out_of_range`
 */
export async function createAccount(context: ServiceContext, tx: Tx, input: AccountInput): Promise<string> {
  const [tariff] = await readTariffs(tx, input.tariffId);
  if (!tariff) {
    throw new InputError(
      'tariff_unknown',
      `There is no tariff "${input.tariffId}"; "npm run cli -- tariff import FILE" adds one.`,
      { tariff: input.tariffId },
    );
  }
  const now = context.clock.now();
  if (!isTimeZone(input.timeZone)) {
    throw new InputError('time_zone_unknown', `"${input.timeZone}" is not a time zone; write it like Asia/Shanghai.`, {
      timeZone: input.timeZone,
    });
  }
  assertCreditLimit(input.creditLimit);
  const id = input.id ?? randomUUID();
  await insertAccount(tx, { ...input, id, currency: tariff.currency, at: now });
  await record(context, tx, id, { by: operatorOf(context), deed: { type: 'account_opened', name: input.name } });
  return id;
}

export interface RechargeInput {
  readonly accountId: string;
  /** In micro-units; more than zero. */
  readonly amount: Micro;
  /** The same key and amount again is the same recharge. */
  readonly key: string;
  /** Who recharged, for the record. */
  readonly by: string;
}

/**
 * Adds money to an account's balance. It restores sending at once where it brings available to zero or above, and makes a renewal
 * that failed for lack of money be tried again. (rules 8, 9 and 14)
 * @returns whether it was booked now; false when it had been booked before.
 * @throws InputError `amount_not_positive`; RuleError `ledger_conflict`, `balance_out_of_range`
 */
export async function recharge(context: ServiceContext, tx: Tx, input: RechargeInput): Promise<boolean> {
  if (input.amount <= 0n) throw new InputError('amount_not_positive', 'A recharge must be more than zero.');
  const account = await lockAccount(tx, input.accountId);
  // Not before the lock: a renewal that failed while this waited was attempted before the recharge.
  const now = context.clock.now();
  const transfer = rechargeTransfer({
    key: `recharge/${input.key}`,
    currency: account.currency,
    amount: input.amount,
    at: now,
    by: input.by,
  });
  const booked = await postTransfers(tx, account, [transfer], now);
  if (booked.length === 0) return false;
  const balance = account.money.balance + input.amount;
  assertBalance(balance, input.amount);
  await dateAlertsBefore(tx, account.id, now);
  await dateAttemptBefore(tx, account.id, now);
  await record(context, tx, account.id, {
    by: input.by,
    deed: { type: 'recharged', amount: input.amount.toString(), balance: balance.toString(), key: input.key },
  });
  await announce(
    context,
    tx,
    account,
    {
      kind: 'recharged',
      amount: input.amount,
      balance,
      available: availableOf({ ...account.money, balance }),
    },
    { key: transfer.key },
  );
  await settleSending(context, tx, account.id);
  await makeDue(tx, account.id, now);
  return true;
}

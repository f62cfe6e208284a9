import { RuleError } from './errors.ts';
import { MICRO, type Micro, moneyToDecimal } from './money.ts';

/** The most that a balance, a debt or a credit limit is made to be: what is added to it on the way still fits the database's integers. */
const MAX_MONEY = 1_000_000_000_000n * MICRO;

/**
 * What a balance may become by money that is put in or taken out. Usage is charged all the same: it was sent.
 * @throws RuleError `balance_out_of_range`
 */
export function assertBalance(balance: Micro, change: Micro): void {
  if (change > 0n ? balance <= MAX_MONEY : balance >= -MAX_MONEY) return;
  const would = moneyToDecimal(balance);
  throw new RuleError(
    'balance_out_of_range',
    `The balance would be ${would}; a balance or a debt is at most 1,000,000,000,000. See whether the amount is right; what was recharged by mistake is taken out with "npm run cli -- withdraw".`,
    { balance: would },
  );
}

/** @throws RuleError `credit_limit_out_of_range` */
export function assertCreditLimit(creditLimit: Micro): void {
  if (creditLimit >= 0n && creditLimit <= MAX_MONEY) return;
  throw new RuleError(
    'credit_limit_out_of_range',
    'A credit limit is between 0 and 1,000,000,000,000; choose another one.',
  );
}

import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { reconcile as findDifferences } from '../../services/reconcile.ts';
import { listAccounts } from '../../store/accounts.ts';
import type { Difference } from '../../store/reconciliation.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatMoney, table } from '../output.ts';

export const reconcile = defineCommand({
  name: 'reconcile',
  about: 'Derive every balance, plan and volume from its entries, and name what differs',
  arguments: [{ name: 'ACCOUNT', isOptional: true, about: 'its id or name; all accounts, if left out' }],
  input: z.object({ ACCOUNT: z.string().optional() }),
  run: async (session, { ACCOUNT }) => {
    const account = ACCOUNT === undefined ? null : await findAccount(session, ACCOUNT);
    const accounts = account ? 1 : (await listAccounts(session.db.kysely)).length;
    const differences = await findDifferences(session.db, account?.id ?? null);
    return {
      json: { accounts, differences: differences.map(toJson) },
      lines: toLines(accounts, differences),
      isFailure: differences.length > 0,
    };
  },
});

function toJson(difference: Difference): object {
  const { accountId, accountName, figure, subject, unit } = difference;
  return { accountId, accountName, figure, subject, unit, ...figures(difference, moneyToDecimal, Number) };
}

function toLines(accounts: number, differences: readonly Difference[]): string[] {
  if (differences.length === 0) return [`Everything follows from its entries: accounts looked at: ${accounts}.`];
  const rows = differences.map((difference) => {
    const { accountName, figure, subject, unit } = difference;
    const { stored, derived } = figures(difference, (amount) => formatMoney(amount, unit), formatCount);
    return [accountName, `${figure} ${subject}`.trim(), stored, derived];
  });
  return [
    ...table([['ACCOUNT', 'WHAT', 'STORED', 'DERIVED'], ...rows], [2, 3]),
    '',
    `${differences.length} differ. A defect, or somebody who wrote to the database; report it before anything is corrected.`,
  ];
}

function figures<M, C>(
  { unit, stored, derived }: Difference,
  money: (amount: bigint) => M,
  count: (count: bigint) => C,
): { stored: M | C; derived: M | C } {
  const write = unit === 'segment' || unit === 'flag' ? count : money;
  return { stored: write(stored), derived: write(derived) };
}

import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { bilingual } from '../../domain/sentence.ts';
import { type RenewalRecord, type RenewalRecordStep, readRenewalHistory } from '../../services/renewal-history.ts';
import type { Account } from '../../store/accounts.ts';
import { findAccount, onlyAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { formatMoney, formatTime, table } from '../output.ts';

const DEFAULT_LIMIT = 20;

export const renewalList = defineCommand({
  name: 'renewal list',
  about: 'Show what auto-renewal did for an account: every attempt, its state, and why it did not buy',
  options: {
    account: { value: 'ACCOUNT', about: 'its id or name; default: the only one' },
    limit: { value: 'COUNT', about: `how many renewals, the newest ones; default: ${DEFAULT_LIMIT}` },
  },
  input: z.object({
    account: z.string().optional(),
    limit: z.coerce
      .number(bilingual('must be a number from 1 to 1000', '须为 1 到 1000 的数字'))
      .int(bilingual('must be a whole number', '须为整数'))
      .min(1, bilingual('must be at least 1', '至少为 1'))
      .max(1_000, bilingual('must be at most 1000', '最多为 1000'))
      .default(DEFAULT_LIMIT),
  }),
  run: async (session, input) => {
    const { db } = session;
    const account =
      input.account === undefined ? await onlyAccount(session) : await findAccount(session, input.account);
    const renewals = await readRenewalHistory(db.kysely, account.id, { limit: input.limit });
    const json = renewals.map(toJson);
    if (renewals.length === 0) return { json, lines: [`Auto-renewal has never been due for "${account.name}".`] };
    const head = ['RENEWAL', 'TRIGGER', 'AT', 'STATE', 'REASON', 'PLAN', 'PRICE'];
    const rows = renewals.flatMap((renewal) => renewal.steps.map((step, index) => row(account, renewal, step, index)));
    return { json, lines: table([head, ...rows], [6]) };
  },
});

function row(account: Account, renewal: RenewalRecord, step: RenewalRecordStep, index: number): string[] {
  const missing = step.missing === null ? '' : `, ${formatMoney(step.missing, account.currency)} missing`;
  const by = step.byName === null ? '' : ` by ${step.byName}`;
  return [
    index === 0 ? renewal.id : '',
    index === 0 ? renewal.trigger : '',
    formatTime(step.at, account.timeZone),
    `${step.state}${by}`,
    `${(step.reason ?? '').replaceAll('_', ' ')}${missing}`,
    step.offerTitle,
    formatMoney(step.price, account.currency),
  ];
}

function toJson(renewal: RenewalRecord): object {
  const { id, trigger, state, reason, planId, openedAt, closedAt, steps } = renewal;
  return {
    renewalId: id,
    trigger,
    state,
    reason,
    planId,
    openedAt: openedAt.toString(),
    closedAt: closedAt?.toString() ?? null,
    steps: steps.map((step) => ({
      at: step.at.toString(),
      state: step.state,
      reason: step.reason,
      byName: step.byName,
      offerId: step.offerId,
      offerTitle: step.offerTitle,
      price: moneyToDecimal(step.price),
      missing: step.missing === null ? null : moneyToDecimal(step.missing),
    })),
  };
}

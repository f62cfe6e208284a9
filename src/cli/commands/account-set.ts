import { z } from 'zod';
import { moneyToDecimal, parseMoney } from '../../domain/money.ts';
import { bilingual } from '../../domain/sentence.ts';
import { type ChangedField, changeAccount } from '../../services/account-change.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import { amountArgument } from '../money-argument.ts';
import { formatMoney, table } from '../output.ts';
import { templateTypeArgument } from '../template-type-argument.ts';

const MAX_GRACE_HOURS = 31 * 24;
const hours = z
  .string()
  .regex(/^\d{1,3}$/, bilingual('must be a number of hours', '须为小时数'))
  .transform(Number)
  .refine((count) => count <= MAX_GRACE_HOURS, bilingual('must be at most 744 hours', '最多 744 小时'));

export const accountSet = defineCommand({
  name: 'account set',
  about: 'Change what the operator owns of an account',
  arguments: [{ name: 'ACCOUNT', about: 'its id or name' }],
  options: {
    'credit-limit': { value: 'AMOUNT', about: 'how far its balance may fall below zero' },
    'grace-hours': { value: 'HOURS', about: 'how long an overdue account may go on sending; 0 is not at all' },
    'template-type': { value: 'TYPE', about: 'of messages that do not say it' },
    'time-zone': { value: 'ZONE', about: 'only while nothing was booked or reported: its months follow it' },
    'two-person': { value: 'off', about: 'ends the demand for a second person, where nobody is left to approve it' },
  },
  input: z.object({
    ACCOUNT: z.string(),
    'credit-limit': amountArgument.optional(),
    'grace-hours': hours.optional(),
    'template-type': templateTypeArgument.optional(),
    'time-zone': z.string().optional(),
    'two-person': z.literal('off', bilingual('can only be off', '只能是 off')).optional(),
  }),
  run: async (session, input) => {
    const { db, context } = session;
    const { id, name, currency } = await findAccount(session, input.ACCOUNT);
    const change = {
      ...(input['credit-limit'] === undefined ? {} : { creditLimit: parseMoney(input['credit-limit']) }),
      ...(input['grace-hours'] === undefined ? {} : { overdueGraceHours: input['grace-hours'] }),
      ...(input['template-type'] === undefined ? {} : { defaultTemplateType: input['template-type'] }),
      ...(input['time-zone'] === undefined ? {} : { timeZone: input['time-zone'] }),
      ...(input['two-person'] === undefined ? {} : { twoPerson: false as const }),
    };
    if (Object.keys(change).length === 0) {
      throw new CliError(
        'account_change_missing',
        'Nothing to change was named; give an option, such as --credit-limit 1000.',
      );
    }
    const changes = await inTransaction(db, (tx) => changeAccount(context, tx, id, change));
    return {
      json: { accountId: id, changes: changes.map(inUnits) },
      lines:
        changes.length === 0
          ? [`"${name}" was so already; nothing was changed.`]
          : [`"${name}" was changed, at once:`, ...table(changes.map((changed) => row(changed, currency)))],
    };
  },
});

/** Money as an exact decimal. */
function inUnits({ field, before, after }: ChangedField): ChangedField {
  if (field !== 'credit_limit') return { field, before, after };
  return { field, before: moneyToDecimal(BigInt(before)), after: moneyToDecimal(BigInt(after)) };
}

function row({ field, before, after }: ChangedField, currency: string): string[] {
  const show = (value: string) => (field === 'credit_limit' ? formatMoney(BigInt(value), currency) : value);
  return [`  ${field.replaceAll('_', ' ')}`, show(before), '→', show(after)];
}

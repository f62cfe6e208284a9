import { z } from 'zod';
import { InputError } from '../../domain/errors.ts';
import { moneyToDecimal, parseMoney } from '../../domain/money.ts';
import { TEMPLATE_TYPES } from '../../domain/usage.ts';
import { createAccount } from '../../services/accounts.ts';
import { readAccount, readAccountsByName } from '../../store/accounts.ts';
import { inTransaction } from '../../store/database.ts';
import type { Tx } from '../../store/schema.ts';
import { listTariffIds } from '../../store/tariffs.ts';
import { defineCommand, nameOf } from '../command.ts';
import { amountArgument } from '../money-argument.ts';
import { formatMoney, table } from '../output.ts';
import { templateTypeArgument } from '../template-type-argument.ts';

export const accountCreate = defineCommand({
  name: 'account create',
  about: 'Open an account, with a balance of zero',
  arguments: [{ name: 'NAME', about: 'what people call it; no other account may have the name' }],
  options: {
    tariff: { value: 'ID', about: 'its price list; the only one there is, if left out' },
    'time-zone': { value: 'ZONE', about: 'its months begin there; default Asia/Shanghai' },
    'credit-limit': { value: 'AMOUNT', about: 'how far its balance may fall below zero; default 0' },
    'template-type': { value: 'TYPE', about: `of messages that do not say it: ${TEMPLATE_TYPES.join(', ')} (default)` },
  },
  input: z.object({
    NAME: nameOf(60),
    tariff: z.string().optional(),
    'time-zone': z.string().default('Asia/Shanghai'),
    'credit-limit': amountArgument.default('0'),
    'template-type': templateTypeArgument.default('notification'),
  }),
  run: async ({ db, context }, input) => {
    const account = await inTransaction(db, async (tx) => {
      await assertNameIsFree(tx, input.NAME);
      const id = await createAccount(context, tx, {
        name: input.NAME,
        tariffId: input.tariff ?? (await onlyTariff(tx)),
        timeZone: input['time-zone'],
        defaultTemplateType: input['template-type'],
        creditLimit: parseMoney(input['credit-limit']),
        overdueGraceHours: 0,
      });
      return readAccount(tx, id);
    });
    const { id, name, currency, timeZone, tariffId, defaultTemplateType, money } = account;
    return {
      json: {
        id,
        name,
        currency,
        timeZone,
        tariff: tariffId,
        templateType: defaultTemplateType,
        creditLimit: moneyToDecimal(money.creditLimit),
      },
      lines: [
        `Account "${name}" is open, in ${currency}, with a credit limit of ${formatMoney(money.creditLimit, currency)}.`,
        `Its id is ${id}. Next:`,
        ...table([
          [`  recharge ${id} 1000`, 'add money'],
          [`  key create ${id}`, 'let its gateway report usage'],
          [`  group code ${id}`, 'authorize its DingTalk group'],
        ]),
      ],
    };
  },
});

async function assertNameIsFree(tx: Tx, name: string): Promise<void> {
  const [taken] = await readAccountsByName(tx, name);
  if (taken) {
    throw new InputError('account_name_taken', `Account ${taken.id} is already named "${name}"; choose another name.`, {
      account: taken.id,
      name,
    });
  }
}

async function onlyTariff(tx: Tx): Promise<string> {
  const [id, ...others] = await listTariffIds(tx);
  if (id === undefined) {
    throw new InputError(
      'tariff_missing',
      'There is no tariff yet; import one with "npm run cli -- tariff import FILE".',
    );
  }
  if (others.length === 0) return id;
  throw new InputError(
    'tariff_ambiguous',
    `There are several tariffs; name one with --tariff: ${[id, ...others].join(', ')}.`,
    { tariffs: [id, ...others].join(', ') },
  );
}

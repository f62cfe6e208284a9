import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { readSendingState } from '../../services/sending.ts';
import { listAccounts } from '../../store/accounts.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatMoney, table } from '../output.ts';

export const accountList = defineCommand({
  name: 'account list',
  about: 'Show all accounts',
  input: z.object({}),
  run: async ({ db, context }) => {
    const json: object[] = [];
    const rows: string[][] = [['ID', 'NAME', 'AVAILABLE', 'QUOTA', 'SENDING']];
    for (const { id, name, currency } of await listAccounts(db.kysely)) {
      const { available, quota, sending, reasons, standing } = await readSendingState(context, db.kysely, id);
      json.push({
        id,
        name,
        currency,
        available: moneyToDecimal(available),
        quota: Number(quota),
        sending,
        reasons,
        standing,
      });
      rows.push([id, name, formatMoney(available, currency), formatCount(quota), sending]);
    }
    if (json.length > 0) return { json, lines: table(rows, [2, 3]) };
    return { json, lines: ['There is no account yet; make one with "npm run cli -- account create NAME".'] };
  },
});

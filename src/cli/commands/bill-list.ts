import { z } from 'zod';
import { listBills } from '../../store/bills.ts';
import { accountOf, accountOption, figuresToJson, findBill } from '../bills.ts';
import { defineCommand } from '../command.ts';
import { formatMoney, formatTime, table } from '../output.ts';

export const billList = defineCommand({
  name: 'bill list',
  about: 'Show the bills of an account, and what the running month has come to',
  options: { account: accountOption },
  input: z.object({ account: z.string().optional() }),
  run: async (session, { account: name }) => {
    const account = await accountOf(session, name);
    const { currency, timeZone } = account;
    const bills = await listBills(session.db.kysely, account.id);
    const running = await findBill(session, account, undefined);
    const write = (amount: bigint) => formatMoney(amount, currency);
    return {
      json: {
        accountId: account.id,
        currency,
        bills: bills.map(({ month, figures, closedAt }) => ({
          month,
          ...figuresToJson(figures),
          closedAt: closedAt.toString(),
        })),
        running: { month: running.month, ...figuresToJson(running.figures) },
      },
      lines: table(
        [
          ['MONTH', 'OPENING', 'MOVED', 'CLOSING', 'CLOSED AT'],
          ...[...bills, { ...running, closedAt: null }].map(({ month, figures, closedAt }) => [
            month,
            write(figures.opening),
            write(figures.closing - figures.opening),
            write(figures.closing),
            closedAt === null ? 'estimate' : formatTime(closedAt, timeZone),
          ]),
        ],
        [1, 2, 3],
      ),
    };
  },
});

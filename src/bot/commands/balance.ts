import { suspendedFrom } from '../../domain/standing.ts';
import { type Overview, readOverview } from '../../services/overview.ts';
import { stoppedLines } from '../compose/sending.ts';
import { askButton } from '../content.ts';
import { bullets, type Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

/** What can be spent, whether sending goes on, and for how long. */
export const balance: Command = {
  name: 'balance',
  who: 'group',
  run: async ({ tx, services, writer, bound }: GroupCommandContext): Promise<Reply> => {
    const overview = await readOverview(services, tx, bound.account.id);
    const available = writer.money(overview.available);
    const { balance: cash, creditLimit } = overview.account.money;
    return {
      title: writer.text(`balance.title.${overview.standing}`, { available }),
      paragraphs: [
        writer.text('balance.available', { available }),
        bullets([
          writer.text('figure.balance', { amount: writer.money(cash) }),
          writer.text('figure.credit_limit', { amount: writer.money(creditLimit) }),
          writer.text('figure.payg_this_month', { amount: writer.money(overview.paygThisMonth) }),
          runway(writer, overview),
        ]),
        standing(writer, overview),
        ...stoppedLines(writer, overview),
        writer.asOf(overview.asOf, overview.account.name),
      ],
      buttons: [askButton(writer, 'quota'), askButton(writer, 'auto-renew')],
    };
  },
};

function runway(writer: Writer, { forecast, available }: Overview): Markdown | undefined {
  if (available < 0n) return undefined;
  if (forecast.runwayDays === null) return writer.text('balance.no_burn');
  const days = writer.aboutDays(forecast.runwayDays);
  const { overdueAt } = forecast;
  return overdueAt
    ? writer.text('balance.runway_until', { days, date: writer.date(overdueAt) })
    : writer.text('balance.runway', { days });
}

function standing(writer: Writer, { account, available, sending, standing: state }: Overview): Markdown | undefined {
  if (state === 'clear') return sending === 'allowed' ? writer.text('balance.clear') : undefined;
  const missing = writer.payable(-available);
  if (sending === 'suspended') return writer.text('balance.suspended', { missing });
  const from = suspendedFrom(account.money);
  return writer.text('balance.grace', { missing, time: from ? writer.time(from) : writer.text('soon') });
}

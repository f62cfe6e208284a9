import { addMonths } from '../../domain/month.ts';
import { type BillView, readBillView } from '../../services/bills.ts';
import { monthOf } from '../arguments/index.ts';
import { askFor } from '../ask.ts';
import { billButton, billSummary, spentOf } from '../bill-text.ts';
import { askButton } from '../content.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

/** The bill of a month; of the running one an estimate. (rule 10) */
export const bill: Command = {
  name: 'bill',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, writer, bound, argument } = context;
    const { account } = bound;
    const now = services.clock.now().toZonedDateTimeISO(account.timeZone);
    const month = argument === '' ? undefined : monthOf(argument, now)?.toString();
    if (argument !== '' && month === undefined) return which(context, now);
    const view = await readBillView(services, tx, account, month);
    if (view.state === 'none') return none(writer, view, now);
    const isRunning = view.state === 'open' && view.stage === 'running';
    const params = { month: writer.month(view.month), spent: writer.money(spentOf(view)) };
    const neighbours = [addMonths(view.month, -1), ...(isRunning ? [] : [addMonths(view.month, 1)])];
    return {
      title:
        view.state === 'closed' ? writer.text('bill.title.closed', params) : writer.text('bill.title.open', params),
      paragraphs: [
        view.state === 'closed'
          ? writer.text('bill.state.closed', { time: writer.time(view.closedAt) })
          : writer.text(`bill.state.${view.stage}`, { time: writer.time(view.closesAt) }),
        ...billSummary(writer, view, isRunning),
        writer.asOf(view.state === 'closed' ? view.closedAt : view.asOf, account.name),
      ],
      buttons: [
        ...neighbours
          .filter((other) => other >= account.firstMonth)
          .map((other, index) => billButton(writer, other, index)),
        askButton(writer, 'balance'),
      ],
    };
  },
};

type NoBill = Extract<BillView, { state: 'none' }>;

function none(writer: Writer, { reason, month, firstMonth, closesAt }: NoBill, now: Temporal.ZonedDateTime): Reply {
  const nearest = reason === 'future' ? now.toPlainDate().toPlainYearMonth().toString() : firstMonth;
  return {
    title: writer.text('bill.none.title', { month: writer.month(month) }),
    paragraphs: [
      reason === 'future'
        ? writer.text('bill.none.future', { month: writer.month(month), time: writer.time(closesAt) })
        : writer.text('bill.none.before_account', { first: writer.month(firstMonth) }),
    ],
    buttons: [billButton(writer, nearest, 0)],
  };
}

function which(context: GroupCommandContext, now: Temporal.ZonedDateTime): Reply {
  const { writer, bound } = context;
  const current = now.toPlainDate().toPlainYearMonth();
  const months = [0, -1, -2].map((back) => current.add({ months: back }).toString());
  return askFor(context, {
    command: 'bill',
    title: writer.text('bill.which.title'),
    paragraphs: [writer.text('bill.which.body')],
    choices: months
      .filter((month) => month >= bound.account.firstMonth)
      .map((month) => ({ label: writer.month(month), argument: month })),
    example: current.toString(),
  });
}

import type { Announcement } from '../../domain/announcement.ts';
import { billButton, billSummary, spentOf } from '../bill-text.ts';
import { askButton, type Draft } from '../content.ts';
import type { Writer } from '../writer.ts';

/** The receipt of a month that was closed. (rules 10 and 20) */
export function composeBill(writer: Writer, receipt: Extract<Announcement, { kind: 'bill_closed' }>): Draft {
  const month = writer.month(receipt.month);
  return {
    title: writer.text('bill_closed.title', { month, spent: writer.money(spentOf(receipt)) }),
    paragraphs: [writer.text('bill_closed.body', { month }), ...billSummary(writer, receipt)],
    buttons: [billButton(writer, receipt.month, 0, writer.text('button.bill.details')), askButton(writer, 'balance')],
  };
}

import type { Announcement } from '../../domain/announcement.ts';
import { askButton, type Draft, switchButton } from '../content.ts';
import { bullets } from '../markdown.ts';
import type { Writer } from '../writer.ts';

const PURCHASES = ['purchased', 'refunded'] as const;
type PurchaseNews = Extract<Announcement, { kind: (typeof PURCHASES)[number] }>;
type Of<K extends PurchaseNews['kind']> = Extract<PurchaseNews, { kind: K }>;

export function isPurchase(announcement: Announcement): announcement is PurchaseNews {
  return PURCHASES.some((kind) => kind === announcement.kind);
}

/** The receipt of a plan that was bought by hand, or given back. (rule 20) */
export function composePurchase(writer: Writer, news: PurchaseNews): Draft {
  return news.kind === 'purchased' ? purchased(writer, news) : refunded(writer, news);
}

function purchased(writer: Writer, receipt: Of<'purchased'>): Draft {
  const segments = writer.segments(receipt.segments);
  const price = writer.money(receipt.price);
  return {
    title: writer.text('purchased.title', { segments, price }),
    paragraphs: [
      receipt.requesterName === null
        ? writer.text('purchased.by', { by: writer.name(receipt.byName) })
        : writer.text('purchased.for', {
            by: writer.name(receipt.byName),
            requester: writer.name(receipt.requesterName),
          }),
      bullets([
        writer.text('figure.plan', { plan: writer.title(receipt.title), segments }),
        writer.text('figure.paid', { amount: price }),
        writer.text('purchase.balance', {
          before: writer.money(receipt.balanceBefore),
          after: writer.money(receipt.balance),
        }),
        writer.text('figure.quota_now', { quota: writer.segments(receipt.quota) }),
        writer.text('figure.valid_until', { time: writer.time(receipt.expiresAt) }),
      ]),
      receipt.renewal === null
        ? undefined
        : writer.text('purchased.renewal', {
            threshold: writer.segments(receipt.renewal.threshold),
            plan: writer.title(receipt.renewal.offerTitle),
          }),
    ],
    buttons: [askButton(writer, 'quota'), askButton(writer, 'balance')],
  };
}

function refunded(writer: Writer, receipt: Of<'refunded'>): Draft {
  const segments = writer.segments(receipt.segments);
  const amount = writer.money(receipt.amount);
  return {
    title: writer.text('refunded.title', { segments, amount }),
    paragraphs: [
      writer.text('refunded.body', { plan: writer.title(receipt.title), segments, amount }),
      receipt.reason === null ? undefined : writer.text('refunded.reason', { reason: writer.remark(receipt.reason) }),
      bullets([
        writer.text('figure.balance', { amount: writer.money(receipt.balance) }),
        writer.text('figure.quota_now', { quota: writer.segments(receipt.quota) }),
      ]),
      receipt.renews ? writer.text('refunded.renews') : undefined,
    ],
    buttons: [
      askButton(writer, 'quota'),
      receipt.renews ? switchButton(writer, 'off', 'plain') : askButton(writer, 'balance'),
    ],
  };
}

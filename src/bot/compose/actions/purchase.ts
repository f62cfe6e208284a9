import type { ActionOf } from '../../../domain/approval.ts';
import { againButton, askButton, choiceButton } from '../../content.ts';
import { bullets, type Markdown } from '../../markdown.ts';
import { wishCommand } from '../../purchase-wish.ts';
import type { Writer } from '../../writer.ts';
import type { ActionWords } from './action-words.ts';

type Purchase = ActionOf<'purchase'>;

export const purchaseWords: ActionWords<'purchase'> = {
  name: (writer, { terms, renewal, outlook: { isRenewing = false } }) =>
    writer.text(!renewal ? 'action.renew' : isRenewing ? 'action.purchase_and_change' : 'action.purchase_and_renew', {
      plan: writer.title(terms.offerTitle),
      price: writer.money(BigInt(terms.price)),
    }),
  effect: purchaseFigures,
  note: (writer, { renewal, outlook: { suggestion } }) =>
    renewal || !suggestion
      ? undefined
      : writer.text('purchase.renewal_option', {
          threshold: writer.segments(BigInt(suggestion.threshold)),
          plan: writer.title(suggestion.offerTitle),
        }),
  done: (writer) => writer.text('outcome.done.renew'),
  declined: (writer) => writer.text('declined.purchase'),
  options: (writer, { terms, renewal, outlook }) => {
    const { suggestion } = outlook;
    if (renewal || !suggestion) return [];
    const { threshold, offerId } = suggestion;
    const wish = wishCommand(writer.language, terms.offerId, { threshold: BigInt(threshold), offerId });
    return [choiceButton(writer.text('button.buy.renew'), 0, wish)];
  },
  again: (writer, { terms, renewal }) =>
    againButton(
      writer.text('button.buy.again'),
      wishCommand(
        writer.language,
        terms.offerId,
        renewal && { threshold: BigInt(renewal.threshold), offerId: renewal.offerId },
      ),
    ),
  next: (writer) => askButton(writer, 'quota'),
};

/** All that is agreed on, and what it would come to now. */
function purchaseFigures(writer: Writer, { terms, renewal, outlook }: Purchase): (Markdown | undefined)[] {
  const expiresAt = Temporal.Instant.from(outlook.expiresAt);
  return [
    bullets([
      writer.text('figure.plan', {
        plan: writer.title(terms.offerTitle),
        segments: writer.segments(BigInt(terms.segments)),
      }),
      writer.text('purchase.price', { price: writer.money(BigInt(terms.price)) }),
      writer.text('purchase.balance', {
        before: writer.money(BigInt(outlook.balanceBefore)),
        after: writer.money(BigInt(outlook.balanceAfter)),
      }),
      writer.text('purchase.quota', {
        before: writer.segments(BigInt(outlook.quotaBefore)),
        after: writer.segments(BigInt(outlook.quotaAfter)),
      }),
      writer.text('purchase.validity', { months: writer.months(terms.validityMonths), time: writer.time(expiresAt) }),
    ]),
    renewal === null
      ? undefined
      : writer.text(outlook.isRenewing ? 'purchase.renewal_changed' : 'purchase.renewal', {
          threshold: writer.segments(BigInt(renewal.threshold)),
          plan: writer.title(renewal.offerTitle),
          price: writer.money(BigInt(renewal.price)),
        }),
    outlook.renewsAtOnce ? writer.text('purchase.renews_at_once') : undefined,
  ];
}

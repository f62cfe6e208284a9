import type { PlanTerms } from '../../../domain/quote.ts';
import { askButton } from '../../content.ts';
import type { Markdown } from '../../markdown.ts';
import type { Writer } from '../../writer.ts';
import type { ActionWords } from './action-words.ts';

export const switchAutoRenewalWords: ActionWords<'switch_auto_renewal'> = {
  name: (writer, { enabled }) => writer.text(`action.switch_${enabled ? 'on' : 'off'}`),
  effect: (writer, { enabled, buysNow }) => [
    writer.text(`effect.switch_${enabled ? 'on' : 'off'}`),
    buysNow && purchaseAtOnce(writer, buysNow),
  ],
  done: (writer, { enabled }) => writer.text(`outcome.done.switch_${enabled ? 'on' : 'off'}`),
  declined: (writer) => writer.text('declined.switch_auto_renewal'),
  next: (writer) => askButton(writer, 'auto-renew'),
};

/** What auto-renewal buys as soon as it is on. */
function purchaseAtOnce(writer: Writer, { offerTitle, segments, price }: PlanTerms): Markdown {
  return writer.text('effect.buys_now', {
    plan: writer.title(offerTitle),
    segments: writer.segments(BigInt(segments)),
    price: writer.money(BigInt(price)),
  });
}

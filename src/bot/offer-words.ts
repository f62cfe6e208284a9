import { isWithdrawal, type OfferChange, type OfferVersion, offerChange } from '../domain/offer.ts';
import { type PlanOffer, renewalPrice } from '../domain/plan.ts';
import { offerProblem } from '../domain/renewal.ts';
import type { AutoRenewal } from '../services/auto-renewal.ts';
import type { NoticeButton } from '../store/notices.ts';
import { choiceButton } from './content.ts';
import { bullets, joinMarkdown, lines, type Markdown } from './markdown.ts';
import { settingWord } from './setting-words.ts';
import { commandText } from './vocabulary.ts';
import type { Writer } from './writer.ts';

/** What is announced of an offer that is sold, and from when; undefined where nothing is. */
export function announcedChange(writer: Writer, offer: PlanOffer, next: OfferVersion | null): Markdown | undefined {
  if (!next) return undefined;
  const time = writer.time(next.effectiveFrom);
  if (isWithdrawal(next)) return writer.text('offers.next.withdrawn', { time });
  const changes = changesOf(writer, offerChange(offer, next));
  if (changes.length === 0) return undefined;
  return writer.text('offers.next', { time, changes: joinMarkdown(changes, writer.text('offers.separator')) });
}

function changesOf(writer: Writer, change: OfferChange): Markdown[] {
  const { price, renewalPrice: renewed, segments, validityMonths, title } = change;
  return [
    ...(price === undefined ? [] : [writer.text('offers.change.price', { price: writer.money(price) })]),
    ...(renewed === undefined ? [] : [writer.text('offers.change.renewal_price', { price: writer.money(renewed) })]),
    ...(segments === undefined ? [] : [writer.text('offers.change.segments', { segments: writer.segments(segments) })]),
    ...(validityMonths === undefined
      ? []
      : [writer.text('offers.change.validity', { validity: writer.months(validityMonths) })]),
    ...(title === undefined ? [] : [writer.text('offers.change.title', { plan: writer.title(title) })]),
  ];
}

/** What will be sold, and from when. */
export function announcedOffers(writer: Writer, announced: readonly PlanOffer[]): Markdown[] {
  if (announced.length === 0) return [];
  const told = announced.map((offer) =>
    writer.text('offers.announced.line', {
      plan: writer.title(offer.title),
      segments: writer.segments(offer.segments),
      price: writer.money(offer.price),
      validity: writer.months(offer.validityMonths),
      time: writer.time(offer.effectiveFrom),
    }),
  );
  return [writer.text('offers.announced'), bullets(told)];
}

/**
 * What auto-renewal may be set to buy: what is sold now and can lift the quota above the threshold, by its number in the list of `购买`, at
 * its renewal price, and what is announced of it. (rule 13)
 */
export function renewalOffers(
  writer: Writer,
  sold: readonly { readonly offer: PlanOffer; readonly next: OfferVersion | null }[],
  threshold: bigint,
): Markdown | undefined {
  const usable = [...sold.entries()].filter(([, { offer }]) => offer.segments > threshold);
  if (usable.length === 0) return undefined;
  return lines(
    usable.map(([index, { offer, next }]) => {
      const choice = writer.text('offers.choice', {
        number: writer.number(index + 1),
        plan: writer.title(offer.title),
        segments: writer.segments(offer.segments),
        price: writer.money(renewalPrice(offer)),
      });
      const change = announcedChange(writer, offer, next);
      return change ? joinMarkdown([choice, change], writer.text('offers.then')) : choice;
    }),
  );
}

/** Why auto-renewal would not buy its offer, whatever is left: it is not sold any more, or too small by now. (rule 13) */
export function offerTrouble(writer: Writer, { policy, offer, isSold }: AutoRenewal): Markdown | undefined {
  const problem = offer && offerProblem({ offer, isSold }, policy.threshold);
  return problem
    ? writer.text(`offers.trouble.${problem}`, {
        plan: writer.title(offer.title),
        segments: writer.segments(offer.segments),
        threshold: writer.segments(policy.threshold),
      })
    : undefined;
}

/** A button that asks which offer auto-renewal is to buy. */
export function chooseOfferButton(writer: Writer): NoticeButton {
  const words = commandText(writer.language, 'settings', settingWord(writer.language, 'offer'));
  return choiceButton(writer.text('button.settings.offer'), 0, words, 'primary');
}

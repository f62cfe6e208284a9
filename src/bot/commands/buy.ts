import type { PlanOffer } from '../../domain/plan.ts';
import { missingFor, suggestedThreshold } from '../../domain/quote.ts';
import { MAX_THRESHOLD } from '../../domain/renewal.ts';
import { requestAction } from '../../services/actions/request.ts';
import { readAutoRenewal } from '../../services/auto-renewal.ts';
import { type OfferOnSale, type Prices, readPrices } from '../../services/prices.ts';
import { type PurchaseWish, quote } from '../../services/purchase.ts';
import { numberOf } from '../arguments/index.ts';
import { askFor } from '../ask.ts';
import { purchaseWords } from '../compose/actions/purchase.ts';
import { askButton, choiceButton } from '../content.ts';
import { joinMarkdown, lines, type Markdown } from '../markdown.ts';
import { announcedChange, announcedOffers } from '../offer-words.ts';
import { findNamed, findOffer, readWish, type SaidWish, wishCommand } from '../purchase-wish.ts';
import { commandText } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';
import { requestReply } from './request-reply.ts';

const MAX_OFFERS = 6;

/** Shows what can be bought; with an offer, its quote, to be confirmed or approved. (rules 16 and 17) */
export const buy: Command = {
  name: 'buy',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, bound, argument } = context;
    const prices = await readPrices(services, tx, bound.account.id);
    if (argument === '') return offersReply(context, prices);
    const offers = prices.offers.map(({ offer }) => offer);
    // A title may have a word in it that would mean auto-renewal.
    const said = findOffer(offers, argument) ? { offer: argument, renewal: null } : readWish(argument);
    // One that is not sold is refused by its name.
    const offer = findOffer(offers, said.offer) ?? findNamed(prices.unsold, said.offer);
    if (!offer) return whichOffer(context, prices);
    if (!said.renewal) return quoteReply(context, offer, { offerId: offer.id, renewal: null });
    return withRenewal(context, offers, offer, said.renewal);
  },
};

/** The quote of a purchase with which auto-renewal begins or changes; what was not said of that is what the policy has. */
async function withRenewal(
  context: GroupCommandContext,
  offers: readonly PlanOffer[],
  offer: PlanOffer,
  said: NonNullable<SaidWish['renewal']>,
): Promise<Reply> {
  const { tx, services, writer, bound } = context;
  const { policy } = await readAutoRenewal(tx, bound.account.id, services.clock.now());
  const policyOffer = offers.find(({ id }) => id === policy.offerId) ?? offer;
  const renewed = said.offer === '' ? policyOffer : findOffer(offers, said.offer);
  if (!renewed) return whichThreshold(context, offer, policyOffer);
  const threshold = said.threshold === '' ? suggestedThreshold(renewed, policy.threshold) : numberOf(said.threshold);
  if (threshold === undefined) return whichThreshold(context, offer, renewed);
  if (policy.enabled && renewed.id === policy.offerId && threshold === policy.threshold) {
    const note = writer.text('buy.renews_already', {
      threshold: writer.segments(threshold),
      plan: writer.title(renewed.title),
    });
    return quoteReply(context, offer, { offerId: offer.id, renewal: null }, note);
  }
  if (threshold >= renewed.segments && threshold <= MAX_THRESHOLD) {
    return tooSmall(context, offers, { offer, renewed, threshold });
  }
  return quoteReply(context, offer, { offerId: offer.id, renewal: { threshold, offerId: renewed.id } });
}

async function quoteReply(
  context: GroupCommandContext,
  offer: PlanOffer,
  wish: PurchaseWish,
  note?: Markdown,
): Promise<Reply> {
  const { tx, services, writer, bound, actor } = context;
  const quoted = await quote(services, tx, bound.account.id, wish);
  const missing = missingFor(offer.price, bound.account.money);
  if (missing > 0n) {
    return {
      title: writer.text('buy.missing.title', { missing: writer.payable(missing) }),
      paragraphs: [
        writer.text('buy.missing.body', {
          plan: writer.title(offer.title),
          price: writer.money(offer.price),
          available: writer.money(offer.price - missing),
          missing: writer.payable(missing),
        }),
        writer.text('buy.missing.next'),
        writer.asOf(services.clock.now(), bound.account.name),
      ],
      buttons: [askButton(writer, 'buy'), askButton(writer, 'balance')],
    };
  }
  const result = await requestAction(services, tx, bound.group, actor, { type: 'purchase', ...quoted });
  if (result.type === 'done') throw new RangeError('a purchase was carried out without being confirmed');
  const reply = await requestReply(context, result);
  if (result.type === 'confirm') return { ...reply, paragraphs: [note, ...reply.paragraphs] };
  // The request's own card, which everyone sees, has the quote.
  const options = purchaseWords.options?.(writer, { type: 'purchase', ...quoted }) ?? [];
  return { ...reply, paragraphs: [note, ...reply.paragraphs], buttons: [...options, ...(reply.buttons ?? [])] };
}

function offersReply({ writer, services, bound }: GroupCommandContext, prices: Prices): Reply {
  const asOf = writer.asOf(services.clock.now(), bound.account.name);
  if (prices.offers.length === 0) {
    return {
      title: writer.text('buy.none.title'),
      paragraphs: [writer.text('price.no_offers'), ...announcedOffers(writer, prices.announced), asOf],
      buttons: [askButton(writer, 'price')],
    };
  }
  return {
    title: writer.text('buy.title'),
    paragraphs: [
      ...offerParagraphs(writer, prices),
      ...announcedOffers(writer, prices.announced),
      writer.text('buy.how'),
      asOf,
    ],
    buttons: offerButtons(writer, prices),
  };
}

/** What can be bought is asked with what there is. */
function whichOffer(context: GroupCommandContext, prices: Prices): Reply {
  const { writer, argument } = context;
  const reply = offersReply(context, prices);
  return {
    ...reply,
    paragraphs: [writer.text('ask.not_understood', { said: writer.title(argument) }), ...reply.paragraphs],
  };
}

function offerParagraphs(writer: Writer, { offers }: Prices): Markdown[] {
  const shown = offers.slice(0, MAX_OFFERS).map((comparison, index) => offerLines(writer, comparison, index + 1));
  const others = offers.length - shown.length;
  return others > 0 ? [...shown, writer.text('price.other_offers', { count: others })] : shown;
}

function offerLines(writer: Writer, { offer, perSegment, savings, next }: OfferOnSale, number: number): Markdown {
  const change = announcedChange(writer, offer, next);
  return lines([
    writer.text('buy.offer', {
      number: writer.number(number),
      plan: writer.title(offer.title),
      segments: writer.segments(offer.segments),
      price: writer.money(offer.price),
      validity: writer.months(offer.validityMonths),
    }),
    writer.text('buy.per_segment', {
      price: writer.money(perSegment),
      comparison: comparisonOf(writer, savings),
    }),
    ...(change ? [change] : []),
  ]);
}

/** Beside pay-as-you-go; types that differ by the same stand together. */
function comparisonOf(writer: Writer, savings: OfferOnSale['savings']): Markdown {
  const alike = Map.groupBy(savings, ({ saving }) => saving);
  const told = [...alike].map(([saving, of]) => {
    const types = writer.allOf(of.map(({ templateType }) => writer.text(`template_type.${templateType}`)));
    if (saving === 0n) return writer.text('buy.same', { types });
    const amount = writer.money(saving < 0n ? -saving : saving);
    return writer.text(saving < 0n ? 'buy.dearer' : 'buy.cheaper', { types, amount });
  });
  return joinMarkdown(told, writer.text('buy.separator'));
}

function offerButtons(writer: Writer, { offers }: Prices) {
  return offers.slice(0, MAX_OFFERS).map(({ offer }, index) =>
    choiceButton(
      writer.text('button.buy.offer', { segments: writer.segments(offer.segments) }),
      index,
      // Not its number: another one may have it by the time the button is pressed.
      commandText(writer.language, 'buy', offer.id),
      index === 0 ? 'primary' : 'plain',
    ),
  );
}

/** A threshold below the offer that is renewed with, as a tenth, a fifth and a half of it. */
function whichThreshold(context: GroupCommandContext, offer: PlanOffer, renewalOffer: PlanOffer): Reply {
  const { writer } = context;
  return askFor(context, {
    command: 'buy',
    title: writer.text('buy.threshold.title'),
    paragraphs: [
      writer.text('buy.threshold.body', {
        plan: writer.title(offer.title),
        renewed: writer.title(renewalOffer.title),
      }),
    ],
    choices: thresholdsFor(renewalOffer).map((threshold) => ({
      label: writer.segments(threshold),
      argument: wishArgument(writer, offer, threshold, renewalOffer),
    })),
  });
}

function thresholdsFor({ segments }: PlanOffer): bigint[] {
  return [10n, 5n, 2n].map((part) => segments / part).filter((value) => value > 0n && value <= MAX_THRESHOLD);
}

function wishArgument(writer: Writer, offer: PlanOffer, threshold: bigint, renewed: PlanOffer): string {
  const prefix = commandText(writer.language, 'buy', '');
  return wishCommand(writer.language, offer.id, { threshold, offerId: renewed.id }).slice(prefix.length);
}

/** A plan that cannot lift the quota above the threshold: a larger one is offered, and lower thresholds. (rule 13) */
function tooSmall(
  context: GroupCommandContext,
  offers: readonly PlanOffer[],
  { offer, renewed, threshold }: { offer: PlanOffer; renewed: PlanOffer; threshold: bigint },
): Reply {
  const { writer } = context;
  const larger = offers.filter(({ segments }) => segments > threshold).slice(0, 3);
  const figures = {
    plan: writer.title(renewed.title),
    segments: writer.segments(renewed.segments),
    threshold: writer.segments(threshold),
  };
  // Nothing of what was said is unclear.
  const understood = { ...context, argument: '' };
  return askFor(understood, {
    command: 'buy',
    title: writer.text('buy.too_small.title', figures),
    paragraphs: [
      writer.text('buy.too_small.body', figures),
      writer.text(larger.length > 0 ? 'buy.too_small.larger' : 'buy.too_small.lower'),
    ],
    choices: [
      ...larger.map((each) => ({
        label: writer.text('button.buy.renewed', { segments: writer.segments(each.segments) }),
        argument: wishArgument(writer, offer, threshold, each),
      })),
      ...thresholdsFor(renewed).map((lower) => ({
        label: writer.text('button.buy.threshold', { threshold: writer.segments(lower) }),
        argument: wishArgument(writer, offer, lower, renewed),
      })),
    ],
  });
}

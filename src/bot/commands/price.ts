import { cheapestOffer, type PaygPrice } from '../../domain/prices.ts';
import { type Tariff, type Tier, tierIndex } from '../../domain/tariff.ts';
import { type OfferOnSale, type Prices, readPrices } from '../../services/prices.ts';
import { askButton } from '../content.ts';
import { bullets, joinMarkdown, lines, type Markdown } from '../markdown.ts';
import { announcedChange, announcedOffers } from '../offer-words.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

const MAX_OFFERS = 8;
const MAX_COUNTRIES = 12;

/** What a segment costs without a plan at the present volume, and what it costs with each offer. */
export const price: Command = {
  name: 'price',
  who: 'group',
  run: async ({ tx, services, writer, bound }: GroupCommandContext): Promise<Reply> => {
    const prices = await readPrices(services, tx, bound.account.id);
    return {
      title: writer.text('price.title'),
      paragraphs: [
        writer.text(`price.payg.${prices.tariff.mode}`),
        bullets(prices.payg.map((payg) => paygLine(writer, payg))),
        ...tiers(writer, prices),
        ...offers(writer, prices),
        international(writer, prices.tariff),
        tariffLine(writer, prices),
        writer.asOf(prices.asOf, prices.account.name),
      ],
      buttons: [askButton(writer, 'buy'), askButton(writer, 'quota'), askButton(writer, 'auto-renew')],
    };
  },
};

function paygLine(writer: Writer, { templateType, volume, price: now, next }: PaygPrice): Markdown {
  const figures = {
    type: writer.text(`template_type.${templateType}`),
    price: writer.money(now),
    volume: writer.segments(volume),
  };
  if (!next) return writer.text('price.last_tier', figures);
  return writer.text('price.tier', { ...figures, from: writer.number(next.from), next: writer.money(next.price) });
}

/** All tiers of the types that have some, the one that this month has reached in bold; types that do not differ stand together. */
function tiers(writer: Writer, { payg, tariff }: Prices): Markdown[] {
  const types = new Map<Markdown, Markdown[]>();
  for (const { templateType, volume } of payg) {
    const list = tariff.mainland[templateType];
    if (list.length < 2) continue;
    const reached = tierIndex(list, volume + 1n);
    const told = joinMarkdown(
      list.map((tier, index) => tierText(writer, tier, index === reached)),
      writer.text('price.tiers.separator'),
    );
    types.set(told, [...(types.get(told) ?? []), writer.text(`template_type.${templateType}`)]);
  }
  if (types.size === 0) return [];
  const told = [...types].map(([list, names]) =>
    writer.text('price.tiers.line', { types: writer.allOf(names), tiers: list }),
  );
  return [writer.text('price.tiers'), bullets(told)];
}

function tierText(writer: Writer, { upTo, price: each }: Tier, isReached: boolean): Markdown {
  const text =
    upTo === null
      ? writer.text('price.tiers.last', { price: writer.money(each) })
      : writer.text('price.tiers.up_to', { bound: writer.number(upTo), price: writer.money(each) });
  return isReached ? writer.text('price.tiers.reached', { tier: text }) : text;
}

/** International prices by country, in the order of the price list. */
function international(writer: Writer, { international: prices }: Tariff): Markdown {
  const all = Object.entries(prices);
  if (all.length === 0) return writer.text('price.international');
  const shown = all
    .slice(0, MAX_COUNTRIES)
    .map(([country, each]) =>
      writer.text('price.country', { country: writer.country(country), price: writer.money(each) }),
    );
  const others = all.length - shown.length;
  const rest = others > 0 ? [writer.text('usage.other_countries', { count: others })] : [];
  return writer.text('price.international.list', { countries: writer.allOf([...shown, ...rest]) });
}

function tariffLine(writer: Writer, { tariff: { id, version, effectiveFrom } }: Prices): Markdown {
  return writer.text('price.tariff', {
    tariff: writer.name(id),
    version: writer.number(version),
    time: writer.time(effectiveFrom),
  });
}

function offers(writer: Writer, prices: Prices): Markdown[] {
  const cheapest = cheapestOffer(prices.offers.map(({ offer }) => offer));
  const announced = announcedOffers(writer, prices.announced);
  if (!cheapest) return [writer.text('price.no_offers'), ...announced];
  const shown = prices.offers.slice(0, MAX_OFFERS).map((comparison, index) => offerLine(writer, comparison, index + 1));
  const others = prices.offers.length - shown.length;
  return [
    writer.text('price.offers'),
    lines(shown),
    ...(others > 0 ? [writer.text('price.other_offers', { count: others })] : []),
    ...announced,
    ...verdicts(writer, prices, cheapest.id),
  ];
}

/** A line each, to be compared at a glance; the number is that of `购买 2`. What is announced of it stands behind it. */
function offerLine(writer: Writer, { offer, perSegment, next }: OfferOnSale, number: number): Markdown {
  const line = writer.text('price.offer', {
    number: writer.number(number),
    plan: writer.title(offer.title),
    price: writer.money(offer.price),
    perSegment: writer.money(perSegment),
    validity: writer.months(offer.validityMonths),
  });
  const change = announcedChange(writer, offer, next);
  return change ? joinMarkdown([line, change], writer.text('offers.then')) : line;
}

/** What is cheapest per segment; types for which the same plan is stand together. */
function verdicts(writer: Writer, { offers: compared, payg }: Prices, cheapestId: string): Markdown[] {
  const best = compared.find(({ offer }) => offer.id === cheapestId);
  if (!best) return [];
  const isCheaper = ({ templateType }: PaygPrice) =>
    best.savings.some((candidate) => candidate.templateType === templateType && candidate.saving > 0n);
  const planned = payg.filter(isCheaper).map(({ templateType }) => writer.text(`template_type.${templateType}`));
  const told = [
    planned.length === 0
      ? undefined
      : writer.text('price.best.plan', {
          types: writer.allOf(planned),
          plan: writer.title(best.offer.title),
          price: writer.money(best.perSegment),
        }),
    ...payg
      .filter((each) => !isCheaper(each))
      .map(({ templateType, price: without }) =>
        writer.text('price.best.payg', {
          type: writer.text(`template_type.${templateType}`),
          price: writer.money(without),
        }),
      ),
  ];
  return [writer.text('price.best'), bullets(told), writer.text('price.use_up')];
}

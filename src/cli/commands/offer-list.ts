import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { renewalPrice } from '../../domain/plan.ts';
import { readOffers } from '../../store/plans.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatMoney, table } from '../output.ts';

export const offerList = defineCommand({
  name: 'offer list',
  about: 'Show the plan offers',
  input: z.object({}),
  run: async ({ db }) => {
    const offers = await readOffers(db.kysely);
    const json = offers.map((offer) => ({
      ...offer,
      segments: Number(offer.segments),
      price: moneyToDecimal(offer.price),
      renewalPrice: moneyToDecimal(renewalPrice(offer)),
    }));
    if (offers.length === 0) {
      return { json, lines: ['There is no offer yet; add some with "npm run cli -- offer import FILE".'] };
    }
    const rows = offers.map((offer) => [
      offer.id,
      offer.title,
      formatCount(offer.segments),
      formatMoney(offer.price, offer.currency),
      formatMoney(renewalPrice(offer), offer.currency),
      String(offer.validityMonths),
    ]);
    return {
      json,
      lines: table([['OFFER', 'TITLE', 'SEGMENTS', 'PRICE', 'WHEN RENEWED', 'MONTHS'], ...rows], [2, 3, 4, 5]),
    };
  },
});

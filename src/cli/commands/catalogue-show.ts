import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { readOffers } from '../../store/plans.ts';
import { listTariffIds, readTariffs } from '../../store/tariffs.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatMoney, formatTime, table } from '../output.ts';

/** A tariff belongs to no account, so its times are shown in the zone of the supplier. */
const TIME_ZONE = 'Asia/Shanghai';

export const catalogueShow = defineCommand({
  name: 'catalogue show',
  about: 'Show tariffs and plan offers',
  input: z.object({}),
  run: async ({ db }) => {
    const tariffs = [];
    for (const id of await listTariffIds(db.kysely)) tariffs.push(...(await readTariffs(db.kysely, id)));
    const offers = await readOffers(db.kysely);
    const json = {
      tariffs: tariffs.map(({ id, version, currency, effectiveFrom, mode }) => {
        return { id, version, currency, effectiveFrom: effectiveFrom.toString(), mode };
      }),
      offers: offers.map((offer) => ({
        ...offer,
        segments: Number(offer.segments),
        price: moneyToDecimal(offer.price),
      })),
    };
    if (tariffs.length + offers.length === 0) {
      return { json, lines: ['The catalogue is empty; fill it with "npm run cli -- catalogue import FILE".'] };
    }
    const tariffRows = tariffs.map((tariff) => [
      tariff.id,
      String(tariff.version),
      tariff.currency,
      tariff.mode,
      formatTime(tariff.effectiveFrom, TIME_ZONE),
    ]);
    const offerRows = offers.map((offer) => [
      offer.id,
      offer.title,
      formatCount(offer.segments),
      formatMoney(offer.price, offer.currency),
      String(offer.validityMonths),
      `${offer.renewalDiscountBp / 100} %`,
    ]);
    return {
      json,
      lines: [
        ...table([['TARIFF', 'VERSION', 'CURRENCY', 'MODE', 'FROM'], ...tariffRows]),
        '',
        ...table([['OFFER', 'TITLE', 'SEGMENTS', 'PRICE', 'MONTHS', 'RENEWAL DISCOUNT'], ...offerRows], [2, 3, 4, 5]),
      ],
    };
  },
});

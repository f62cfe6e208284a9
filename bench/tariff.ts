import type { TariffDocument } from '../src/store/tariffs.ts';

const tiers = [{ upTo: null, price: '0.045' }];

/** A price list of one price, for what does not depend on prices. */
export const PLAIN_TARIFF: TariffDocument = {
  id: 'bench',
  version: 1,
  currency: 'CNY',
  effectiveFrom: '2020-01-01T00:00:00Z',
  mode: 'volume',
  planUsageCounts: false,
  mainland: { verification: tiers, notification: tiers, promotion: tiers },
  international: {},
};

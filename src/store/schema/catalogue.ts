import type { Instant, Json } from './columns.ts';

/** What can be bought, and what sending costs. */
export interface CatalogueTables {
  tariffs: {
    tariff_id: string;
    version: number;
    currency: string;
    effective_from: Instant;
    document: Json<object>;
    imported_at: Instant;
  };
  /** A version of an offer; one that takes it off the market has no terms. */
  plan_offers: {
    offer_id: string;
    version: number;
    effective_from: Instant;
    withdrawn: boolean;
    title: string | null;
    segments: bigint | null;
    price: bigint | null;
    currency: string | null;
    validity_months: number | null;
    renewal_discount_bp: number | null;
  };
}

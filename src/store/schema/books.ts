import type { Defaulted, DestinationColumn, Instant, Json, TemplateTypeColumn } from './columns.ts';

/** The ledger, what was bought, and the bills. */
export interface BookTables {
  transfers: {
    account_id: string;
    transfer_id: string;
    key: string;
    kind: string;
    unit: string;
    from_book: string;
    to_book: string;
    amount: bigint;
    at: Instant;
    details: Json<object>;
    month: string;
  };
  plans: {
    account_id: string;
    plan_id: string;
    key: string;
    source: 'purchase' | 'renewal' | 'grant';
    offer_id: string | null;
    offer_version: Defaulted<number | null>;
    title: string;
    total: bigint;
    remaining: bigint;
    price: bigint;
    effective_at: Instant;
    expires_at: Instant;
    expired_at: Defaulted<Instant | null>;
    refunded_at: Defaulted<Instant | null>;
    empty_at: Defaulted<Instant | null>;
  };
  bills: {
    account_id: string;
    month: string;
    opening: bigint;
    recharges: bigint;
    withdrawals: bigint;
    purchases: bigint;
    renewals: bigint;
    refunds: bigint;
    payg: bigint;
    corrections: bigint;
    rounding: bigint;
    closing: bigint;
    closed_at: Instant;
  };
  bill_lines: {
    account_id: string;
    month: string;
    line: number;
    kind: string;
    destination: DestinationColumn | null;
    country: string | null;
    template_type: TemplateTypeColumn | null;
    tariff_version: number | null;
    tier: number | null;
    late: boolean;
    plan_id: string | null;
    title: string | null;
    segments: bigint | null;
    unit_price: bigint | null;
    amount: bigint;
    at: Instant | null;
    key: string | null;
  };
}

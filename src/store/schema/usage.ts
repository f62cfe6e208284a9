import type { JSONColumnType } from 'kysely';
import type { Defaulted, DestinationColumn, Instant, Json, TemplateTypeColumn } from './columns.ts';

/** What was sent, what it cost, and what that comes to. */
export interface UsageTables {
  usage_records: {
    account_id: string;
    record_id: string;
    at: Instant;
    destination: DestinationColumn;
    country: string | null;
    template_type: TemplateTypeColumn;
    segments: number;
    status: 'submitted' | 'delivered' | 'failed';
    billing: 'free' | 'charged' | 'unpriced';
    batch_id: string;
    received_at: Instant;
    late_month: Defaulted<string | null>;
  };
  rejected_usage: {
    account_id: string;
    rejection_id: string;
    record_id: string;
    reason: string;
    digest: string;
    received: Json<object>;
    stored: JSONColumnType<object> | null;
    received_at: Instant;
  };
  charges: {
    account_id: string;
    charge_id: string;
    batch_id: string;
    kind: 'plan' | 'payg' | 'correction';
    month: string;
    destination: DestinationColumn;
    country: string;
    template_type: TemplateTypeColumn;
    tariff_version: number;
    tier: number | null;
    plan_id: string | null;
    segments: bigint;
    unit_price: bigint | null;
    amount: bigint;
    at: Instant;
    late: Defaulted<boolean>;
  };
  monthly_volumes: {
    account_id: string;
    month: string;
    destination: DestinationColumn;
    country: string;
    template_type: TemplateTypeColumn;
    tariff_version: number;
    plan_segments: bigint;
    payg_segments: bigint;
    charged: bigint;
  };
  hourly_usage: {
    account_id: string;
    hour: Instant;
    destination: DestinationColumn;
    template_type: TemplateTypeColumn;
    plan_segments: bigint;
    payg_segments: bigint;
    amount: bigint;
  };
  usage_patterns: {
    account_id: string;
    midnight: Instant;
    by_weekday: Json<object>;
    first_used_at: Instant;
  };
}

import type { ColumnType } from 'kysely';
import type { Defaulted, Instant, TemplateTypeColumn } from './columns.ts';

/** Accounts, what was set for them, and what counts against their caps. */
export interface AccountTables {
  accounts: {
    account_id: string;
    name: string;
    currency: string;
    time_zone: string;
    tariff_id: string;
    default_template_type: TemplateTypeColumn;
    credit_limit: bigint;
    overdue_grace_hours: number;
    balance: Defaulted<bigint>;
    overdue_since: Defaulted<Instant | null>;
    last_funded_at: Defaulted<Instant | null>;
    next_review_at: Instant;
    quota_watermark: Defaulted<bigint | null>;
    available_watermark: Defaulted<bigint | null>;
    hour_watermarks: ColumnType<object | null, string | null | undefined, string | null>;
    first_month: string;
    open_month: string;
    month_ends_at: Instant;
    two_person: Defaulted<boolean>;
    paused_at: Defaulted<Instant | null>;
    paused_by: Defaulted<string | null>;
    paused_by_name: Defaulted<string | null>;
    sending_told: Defaulted<string>;
    sending_sequence: Defaulted<bigint>;
    created_at: Instant;
  };
  account_settings: {
    account_id: string;
    alert_share: number | null;
    balance_alert: bigint | null;
    balance_alert_set_at: Instant | null;
    quiet_from: string | null;
    quiet_until: string | null;
    alerts_to: 'group' | 'direct' | 'both';
    second_contact_id: string | null;
    second_contact_name: string | null;
    escalate_after_minutes: number;
    spike_factor: number;
    digest_at: string | null;
    monthly_digest_at: string | null;
    changed_at: Instant;
  };
  account_limits: {
    account_id: string;
    period: 'day' | 'month';
    unit: 'segments' | 'money';
    stop_at: bigint | null;
    warn_at: bigint | null;
    reached_at: Instant | null;
    reached_in: string | null;
    changed_at: Instant;
    changed_by: string;
  };
  period_use: {
    account_id: string;
    period: string;
    segments: bigint;
    amount: bigint;
  };
}

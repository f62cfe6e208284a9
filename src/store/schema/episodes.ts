import type { ColumnType } from 'kysely';
import type { Defaulted, Instant, Json } from './columns.ts';

/** Auto-renewal, alerts, requests, and who did what. */
export interface EpisodeTables {
  renewal_policies: {
    account_id: string;
    enabled: boolean;
    threshold: bigint;
    offer_id: string | null;
    offer_version: Defaulted<number | null>;
    purchases_per_day: number;
    purchases_per_month: number;
    money_per_month: bigint | null;
    approval_above: bigint | null;
    changed_at: Instant;
    changed_by: string;
  };
  renewals: {
    account_id: string;
    renewal_id: string;
    trigger: 'threshold' | 'expiry';
    state: 'requested' | 'approved' | 'paid' | 'failed' | 'stopped';
    reason: string | null;
    offer_id: string;
    price: bigint;
    plan_id: string | null;
    approval_id: string | null;
    opened_at: Instant;
    attempted_at: Instant | null;
    next_attempt_at: Instant | null;
    closed_at: Instant | null;
  };
  renewal_steps: {
    account_id: string;
    renewal_id: string;
    ordinal: number;
    state: 'requested' | 'approved' | 'paid' | 'failed' | 'stopped';
    reason: string | null;
    offer_id: string;
    price: bigint;
    missing: bigint | null;
    by_name: string | null;
    at: Instant;
  };
  alerts: {
    account_id: string;
    alert_id: string;
    kind: string;
    subject: string;
    level: number;
    opened_at: Instant;
    level_since: Instant;
    closed_at: Defaulted<Instant | null>;
    code: Defaulted<string | null>;
    told: ColumnType<object | null, string | null | undefined, string | null>;
    told_at: Defaulted<Instant | null>;
    awaited_since: Defaulted<Instant | null>;
    acked_at: Defaulted<Instant | null>;
    acked_by: Defaulted<string | null>;
    acked_name: Defaulted<string | null>;
    snoozed_at: Defaulted<Instant | null>;
    snoozed_until: Defaulted<Instant | null>;
    snoozed_by: Defaulted<string | null>;
    snoozed_name: Defaulted<string | null>;
    repeats: Defaulted<number>;
    second_contact_at: Defaulted<Instant | null>;
    second_contact_name: Defaulted<string | null>;
    operator_at: Defaulted<Instant | null>;
  };
  approvals: {
    account_id: string;
    approval_id: string;
    code: string;
    action: Json<object>;
    requested_by: string;
    requester_name: string | null;
    requested_at: Instant;
    expires_at: Instant;
    state: 'pending' | 'approved' | 'rejected' | 'expired' | 'closed';
    confirm: Defaulted<boolean>;
    remind_at: Defaulted<Instant | null>;
    decided_by: Defaulted<string | null>;
    decider_name: Defaulted<string | null>;
    decided_at: Defaulted<Instant | null>;
    outcome: Defaulted<string | null>;
    /** Why it was rejected, in the words of who did. */
    reason: Defaulted<string | null>;
    /** Why what was approved could not be carried out. */
    problem: ColumnType<object | null, string | null | undefined, string | null>;
  };
  audit: {
    account_id: string;
    audit_id: string;
    at: Instant;
    ordinal: bigint;
    actor_kind: 'person' | 'operator' | 'auto_renewal' | 'system';
    actor_id: string | null;
    actor_name: string | null;
    deed: string;
    details: Json<object>;
    outcome: string;
    via: 'chat' | 'cli' | 'service' | 'unrecorded';
    corp_id: string | null;
    conversation_id: string | null;
    message_id: string | null;
    approval_id: string | null;
    approval_code: string | null;
    requested_by: string | null;
    requester_name: string | null;
    decided_by: string | null;
    decider_name: string | null;
  };
}

import type { ColumnType, JSONColumnType, Kysely, Transaction } from 'kysely';

type Instant = Temporal.Instant;
/** A column with a default in the database: may be left out of an insert. */
type Defaulted<T> = ColumnType<T, T | undefined, T>;
type Json<T extends object> = JSONColumnType<T>;

export type DestinationColumn = 'mainland' | 'international';
export type TemplateTypeColumn = 'verification' | 'notification' | 'promotion';

/** The tables, as `migrations/` makes them. Money and segments are `bigint`; times are `Temporal.Instant`. */
export interface Schema {
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
    last_recharged_at: Defaulted<Instant | null>;
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
  webhooks: {
    account_id: string;
    webhook_id: string;
    url: string;
    secret: string;
    created_at: Instant;
    removed_at: Defaulted<Instant | null>;
    lease_id: Defaulted<string | null>;
    leased_until: Defaulted<Instant | null>;
  };
  webhook_events: {
    account_id: string;
    webhook_id: string;
    event_id: string;
    sequence: bigint;
    body: string;
    state: 'waiting' | 'delivered' | 'superseded' | 'dead';
    attempts: Defaulted<number>;
    next_attempt_at: Instant;
    last_error: Defaulted<string | null>;
    queued_at: Instant;
    finished_at: Defaulted<Instant | null>;
  };
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
  bills: {
    account_id: string;
    month: string;
    opening: bigint;
    recharges: bigint;
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
  template_codes: {
    account_id: string;
    template_code: string;
    template_type: TemplateTypeColumn;
  };
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
  groups: {
    corp_id: string;
    conversation_id: string;
    account_id: string;
    title: string;
    language: 'zh-CN' | 'en';
    bound_at: Instant;
    bound_by: string;
  };
  group_administrators: {
    corp_id: string;
    conversation_id: string;
    staff_id: string;
    name: string;
    added_at: Instant;
  };
  group_codes: {
    code_hash: string;
    account_id: string;
    issued_at: Instant;
    expires_at: Instant;
    used_at: Defaulted<Instant | null>;
  };
  group_code_attempts: {
    corp_id: string;
    conversation_id: string;
    window_start: Instant;
    failures: number;
  };
  api_keys: {
    key_id: string;
    account_id: string;
    secret_hash: string;
    label: string;
    created_at: Instant;
    revoked_at: Defaulted<Instant | null>;
  };
  inbox: {
    corp_id: string;
    message_id: string;
    received_at: Instant;
  };
  kept_frames: {
    frame_id: string;
    frame: Json<object>;
    kept_at: Instant;
    due_at: Instant;
  };
  notices: {
    account_id: string;
    notice_id: string;
    key: string;
    reason: string;
    recipient: string;
    target: Json<object>;
    content: Json<object>;
    out_track_id: string | null;
    state: 'waiting' | 'delivered' | 'dead' | 'dropped';
    urgency: Defaulted<'reply' | 'critical' | 'routine'>;
    merges: Defaulted<boolean>;
    merged_into: Defaulted<string | null>;
    trace: Defaulted<string | null>;
    form: Defaulted<string | null>;
    attempts: Defaulted<number>;
    next_attempt_at: Instant;
    held_until: Defaulted<Instant | null>;
    leased_until: Defaulted<Instant | null>;
    lease_id: Defaulted<string | null>;
    last_error: Defaulted<string | null>;
    queued_at: Instant;
    ordinal: bigint;
    finished_at: Defaulted<Instant | null>;
  };
  cards: {
    out_track_id: string;
    account_id: string | null;
    corp_id: string;
    conversation_id: string;
    buttons: Json<object>;
    subject: string | null;
    acts_in: Defaulted<string | null>;
    created_at: Instant;
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
  call_rates: {
    scope: string;
    free_at: Instant;
  };
  call_months: {
    month: string;
    used: Defaulted<bigint>;
    exhausted_at: Defaulted<Instant | null>;
    warned_at: Defaulted<Instant | null>;
  };
  job_runs: {
    run_id: Defaulted<string>;
    job: string;
    slot: Instant | null;
    started_at: Instant;
    finished_at: Defaulted<Instant | null>;
    outcome: Defaulted<string | null>;
    state: 'running' | 'done' | 'failed';
    caused_by: 'schedule' | 'cli';
    attempts: Defaulted<number>;
    duration_ms: Defaulted<bigint | null>;
  };
  job_locks: {
    job: string;
    holder: string;
    held_until: Instant;
  };
  digests: {
    account_id: string;
    kind: 'daily' | 'monthly';
    period: string;
    due_at: Instant;
  };
}

/** A transaction. Everything that writes takes one, so that a use case commits as a whole. */
export type Tx = Transaction<Schema>;
/** A transaction, or the pool: enough for a read that stands alone. */
export type Executor = Kysely<Schema>;

import type { Defaulted, Instant, Json } from './columns.ts';

/** What is to be said, and how often the platform may be called. */
export interface TellingTables {
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
    tried_since: Defaulted<Instant | null>;
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
  digests: {
    account_id: string;
    kind: 'daily' | 'monthly';
    period: string;
    due_at: Instant;
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
}

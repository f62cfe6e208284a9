import type { Defaulted, Instant, TemplateTypeColumn } from './columns.ts';

/** How gateways are known, what they call templates, and where they are told of changes. */
export interface GatewayTables {
  api_keys: {
    key_id: string;
    account_id: string;
    secret_hash: string;
    label: string;
    created_at: Instant;
    revoked_at: Defaulted<Instant | null>;
  };
  template_codes: {
    account_id: string;
    template_code: string;
    template_type: TemplateTypeColumn;
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
}

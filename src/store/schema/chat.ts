import type { Defaulted, Instant, Json } from './columns.ts';

/** Who may talk to the bot where, and what came from there. */
export interface ChatTables {
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
}

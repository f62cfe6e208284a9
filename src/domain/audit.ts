import type { AlertKind, FormerAlertKind } from './alert-levels.ts';
import type { ApprovalAction, ApprovalOutcome } from './approval.ts';
import type { RenewalStop, RenewalTrigger } from './renewal.ts';

/** What was done, with all that says what it was. Money in micro-units and segments, both as text; secrets and binding codes never. */
export type Deed =
  /** Asked for, and waiting for whoever confirms or approves it. */
  | { readonly type: 'requested'; readonly action: ApprovalAction }
  /** An administrator's own wish that needed nobody else. */
  | { readonly type: 'carried_out'; readonly action: ApprovalAction }
  /** What became of a request; an approved one was carried out with it. */
  | {
      readonly type: 'decided';
      readonly action: ApprovalAction;
      /** `closed`: nobody decided it, because it was not needed any more. */
      readonly state: 'approved' | 'rejected' | 'expired' | 'closed';
      /** Why it was rejected, in the words of who did; from the world. Missing before the audit was kept. */
      readonly reason?: string | null;
      /** The code of why what was approved could not be carried out. */
      readonly problem?: string | null;
    }
  /** Who rejected a request said why afterwards. */
  | { readonly type: 'reason_given'; readonly action: ApprovalAction; readonly reason: string }
  | {
      readonly type: 'renewed';
      readonly title: string;
      readonly segments: string;
      readonly price: string;
      /** Missing in what was done before the audit was kept. */
      readonly trigger?: RenewalTrigger;
      readonly planId?: string;
    }
  | { readonly type: 'renewal_failed'; readonly title: string; readonly price: string; readonly missing: string }
  | { readonly type: 'renewal_stopped'; readonly title: string; readonly price: string; readonly guard: RenewalStop }
  /** An episode that ended without a purchase. */
  | { readonly type: 'renewal_ended'; readonly reason: 'turned_off' | 'trigger_gone' }
  /** Somebody knows of a critical alert, or has held it back for a while. */
  | AlertAnswer
  | { readonly type: 'recharged'; readonly amount: string; readonly balance?: string; readonly key?: string }
  | {
      readonly type: 'withdrawn';
      readonly amount: string;
      readonly balance: string;
      readonly key: string;
      readonly reason: string;
    }
  | { readonly type: 'plan_granted'; readonly title: string; readonly segments: string; readonly planId?: string }
  | { readonly type: 'plan_refunded'; readonly title: string; readonly segments: string; readonly amount: string }
  | { readonly type: 'account_opened'; readonly name: string }
  /** What the operator owns: credit limit, grace, template type, time zone. */
  | {
      readonly type: 'account_changed';
      readonly changes: readonly { readonly field: string; readonly before: string; readonly after: string }[];
    }
  | { readonly type: 'key_created' | 'key_revoked'; readonly label: string }
  /** The host alone: in the rest of an address receivers like to put secrets. */
  | { readonly type: 'webhook_added' | 'webhook_removed'; readonly host: string }
  | {
      readonly type: 'template_codes_set';
      readonly codes: readonly { readonly code: string; readonly before: string | null; readonly after: string }[];
    }
  /** Notices that nobody got, and why they were told: sent again, or given up. */
  | {
      readonly type: 'notices_retried' | 'notices_dropped';
      readonly notices: readonly { readonly id: string; readonly reason: string }[];
    }
  | { readonly type: 'group_code_issued' }
  | { readonly type: 'group_bound'; readonly title: string; readonly conversationId: string }
  | { readonly type: 'catalogue_imported'; readonly tariffs: readonly string[]; readonly offers: readonly string[] };

/** What an administrator answered to a critical alert. */
export type AlertAnswer = {
  readonly alert: AlertKind | FormerAlertKind;
  readonly level: number;
  readonly code: string;
} & ({ readonly type: 'alert_acknowledged' } | { readonly type: 'alert_snoozed'; readonly until: string });

/** Who did something: a person of the organization, the operator at the command line, auto-renewal, or the service by itself. */
export type Doer =
  | { readonly kind: 'person'; readonly staffId: string; readonly name: string }
  | { readonly kind: 'operator' | 'auto_renewal' | 'system' };

/** By which way it came. `unrecorded`: it was done before the audit was kept. */
export type Via = 'chat' | 'cli' | 'service' | 'unrecorded';

/** What came of a deed. */
export type DeedOutcome = ApprovalOutcome;

/** One entry of the audit: it is never changed, and kept for good. */
export interface AuditEntry {
  readonly id: string;
  readonly at: Temporal.Instant;
  readonly by: Doer;
  readonly deed: Deed;
  readonly outcome: DeedOutcome;
  readonly via: Via;
  /** The message or click that caused it; null where none did. */
  readonly message: { readonly corpId: string; readonly conversationId: string; readonly messageId: string } | null;
  /** The approval that it was asked for and decided by; null where nobody was asked. */
  readonly approval: AuditApproval | null;
}

export interface AuditApproval {
  readonly id: string;
  readonly code: string;
  readonly requestedBy: string;
  /** Null when no person asked. */
  readonly requesterName: string | null;
  /** Null when nobody decided. */
  readonly decidedBy: string | null;
  readonly deciderName: string | null;
}

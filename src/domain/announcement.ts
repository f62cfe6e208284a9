import type { ApprovalAction, ApprovalOutcome } from './approval.ts';
import type { Micro } from './money.ts';
import type { RenewalGuard, RenewalTrigger } from './renewal.ts';

type Instant = Temporal.Instant;

/** What auto-renewal will do about a low quota: it buys, it waits for something, or it is off. */
export type RenewalOutlook = 'buys' | 'waits' | 'off';

/** Everything that is told to an account's administrators without being asked. Money in micro-units, quota in segments. (rule 20) */
export type Announcement =
  | {
      kind: 'quota_low';
      level: number;
      quota: bigint;
      threshold: bigint;
      quotaDays: number | null;
      renewal: RenewalOutlook;
    }
  | { kind: 'quota_exhausted'; available: Micro; paygPerDay: Micro; runwayDays: number | null; renewal: RenewalOutlook }
  | {
      kind: 'plan_expiring';
      title: string;
      remaining: bigint;
      expiresAt: Instant;
      days: number;
      renewal: RenewalOutlook;
    }
  | { kind: 'plan_expired'; title: string; forfeited: bigint; expiredAt: Instant }
  | { kind: 'overdue_expected'; available: Micro; runwayDays: number; paygPerDay: Micro }
  | { kind: 'overdue'; available: Micro; suspended: boolean; suspendedFrom: Instant }
  | { kind: 'restored'; available: Micro }
  | {
      kind: 'renewed';
      trigger: RenewalTrigger;
      title: string;
      segments: bigint;
      price: Micro;
      quota: bigint;
      balance: Micro;
      expiresAt: Instant;
    }
  | { kind: 'renewal_failed'; title: string; price: Micro; available: Micro; missing: Micro; nextAttemptAt: Instant }
  | { kind: 'renewal_stopped'; title: string; price: Micro; guard: RenewalGuard; nextAttemptAt: Instant }
  | { kind: 'recharged'; amount: Micro; balance: Micro; available: Micro }
  | { kind: 'plan_added'; title: string; segments: bigint; quota: bigint; expiresAt: Instant }
  | {
      kind: 'approval_requested';
      approvalId: string;
      code: string;
      action: ApprovalAction;
      requesterName: string | null;
      expiresAt: Instant;
    }
  | {
      kind: 'approval_decided';
      action: ApprovalAction;
      code: string;
      requesterName: string | null;
      state: 'approved' | 'rejected' | 'expired';
      deciderName: string | null;
      decidedAt: Instant;
      outcome: ApprovalOutcome;
    }
  | { kind: 'auto_renewal_changed'; enabled: boolean; byName: string; threshold: bigint; offerTitle: string | null };

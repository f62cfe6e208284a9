import type { ApprovalAction, ApprovalOutcome, ApprovalProblem, ApprovalState, SendingAfter } from './approval.ts';
import type { BillDraft } from './bill.ts';
import type { DailyDigest, MonthlyDigest } from './digest.ts';
import type { LimitKey, LimitValues, UsePeriod } from './limit.ts';
import type { Micro } from './money.ts';
import type { RenewalStop, RenewalTrigger } from './renewal.ts';
import type { LeftStops } from './sending-state.ts';
import type { SettingChange } from './settings.ts';
import type { SendingReason } from './standing.ts';
import type { Destination } from './usage.ts';

type Instant = Temporal.Instant;

/**
 * What auto-renewal will do about a low quota: it buys, it waits for something, it was told not to this time, it needs another offer, it is off,
 * or off and without an offer that it could be turned on with.
 */
export type RenewalOutlook = 'buys' | 'waits' | 'rejected' | 'needs_offer' | 'off' | 'off_needs_offer';

/** What a plan is and costs. */
export interface PlanFigures {
  readonly price: Micro;
  readonly segments: bigint;
  readonly validityMonths: number;
}

/** A request that waits for an administrator. */
interface PendingRequest {
  approvalId: string;
  code: string;
  action: ApprovalAction;
  /** Null when auto-renewal asks. */
  requesterName: string | null;
  expiresAt: Instant;
  /** Whether who asked may not approve it. (rule 16) */
  secondPerson: boolean;
}

/** What is said with a critical alert of who has answered it, and who was told because nobody did. (rules 19 and 21) */
export interface EpisodeNews {
  /** What people call it by: `知道了 K7M`. */
  code: string;
  /** How it is told: for the first time, again, to the second contact, or on a card that was there before. */
  as: 'news' | 'repeat' | 'second_contact' | 'changed';
  /** Since when an answer is awaited. */
  since: Instant;
  /** Of when its figures are. */
  figuresAt: Instant;
  acknowledged: { byName: string; at: Instant } | null;
  snoozed: { byName: string; until: Instant } | null;
  secondContact: { name: string; at: Instant } | null;
  operatorAt: Instant | null;
  /** When it ended; null while it lasts. */
  endedAt: Instant | null;
}

/** A request that has ended, with what came of it. (rule 17) */
export interface DecidedRequest {
  action: ApprovalAction;
  code: string;
  requesterName: string | null;
  /** An administrator's own request, which was to be confirmed. */
  confirm: boolean;
  state: Exclude<ApprovalState, 'pending'>;
  deciderName: string | null;
  decidedAt: Instant;
  outcome: ApprovalOutcome;
  /** Why it was rejected, in the words of who did. */
  reason: string | null;
  /** Why what was approved could not be carried out. */
  problem: ApprovalProblem | null;
  /** Only when it is told for the first time, and where it is about sending: it is not kept. */
  sending?: SendingAfter;
}

/** Why messages may not be sent when it is told; none is that they may, as it is in what was kept before this was. */
interface Stopped {
  reasons?: readonly SendingReason[];
}

/** Everything that is told to an account's administrators without being asked. Money in micro-units, quota in segments. (rule 20) */
export type Announcement = News & {
  /** Only with a critical alert. */
  episode?: EpisodeNews;
};

type News =
  | {
      kind: 'quota_low';
      level: number;
      quota: bigint;
      threshold: bigint;
      /** Of the threshold, in percent: that at which this level begins. */
      share: number;
      quotaDays: number | null;
      renewal: RenewalOutlook;
    }
  | ({
      kind: 'quota_exhausted';
      available: Micro;
      paygPerDay: Micro;
      runwayDays: number | null;
      renewal: RenewalOutlook;
    } & Stopped)
  | {
      kind: 'plan_expiring';
      title: string;
      remaining: bigint;
      expiresAt: Instant;
      days: number;
      renewal: RenewalOutlook;
    }
  | { kind: 'plan_expired'; title: string; forfeited: bigint; expiredAt: Instant }
  | {
      /** Less is available than the amount of which the account wants to hear. */
      kind: 'low_balance';
      available: Micro;
      below: Micro;
      /** How long it lasts; null when nothing is spent. */
      runwayDays: number | null;
      paygPerDay: Micro;
    }
  | {
      kind: 'overdue_expected';
      available: Micro;
      runwayDays: number;
      paygPerDay: Micro;
      /** That amount, where it is undercut too. */
      below?: Micro;
    }
  | ({ kind: 'overdue'; available: Micro; suspended: boolean; suspendedFrom: Instant } & Stopped)
  | ({ kind: 'restored'; available: Micro } & Stopped)
  | {
      kind: 'spending_spike';
      destination: Destination;
      /** When the hour began. */
      hour: Instant;
      segments: bigint;
      /** What that hour of the day uses otherwise. */
      usual: bigint;
      /** Of the segments, what plans covered. */
      covered: bigint;
      /** Of the segments, what waits for a price; left out by what was told before this was. */
      waiting?: bigint;
      /** What the rest has cost so far. */
      cost: Micro;
      available: Micro;
      quota: bigint;
    }
  /** Values in the cap's unit: segments, or money in micro-units. */
  | ({ kind: 'cap_warning'; in: UsePeriod; used: bigint } & LimitKey & LimitValues)
  | ({
      kind: 'cap_reached';
      in: UsePeriod;
      used: bigint;
      at: Instant;
      /** What raising it does not end; what was kept before this was has none. */
      left?: LeftStops;
    } & LimitKey &
      LimitValues)
  | ({
      kind: 'limit_changed';
      before: LimitValues | null;
      after: LimitValues | null;
      used: bigint;
      byName: string;
      /** Why messages may not be sent after it; none is that they may. */
      reasons: readonly SendingReason[];
      /** It was reached, and is not any more. */
      lifted: boolean;
    } & LimitKey)
  | { kind: 'sending_paused'; byName: string }
  | { kind: 'sending_resumed'; byName: string; reasons: readonly SendingReason[] }
  | {
      kind: 'renewed';
      trigger: RenewalTrigger;
      /** What administrators knew of the offer, where something of it has changed since. */
      changed: PlanFigures | null;
      validityMonths: number;
      title: string;
      segments: bigint;
      price: Micro;
      quota: bigint;
      balance: Micro;
      expiresAt: Instant;
    }
  | {
      /** Bought by hand; the renewal that began with it is on now. */
      kind: 'purchased';
      title: string;
      segments: bigint;
      price: Micro;
      balanceBefore: Micro;
      balance: Micro;
      quota: bigint;
      expiresAt: Instant;
      byName: string;
      /** Who asked for it, where somebody else approved it. */
      requesterName: string | null;
      renewal: { threshold: bigint; offerTitle: string } | null;
    }
  | {
      kind: 'refunded';
      title: string;
      segments: bigint;
      /** What came back; zero for a plan that was a grant. */
      amount: Micro;
      balance: Micro;
      quota: bigint;
      /** Why, in the words of the operator. */
      reason: string | null;
      /** Whether auto-renewal is due now, because the quota is at or below its threshold without the plan. */
      renews: boolean;
    }
  /** The offer that auto-renewal is to buy is not sold from then on; null: it is not sold any more. (rule 13) */
  | { kind: 'offer_ending'; title: string; endsAt: Instant | null }
  | { kind: 'renewal_failed'; title: string; price: Micro; available: Micro; missing: Micro; nextAttemptAt: Instant }
  | { kind: 'renewal_stopped'; title: string; price: Micro; guard: RenewalStop; nextAttemptAt: Instant }
  /** A month was closed. (rule 10) */
  | ({ kind: 'bill_closed'; month: string } & BillDraft)
  | ({ kind: 'daily_digest' } & DailyDigest)
  | ({ kind: 'monthly_digest' } & MonthlyDigest)
  | { kind: 'recharged'; amount: Micro; balance: Micro; available: Micro }
  | { kind: 'withdrawn'; amount: Micro; balance: Micro; available: Micro; reason: string }
  | { kind: 'plan_added'; title: string; segments: bigint; quota: bigint; expiresAt: Instant }
  | ({ kind: 'approval_requested' } & PendingRequest)
  /** It expires soon, and nobody has decided it. */
  | ({ kind: 'approval_reminder' } & PendingRequest)
  /** On the cards of the request, for everyone. */
  | ({ kind: 'approval_decided' } & DecidedRequest)
  /** To who asked, whom a card that changes does not call. */
  | ({ kind: 'request_decided' } & DecidedRequest)
  | ({ kind: 'setting_changed'; byName: string } & SettingChange)
  | {
      kind: 'administrators_changed';
      change: 'added' | 'removed';
      personName: string;
      groupTitle: string;
      byName: string;
    }
  | { kind: 'group_unbound'; groupTitle: string; byName: string }
  /** Who is null where it was the operator. */
  | { kind: 'two_person_changed'; enabled: boolean; byName: string | null }
  | { kind: 'auto_renewal_changed'; enabled: boolean; byName: string; threshold: bigint; offerTitle: string | null };

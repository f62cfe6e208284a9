import type { LimitKey } from './limit.ts';
import type { PlanTerms, PurchaseQuote } from './quote.ts';
import type { LeftStops } from './sending-state.ts';
import type { NamedValue, SettingChange } from './settings.ts';
import type { SendingReason } from './standing.ts';

/** What an approval carries out when it is approved: all that was agreed to, so that nothing else can be done with it. (rule 17) */
export type ApprovalAction =
  | {
      readonly type: 'switch_auto_renewal';
      readonly enabled: boolean;
      /** What auto-renewal would buy at once, because its trigger held when it was asked for. */
      readonly buysNow?: PlanTerms;
    }
  /** One setting, from the value that was shown to another. The group is the one whose language it is, or that asked. */
  /** `offer`: what auto-renewal is to buy from then on, where that changes; left out of requests from before it was bound. */
  | ({ readonly type: 'change_settings'; readonly group: GroupOfAction; readonly offer?: PlanTerms } & SettingChange)
  | { readonly type: 'add_administrator'; readonly group: GroupOfAction; readonly person: NamedValue }
  | { readonly type: 'remove_administrator'; readonly group: GroupOfAction; readonly person: NamedValue }
  /** `others`: how many groups of the account are left; with none, nobody is told of anything any more. */
  | { readonly type: 'unbind_group'; readonly group: GroupOfAction; readonly others: number }
  /** Buys a plan, and turns auto-renewal on with it where `renewal` says so. */
  | ({ readonly type: 'purchase' } & PurchaseQuote)
  /** Stops sending. */
  | { readonly type: 'pause' }
  /** Ends this pause, and lifts these caps, as they were when it was asked for; `left` are caps that stay reached. */
  | {
      readonly type: 'resume';
      readonly pausedAt: string | null;
      readonly caps: readonly ReachedCap[];
      readonly left: readonly LimitKey[];
      /** The account is overdue, so messages cannot be sent all the same. */
      readonly suspended: boolean;
    }
  /** Sets a cap, from the values that were shown to others; null is none. `lifts`: it was reached, and is not any more then. */
  | ({
      readonly type: 'set_limit';
      readonly before: LimitTexts | null;
      readonly after: LimitTexts | null;
      readonly lifts: boolean;
      /** What stops sending all the same, where it lifts; a request that was kept before this was has none. */
      readonly left?: LeftStops;
    } & LimitKey)
  /** Whether nobody may approve what they asked for. */
  | { readonly type: 'set_two_person'; readonly enabled: boolean }
  /** Buys what auto-renewal asked for. */
  | ({ readonly type: 'renew'; readonly renewalId: string } & PlanTerms);

/** A cap's values as decimal text: segments, or money in micro-units. */
export interface LimitTexts {
  readonly stop: string | null;
  readonly warn: string | null;
}

/** A cap that was reached, and when. */
export interface ReachedCap extends LimitKey {
  readonly reachedAt: string;
}

/** What an action that was carried out has made of sending. */
export interface SendingAfter {
  /** Why messages may not be sent after it; none is that they may. */
  readonly reasons: readonly SendingReason[];
  /** Whether it has ended a stop. */
  readonly lifted: boolean;
}

/** A group that an action is about, with its title as it was. */
export interface GroupOfAction {
  readonly corpId: string;
  readonly conversationId: string;
  readonly title: string;
}

/** An action of a type. */
export type ActionOf<T extends ApprovalAction['type']> = Extract<ApprovalAction, { type: T }>;

/**
 * What came of an approval: carried out, or nothing to do any more, or why it could not be carried out. `replaced`: who asked for it asked
 * for something else instead.
 */
export type ApprovalOutcome =
  | 'done'
  | 'declined'
  | 'no_longer_needed'
  | 'replaced'
  | 'price_changed'
  | 'not_carried_out';

/** `closed`: nobody decided it, because it was not needed any more. */
export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired' | 'closed';

/** Why what was approved was not allowed when it was carried out: a `RuleError`, as it is kept. */
export interface ApprovalProblem {
  readonly code: string;
  readonly details: Readonly<Record<string, string>>;
}

/** A request is valid for a day, a confirm card, which holds a price and stands there for one to press, for an hour. (rule 17) */
const VALID_FOR = Temporal.Duration.from({ hours: 24 });
const CONFIRM_WITHIN = Temporal.Duration.from({ hours: 1 });
/** Administrators are reminded this long before a request expires. */
const REMIND_BEFORE = Temporal.Duration.from({ hours: 2 });

/** Until when something that is asked for at `at` can be decided, and when administrators are reminded of it; null for never. */
export function validityOf(
  at: Temporal.Instant,
  confirm: boolean,
): { expiresAt: Temporal.Instant; remindAt: Temporal.Instant | null } {
  if (confirm) return { expiresAt: at.add(CONFIRM_WITHIN), remindAt: null };
  const expiresAt = at.add(VALID_FOR);
  return { expiresAt, remindAt: expiresAt.subtract(REMIND_BEFORE) };
}

import { type Limit, type LimitKey, limitId } from './limit.ts';
import {
  availableOf,
  type Sending,
  type SendingFacts,
  type SendingReason,
  type Standing,
  sendingReasons,
  standingOf,
} from './standing.ts';

/** What a gateway asks before it sends, and is told when it changes. */
export interface SendingState {
  /** `allowed`, or the first of the reasons. */
  readonly sending: Sending;
  /** Every reason against sending. */
  readonly reasons: readonly SendingReason[];
  readonly standing: Standing;
  /** In micro-units of the account's currency. */
  readonly available: bigint;
  /** In segments. */
  readonly quota: bigint;
  readonly asOf: Temporal.Instant;
}

export function sendingStateOf(facts: SendingFacts, quota: bigint, asOf: Temporal.Instant): SendingState {
  const reasons = sendingReasons(facts, asOf);
  return {
    sending: reasons[0] ?? 'allowed',
    reasons,
    standing: standingOf(facts.money),
    available: availableOf(facts.money),
    quota,
    asOf,
  };
}

/** What of a state is a change when it differs: not its figures, which every message changes. */
export function sendingMark({ standing, reasons }: Pick<SendingState, 'standing' | 'reasons'>): string {
  return `${standing}:${reasons.join(',')}`;
}

/** What stops sending beside one cap: other caps that are reached, and what is no cap. */
export interface LeftStops {
  readonly caps: readonly LimitKey[];
  readonly reasons: readonly Exclude<SendingReason, 'capped'>[];
}

/** What stops sending all the same when this cap is lifted. */
export function leftStops(
  cap: LimitKey,
  { limits, reasons }: { readonly limits: readonly Limit[]; readonly reasons: readonly SendingReason[] },
): LeftStops {
  const others = limits.filter((limit) => limit.reached !== null && limitId(limit) !== limitId(cap));
  return {
    caps: others.map(({ period, unit }) => ({ period, unit })),
    reasons: reasons.filter((reason) => reason !== 'capped'),
  };
}

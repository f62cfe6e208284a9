import type { Micro } from './money.ts';

/** Whether the account owes. */
export type Standing = 'clear' | 'overdue';
/** Why messages may not be sent: overdue without or after a grace, stopped by a person, or a cap was reached. */
export type SendingReason = 'suspended' | 'paused' | 'capped';
/** Whether messages may be sent, or the first reason why not. */
export type Sending = 'allowed' | SendingReason;

export interface MoneyState {
  readonly balance: Micro;
  readonly creditLimit: Micro;
  /** Since when available has been below zero without a break; null while it is not. */
  readonly overdueSince: Temporal.Instant | null;
  readonly overdueGraceHours: number;
}

/** All that decides whether an account may send. */
export interface SendingFacts {
  readonly money: MoneyState;
  /** A person has stopped it. */
  readonly isPaused: boolean;
  /** A cap was reached and not lifted. */
  readonly isCapped: boolean;
}

/** What can be spent: balance plus credit limit. (rule 9) */
export function availableOf(state: Pick<MoneyState, 'balance' | 'creditLimit'>): Micro {
  return state.balance + state.creditLimit;
}

/** Rule 9: available below zero is overdue. */
export function standingOf(state: Pick<MoneyState, 'balance' | 'creditLimit'>): Standing {
  return availableOf(state) < 0n ? 'overdue' : 'clear';
}

/** When an overdue account's sending stops: at once, unless a grace is configured; null while it is not overdue. (rule 9) */
export function suspendedFrom(state: MoneyState): Temporal.Instant | null {
  return state.overdueSince ? state.overdueSince.add({ hours: state.overdueGraceHours }) : null;
}

/** Whether an overdue account's sending has stopped. (rule 9) */
export function isSuspended(state: MoneyState, now: Temporal.Instant): boolean {
  const from = suspendedFrom(state);
  return from !== null && Temporal.Instant.compare(from, now) <= 0;
}

/**
 * Every reason why messages may not be sent now. The first one is what a gateway is told: what nobody in a group can end comes before what
 * a person has decided, and that before what was set to happen by itself.
 */
export function sendingReasons({ money, isPaused, isCapped }: SendingFacts, now: Temporal.Instant): SendingReason[] {
  return [
    ...(isSuspended(money, now) ? (['suspended'] as const) : []),
    ...(isPaused ? (['paused'] as const) : []),
    ...(isCapped ? (['capped'] as const) : []),
  ];
}

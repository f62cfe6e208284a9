import type { Micro } from './money.ts';

/** Whether the account owes. */
export type Standing = 'clear' | 'overdue';
/** Whether messages may be sent. */
export type Sending = 'allowed' | 'suspended';

export interface MoneyState {
  readonly balance: Micro;
  readonly creditLimit: Micro;
  /** Since when available has been below zero without a break; null while it is not. */
  readonly overdueSince: Temporal.Instant | null;
  readonly overdueGraceHours: number;
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

/** Whether messages may be sent now. (rule 9) */
export function sendingOf(state: MoneyState, now: Temporal.Instant): Sending {
  const from = suspendedFrom(state);
  return from && Temporal.Instant.compare(from, now) <= 0 ? 'suspended' : 'allowed';
}

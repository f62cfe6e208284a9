import type { Micro } from './money.ts';
import type { Charge } from './volume-line.ts';

/**
 * The ledger of an account: transfers, each from one book to another, in one unit. So it sums to zero by construction (rule 8).
 *
 * Money books: `funding` (the world outside, where recharges come from and withdrawals go), `cash` (the account's balance), `plans` and `payg` (what was
 * spent on either), `rounding` (what bills round off or up). Segment books: `issued` (where bought segments come from), `plan:<id>` (a plan's remaining), `consumed`,
 * `forfeited`, `refunded`.
 */
export interface Transfer {
  /** The same key and content again is the same transfer; the same key with other content is refused. */
  readonly key: string;
  readonly kind: TransferKind;
  /** `segment`, or a currency such as `CNY`, then `amount` is in micro-units. */
  readonly unit: string;
  readonly from: string;
  readonly to: string;
  /** Always positive. */
  readonly amount: bigint;
  readonly at: Temporal.Instant;
  /**
   * `YYYY-MM`: whose bill it is part of. Default: the month of `at` in the account's time zone, as this program knows it. Where that month's bill is closed it is
   * part of the oldest one that is not. (rule 10)
   */
  readonly month?: string;
  readonly details: Readonly<Record<string, string>>;
}

export type TransferKind =
  | 'recharge'
  | 'withdrawal'
  | 'purchase'
  | 'renewal'
  | 'grant'
  | 'refund'
  | 'usage'
  | 'payg'
  | 'correction'
  | 'forfeit'
  | 'rounding';

export const SEGMENT = 'segment';
export const CASH = 'cash';

const PLAN_BOOK = 'plan:';

/** The book that holds what a plan has left. */
export function planBook(planId: string): string {
  return PLAN_BOOK + planId;
}

/** The plan whose book this is; undefined for any other book. */
export function planOfBook(book: string): string | undefined {
  return book.startsWith(PLAN_BOOK) ? book.slice(PLAN_BOOK.length) : undefined;
}

/** The books of an account beside those of its plans, and whether they are kept in money or in segments. */
const BOOK_UNITS: Readonly<Record<string, 'money' | 'segment'>> = {
  [CASH]: 'money',
  funding: 'money',
  plans: 'money',
  payg: 'money',
  rounding: 'money',
  issued: 'segment',
  consumed: 'segment',
  forfeited: 'segment',
  refunded: 'segment',
};

/** The names of these books. */
export const BOOKS: readonly string[] = Object.keys(BOOK_UNITS);

/** The unit of a book of an account that is kept in `currency`; undefined when there is no such book. */
export function unitOfBook(book: string, currency: string): string | undefined {
  const unit = planOfBook(book) === undefined ? BOOK_UNITS[book] : 'segment';
  return unit === 'money' ? currency : unit;
}

/** How much the transfers add to a book; negative when they take from it. */
export function netOf(book: string, transfers: readonly Transfer[]): bigint {
  return transfers.reduce(
    (sum, transfer) =>
      sum + (transfer.to === book ? transfer.amount : 0n) - (transfer.from === book ? transfer.amount : 0n),
    0n,
  );
}

export function rechargeTransfer(input: {
  key: string;
  currency: string;
  amount: Micro;
  at: Temporal.Instant;
  by: string;
}): Transfer {
  return {
    key: input.key,
    kind: 'recharge',
    unit: input.currency,
    from: 'funding',
    to: CASH,
    amount: input.amount,
    at: input.at,
    details: { by: input.by },
  };
}

/** What leaves the balance for the world outside: a recharge that was a mistake, or money that is paid back. */
export function withdrawalTransfer(input: {
  key: string;
  currency: string;
  amount: Micro;
  at: Temporal.Instant;
  by: string;
  reason: string;
}): Transfer {
  return {
    key: input.key,
    kind: 'withdrawal',
    unit: input.currency,
    from: CASH,
    to: 'funding',
    amount: input.amount,
    at: input.at,
    details: { by: input.by, reason: input.reason },
  };
}

/** What a new plan books: its segments, and its price unless it was a grant. */
export function newPlanTransfers(input: {
  planId: string;
  source: 'purchase' | 'renewal' | 'grant';
  segments: bigint;
  price: Micro;
  currency: string;
  at: Temporal.Instant;
  by: string;
}): Transfer[] {
  const details = { planId: input.planId, by: input.by };
  const common = { kind: input.source, at: input.at, details };
  const issue: Transfer = {
    ...common,
    key: `plan/${input.planId}/issue`,
    unit: SEGMENT,
    from: 'issued',
    to: planBook(input.planId),
    amount: input.segments,
  };
  if (input.price === 0n) return [issue];
  const payment: Transfer = {
    ...common,
    key: `plan/${input.planId}/payment`,
    unit: input.currency,
    from: CASH,
    to: 'plans',
    amount: input.price,
  };
  return [issue, payment];
}

/** What is left of a plan when it expires. (rule 15) */
export function forfeitTransfer(planId: string, segments: bigint, at: Temporal.Instant): Transfer {
  return {
    key: `plan/${planId}/forfeit`,
    kind: 'forfeit',
    unit: SEGMENT,
    from: planBook(planId),
    to: 'forfeited',
    amount: segments,
    at,
    details: { planId },
  };
}

/** What a refund books: the plan's segments leave it, and what was paid for it comes back. A plan that cost nothing gives nothing. (rule 15) */
export function refundTransfers(input: {
  planId: string;
  segments: bigint;
  price: Micro;
  currency: string;
  at: Temporal.Instant;
  by: string;
  reason: string | null;
}): Transfer[] {
  const { planId, at, by, reason } = input;
  const common = { kind: 'refund', at, details: { planId, by, ...(reason === null ? {} : { reason }) } } as const;
  const segments: Transfer = {
    ...common,
    key: `plan/${planId}/refund`,
    unit: SEGMENT,
    from: planBook(planId),
    to: 'refunded',
    amount: input.segments,
  };
  if (input.price === 0n) return [segments];
  const money: Transfer = {
    ...common,
    key: `plan/${planId}/refund/money`,
    unit: input.currency,
    from: 'plans',
    to: CASH,
    amount: input.price,
  };
  return [segments, money];
}

/** What a bill's rounding books: `amount` is its effect on the balance, not zero. (rules 7 and 10) */
export function roundingTransfer(month: string, amount: Micro, currency: string, at: Temporal.Instant): Transfer {
  const [from, to, size] = amount > 0n ? ['rounding', CASH, amount] : [CASH, 'rounding', -amount];
  return {
    key: `bill/${month}/rounding`,
    kind: 'rounding',
    unit: currency,
    from,
    to,
    amount: size,
    at,
    month,
    details: { month },
  };
}

/** What a charge books; undefined when it costs nothing. A correction in the customer's favour flows back to cash. (rule 4) */
export function chargeTransfer(
  chargeId: string,
  charge: Charge,
  currency: string,
  at: Temporal.Instant,
): Transfer | undefined {
  const { month } = charge;
  const common = { key: `charge/${chargeId}`, at, month, details: { month } };
  if (charge.kind === 'plan') {
    return {
      ...common,
      kind: 'usage',
      unit: SEGMENT,
      from: planBook(charge.planId),
      to: 'consumed',
      amount: charge.segments,
    };
  }
  if (charge.amount === 0n) return undefined;
  const [from, to, amount] = charge.amount > 0n ? [CASH, 'payg', charge.amount] : ['payg', CASH, -charge.amount];
  return { ...common, kind: charge.kind, unit: currency, from, to, amount };
}

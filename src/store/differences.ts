/**
 * What is compared. `balance`, `overdue`: of the account. `plan_total`, `plan_remaining`: of a plan, by its transfers.
 * `month_plan_segments`, `month_payg_segments`, `month_charged`: of a monthly volume, by its charges. `month_records`: the segments of a
 * month's volumes, by its records. `late_segments`: what a month was charged late, by its records. `hour_segments`: of an hour, by its
 * records. `hours_amount`: of all hours, by the charges. `period_segments`: what counts against the caps of a day or month, by its
 * records. `periods_amount`: of all days, and of all months, by the charges. `charge`: what was booked for a charge in the month of its bill, by the charge
 * itself. `foreign_cash`: cash in a currency that is not the account's. `bill`: whether a month before the open one has a bill.
 * `bill_opening`: of a bill, by the one before. `bill_closing`: of a bill, by all transfers until then. `bill_figure`: what a bill sums up,
 * by its lines. `bill_amount`, `bill_segments`: of a bill's lines of one kind and price, by charges and transfers.
 */
export type Figure =
  | 'balance'
  | 'overdue'
  | 'foreign_cash'
  | 'plan_total'
  | 'plan_remaining'
  | 'month_plan_segments'
  | 'month_payg_segments'
  | 'month_charged'
  | 'month_records'
  | 'late_segments'
  | 'hour_segments'
  | 'hours_amount'
  | 'period_segments'
  | 'periods_amount'
  | 'charge'
  | 'bill'
  | 'bill_opening'
  | 'bill_closing'
  | 'bill_figure'
  | 'bill_amount'
  | 'bill_segments';

/** A figure that is stored and does not follow from its entries. */
export interface Difference {
  readonly accountId: string;
  readonly accountName: string;
  readonly figure: Figure;
  /** Which one: a plan, a month and kind, an hour, a charge; '' where the account has only one. */
  readonly subject: string;
  /** A currency, then both are micro-units; `segment`; or `flag`, then 1 is yes. */
  readonly unit: string;
  readonly stored: bigint;
  readonly derived: bigint;
}

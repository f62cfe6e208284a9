import {
  BILL_WAIT_HOURS,
  type Bill,
  type BillDraft,
  type ChargeSum,
  drawBill,
  roundBill,
  roundingOf,
  sumsOfVolumes,
} from '../domain/bill.ts';
import { CASH, netOf, roundingTransfer, type Transfer } from '../domain/ledger.ts';
import { addMonths, type Month, monthEnd, monthOf } from '../domain/month.ts';
import { type Account, makeDue, readAccount } from '../store/accounts.ts';
import {
  type BillMonth,
  insertBill,
  lockIfMonthEnded,
  openMonth,
  readBill,
  readBillTransfers,
  readBillVolumes,
  readChargeSums,
  readClosing,
} from '../store/bills.ts';
import { postTransfers } from '../store/ledger.ts';
import { readPlanTitles } from '../store/plans.ts';
import type { Executor, Tx } from '../store/schema.ts';
import type { ServiceContext } from './context.ts';
import { tellBill } from './digest.ts';
import { settleSending } from './sending.ts';

/** How long after a month's end its bill waits for late records. (rule 10) */
export function billWaitOf({ billWait }: Pick<ServiceContext, 'billWait'>): Temporal.Duration {
  return billWait ?? Temporal.Duration.from({ hours: BILL_WAIT_HOURS });
}

/**
 * Closes the oldest month of an account that has no bill, when it is over and the wait for late records too: books what rounding comes
 * to, writes the bill for good, and opens the next month. What is booked afterwards is part of a later bill. (rules 6, 7 and 10)
 * @param waitMs how long the account's lock is waited for; longer is an error of the database, `55P03`
 * @returns the month that was closed; null when none is to be closed, or another replica has the account.
 */
export async function closeBill(context: ServiceContext, tx: Tx, accountId: string, waitMs = 0): Promise<Month | null> {
  const due = context.clock.now().subtract(billWaitOf(context));
  if (!(await lockIfMonthEnded(tx, accountId, due, waitMs))) return null;
  const account = await readAccount(tx, accountId);
  // Not before the lock: what was booked while this waited came before.
  const now = context.clock.now();
  const month = account.openMonth;
  const exact = await draw(tx, account, month, await openingOf(tx, account), (of) => readChargeSums(tx, accountId, of));
  const rounding = roundingOf(exact);
  const transfer = rounding === 0n ? null : roundingTransfer(month, rounding, account.currency, now);
  const bill = roundBill(exact, transfer);
  if (transfer) await postTransfers(tx, account, [transfer], now);
  await insertBill(tx, accountId, month, bill, now);
  const next = addMonths(month, 1);
  await openMonth(tx, accountId, next, monthEnd(next, account.timeZone));
  // A thousandth may be what makes an account overdue, or ends it.
  if (transfer) {
    await settleSending(context, tx, accountId);
    await makeDue(tx, accountId, now);
  }
  if (bill.lines.length > 0) {
    const closesAt = monthEnd(month, account.timeZone).add(billWaitOf(context));
    await tellBill(context, tx, { ...account, openMonth: next }, month, bill, closesAt);
  }
  return month;
}

/** What a month of an account has come to. */
export type BillView =
  | ({ readonly state: 'closed' } & Bill)
  /** Not closed yet: the month runs, or is over and waits for late records. Its lines tell no tiers. */
  | ({
      readonly state: 'open';
      readonly stage: 'running' | 'waiting';
      readonly month: Month;
      readonly closesAt: Temporal.Instant;
      readonly asOf: Temporal.Instant;
    } & BillDraft)
  /** There is no bill: the account was opened later, or the month has not begun. */
  | {
      readonly state: 'none';
      readonly reason: 'before_account' | 'future';
      readonly month: Month;
      readonly firstMonth: Month;
      /** When the bill of that month closes, if there is to be one. */
      readonly closesAt: Temporal.Instant;
    };

/**
 * The bill of a month, or an estimate of it while it is not closed; of the month that runs without one. (rule 10)
 * @param month `YYYY-MM`
 */
export async function readBillView(
  context: ServiceContext,
  db: Executor,
  account: Account,
  month?: Month,
): Promise<BillView> {
  const asOf = context.clock.now();
  const { firstMonth, timeZone } = account;
  const calendar = monthOf(asOf, timeZone);
  const current = calendar > account.openMonth ? calendar : account.openMonth;
  const asked = month ?? current;
  const closesAt = monthEnd(asked, timeZone).add(billWaitOf(context));
  if (asked < firstMonth) return { state: 'none', reason: 'before_account', month: asked, firstMonth, closesAt };
  if (asked > current) return { state: 'none', reason: 'future', month: asked, firstMonth, closesAt };
  const bill = await readBill(db, account.id, asked);
  if (bill) return { state: 'closed', ...bill };
  const estimate = await draw(db, account, asked, await openingOf(db, account, asked), async (of) =>
    sumsOfVolumes(await readBillVolumes(db, account.id, of)),
  );
  return {
    state: 'open',
    stage: asked === current ? 'running' : 'waiting',
    month: asked,
    closesAt,
    asOf,
    ...estimate,
  };
}

/** What a month that is not closed begins with: the last bill's closing balance, and what the months since have come to. */
async function openingOf(db: Executor, account: Account, month: Month = account.openMonth): Promise<bigint> {
  let balance = (await readClosing(db, account.id, addMonths(account.openMonth, -1))) ?? 0n;
  if (month <= account.openMonth) return balance;
  const before = addMonths(month, -1);
  const transfers = await readBillTransfers(db, account.id, account.openMonth, before);
  balance += netOf(CASH, transfers);
  for (let between = account.openMonth; between <= before; between = addMonths(between, 1)) {
    const volumes = await readBillVolumes(db, account.id, billMonth(account, between));
    balance -= volumes.reduce((sum, volume) => sum + volume.charged, 0n);
  }
  return balance;
}

async function draw(
  db: Executor,
  account: Account,
  month: Month,
  opening: bigint,
  readCharges: (of: BillMonth) => Promise<ChargeSum[]>,
): Promise<BillDraft> {
  const charges = await readCharges(billMonth(account, month));
  const transfers = await readBillTransfers(db, account.id, month, month);
  const planIds = new Set([...charges.map(({ planId }) => planId), ...transfers.map(planOf)]);
  const titles = await readPlanTitles(
    db,
    account.id,
    [...planIds].filter((id) => id !== null),
  );
  return drawBill({ opening, charges, transfers, titles });
}

function billMonth({ firstMonth }: Account, month: Month): BillMonth {
  return { month, withEarlier: month === firstMonth };
}

function planOf({ details }: Transfer): string | null {
  return details.planId ?? null;
}

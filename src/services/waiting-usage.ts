import { randomUUID } from 'node:crypto';
import { Calendar, meterWaiting } from '../domain/metering.ts';
import { billingMonths } from '../domain/month.ts';
import { latePricedCountries } from '../domain/tariff.ts';
import type { Account } from '../store/accounts.ts';
import { readVolumes } from '../store/charges.ts';
import { readLimits } from '../store/limits.ts';
import type { Tx } from '../store/schema.ts';
import { readTariffs } from '../store/tariffs.ts';
import { hasWaitingRecords, readWaitingRecords } from '../store/usage.ts';
import type { ServiceContext } from './context.ts';
import { writeMetering } from './metering.ts';

/** Records that are billed in one transaction. */
const AT_ONCE = 5_000;

/**
 * Bills usage that was recorded without a price and has one now, the oldest first, each record in the month of its own time, or late in
 * the current one where the bill of its own is closed. The account must be locked. (rules 5 and 6)
 * @returns whether there may be more than were taken at once.
 */
export async function priceWaitingUsage(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  atOnce = AT_ONCE,
): Promise<boolean> {
  if (!(await hasWaitingRecords(tx, account.id))) return false;
  const now = context.clock.now();
  const tariffs = await readTariffs(tx, account.tariffId);
  const waiting = await readWaitingRecords(tx, account.id, latePricedCountries(tariffs, now), atOnce);
  const calendar = new Calendar(account.timeZone);
  const billing = billingMonths(account, now);
  const months = [...new Set([billing.current, ...waiting.map(({ at }) => calendar.month(at))])];
  const volumes = await readVolumes(tx, account.id, months);
  const result = meterWaiting({ timeZone: account.timeZone, tariffs, billing, volumes }, waiting, now);
  if (result.progressed.length > 0) {
    await writeMetering(tx, account, await readLimits(tx, account.id), randomUUID(), result, now);
  }
  return waiting.length === atOnce;
}

/** The earlier one of a time and of when the next version of the account's tariff begins, where usage waits for a price. */
export async function beforeNextPrices(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  at: Temporal.Instant,
): Promise<Temporal.Instant> {
  if (!(await hasWaitingRecords(tx, account.id))) return at;
  const now = context.clock.now();
  const next = (await readTariffs(tx, account.tariffId)).find(
    ({ effectiveFrom }) => Temporal.Instant.compare(effectiveFrom, now) > 0,
  );
  return next && Temporal.Instant.compare(next.effectiveFrom, at) < 0 ? next.effectiveFrom : at;
}

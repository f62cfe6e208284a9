import { randomUUID } from 'node:crypto';
import { CASH, chargeTransfer, netOf } from '../domain/ledger.ts';
import { Calendar, type MeteringResult, meter } from '../domain/metering.ts';
import { coversTime } from '../domain/plan.ts';
import { availableOf } from '../domain/standing.ts';
import type { UsageReport } from '../domain/usage.ts';
import { type Account, lockAccount, makeDue } from '../store/accounts.ts';
import { addHourlyUsage, insertCharges, readVolumes, writeVolumes } from '../store/charges.ts';
import { postTransfers } from '../store/ledger.ts';
import { readPlansWithQuota } from '../store/plans.ts';
import type { Tx } from '../store/schema.ts';
import { readTariffs } from '../store/tariffs.ts';
import {
  conflictToRejected,
  insertRecords,
  insertRejected,
  progressRecords,
  readKnownRecords,
} from '../store/usage.ts';
import type { ServiceContext } from './context.ts';

export interface MeteringOutcome {
  readonly accepted: number;
  readonly duplicates: number;
  /** Ids whose report contradicts what is recorded; kept for a person, not billed. (rule 1) */
  readonly conflicts: readonly string[];
  /** Recorded, but there is no price for its country yet. (rule 5) */
  readonly unpriced: number;
  /** The account has something to be decided now. */
  readonly reviewDue: boolean;
}

/**
 * Records and bills a batch of usage of one account: a handful of statements, whatever its size. The partitions of the records'
 * months must exist. (rules 1 to 5, 7 to 9)
 * @throws InputError `account_unknown`
 */
export async function meterUsage(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  reports: readonly UsageReport[],
): Promise<MeteringOutcome> {
  const now = context.clock.now();
  const account = await lockAccount(tx, accountId);
  const calendar = new Calendar(account.timeZone);
  const months = [...new Set(reports.map((report) => calendar.month(report.at)))];
  const plans = await readPlansWithQuota(tx, accountId);
  const result = meter(
    {
      timeZone: account.timeZone,
      defaultTemplateType: account.defaultTemplateType,
      tariffs: await readTariffs(tx, account.tariffId),
      plans,
      volumes: await readVolumes(tx, accountId, months),
      known: await readKnownRecords(
        tx,
        accountId,
        reports.map((report) => report.id),
      ),
    },
    reports,
  );
  const balance = await write(tx, account, result, now);

  const quota = plans
    .filter((plan) => coversTime(plan, now))
    .reduce((sum, plan) => sum + plan.remaining - (result.consumed.get(plan.id) ?? 0n), 0n);
  const available = availableOf({ ...account.money, balance });
  const reviewDue =
    (account.quotaWatermark !== null && quota <= account.quotaWatermark) ||
    (account.availableWatermark !== null && available < account.availableWatermark);
  if (reviewDue) await makeDue(tx, accountId, now);
  const changed = [...result.created, ...result.progressed];
  return {
    accepted: changed.length,
    duplicates: result.duplicates,
    conflicts: result.conflicts.map((conflict) => conflict.report.id),
    unpriced: changed.filter((record) => record.billing === 'unpriced').length,
    reviewDue,
  };
}

/** Writes what metering decided; returns the new balance. */
async function write(tx: Tx, account: Account, result: MeteringResult, now: Temporal.Instant): Promise<bigint> {
  const batchId = randomUUID();
  const charges = result.charges.map((charge) => ({ id: randomUUID(), charge }));
  const transfers = charges.flatMap(({ id, charge }) => chargeTransfer(id, charge, account.currency, now) ?? []);
  await insertRecords(tx, account.id, batchId, result.created, now);
  await progressRecords(tx, account.id, batchId, result.progressed);
  await insertRejected(tx, account.id, result.conflicts.map(conflictToRejected), now);
  await insertCharges(tx, account.id, batchId, charges, now);
  await writeVolumes(tx, account.id, result.volumes);
  await addHourlyUsage(tx, account.id, result.hours);
  await postTransfers(tx, account.id, transfers, now);
  return account.money.balance + netOf(CASH, transfers);
}

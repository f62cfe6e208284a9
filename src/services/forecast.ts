import { type Burn, type BurnHistory, burnOf, burnWindow } from '../domain/burn.ts';
import { type Forecast, type ForecastInput, forecast } from '../domain/forecast.ts';
import type { Plan } from '../domain/plan.ts';
import { hoursForSpikes, judgedHours, type SpikeInput, withWaiting } from '../domain/spike.ts';
import { availableOf } from '../domain/standing.ts';
import type { Account } from '../store/accounts.ts';
import {
  keepPattern,
  readHours,
  readKeptPattern,
  readUsagePattern,
  readUsageSince,
  readWaitingHours,
} from '../store/hourly-usage.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import { readTierState } from './prices.ts';

/** What an account has used, as far as it tells of the days to come. It changes only by metering, not while the account is locked. */
export interface UsageState extends Awaited<ReturnType<typeof readTierState>> {
  readonly now: Temporal.Instant;
  /** When the account's day began. */
  readonly midnight: Temporal.Instant;
  /** Whether the days of the week were read as they were kept today. */
  readonly isKept: boolean;
  readonly history: BurnHistory;
  readonly burn: Burn;
}

/** Small reads by index. The four weeks behind the days of the week are summed up anew where that was not kept today. */
export async function readUsageState(db: Executor, account: Account, now: Temporal.Instant): Promise<UsageState> {
  const { since, midnights } = burnWindow(now, account.timeZone);
  const midnight = midnights.at(-1) ?? now;
  const [kept, lastDays, tiers] = await Promise.all([
    readKeptPattern(db, account.id, midnight),
    readUsageSince(db, account.id, since, now),
    readTierState(db, account, now),
  ]);
  const pattern = kept ?? (await readUsagePattern(db, account.id, midnights));
  const history = { ...pattern, lastDays };
  return {
    now,
    midnight,
    isKept: kept !== undefined,
    history,
    burn: burnOf(history, now, account.timeZone),
    ...tiers,
  };
}

/** Keeps for the rest of the day how the days of the week differ; what comes late changes it tomorrow. */
export async function keepUsagePattern(tx: Tx, account: Account, usage: UsageState): Promise<void> {
  const { firstUsedAt } = usage.history;
  if (usage.isKept || !firstUsedAt) return;
  await keepPattern(tx, account.id, usage.midnight, { ...usage.history, firstUsedAt });
}

/** What a forecast is made of. */
export function forecastInput(account: Account, plans: readonly Plan[], usage: UsageState): ForecastInput {
  const { now, burn, tariff, tierVolumes } = usage;
  return { now, timeZone: account.timeZone, burn, plans, available: availableOf(account.money), tariff, tierVolumes };
}

/** The present burn, projected. */
export function forecastOf(account: Account, plans: readonly Plan[], usage: UsageState): Forecast {
  return forecast(forecastInput(account, plans, usage));
}

/** What the present hours and their like on past days used; an account that never used anything is not asked about. */
export async function readSpikeInput(db: Executor, account: Account, usage: UsageState): Promise<SpikeInput> {
  const { now, burn, history } = usage;
  const { timeZone } = account;
  const { firstUsedAt } = history;
  const [{ spikeFactor }, used, waiting] = await Promise.all([
    readSettings(db, account.id),
    readHours(db, account.id, firstUsedAt ? hoursForSpikes(now, timeZone) : []),
    readWaitingHours(db, account.id, firstUsedAt ? judgedHours(now) : []),
  ]);
  return { now, timeZone, factor: BigInt(spikeFactor), burn, firstUsedAt, hours: withWaiting(used, waiting) };
}

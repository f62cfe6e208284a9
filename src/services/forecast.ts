import { type Burn, type BurnHistory, burnOf, burnWindow } from '../domain/burn.ts';
import { type Forecast, type ForecastInput, forecast } from '../domain/forecast.ts';
import type { Plan } from '../domain/plan.ts';
import { type Hours, hoursForSpikes, SPIKE_FACTOR, type SpikeInput } from '../domain/spike.ts';
import { availableOf } from '../domain/standing.ts';
import type { Account } from '../store/accounts.ts';
import { readBurnHistory, readHours } from '../store/hourly-usage.ts';
import type { Executor } from '../store/schema.ts';
import { readTierState } from './prices.ts';

/** What an account has used, as far as it tells of the days to come. It changes only by metering, not while the account is locked. */
export interface UsageState extends Awaited<ReturnType<typeof readTierState>> {
  readonly now: Temporal.Instant;
  readonly history: BurnHistory;
  readonly burn: Burn;
}

/** Two small reads by index: four weeks by day of the week, and the first hour. */
export async function readUsageState(db: Executor, account: Account, now: Temporal.Instant): Promise<UsageState> {
  const history = await readBurnHistory(db, account.id, burnWindow(now, account.timeZone), now);
  return {
    now,
    history,
    burn: burnOf(history, now, account.timeZone),
    ...(await readTierState(db, account, now)),
  };
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
  const hours: Hours = history.firstUsedAt ? await readHours(db, account.id, hoursForSpikes(now, timeZone)) : new Map();
  return { now, timeZone, factor: SPIKE_FACTOR, burn, firstUsedAt: history.firstUsedAt, hours };
}

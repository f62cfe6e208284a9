import { type Forecast, type ForecastInput, forecast } from '../domain/forecast.ts';
import { activePlans, consumptionOrder, type Plan, quotaOf } from '../domain/plan.ts';
import { type SendingState, sendingStateOf } from '../domain/sending-state.ts';
import { type Account, readAccount } from '../store/accounts.ts';
import { readPlansWithQuota } from '../store/plans.ts';
import type { Executor } from '../store/schema.ts';
import { type AutoRenewal, readAutoRenewal } from './auto-renewal.ts';
import type { ServiceContext } from './context.ts';
import { forecastInput, readUsageState } from './forecast.ts';
import { type LimitState, readLimitStates } from './limits.ts';

/** All that balance and quota answers show. */
export interface Overview extends SendingState, AutoRenewal {
  readonly account: Account;
  /** Active plans, the one that is used first in front. */
  readonly plans: readonly Plan[];
  readonly forecast: Forecast;
  /** What the forecast is made of. */
  readonly forecastInput: ForecastInput;
  /** What pay-as-you-go has come to in this month of the account's calendar, corrections included. */
  readonly paygThisMonth: bigint;
  /** Every cap that the account can have. */
  readonly limits: readonly LimitState[];
}

/** @throws InputError `account_unknown` */
export async function readOverview(context: ServiceContext, db: Executor, accountId: string): Promise<Overview> {
  // Read once: figures of one answer are of one moment.
  const account = await readAccount(db, accountId);
  const asOf = context.clock.now();
  const [plans, limits, usage, autoRenewal] = await Promise.all([
    readPlansWithQuota(db, accountId),
    readLimitStates(db, account, asOf),
    readUsageState(db, account, asOf),
    readAutoRenewal(db, accountId, asOf),
  ]);
  const facts = {
    money: account.money,
    isPaused: account.pause !== null,
    isCapped: limits.some(({ isReached }) => isReached),
  };
  const state = sendingStateOf(facts, quotaOf(plans, asOf), asOf);
  const projected = forecastInput(account, plans, usage);
  return {
    ...state,
    ...autoRenewal,
    account,
    plans: activePlans(plans, state.asOf).toSorted(consumptionOrder),
    forecast: forecast(projected),
    forecastInput: projected,
    limits,
    paygThisMonth: usage.volumes.reduce((sum, volume) => sum + volume.charged, 0n),
  };
}

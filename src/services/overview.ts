import { type Forecast, type ForecastInput, forecast } from '../domain/forecast.ts';
import { Calendar } from '../domain/metering.ts';
import { activePlans, consumptionOrder, type Plan, quotaOf } from '../domain/plan.ts';
import { availableOf, type Sending, type Standing, sendingOf, standingOf } from '../domain/standing.ts';
import { type Account, readAccount } from '../store/accounts.ts';
import { readVolumes } from '../store/charges.ts';
import { readPlansWithQuota } from '../store/plans.ts';
import type { Executor } from '../store/schema.ts';
import { type AutoRenewal, readAutoRenewal } from './auto-renewal.ts';
import type { ServiceContext } from './context.ts';
import { forecastInput, readUsageState } from './forecast.ts';

/** What a gateway asks before it sends. */
export interface SendingState {
  readonly sending: Sending;
  readonly standing: Standing;
  /** In micro-units of the account's currency. */
  readonly available: bigint;
  /** In segments. */
  readonly quota: bigint;
  readonly asOf: Temporal.Instant;
}

/** @throws InputError `account_unknown` */
export async function readSendingState(
  context: ServiceContext,
  db: Executor,
  accountId: string,
): Promise<SendingState> {
  const account = await readAccount(db, accountId);
  return stateOf(account, await readPlansWithQuota(db, accountId), context.clock.now());
}

function stateOf(account: Account, plans: readonly Plan[], asOf: Temporal.Instant): SendingState {
  return {
    sending: sendingOf(account.money, asOf),
    standing: standingOf(account.money),
    available: availableOf(account.money),
    quota: quotaOf(plans, asOf),
    asOf,
  };
}

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
}

/** @throws InputError `account_unknown` */
export async function readOverview(context: ServiceContext, db: Executor, accountId: string): Promise<Overview> {
  // Read once: figures of one answer are of one moment.
  const account = await readAccount(db, accountId);
  const plans = await readPlansWithQuota(db, accountId);
  const state = stateOf(account, plans, context.clock.now());
  const projected = forecastInput(account, plans, await readUsageState(db, account, state.asOf));
  const volumes = await readVolumes(db, accountId, [new Calendar(account.timeZone).month(state.asOf)]);
  return {
    ...state,
    ...(await readAutoRenewal(db, accountId)),
    account,
    plans: activePlans(plans, state.asOf).toSorted(consumptionOrder),
    forecast: forecast(projected),
    forecastInput: projected,
    paygThisMonth: volumes.reduce((sum, volume) => sum + volume.charged, 0n),
  };
}

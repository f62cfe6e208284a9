import type { LimitKey } from '../../src/domain/limit.ts';
import type { SendingState } from '../../src/domain/sending-state.ts';
import type { AccountInput } from '../../src/services/accounts.ts';
import { readLimitStates, setLimit } from '../../src/services/limits.ts';
import { readSendingState } from '../../src/services/sending.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import type { BillingWorld, TestAccount } from './billing-world.ts';
import { at } from './builders.ts';

export const DAY_SEGMENTS: LimitKey = { period: 'day', unit: 'segments' };
export const MONTH_SEGMENTS: LimitKey = { period: 'month', unit: 'segments' };
export const DAY_MONEY: LimitKey = { period: 'day', unit: 'money' };
export const MONTH_MONEY: LimitKey = { period: 'month', unit: 'money' };

/** An account with ¥1,000 that was looked at, and whose news were read. */
export async function aQuietAccount(
  world: BillingWorld,
  overrides: Partial<AccountInput> = {},
  now = '2026-03-10T12:00',
): Promise<TestAccount> {
  world.clock.set(at(now));
  const account = await world.openAccount(overrides);
  await account.recharge('1000');
  await account.review();
  await account.news();
  return account;
}

/** Sets a cap as an administrator does; null takes it away. */
export function limit(
  world: BillingWorld,
  account: TestAccount,
  key: LimitKey,
  stop: bigint | null,
  warn: bigint | null = null,
): Promise<SendingState> {
  const after = stop === null && warn === null ? null : { stop, warn };
  return world.run(async (tx) =>
    setLimit(world.context, tx, await lockAccount(tx, account.id), { key, after, by: 'zhangwei', byName: '张伟' }),
  );
}

/** Whether the account may send, and every reason against it. */
export async function sending(world: BillingWorld, account: TestAccount): Promise<readonly [string, ...string[]]> {
  const state = await readSendingState(world.context, world.db.kysely, account.id);
  return [state.sending, ...state.reasons];
}

/** What counts against a cap now. */
export async function usedOf(world: BillingWorld, account: TestAccount, { period, unit }: LimitKey): Promise<bigint> {
  const states = await readLimitStates(world.db.kysely, await account.read(), world.clock.now());
  const state = states.find(({ key }) => key.period === period && key.unit === unit);
  if (!state) throw new Error(`there is no cap ${period} ${unit}`);
  return state.used;
}

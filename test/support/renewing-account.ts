import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import type { BillingWorld, TestAccount } from './billing-world.ts';
import { NOW } from './builders.ts';

/** An account in use, with 5,000 segments and auto-renewal on at a threshold of 1,000; nothing is due. */
export async function renewingAccount(
  world: BillingWorld,
  { balance = '100000', ...policy }: Partial<RenewalPolicy> & { balance?: string } = {},
): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge(balance);
  await account.grant('sms-5000');
  await account.renewal({ threshold: 1_000n, ...policy });
  await account.review();
  await account.use(1);
  await account.review();
  await account.news();
  return account;
}

/** The plans that auto-renewal has bought. */
export async function bought(account: TestAccount) {
  return (await account.plans()).filter(({ source }) => source === 'renewal');
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BillingWorld } from '../support/billing-world.ts';
import { buy } from '../support/purchases.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, codeOf, jsonOf } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-plans-'));
afterAll(() => rm(folder, { recursive: true }));
const run = (...args: string[]) => cli(args, { env: { DATABASE_URL: url }, folder });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));

test('rule 15: given a used and an unused plan, then plan list shows both, and plan refund takes back the unused one alone', async () => {
  const world = await BillingWorld.on(db);
  // The command line's clock is the real one.
  world.clock.set(Temporal.Now.instant().subtract({ minutes: 5 }));
  const account = await world.openAccount({ name: 'Acme' });
  await account.recharge('500');
  const used = await buy(world, account, 'sms-100');
  await account.use(3);
  world.pass({ minutes: 1 });
  const unused = await buy(world, account, 'sms-5000');

  expect(await json('plan', 'list')).toMatchObject([
    { planId: unused, source: 'purchase', state: 'active', remaining: 5_000, price: '170.00', refundedAt: null },
    { planId: used, state: 'active', remaining: 97 },
  ]);
  expect(codeOf(await run('plan', 'refund', '--account', 'Acme', '--plan', used))).toBe('plan_used');
  const refund = ['plan', 'refund', '--account', 'Acme', '--plan', unused, '--reason', '重复购买'];
  expect(await json(...refund)).toMatchObject({ planId: unused, amount: '170.00', isNew: true, renews: false });
  expect((await run('plan', 'list', '--account', 'Acme')).out).toMatch(/refunded +0 of 5,000 +¥170\.00/);
});

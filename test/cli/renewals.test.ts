import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BillingWorld } from '../support/billing-world.ts';
import { renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, jsonOf } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-renewals-'));
afterAll(() => rm(folder, { recursive: true }));
const run = (...args: string[]) => cli(args, { env: { DATABASE_URL: url }, folder });

test('rule 14: given a renewal that failed and was paid after a recharge, then renewal list shows each attempt, its state and why', async () => {
  const account = await renewingAccount(await BillingWorld.on(db), { balance: '100' });
  expect((await run('renewal', 'list')).out).toContain('Auto-renewal has never been due for "Test Ltd".');
  await account.use(4_500);
  await account.review();
  await account.recharge('1000');
  await account.review();
  expect(jsonOf(await run('renewal', 'list', '--json'))).toMatchObject([
    {
      trigger: 'threshold',
      state: 'paid',
      steps: [
        { state: 'failed', reason: 'insufficient_balance', price: '170.00', missing: '70.00' },
        { state: 'paid', reason: null, missing: null },
      ],
    },
  ]);
  const { out } = await run('renewal', 'list', '--account', 'Test Ltd', '--limit', '1');
  expect(out).toMatch(/threshold +2026-03-10 12:00 +failed +insufficient balance, ¥70\.00 missing/);
});

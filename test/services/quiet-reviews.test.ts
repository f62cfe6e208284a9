import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAccount } from '../../src/services/accounts.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { setLimit } from '../../src/services/limits.ts';
import { reviewQuiet } from '../../src/services/quiet-reviews.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);

const looked = (limit = 100) => world.run((tx) => reviewQuiet(world.context, tx, { limit, except: [] }));

/** What a look leaves of an account. */
async function leftOf(account: TestAccount) {
  const { next_review_at, quota_watermark, available_watermark, hour_watermarks } = await db.kysely
    .selectFrom('accounts')
    .selectAll()
    .where('account_id', '=', account.id)
    .executeTakeFirstOrThrow();
  const alerts = await db.kysely
    .selectFrom('alerts')
    .select(['kind', 'level', 'closed_at'])
    .where('account_id', '=', account.id)
    .execute();
  const pattern = await db.kysely
    .selectFrom('usage_patterns')
    .select(['midnight', 'by_weekday', 'first_used_at'])
    .where('account_id', '=', account.id)
    .executeTakeFirst();
  const row = { next_review_at, quota_watermark, available_watermark, hour_watermarks };
  return { row, alerts, pattern, told: (await account.told()).map(({ kind }) => kind) };
}

const dueNow = (account: TestAccount) =>
  db.kysely
    .updateTable('accounts')
    .set({ next_review_at: world.clock.now() })
    .where('account_id', '=', account.id)
    .execute();

/** Two accounts that the same happens to. */
async function twins(deeds: readonly (readonly [string, (account: TestAccount) => Promise<unknown>])[]) {
  world.clock.set(at('2026-03-10T12:00'));
  const pair = [await world.openAccount({ name: 'alone' }), await world.openAccount({ name: 'together' })] as const;
  for (const account of pair) await world.run((tx) => reviewAccount(world.context, tx, account.id));
  for (const [, deed] of deeds) {
    for (const account of pair) await deed(account);
    world.pass({ hours: 7 });
  }
  for (const account of pair) await dueNow(account);
  return pair;
}

const DEEDS = [
  ['recharge', (account: TestAccount) => account.recharge('20')],
  ['recharge more', (account: TestAccount) => account.recharge('2000')],
  ['a plan', (account: TestAccount) => account.grant('sms-1000-month')],
  ['a small plan', (account: TestAccount) => account.grant('sms-100')],
  ['little used', (account: TestAccount) => account.use(7)],
  ['much used', (account: TestAccount) => account.use(700)],
  ['abroad', (account: TestAccount) => account.use(3, { destination: 'international', country: 'US' })],
  ['without a price', (account: TestAccount) => account.use(1, { destination: 'international', country: 'BR' })],
  ['renewal', (account: TestAccount) => account.renewal({ enabled: true, threshold: 50n, offerId: 'sms-100' })],
  [
    'an amount',
    (account: TestAccount) => account.settings({ balanceAlert: { below: yuan('1500'), setAt: world.clock.now() } }),
  ],
  ['a look', (account: TestAccount) => account.review()],
  [
    'a cap',
    (account: TestAccount) =>
      world.run(async (tx) =>
        setLimit(world.context, tx, await lockAccount(tx, account.id), {
          ...{ key: { period: 'day', unit: 'segments' }, after: { stop: 600n, warn: 500n } },
          ...{ by: ADMIN.staffId, byName: ADMIN.name },
        }),
      ),
  ],
  ['a week', async () => world.pass({ hours: 84 })],
] as const;

test('given any account, when it is looked at with others, then what is left is what its own review would have left, or it is handed over untouched', async () => {
  let quiet = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...DEEDS), { maxLength: 7 }), async (deeds) => {
      const [alone, together] = await twins(deeds);
      await db.kysely
        .updateTable('accounts')
        .set({ next_review_at: at('2030-01-01') })
        .where('account_id', 'not in', [together.id])
        .execute();
      const before = await leftOf(together);
      const result = await looked();
      const after = await leftOf(together);
      if (result.others.includes(together.id)) {
        expect({ ...after, pattern: null }).toEqual({ ...before, pattern: null });
        return;
      }
      quiet += 1;
      expect(result).toEqual({ quiet: 1, others: [] });
      await dueNow(alone);
      await world.run((tx) => reviewAccount(world.context, tx, alone.id));
      const [left, own] = [after, await leftOf(alone)];
      expect(left).toEqual(own);
    }),
    { numRuns: 25, seed: 14 },
  );
  // Most looks find nothing: were all handed over, nothing would have been compared.
  expect(quiet).toBeGreaterThan(5);
});

test('given accounts of several zones, one that somebody holds, and one that is not due, then the others get their next look', async () => {
  world.clock.set(at('2026-06-01T12:00'));
  await db.kysely
    .updateTable('accounts')
    .set({ next_review_at: at('2030-01-01') })
    .execute();
  const open = (name: string, timeZone: string) =>
    world.run((tx) =>
      createAccount(world.context, tx, {
        ...{ name, timeZone, tariffId: 'test', defaultTemplateType: 'notification' as const },
        ...{ creditLimit: 0n, overdueGraceHours: 0 },
      }),
    );
  const [tokyo, , held] = [
    await open('a', 'Asia/Tokyo'),
    await open('b', 'America/New_York'),
    await open('c', 'Asia/Shanghai'),
  ];
  await world.run(async (tx) => {
    await lockAccount(tx, held);
    expect(await looked()).toEqual({ quiet: 2, others: [] });
  });
  expect(await world.run((tx) => reviewQuiet(world.context, tx, { limit: 5, except: [held] }))).toEqual({
    quiet: 0,
    others: [],
  });
  expect(await looked()).toEqual({ quiet: 1, others: [] });
  const row = await db.kysely
    .selectFrom('accounts')
    .select('next_review_at')
    .where('account_id', '=', tokyo)
    .executeTakeFirstOrThrow();
  expect(row.next_review_at).toEqual(at('2026-06-02T12:00'));
});

test('given a renewal that is switched on while its alert is open already, then the account is handed over, and its review buys', async () => {
  world.clock.set(at('2026-09-01T12:00'));
  await db.kysely
    .updateTable('accounts')
    .set({ next_review_at: at('2030-01-01') })
    .execute();
  const account = await world.openAccount();
  await account.recharge('100');
  await account.grant('sms-100');
  const policy = { threshold: 50n, offerId: 'sms-100' };
  await account.renewal({ ...policy, enabled: false });
  await account.use(60);
  await account.review();
  await account.renewal({ ...policy, enabled: true });
  expect(await looked()).toEqual({ quiet: 0, others: [account.id] });
  await account.news();
  await account.review();
  expect((await account.news()).map(({ kind }) => kind)).toEqual(['renewed']);
});

test('given usage that waits for a price, a pending request, or a renewal that waits, then the account is handed over', async () => {
  world.clock.set(at('2026-10-01T12:00'));
  await db.kysely
    .updateTable('accounts')
    .set({ next_review_at: at('2030-01-01') })
    .execute();
  const [unpriced, requested, waiting] = [
    await world.openAccount(),
    await world.openAccount(),
    await world.openAccount(),
  ];
  await unpriced.use(1, { destination: 'international', country: 'BR' });
  await requested.renewal({ enabled: false, threshold: 0n, offerId: 'sms-100' });
  const action = { type: 'switch_auto_renewal', enabled: true } as const;
  await world.run((tx) => requestAction(world.context, tx, requested.group, MEMBER, action));
  await waiting.grant('sms-100');
  await waiting.renewal({ enabled: true, threshold: 100n, offerId: 'sms-5000' });
  for (const account of [unpriced, requested, waiting]) {
    await account.review();
    await dueNow(account);
  }
  const { quiet, others } = await looked();
  expect(quiet).toBe(0);
  expect(others.toSorted()).toEqual([unpriced.id, requested.id, waiting.id].toSorted());
});

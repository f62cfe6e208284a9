import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { RuleError } from '../../src/domain/errors.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { closeBill } from '../../src/services/bills.ts';
import { addTariffs } from '../../src/services/catalogue.ts';
import { pauseSending, readResumable, resumeSending } from '../../src/services/limits.ts';
import { assertPurchase, purchase, quote } from '../../src/services/purchase.ts';
import { refundPlan } from '../../src/services/refunds.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { listBills } from '../../src/store/bills.ts';
import { openDatabase } from '../../src/store/database.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { ADMIN, BillingWorld, TARIFF, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, at, yuan } from '../support/builders.ts';
import { DAY_SEGMENTS, limit, usedOf } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** What the database's log says of transactions that had to be run again, after a deadlock for example. */
const rerun: string[] = [];
const { url } = await createTestDatabase();
const db = openDatabase({ url, logger: pino({ level: 'debug' }, { write: (line: string) => rerun.push(line) }) });
afterAll(() => db.close());
const world = await BillingWorld.on(db);
const PRICE = yuan('0.045');
/** One price, so that what usage costs does not depend on what came first. */
const FLAT = [{ upTo: null, price: '0.045' }];

/** Buys if there is money for it, as an administrator who confirms. */
async function buy(account: TestAccount, offerId: string): Promise<void> {
  const { context } = world;
  const quoted = await quote(context, db.kysely, account.id, { offerId, renewal: null });
  const done = world.run(async (tx) => {
    const locked = await lockAccount(tx, account.id);
    await assertPurchase(tx, locked, quoted);
    await purchase(context, tx, locked, quoted, { key: `purchase/${randomUUID()}`, by: ADMIN });
  });
  await done.catch(expectRefusal('insufficient_balance'));
}

const BY = { by: ADMIN.staffId, byName: ADMIN.name };

function pause(account: TestAccount) {
  return world.run(async (tx) => pauseSending(world.context, tx, await lockAccount(tx, account.id), BY));
}

/** Ends what an administrator can end. */
function resume(account: TestAccount) {
  const { context } = world;
  return world.run(async (tx) => {
    const locked = await lockAccount(tx, account.id);
    const { pausedAt, caps } = await readResumable(context, tx, locked);
    await resumeSending(context, tx, locked, { pause: pausedAt !== null, caps }, BY);
  });
}

/** Gives back the newest plan that is there. */
async function refund(account: TestAccount): Promise<void> {
  const planId = (await account.plans()).at(-1)?.plan_id;
  if (planId === undefined) return;
  const input = { accountId: account.id, planId, reason: null, by: 'operator' };
  await world.run((tx) => refundPlan(world.context, tx, input)).catch(expectRefusal('plan_used'));
}

/** Passes by an account that somebody holds, and comes again, as the job does. */
async function closeFebruary(account: TestAccount): Promise<void> {
  let closed: string | null = null;
  while (closed === null) closed = await world.run((tx) => closeBill(world.context, tx, account.id));
}

function expectRefusal(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof RuleError) || error.code !== code) throw error;
  };
}

test('given usage, recharges, withdrawals, grants, purchases, refunds, renewals, caps, pauses and the end of a month at once, then nothing deadlocks and nothing is lost', async () => {
  const mainland = { verification: FLAT, notification: FLAT, promotion: FLAT };
  await world.run((tx) => addTariffs(world.context, tx, [{ ...TARIFF, id: 'flat', mainland }]));
  world.clock.set(at('2026-02-20'));
  const account = await world.openAccount({ tariffId: 'flat' });
  await account.renewal({ threshold: 300n, offerId: 'sms-1000-month', purchasesPerDay: 3 });
  await account.recharge('400');
  // February's bill is due now, and half of the usage is February's: what comes after its bill is late.
  world.clock.set(at('2026-03-02T00:00'));
  const reports = Array.from(
    { length: 1_200 },
    (_, index): UsageReport =>
      aReport({
        id: randomUUID(),
        segments: 1 + (index % 3),
        at: at(index % 2 === 0 ? '2026-02-28T12:00' : '2026-03-01T12:00'),
      }),
  );
  const work: (() => Promise<unknown>)[] = [];
  for (let start = 0; start < reports.length; start += 40) {
    const batch = reports.slice(start, start + 40);
    work.push(() => account.meter(batch));
    if (start % 120 === 0) work.push(() => account.meter(batch.toReversed()));
  }
  for (let count = 0; count < 12; count += 1) {
    work.push(
      () => account.recharge('2.5', `key-${count % 6}`),
      () => account.withdraw('0.5', `key-${count % 6}`, true),
      () => account.review(),
      () => buy(account, 'sms-100'),
      () => refund(account),
    );
    if (count % 4 === 0) work.push(() => account.grant('sms-100', `grant-${count}`));
    if (count % 3 === 0) {
      work.push(
        () => pause(account),
        () => limit(world, account, DAY_SEGMENTS, BigInt(200 + count)),
        () => resume(account),
      );
    }
  }
  work.push(() => closeFebruary(account));
  // Spread over each other, so that every kind of work meets every other.
  expect(work.length % 37).not.toBe(0);
  await Promise.all(work.map((_, index) => work[(index * 37) % work.length]?.()));

  expect(rerun).toEqual([]);
  await expectBooksRight(db, account.id);
  expect(await findDifferences(db.kysely, account.id)).toEqual([]);
  const plans = await account.plans();
  expect(plans.filter(({ source }) => source === 'grant')).toHaveLength(3);
  expect(plans.filter(({ source }) => source === 'renewal').length).toBeLessThanOrEqual(3);

  // None of the usage is of today, so none counts against today's cap; all of it is in the use of its own day, as was reconciled.
  expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(0n);

  // Each recharge, purchase, renewal and refund once; each segment once, by a plan or for its price.
  const bills = await listBills(db.kysely, account.id);
  expect(bills.map(({ month }) => month)).toEqual(['2026-02']);
  const refunds = await sumOf(account, 'refund');
  const paid = plans.reduce((sum, plan) => sum + plan.price, 0n);
  const covered = await segmentsOf(account, 'plan');
  const segments = reports.reduce((sum, report) => sum + BigInt(report.segments), 0n);
  expect(covered + (await segmentsOf(account, 'payg'))).toBe(segments);
  const rounding = bills.reduce((sum, { figures }) => sum + figures.rounding, 0n);
  expect((await account.read()).money.balance).toBe(
    yuan('412') - paid + refunds - (segments - covered) * PRICE + rounding,
  );
  expect(await sumOf(account, 'recharge')).toBe(yuan('415'));
  expect(await sumOf(account, 'withdrawal')).toBe(yuan('3'));
});

/** What transfers of a kind moved, in money. */
async function sumOf(account: TestAccount, kind: string): Promise<bigint> {
  const rows = await db.kysely
    .selectFrom('transfers')
    .select('amount')
    .where('account_id', '=', account.id)
    .where('kind', '=', kind)
    .where('unit', '=', 'CNY')
    .execute();
  return rows.reduce((sum, { amount }) => sum + amount, 0n);
}

async function segmentsOf(account: TestAccount, kind: 'plan' | 'payg'): Promise<bigint> {
  const rows = await db.kysely
    .selectFrom('charges')
    .select('segments')
    .where('account_id', '=', account.id)
    .where('kind', '=', kind)
    .execute();
  return rows.reduce((sum, { segments }) => sum + segments, 0n);
}

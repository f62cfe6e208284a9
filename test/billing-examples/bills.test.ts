import { expect, test } from 'vitest';
import { BILL_FIGURES, type BillLine } from '../../src/domain/bill.ts';
import { moneyToDecimal } from '../../src/domain/money.ts';
import { closeBill, readBillView } from '../../src/services/bills.ts';
import { addPlan } from '../../src/services/plans.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { readOffer } from '../../src/store/plans.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import type { TestAccount } from '../support/billing-world.ts';
import { at } from '../support/builders.ts';
import { type ExampleRow, tableOf, tablesOf } from '../support/worked-examples.ts';
import { anAccount, balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
const { context, db } = world;

async function closeAllUntil(account: TestAccount, moment: Temporal.Instant): Promise<void> {
  world.clock.set(moment);
  while ((await world.run((tx) => closeBill(context, tx, account.id))) !== null);
}

function buy(account: TestAccount, offerId: string) {
  return world.run(async (tx) => {
    const locked = await lockAccount(tx, account.id);
    const offer = (await readOffer(tx, offerId))?.soldAt(world.clock.now());
    if (!offer) throw new RangeError(offerId);
    return addPlan(context, tx, locked, {
      source: 'purchase',
      offer,
      price: offer.price,
      key: offerId,
      by: 'operator',
    });
  });
}

/** Does what a row says, and answers what it cost before any correction. */
async function happen(account: TestAccount, row: ExampleRow): Promise<bigint> {
  const before = (await account.read()).money.balance;
  const what = row.text('what happens');
  const segments = row.count('segments');
  if (what === 'recharge') {
    await account.recharge(moneyToDecimal(row.money('amount')));
    return (await balanceOf(account)) - before;
  }
  if (what === 'plan sample-5000 is bought') {
    expect((await buy(account, 'sample-5000')).total).toBe(BigInt(segments));
    return before - (await balanceOf(account));
  }
  if (what === 'messages to HK are sent') await account.use(segments, { destination: 'international', country: 'HK' });
  else if (what === 'promotions are delivered') await account.use(segments, { templateType: 'promotion' });
  else {
    expect(what).toBe('verification codes are delivered');
    await account.use(segments, { templateType: 'verification' });
  }
  const { corrections } = (await readFigures(account)) ?? { corrections: 0n };
  return before - (await balanceOf(account)) + corrections;
}

/** The corrections so far; a month that is not closed shows them within pay-as-you-go, so they are read from the ledger. */
async function readFigures(account: TestAccount): Promise<{ corrections: bigint }> {
  const rows = await db.kysely
    .selectFrom('charges')
    .select(['kind', 'amount'])
    .where('account_id', '=', account.id)
    .execute();
  return {
    corrections: -rows.filter(({ kind }) => kind === 'correction').reduce((sum, { amount }) => sum + amount, 0n),
  };
}

function lineOf(row: ExampleRow): object {
  const tier = row.count('tier');
  const price = row.money('price');
  const segments = row.count('segments');
  return {
    kind: row.text('line'),
    of: row.text('of'),
    tier: tier === 0 ? null : tier - 1,
    segments: segments === 0 ? null : BigInt(segments),
    unitPrice: price === 0n ? null : price,
    amount: row.money('amount'),
  };
}

function shown({
  kind,
  destination,
  country,
  templateType,
  title,
  tier,
  segments,
  unitPrice,
  amount,
}: BillLine): object {
  const of = (destination === null ? title && 'sample-5000' : (country ?? templateType)) ?? '–';
  return { kind, of, tier, segments, unitPrice, amount };
}

test("a month's bill by hand (rules 7 and 10)", async () => {
  const [events, lines, figures] = tablesOf("A month's bill by hand");
  if (!events || !lines || !figures) throw new RangeError('three tables are needed');
  world.clock.set(at('2026-02-15'));
  const account = await anAccount(world);
  await account.recharge('6000');
  await closeAllUntil(account, at('2026-03-02'));

  for (const row of events.rows) {
    world.clock.set(row.time('on').add({ hours: 12 }));
    expect(await happen(account, row)).toBe(row.money('amount'));
  }
  await closeAllUntil(account, at('2026-04-02'));
  const bill = await readBillView(context, db.kysely, await account.read(), '2026-03');
  if (bill.state !== 'closed') throw new RangeError(bill.state);
  expect(bill.lines.map(shown)).toEqual(lines.rows.map(lineOf));
  for (const figure of ['opening', ...BILL_FIGURES, 'closing'] as const) {
    expect([figure, bill.figures[figure]]).toEqual([figure, figures.row(figure).money('amount')]);
  }
  expect(figures.rows.map(({ first }) => first)).toEqual(['opening', ...BILL_FIGURES, 'closing']);
  expect(await balanceOf(account)).toBe(figures.row('closing').money('amount'));
  for (const row of figures.rows) row.text('figure');
  expectAllRead([...events.rows, ...lines.rows, ...figures.rows]);
  expect(await findDifferences(db.kysely, account.id)).toEqual([]);
});

test('a record that comes late (rule 6)', async () => {
  world.clock.set(at('2026-02-15'));
  const account = await anAccount(world);
  const { rows } = tableOf('A record that comes late');
  const seen = new Set<string>();
  for (const row of rows) {
    await closeAllUntil(account, row.time('arrives'));
    await account.use(row.count('segments'), { at: row.time('sent') });
    const charges = await db.kysely
      .selectFrom('charges')
      .selectAll()
      .where('account_id', '=', account.id)
      .where('charge_id', 'not in', [...seen, account.id])
      .execute();
    for (const { charge_id } of charges) seen.add(charge_id);
    const [payg] = charges.filter(({ kind }) => kind === 'payg');
    expect([payg?.month, payg?.late ? 'yes' : 'no']).toEqual([row.text('month'), row.text('late')]);
    expect(payg?.amount).toBe(row.money('charged'));
    const corrections = charges.filter(({ kind }) => kind === 'correction').map(({ amount }) => amount);
    expect(corrections).toEqual(row.money('correction') === 0n ? [] : [row.money('correction')]);
  }
  expectAllRead(rows);
  expect(await findDifferences(db.kysely, account.id)).toEqual([]);
});

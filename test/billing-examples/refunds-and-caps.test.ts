import { expect, test } from 'vitest';
import { RuleError } from '../../src/domain/errors.ts';
import { moneyToDecimal } from '../../src/domain/money.ts';
import { quotaOf } from '../../src/domain/plan.ts';
import { addPlan } from '../../src/services/plans.ts';
import { refundPlan } from '../../src/services/refunds.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { readOffer, readPlansWithQuota } from '../../src/store/plans.ts';
import { kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at, yuan } from '../support/builders.ts';
import { DAY_MONEY, limit, sending, usedOf } from '../support/limits.ts';
import { type ExampleRow, tableOf } from '../support/worked-examples.ts';
import { anAccount, balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
const { context, db } = world;

async function buy(account: TestAccount, offerId: string, months: number): Promise<string> {
  await world.run(async (tx) => {
    const locked = await lockAccount(tx, account.id);
    const offer = (await readOffer(tx, offerId))?.soldAt(world.clock.now());
    if (!offer) throw new RangeError(offerId);
    expect(offer.validityMonths).toBe(months);
    await addPlan(context, tx, locked, { source: 'purchase', offer, price: offer.price, key: offerId, by: 'operator' });
  });
  return 'done';
}

async function refund(account: TestAccount, offerId: string): Promise<string> {
  const rows = await db.kysely.selectFrom('plans').selectAll().where('account_id', '=', account.id).execute();
  const planId = rows.find(({ offer_id }) => offer_id === offerId)?.plan_id ?? '';
  const input = { accountId: account.id, planId, reason: null, by: 'operator' };
  try {
    const { isNew } = await world.run((tx) => refundPlan(context, tx, input));
    return isNew ? 'done' : 'done before';
  } catch (error) {
    if (error instanceof RuleError) return error.code;
    throw error;
  }
}

async function happen(account: TestAccount, row: ExampleRow): Promise<string> {
  const what = row.text('what happens');
  const [, bought, months] = /^(\S+) is bought, for (\d+) months$/.exec(what) ?? [];
  const [, refunded] = /^(\S+) is refunded$/.exec(what) ?? [];
  if (bought !== undefined) return buy(account, bought, Number(months));
  if (refunded !== undefined) return refund(account, refunded);
  if (what === 'recharge') {
    await account.recharge(moneyToDecimal(row.money('balance')));
    return 'done';
  }
  expect(what).toBe('message');
  await account.use(row.count('segments'));
  return 'done';
}

test('a refund (rule 15)', async () => {
  world.clock.set(at('2026-03-01'));
  const account = await anAccount(world);
  const { rows } = tableOf('A refund');
  for (const row of rows) {
    world.clock.set(row.time('at'));
    expect(await happen(account, row)).toBe(row.text('answer'));
    expect(await balanceOf(account)).toBe(row.money('balance'));
    const plans = await readPlansWithQuota(db.kysely, account.id);
    expect(quotaOf(plans, world.clock.now())).toBe(BigInt(row.count('quota')));
    row.count('segments');
  }
  expectAllRead(rows);
  await expectBooksRight(db, account.id);
});

test('a cap', async () => {
  world.clock.set(at('2026-03-01'));
  const account = await anAccount(world);
  await limit(world, account, DAY_MONEY, yuan('45'), yuan('40'));
  while (await account.review());
  await account.news();
  const { rows } = tableOf('A cap');
  for (const row of rows) {
    world.clock.set(row.time('at'));
    const what = row.text('what happens');
    const [, stop] = /^the stop is raised to ¥([\d.]+)$/.exec(what) ?? [];
    const segments = row.count('segments');
    if (stop !== undefined) await limit(world, account, DAY_MONEY, yuan(stop), yuan('40'));
    else if (segments > 0) await account.use(segments);
    else expect(what).toBe('the day is over');
    while (await account.review());
    expect(await usedOf(world, account, DAY_MONEY)).toBe(row.money('used that day'));
    expect((await sending(world, account))[0]).toBe(row.text('sending'));
    const told = kinds(await account.news()).filter((kind) => /^(cap|limit)_/.test(kind));
    expect(told.join(', ') || '–').toBe(row.text('told of it'));
  }
  expectAllRead(rows);
  await expectBooksRight(db, account.id);
});

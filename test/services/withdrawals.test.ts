import { beforeAll, describe, expect, test } from 'vitest';
import { changeAccount } from '../../src/services/account-change.ts';
import { reconcile } from '../../src/services/reconcile.ts';
import { readSendingState } from '../../src/services/sending.ts';
import { readSending } from '../../src/store/sending.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { Bills, brief, moved } from '../support/bills.ts';
import { at, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

async function accountWith(balance: string): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge(balance, 'first');
  await account.review();
  await account.news();
  return account;
}

const balanceOf = async (account: TestAccount) => (await account.read()).money.balance;

describe('a withdrawal (rules 8 and 9)', () => {
  test('rule 8: given a recharge that was a mistake, when it is taken back, then it leaves the balance once, with its reason, and is told', async () => {
    const account = await accountWith('5000');
    expect(await account.withdraw('4500', 'back')).toBe(true);
    expect(await account.withdraw('4500', 'back')).toBe(false);
    expect(await balanceOf(account)).toBe(yuan('500'));
    await expect(account.withdraw('45', 'back')).rejects.toMatchObject({ code: 'ledger_conflict' });
    expect(await account.news()).toMatchObject([
      { kind: 'withdrawn', amount: String(yuan('4500')), balance: String(yuan('500')), reason: '重复充值' },
    ]);
    const booked = await db.kysely
      .selectFrom('transfers')
      .select(['key', 'from_book', 'to_book', 'amount', 'details'])
      .where('account_id', '=', account.id)
      .where('kind', '=', 'withdrawal')
      .execute();
    expect(booked).toEqual([
      {
        ...{ key: 'withdrawal/back', from_book: 'cash', to_book: 'funding', amount: yuan('4500') },
        details: { by: 'operator', reason: '重复充值' },
      },
    ]);
    expect(await reconcile(db, account.id)).toEqual([]);
  });

  test('given more than the balance, then nothing is taken, unless it may be owed: then sending stops at once, until it is paid', async () => {
    const account = await accountWith('100');
    const state = async () => (await readSendingState(world.context, db.kysely, account.id)).sending;
    await expect(account.withdraw('100.01', 'k')).rejects.toMatchObject({
      code: 'withdrawal_too_large',
      details: { balance: '100.00', amount: '100.01' },
    });
    expect([await balanceOf(account), await account.news()]).toEqual([yuan('100'), []]);

    expect(await account.withdraw('100.01', 'k', true)).toBe(true);
    expect([await balanceOf(account), await state()]).toEqual([yuan('-0.01'), 'suspended']);
    // Gateways that subscribed are told in the same transaction, before any review.
    expect((await readSending(db.kysely, account.id, world.clock.now()))?.told).toContain('suspended');
    await account.review();
    expect(kinds(await account.news())).toEqual(['withdrawn', 'overdue']);
    // Who got no answer asks again, with less in it than would be taken.
    expect(await account.withdraw('100.01', 'k')).toBe(false);
    await account.recharge('0.01');
    expect(await state()).toBe('allowed');
    expect(await reconcile(db, account.id)).toEqual([]);
  });

  test('given all of the balance, then it may be taken, and sending goes on', async () => {
    const account = await accountWith('100');
    expect(await account.withdraw('100')).toBe(true);
    expect(await readSendingState(world.context, db.kysely, account.id)).toMatchObject({
      ...{ sending: 'allowed', standing: 'clear', available: 0n },
    });
  });

  test.each(['0', '-1'])('given %s, then it is refused', async (amount) => {
    const account = await accountWith('100');
    await expect(account.withdraw(amount)).rejects.toMatchObject({ code: 'amount_not_positive' });
  });

  test('rule 14: given a renewal that failed for lack of money, then a withdrawal is no money that came: it is not tried again', async () => {
    const account = await accountWith('100');
    world.pass({ minutes: 1 });
    await account.renewal({ threshold: 300n, offerId: 'sms-5000' });
    await account.review();
    expect(kinds(await account.news())).toContain('renewal_failed');
    world.pass({ minutes: 1 });
    await account.withdraw('1');
    await account.review();
    expect(kinds(await account.news())).not.toContain('renewal_failed');
    const attempts = await db.kysely.selectFrom('audit').select('deed').where('account_id', '=', account.id).execute();
    expect(attempts.filter(({ deed }) => deed === 'renewal_failed')).toHaveLength(1);
  });

  test('rule 19: given a low balance that a mistaken recharge ended, when that is taken back, then it is told anew', async () => {
    const account = await accountWith('1000');
    await account.settings({ balanceAlert: { below: yuan('900'), setAt: NOW.subtract({ hours: 2 }) } });
    await account.use(2_700);
    await account.review();
    expect(kinds(await account.news())).toContain('low_balance');
    world.pass({ minutes: 1 });
    await account.recharge('5000', 'mistake');
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged']);
    world.pass({ minutes: 1 });
    await account.withdraw('5000');
    await account.review();
    expect(kinds(await account.news())).toEqual(['withdrawn', 'low_balance']);
  });

  test('rule 10: given a bill, then a withdrawal has its line and its figure, and the month of its booking', async () => {
    const bills = new Bills(world);
    const account = await bills.openAccount('2026-03-02');
    await account.settings({ monthlyDigestAt: null });
    await account.recharge('5000');
    await bills.closeAt(account, '2026-04-02');
    world.clock.set(at('2026-04-05'));
    await account.withdraw('4500');
    await account.recharge('10');
    await bills.closeAt(account, '2026-05-02');
    expect(moved((await bills.of(account, '2026-03')).figures)).toEqual({ recharges: '5000', closing: '5000' });
    const april = await bills.of(account, '2026-04');
    expect(moved(april.figures)).toEqual({ opening: '5000', recharges: '10', withdrawals: '-4500', closing: '510' });
    expect(april.lines.map(brief)).toEqual([
      { kind: 'recharge', amount: yuan('10') },
      { kind: 'withdrawal', amount: yuan('-4500') },
    ]);
    await bills.expectRight(account);
  });
});

describe('an amount beyond all sense', () => {
  const LARGEST = '999999999999';

  test('given recharges that add up to more than a balance may be, then the one too much is refused, with its next step, and nothing is booked', async () => {
    const account = await accountWith(LARGEST);
    expect(await account.recharge('1', 'to the brim')).toBe(true);
    await expect(account.recharge('0.01')).rejects.toMatchObject({
      code: 'balance_out_of_range',
      details: { balance: '1000000000000.01' },
      message: expect.stringContaining('withdraw'),
      chinese: expect.stringContaining('1000000000000.01'),
    });
    await expect(account.recharge(LARGEST)).rejects.toMatchObject({ code: 'balance_out_of_range' });
    // What was booked is still the same recharge.
    expect(await account.recharge('1', 'to the brim')).toBe(false);
    expect(await balanceOf(account)).toBe(yuan(LARGEST) + yuan('1'));
    expect(await account.withdraw(LARGEST)).toBe(true);
    expect(await reconcile(db, account.id)).toEqual([]);
  });

  test('given withdrawals that add up to more than a debt may be, then so is the one too much, and the debt can be paid', async () => {
    const account = await accountWith('1');
    expect(await account.withdraw(LARGEST, 'a', true)).toBe(true);
    await expect(account.withdraw(LARGEST, 'b', true)).rejects.toMatchObject({ code: 'balance_out_of_range' });
    expect(await balanceOf(account)).toBe(yuan('1') - yuan(LARGEST));
    expect(await account.recharge(LARGEST)).toBe(true);
    expect(await reconcile(db, account.id)).toEqual([]);
  });

  test('given a credit limit above it, then it is refused, of a new account too', async () => {
    const account = await accountWith(LARGEST);
    const creditLimit = yuan(LARGEST) * 10n;
    const set = (limit: bigint) =>
      world.run((tx) => changeAccount(world.context, tx, account.id, { creditLimit: limit }));
    await expect(set(creditLimit)).rejects.toMatchObject({ code: 'credit_limit_out_of_range' });
    await expect(world.openAccount({ creditLimit })).rejects.toMatchObject({ code: 'credit_limit_out_of_range' });
    await set(yuan(LARGEST));
    await account.review();
    expect((await account.read()).money.creditLimit).toBe(yuan(LARGEST));
  });
});

import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { planBook, rechargeTransfer, type Transfer } from '../../src/domain/ledger.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { postTransfers } from '../../src/store/ledger.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();

describe('the ledger (rule 8)', () => {
  let world: BillingWorld;
  let account: TestAccount;

  beforeAll(async () => {
    world = await BillingWorld.on(db);
    account = await world.openAccount();
    await account.recharge('500', 'first');
  });

  function post(...transfers: Transfer[]): Promise<Transfer[]> {
    return world.run(async (tx) => {
      return postTransfers(tx, await lockAccount(tx, account.id), transfers, NOW);
    });
  }

  function aRecharge(key: string, amount: string): Transfer {
    return rechargeTransfer({ key, currency: 'CNY', amount: yuan(amount), at: NOW, by: 'test' });
  }

  test.each([
    ['update', sql`update transfers set amount = amount + 1`],
    ['delete', sql`delete from transfers`],
    ['truncate', sql`truncate transfers`],
    ['truncate with what hangs on it', sql`truncate accounts cascade`],
  ])('rule 8: given entries, when someone tries to %s them, then the database refuses', async (_, statement) => {
    const before = await sql`select * from transfers order by transfer_id`.execute(db.kysely);
    await expect(statement.execute(db.kysely)).rejects.toThrow(/append-only/);
    expect((await sql`select * from transfers order by transfer_id`.execute(db.kysely)).rows).toEqual(before.rows);
  });

  test.each([
    ['update', sql`update charges set amount = amount + 1`],
    ['delete', sql`delete from charges`],
    ['truncate', sql`truncate charges`],
  ])('rule 8: given charges, when someone tries to %s them, then the database refuses', async (_, statement) => {
    const charged = await world.openAccount();
    await charged.use(1);
    await expect(statement.execute(db.kysely)).rejects.toThrow(/append-only/);
  });

  test('rule 8: given an amount of zero or less, or one book for both sides, then the database refuses', async () => {
    await expect(post({ ...aRecharge('zero', '1'), amount: 0n })).rejects.toThrow(/check constraint/);
    await expect(post({ ...aRecharge('negative', '1'), amount: -1n })).rejects.toThrow(/check constraint/);
    await expect(post({ ...aRecharge('circle', '1'), from: 'cash' })).rejects.toThrow(/check constraint/);
  });

  test('rule 8: given the same key and content again, then it is the first one, and money moves once', async () => {
    const { money } = await account.read();
    expect(await account.recharge('20', 'again')).toBe(true);
    expect(await account.recharge('20', 'again')).toBe(false);
    expect((await account.read()).money.balance).toBe(money.balance + yuan('20'));
    await expectBooksRight(db, account.id);
  });

  test('rule 8: given the same key with other content, then it is refused and nothing moves', async () => {
    await account.recharge('20', 'taken');
    const before = await account.read();
    await expect(account.recharge('21', 'taken')).rejects.toMatchObject({ code: 'ledger_conflict' });
    expect(await account.read()).toEqual(before);
    await expectBooksRight(db, account.id);
  });

  test('rule 8: given the same key twice in one posting, then money moves once, or not at all when the contents differ', async () => {
    const { money } = await account.read();
    expect(await post(aRecharge('twice', '7'), aRecharge('twice', '7'))).toHaveLength(1);
    expect((await account.read()).money.balance).toBe(money.balance + yuan('7'));
    await expect(post(aRecharge('differ', '7'), aRecharge('differ', '8'))).rejects.toMatchObject({
      code: 'ledger_conflict',
    });
    expect((await account.read()).money.balance).toBe(money.balance + yuan('7'));
    await expectBooksRight(db, account.id);
  });

  test('rule 8: given a new and a known transfer, then only the new one is booked', async () => {
    await post(aRecharge('known', '1'));
    const booked = await post(aRecharge('known', '1'), aRecharge('new', '2'));
    expect(booked.map(({ key }) => key)).toEqual(['new']);
    await expectBooksRight(db, account.id);
  });

  test('given another account, then the same key is another transfer', async () => {
    const other = await world.openAccount();
    expect(await other.recharge('3', 'first')).toBe(true);
    expect((await other.read()).money.balance).toBe(yuan('3'));
  });

  test('rule 8: given segments beyond what a plan has, then the database refuses and nothing moves', async () => {
    const plan = await account.grant('sms-100');
    const use: Transfer = {
      key: 'overdraw',
      kind: 'usage',
      unit: 'segment',
      from: planBook(plan.id),
      to: 'consumed',
      amount: 101n,
      at: NOW,
      details: {},
    };
    await expect(post(use)).rejects.toThrow(/check constraint/);
    await expect(post({ ...use, key: 'overfill', from: 'issued', to: planBook(plan.id), amount: 1n })).rejects.toThrow(
      /check constraint/,
    );
    await expectBooksRight(db, account.id);
  });

  test('rule 8: given all that happens to an account, then what is kept equals its entries', async () => {
    const busy = await world.openAccount();
    await busy.recharge('300');
    await busy.grant('sms-100');
    await busy.use(150);
    await busy.use(700);
    await busy.use(3, { destination: 'international', country: 'HK', status: 'submitted' });
    await busy.renewal({ offerId: 'sms-5000' });
    await busy.review();
    await busy.use(10);
    world.pass({ hours: 24 * 400 });
    await busy.review();
    expect(kinds(await busy.told())).toContain('plan_expired');
    await expectBooksRight(db, busy.id);
    const { rows } = await sql<{ kind: string }>`
      select distinct kind from transfers where account_id = ${busy.id} order by kind`.execute(db.kysely);
    expect(rows.map(({ kind }) => kind)).toEqual([
      'correction',
      'forfeit',
      'grant',
      'payg',
      'recharge',
      'renewal',
      'usage',
    ]);
  });
});

describe('recharges (rules 8 and 9)', () => {
  test('given an amount of zero or less, then it is refused', async () => {
    const world = await BillingWorld.on(db);
    const account = await world.openAccount();
    await expect(account.recharge('0')).rejects.toMatchObject({ code: 'amount_not_positive' });
    await expect(account.recharge('-1')).rejects.toMatchObject({ code: 'amount_not_positive' });
    expect(await account.told()).toEqual([]);
  });

  test('given a recharge, then its receipt says what is there now, once', async () => {
    const world = await BillingWorld.on(db);
    const account = await world.openAccount({ creditLimit: yuan('100') });
    await account.recharge('500', 'a');
    await account.recharge('500', 'a');
    expect(await account.told()).toMatchObject([
      { kind: 'recharged', amount: String(yuan('500')), balance: String(yuan('500')), available: String(yuan('600')) },
    ]);
  });
});

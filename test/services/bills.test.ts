import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Transfer } from '../../src/domain/ledger.ts';
import type { PlanOffer } from '../../src/domain/plan.ts';
import { addPlan } from '../../src/services/plans.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { listBills } from '../../src/store/bills.ts';
import { postTransfers } from '../../src/store/ledger.ts';
import { BillingWorld, kinds, OFFERS, type TestAccount } from '../support/billing-world.ts';
import { Bills, brief, moved } from '../support/bills.ts';
import { at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let bills: Bills;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  bills = new Bills(world);
});

describe('given a month by hand (rules 7 and 10)', () => {
  let account: TestAccount;

  beforeAll(async () => {
    account = await bills.openAccount('2026-03-02');
    await account.settings({ monthlyDigestAt: null });
    await account.recharge('100', 'first');
    await account.grant('sms-100');
    world.clock.set(at('2026-03-05T09:00'));
    // 100 of 650 are the plan's; 500 cost 0.045 and 50 cost 0.040 once the volume is 550, which gives back 500 x 0.005.
    await account.use(600);
    await account.use(50);
    await account.use(3, { destination: 'international', country: 'HK' });
    world.clock.set(at('2026-03-20'));
    await account.recharge('20.5', 'second');
    expect(await bills.closeAt(account, '2026-04-02')).toEqual(['2026-03']);
  });

  test('when it is closed, then its figures are those of the hand', async () => {
    const { figures, closedAt } = await bills.of(account, '2026-03');
    expect(moved(figures)).toEqual({
      recharges: '120.5',
      payg: '-25.4',
      corrections: '2.5',
      closing: '97.6',
    });
    expect(closedAt).toEqual(at('2026-04-02'));
    expect((await account.read()).money.balance).toBe(figures.closing);
  });

  test('when its lines are read, then they are all that was charged and booked, and add up', async () => {
    const { figures, lines } = await bills.of(account, '2026-03');
    const mainland = { destination: 'mainland', templateType: 'verification', tariffVersion: 1 };
    expect(lines.map(brief)).toEqual([
      { kind: 'recharge', amount: yuan('100') },
      { kind: 'recharge', amount: yuan('20.5') },
      { kind: 'grant', title: '100 segments', segments: 100n, amount: 0n },
      {
        kind: 'usage',
        destination: 'mainland',
        templateType: 'verification',
        title: '100 segments',
        segments: 100n,
        amount: 0n,
      },
      { kind: 'payg', ...mainland, tier: 0, segments: 500n, unitPrice: yuan('0.045'), amount: yuan('-22.5') },
      { kind: 'payg', ...mainland, tier: 1, segments: 50n, unitPrice: yuan('0.040'), amount: yuan('-2') },
      {
        kind: 'payg',
        ...{ destination: 'international', country: 'HK', templateType: 'verification', tariffVersion: 1 },
        ...{ tier: 0, segments: 3n, unitPrice: yuan('0.3'), amount: yuan('-0.9') },
      },
      { kind: 'correction', ...mainland, tier: 1, unitPrice: yuan('0.040'), amount: yuan('2.5') },
    ]);
    expect(lines.reduce((sum, { amount }) => sum + amount, figures.opening)).toBe(figures.closing);
    await bills.expectRight(account);
  });

  test('when it is closed, then the administrators are told once, with all of it', async () => {
    const receipts = (await account.told()).filter(({ kind }) => kind === 'bill_closed');
    expect(receipts).toMatchObject([{ month: '2026-03', figures: { closing: '97600000' } }]);
    expect(await bills.close(account)).toBeNull();
    expect((await account.told()).filter(({ kind }) => kind === 'bill_closed')).toHaveLength(1);
  });

  test('when months follow in which nothing happens, then each has its bill and nobody is told', async () => {
    await account.news();
    expect(await bills.closeAt(account, '2026-06-02')).toEqual(['2026-04', '2026-05']);
    expect(moved((await bills.of(account, '2026-05')).figures)).toEqual({ opening: '97.6', closing: '97.6' });
    expect(kinds(await account.news())).toEqual([]);
    await bills.expectRight(account);
  });
});

describe('given plans that are bought, renewed, refunded and forfeited (rules 11 and 15)', () => {
  let account: TestAccount;

  beforeAll(async () => {
    account = await bills.openAccount('2026-11-10');
    await account.recharge('500');
    const offer = { ...OFFERS[2], validityMonths: 1 } as PlanOffer;
    const add = (source: 'purchase' | 'renewal', price: string, key: string) =>
      world.run(async (tx) =>
        addPlan(world.context, tx, await lockAccount(tx, account.id), {
          source,
          offer,
          price: yuan(price),
          key,
          by: 'x',
        }),
      );
    const purchase = await add('purchase', '40', 'bought');
    await add('renewal', '38', 'renewed');
    world.clock.set(at('2026-11-20'));
    await refund(account, purchase.id, 1_000n, yuan('40'));
    await account.use(300);
    // The plan that is left expires on 10 December with 700 of its 1,000 segments.
    world.clock.set(at('2026-12-11'));
    await account.review();
    await bills.closeAt(account, '2027-01-02');
  });

  /** As refunds book it: the money back to the balance, the segments back to where they came from. */
  function refund(of: TestAccount, planId: string, segments: bigint, amount: bigint) {
    const common = { kind: 'refund', at: world.clock.now(), details: { planId } } as const;
    const transfers: Transfer[] = [
      { ...common, key: `plan/${planId}/refund`, unit: 'CNY', from: 'plans', to: 'cash', amount },
      {
        ...common,
        key: `plan/${planId}/return`,
        unit: 'segment',
        from: `plan:${planId}`,
        to: 'issued',
        amount: segments,
      },
    ];
    return world.run(async (tx) => {
      await postTransfers(tx, await lockAccount(tx, of.id), transfers, world.clock.now());
    });
  }

  test('when the months are closed over the end of a year, then each is where it was booked, and one follows the other', async () => {
    const [november, december] = await listBills(db.kysely, account.id);
    expect(moved(november?.figures ?? never())).toEqual({
      recharges: '500',
      purchases: '-40',
      renewals: '-38',
      refunds: '40',
      closing: '462',
    });
    expect(december?.month).toBe('2026-12');
    expect(moved(december?.figures ?? never())).toEqual({ opening: '462', closing: '462' });
    expect((await account.read()).openMonth).toBe('2027-01');
    await bills.expectRight(account);
  });

  test('when their lines are read, then money and segments of a plan stand together', async () => {
    const [, purchase, renewal, refunded, usage] = (await bills.of(account, '2026-11')).lines.map(brief);
    const plan = { title: '1,000 segments' };
    expect(purchase).toEqual({ kind: 'purchase', ...plan, segments: 1_000n, amount: yuan('-40') });
    expect(renewal).toEqual({ kind: 'renewal', ...plan, segments: 1_000n, amount: yuan('-38') });
    expect(refunded).toEqual({ kind: 'refund', ...plan, segments: 1_000n, amount: yuan('40') });
    expect(usage).toMatchObject({ kind: 'usage', segments: 300n, amount: 0n });
    expect((await bills.of(account, '2026-12')).lines.map(brief)).toEqual([
      { kind: 'forfeit', ...plan, segments: 700n, amount: 0n },
    ]);
  });
});

describe('given pay-as-you-go that is no whole number of fen (rule 7)', () => {
  // A notification costs 0.045, so one costs 4.5 fen and three cost 13.5 fen: half to even is 4 and 14.
  test.each([
    ['one segment', 1, '-0.045', '0.005', '-0.04'],
    ['three segments', 3, '-0.135', '-0.005', '-0.14'],
    ['two segments, which are nine fen', 2, '-0.09', undefined, '-0.09'],
  ])(
    'when it is %s, then it is rounded half to even, and the difference is booked',
    async (_, segments, payg, rounding, closing) => {
      const account = await bills.openAccount('2026-03-02');
      await account.use(segments);
      await bills.closeAt(account, '2026-04-02');
      const { figures, lines } = await bills.of(account, '2026-03');
      expect(moved(figures)).toEqual({ payg, ...(rounding && { rounding }), closing });
      expect((await account.read()).money.balance).toBe(figures.closing);
      expect(lines.filter(({ kind }) => kind === 'rounding')).toHaveLength(rounding ? 1 : 0);
      await bills.expectRight(account);
    },
  );

  test('when rounding takes the balance below zero, then the account is overdue by its next look', async () => {
    const account = await bills.openAccount('2026-03-02');
    await account.recharge('0.135');
    await account.use(3);
    expect((await account.read()).money).toMatchObject({ balance: 0n, overdueSince: null });
    world.clock.set(at('2026-04-01T23:59'));
    await account.review();
    expect(await account.review()).toBe(false);
    await bills.closeAt(account, '2026-04-02');
    expect((await account.read()).money).toMatchObject({ balance: yuan('-0.005'), overdueSince: at('2026-04-02') });
    await account.news();
    expect(await account.review()).toBe(true);
    expect(kinds(await account.news())).toEqual(['overdue']);
  });
});

describe('given a bill that is closed', () => {
  test.each([
    ['changed', (id: string) => sql`update bills set closing = closing, opening = opening where account_id = ${id}`],
    ['removed', (id: string) => sql`delete from bills where account_id = ${id}`],
    ['truncated', () => sql`truncate bills, bill_lines`],
  ])('when it is to be %s, then the database refuses', async (_, statement) => {
    const account = await closedAccount();
    await expect(statement(account.id).execute(db.kysely)).rejects.toThrow(/append-only/);
  });

  test.each([
    ['changed', (id: string) => sql`update bill_lines set amount = 0 where account_id = ${id}`, /append-only/],
    ['removed', (id: string) => sql`delete from bill_lines where account_id = ${id}`, /append-only/],
    [
      'added',
      (id: string) => sql`insert into bill_lines (account_id, month, line, kind, late, amount)
        values (${id}, '2026-03', 99, 'payg', false, 0)`,
      /the bill of 2026-03 is closed/,
    ],
  ])('when a line of it is to be %s, then the database refuses', async (_, statement, message) => {
    const account = await closedAccount();
    await expect(statement(account.id).execute(db.kysely)).rejects.toThrow(message);
  });

  test('when a line is written of no bill, or a bill that does not add up, then the database refuses', async () => {
    const account = await closedAccount();
    const lost = sql`insert into bill_lines (account_id, month, line, kind, late, amount)
      values (${account.id}, '2026-05', 1, 'payg', false, 0)`;
    await expect(lost.execute(db.kysely)).rejects.toThrow(/foreign key/);
    const wrong = sql`insert into bills values (${account.id}, '2026-04', 0, 1, 0, 0, 0, 0, 0, 0, 2, now(), 0)`;
    await expect(wrong.execute(db.kysely)).rejects.toThrow(/check constraint/);
  });

  async function closedAccount(): Promise<TestAccount> {
    const account = await bills.openAccount('2026-03-02');
    await account.use(1);
    await bills.closeAt(account, '2026-04-02');
    return account;
  }
});

describe('given a month that is not closed', () => {
  let account: TestAccount;

  beforeAll(async () => {
    account = await bills.openAccount('2026-03-30');
    await account.recharge('10');
    await account.use(2);
    await account.use(1, { destination: 'international', country: 'US' });
    world.clock.set(at('2026-04-01T12:00'));
    await account.recharge('5');
    await account.use(4);
  });

  test('when the running one is shown, then it is an estimate that ends with the present balance', async () => {
    const view = await bills.view(account);
    expect(view).toMatchObject({
      state: 'open',
      stage: 'running',
      month: '2026-04',
      asOf: at('2026-04-01T12:00'),
      closesAt: at('2026-05-02'),
    });
    expect(moved('figures' in view ? view.figures : never())).toEqual({
      opening: '9.86',
      recharges: '5',
      payg: '-0.18',
      closing: '14.68',
    });
    expect((await account.read()).money.balance).toBe(yuan('14.68'));
  });

  test('when the one that waits for late records is shown, then it says so, and when it closes', async () => {
    const view = await bills.view(account, '2026-03');
    expect(view).toMatchObject({ state: 'open', stage: 'waiting', closesAt: at('2026-04-02') });
    expect(moved('figures' in view ? view.figures : never())).toEqual({
      recharges: '10',
      payg: '-0.14',
      closing: '9.86',
    });
  });

  test('when it is closed, then it is what was estimated, and the next one begins there', async () => {
    await bills.closeAt(account, '2026-04-02');
    expect(await bills.view(account, '2026-03')).toMatchObject({ state: 'closed', figures: { closing: yuan('9.86') } });
    expect(await bills.view(account)).toMatchObject({ figures: { opening: yuan('9.86'), closing: yuan('14.68') } });
  });

  test.each([
    ['2026-02', 'before_account', '2026-03-02'],
    ['2026-05', 'future', '2026-06-02'],
  ])('when %s is asked for, then there is none: %s', async (month, reason, closes) => {
    world.clock.set(at('2026-04-02'));
    const none = { state: 'none', reason, month, firstMonth: '2026-03', closesAt: at(closes) };
    expect(await bills.view(account, month)).toEqual(none);
  });
});

function never(): never {
  throw new Error('there is nothing');
}

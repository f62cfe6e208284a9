import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AccountChange, changeAccount } from '../../src/services/account-change.ts';
import { closeBill } from '../../src/services/bills.ts';
import { addTariffs } from '../../src/services/catalogue.ts';
import { readUsage } from '../../src/services/usage.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { BillingWorld, TARIFF, type TestAccount } from '../support/billing-world.ts';
import { Bills, moved } from '../support/bills.ts';
import { aReport, at, yuan } from '../support/builders.ts';
import { waitForBlocked } from '../support/database-waits.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let bills: Bills;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  bills = new Bills(world);
});

function readAccount(account: TestAccount) {
  return world.run((tx) => lockAccount(tx, account.id));
}

/** What was charged, by month and whether late, as `month kind segments [late]`. */
async function chargesOf(account: TestAccount): Promise<string[]> {
  const rows = await db.kysely.selectFrom('charges').selectAll().where('account_id', '=', account.id).execute();
  return rows.map(({ month, kind, segments, late }) => `${month} ${kind} ${segments}${late ? ' late' : ''}`).toSorted();
}

async function lateMonthOf(account: TestAccount, id: string): Promise<string | null | undefined> {
  const row = await db.kysely
    .selectFrom('usage_records')
    .select('late_month')
    .where('account_id', '=', account.id)
    .where('record_id', '=', id)
    .executeTakeFirst();
  return row?.late_month;
}

describe('given a record that arrives late (rule 6)', () => {
  const sent = { at: at('2026-03-31T23:59:59.999') };

  test('when it is international and billed in another month, then neither month tells countries that do not add up', async () => {
    const account = await bills.openAccount('2026-03-20');
    const abroad = { destination: 'international', country: 'HK' } as const;
    await account.meter([aReport({ id: 'in time', ...abroad, at: at('2026-03-21') })]);
    await bills.closeAt(account, '2026-04-02');
    const usageOf = async (month: string) => {
      const first = Temporal.PlainDate.from(`${month}-01`);
      const last = first.add({ months: 1 }).subtract({ days: 1 });
      return readUsage(world.context, db.kysely, await readAccount(account), { first, last });
    };
    expect(await usageOf('2026-03')).toMatchObject({
      lines: [{ payg: 1n }],
      countries: [{ country: 'HK', segments: 1n }],
    });
    await account.meter([aReport({ id: 'late', ...abroad, ...sent })]);
    expect(await usageOf('2026-03')).toMatchObject({ lines: [{ payg: 2n }], countries: [] });
    expect(await usageOf('2026-04')).toMatchObject({ lines: [], countries: [] });
  });

  test('when the bill of its month is not closed, then it is part of it, to the last moment', async () => {
    const account = await bills.openAccount('2026-03-20');
    world.clock.set(at('2026-04-01T23:59:59.999'));
    await account.meter([aReport({ id: 'last', ...sent })]);
    expect(await chargesOf(account)).toEqual(['2026-03 payg 1']);
    expect(await lateMonthOf(account, 'last')).toBeNull();
    await bills.closeAt(account, '2026-04-02');
    expect(moved((await bills.of(account, '2026-03')).figures)).toMatchObject({ payg: '-0.045' });
    await bills.expectRight(account);
  });

  test('when the wait is over and the bill is not made yet, then it is still part of it; after it, it is billed in the current month, marked late', async () => {
    const account = await bills.openAccount('2026-03-20');
    await account.use(10, { at: at('2026-03-21') });
    world.clock.set(at('2026-04-02'));
    await account.meter([aReport({ id: 'just', ...sent })]);
    await bills.closeAt(account, '2026-04-02');
    await account.meter([aReport({ id: 'after', ...sent }), aReport({ id: 'own', at: at('2026-04-01') })]);
    expect(await chargesOf(account)).toEqual([
      '2026-03 payg 1',
      '2026-03 payg 10',
      '2026-04 payg 1',
      '2026-04 payg 1 late',
    ]);
    expect(await lateMonthOf(account, 'after')).toBe('2026-04');
    expect(await lateMonthOf(account, 'own')).toBeNull();
    expect(moved((await bills.of(account, '2026-03')).figures)).toMatchObject({ payg: '-0.495' });

    await bills.closeAt(account, '2026-05-02');
    const { lines } = await bills.of(account, '2026-04');
    expect(lines.filter(({ late }) => late)).toMatchObject([{ kind: 'payg', segments: 1n, amount: yuan('-0.045') }]);
    await bills.expectRight(account);
  });

  test('when it is sent again, then it is a duplicate; it is one hour of its own time that it counts in', async () => {
    const account = await bills.openAccount('2026-03-20');
    await bills.closeAt(account, '2026-04-02');
    await account.meter([aReport({ id: 'late', ...sent })]);
    expect(await account.meter([aReport({ id: 'late', ...sent })])).toMatchObject({ accepted: 0, duplicates: 1 });
    const hours = await db.kysely
      .selectFrom('hourly_usage')
      .select('hour')
      .where('account_id', '=', account.id)
      .execute();
    expect(hours).toEqual([{ hour: at('2026-03-31T23:00') }]);
    await bills.expectRight(account);
  });

  test('when its status changes after the close, then what is charged then is late; what was charged stays', async () => {
    const account = await bills.openAccount('2026-03-20');
    const pending = aReport({ id: 'pending', ...sent, status: 'submitted' });
    const abroad = aReport({ id: 'abroad', ...sent, status: 'submitted', destination: 'international', country: 'HK' });
    await account.meter([pending, abroad]);
    await bills.closeAt(account, '2026-04-02');
    await account.meter([
      { ...pending, status: 'delivered' },
      { ...abroad, status: 'failed' },
    ]);
    expect(await chargesOf(account)).toEqual(['2026-03 payg 1', '2026-04 payg 1 late']);
    expect(await lateMonthOf(account, 'pending')).toBe('2026-04');
    expect(await lateMonthOf(account, 'abroad')).toBeNull();
    await bills.expectRight(account);
  });

  test('when it had no price until its month was closed, then it is billed late at the price that comes (rule 5)', async () => {
    const tariff = { ...TARIFF, id: 'late-price' };
    await world.run((tx) => addTariffs(world.context, tx, [tariff]));
    const account = await bills.openAccount('2026-03-20', { tariffId: tariff.id });
    await account.meter([aReport({ id: 'peru', ...sent, destination: 'international', country: 'PE' })]);
    await bills.closeAt(account, '2026-04-02');
    const priced = {
      ...tariff,
      version: 2,
      effectiveFrom: '2026-04-02T00:00:00+08:00',
      international: { ...tariff.international, PE: '0.5' },
    };
    await world.run((tx) => addTariffs(world.context, tx, [priced]));
    world.clock.set(at('2026-04-03'));
    await account.review();
    expect(await chargesOf(account)).toEqual(['2026-04 payg 1 late']);
    expect(await lateMonthOf(account, 'peru')).toBe('2026-04');
    await bills.expectRight(account);
  });

  test('when a plan was there at its own time, then that covers it, and no other does', async () => {
    const account = await bills.openAccount('2026-03-20');
    await account.grant('sms-100');
    await bills.closeAt(account, '2026-04-02');
    await account.meter([aReport({ at: at('2026-03-19T23:59:59') }), aReport({ at: at('2026-03-20') })]);
    expect(await chargesOf(account)).toEqual(['2026-04 payg 1 late', '2026-04 plan 1 late']);
    await bills.expectRight(account);
  });

  test.each([
    ['before', true],
    ['after', false],
  ])(
    'when its plan is to be forfeited by then, then that covers it no more, %s a review has looked: who pays does not depend on that (rule 15)',
    async (_, isEarly) => {
      const account = await bills.openAccount('2026-03-20');
      const plan = await account.grant('sms-100');
      world.clock.set(plan.expiresAt.add({ hours: 24 }).subtract({ seconds: 1 }));
      await account.use(1, { at: plan.expiresAt.subtract({ minutes: 1 }) });
      world.clock.set(plan.expiresAt.add({ hours: 24 }));
      if (!isEarly) await account.review();
      await account.use(10, { at: plan.expiresAt.subtract({ minutes: 1 }) });
      expect((await chargesOf(account)).map((charge) => charge.replace(/^\S+ /, ''))).toEqual(['payg 10', 'plan 1']);
      await account.review();
      expect((await account.plans())[0]).toMatchObject({ remaining: 0n });
      await bills.expectRight(account);
    },
  );

  test('when it crosses a bound of the current month, then the whole of that month is priced anew, and the closed one stays', async () => {
    const account = await bills.openAccount('2026-03-20');
    await account.use(400);
    await bills.closeAt(account, '2026-04-02');
    await account.use(499);
    await account.meter([aReport({ segments: 2, at: at('2026-03-25') })]);
    // 499 x 0.045 was charged; 2 more cost 0.040, and the 499 get 0.005 back each.
    expect((await account.read()).money.balance).toBe(-yuan('18') - yuan('22.455') - yuan('0.08') + yuan('2.495'));
    const volumes = await db.kysely
      .selectFrom('monthly_volumes')
      .select(['month', 'payg_segments', 'charged'])
      .where('account_id', '=', account.id)
      .orderBy('month')
      .execute();
    expect(volumes).toEqual([
      { month: '2026-03', payg_segments: 400n, charged: yuan('18') },
      { month: '2026-04', payg_segments: 501n, charged: yuan('20.04') },
    ]);
    await bills.expectRight(account);
  });

  test('when it is older than the account, then it is part of the first bill until that is closed', async () => {
    const account = await bills.openAccount('2026-03-20');
    await account.meter([aReport({ at: at('2026-01-15') }), aReport({ at: at('2026-03-21') })]);
    expect(await bills.view(account, '2026-03')).toMatchObject({ figures: { payg: yuan('-0.09') } });
    expect(await bills.closeAt(account, '2026-04-02')).toEqual(['2026-03']);
    expect(moved((await bills.of(account, '2026-03')).figures)).toMatchObject({ payg: '-0.09' });
    await account.meter([aReport({ at: at('2026-02-15') })]);
    expect(await chargesOf(account)).toEqual(['2026-01 payg 1', '2026-03 payg 1', '2026-04 payg 1 late']);
    await bills.expectRight(account);
  });

  test('when its bill is closed between the writing of its record and its charge, then it is late like the others', async () => {
    const account = await bills.openAccount('2026-03-20');
    world.clock.set(at('2026-04-02'));
    await account.meter([aReport({ id: 'first', ...sent })]);
    const reports = [aReport({ id: 'raced', ...sent }), aReport({ id: 'of-april', at: at('2026-04-01') })];
    const metered = await world.run(async (tx) => {
      await lockAccount(tx, account.id);
      const waiting = account.meter(reports);
      await waitForBlocked(db, 1);
      await closeBill(world.context, tx, account.id);
      return { waiting };
    });
    await metered.waiting;
    expect(await chargesOf(account)).toEqual(['2026-03 payg 1', '2026-04 payg 1', '2026-04 payg 1 late']);
    expect(await lateMonthOf(account, 'raced')).toBe('2026-04');
    await bills.expectRight(account);
  });
});

describe('given the bounds of months in the zone of the account', () => {
  test.each([
    // The night of 1 November 2026 has 25 hours in New York: the bill closes 24 hours after its beginning, at 23:00.
    ['America/New_York', '2026-11-01T00:00:00-04:00', '2026-11-01T23:00:00-05:00', '2026-10', '2026-11'],
    ['Asia/Shanghai', '2027-01-01T00:00:00+08:00', '2027-01-02T00:00:00+08:00', '2026-12', '2027-01'],
    // Clocks in Beirut go forward at midnight of the last Sunday of March, in 2030 that of the 31st; the month ends in summer time.
    ['Asia/Beirut', '2030-04-01T00:00:00+03:00', '2030-04-02T00:00:00+03:00', '2030-03', '2030-04'],
  ])(
    'when it is %s, then the month ends at %s and its bill closes at %s',
    async (timeZone, end, closing, month, next) => {
      const ended = Temporal.Instant.from(end);
      const closes = Temporal.Instant.from(closing);
      const account = await bills.openAccount(ended.subtract({ hours: 48 }).toString(), { timeZone });
      await account.meter([aReport({ at: ended.subtract({ milliseconds: 1 }) }), aReport({ segments: 2, at: ended })]);
      expect(await bills.closeAt(account, closes.subtract({ milliseconds: 1 }).toString())).toEqual([]);
      expect(await bills.closeAt(account, closes.toString())).toEqual([month]);
      expect(await chargesOf(account)).toEqual([`${month} payg 1`, `${next} payg 2`]);
      await account.meter([aReport({ segments: 3, at: ended.subtract({ milliseconds: 1 }) })]);
      expect(await chargesOf(account)).toContain(`${next} payg 3 late`);
      await bills.expectRight(account);
    },
  );

  test('when money is moved at midnight, then it is part of the month that begins', async () => {
    const account = await bills.openAccount('2026-12-31T23:59:59.999');
    await account.recharge('1');
    world.clock.set(at('2027-01-01'));
    await account.recharge('2');
    await bills.closeAt(account, '2027-01-02');
    expect(moved((await bills.of(account, '2026-12')).figures)).toEqual({ recharges: '1', closing: '1' });
    const { rows } =
      await sql`select month, amount from transfers where account_id = ${account.id} order by at`.execute(db.kysely);
    expect(rows).toEqual([
      { month: '2026-12', amount: yuan('1') },
      { month: '2027-01', amount: yuan('2') },
    ]);
  });

  test('when the database reads the time zone otherwise, then money is part of the same month as usage', async () => {
    // To PostgreSQL `CET` is an abbreviation, an hour from UTC all year; as a place it is in summer time.
    world.clock.set(at('2026-06-20'));
    const account = await world.openAccount({ timeZone: 'CET' });
    world.clock.set(Temporal.Instant.from('2026-06-30T22:30:00Z'));
    await account.use(10);
    await account.recharge('7');
    await account.grant('sms-100');
    const months = db.kysely.selectFrom('transfers').select('month').distinct();
    expect(await months.where('account_id', '=', account.id).execute()).toEqual([{ month: '2026-07' }]);
    expect(await chargesOf(account)).toEqual(['2026-07 payg 10']);
  });

  test('when the clock goes back behind a bill, then nothing is added to it', async () => {
    const account = await bills.openAccount('2026-03-20');
    await bills.closeAt(account, '2026-04-02');
    world.clock.set(at('2026-03-31T20:00'));
    await account.recharge('3');
    await account.use(1);
    expect(await chargesOf(account)).toEqual(['2026-04 payg 1 late']);
    expect(await bills.view(account)).toMatchObject({ month: '2026-04', figures: { closing: yuan('2.955') } });
    await bills.closeAt(account, '2026-05-02');
    expect(moved((await bills.of(account, '2026-04')).figures)).toMatchObject({ recharges: '3', payg: '-0.045' });
    await bills.expectRight(account);
  });
});

describe('given an account whose time zone is changed before anything happened', () => {
  test('when it is another zone, then its months are those of the new one; with a bill it is refused', async () => {
    const account = await bills.openAccount('2026-04-01T00:30');
    const change = (terms: AccountChange) => world.run((tx) => changeAccount(world.context, tx, account.id, terms));
    await change({ creditLimit: yuan('1') });
    expect(await account.read()).toMatchObject({ firstMonth: '2026-04', monthEndsAt: at('2026-05-01') });
    await change({ timeZone: 'America/New_York' });
    expect(await account.read()).toMatchObject({
      ...{ firstMonth: '2026-03', openMonth: '2026-03' },
      monthEndsAt: Temporal.Instant.from('2026-04-01T00:00:00-04:00'),
    });
    expect(await bills.closeAt(account, '2026-04-03')).toEqual(['2026-03']);
    await expect(change({ timeZone: 'Asia/Shanghai' })).rejects.toMatchObject({ code: 'time_zone_in_use' });
  });
});

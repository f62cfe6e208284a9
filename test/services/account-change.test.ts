import { describe, expect, test } from 'vitest';
import { type AccountChange, changeAccount } from '../../src/services/account-change.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { reconcile } from '../../src/services/reconcile.ts';
import { readSendingState } from '../../src/services/sending.ts';
import { lockAccount, writeTwoPerson } from '../../src/store/accounts.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, at, yuan } from '../support/builders.ts';
import { waitForBlocked } from '../support/database-waits.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const set = (account: TestAccount, change: AccountChange) =>
  world.run((tx) => changeAccount(world.context, tx, account.id, change));
const sending = async (account: TestAccount) => (await readSendingState(world.context, db.kysely, account.id)).sending;

describe('a credit limit (rule 9)', () => {
  test('given an overdue account, when its limit is raised, then it may send at once, and the review says so', async () => {
    const account = await world.openAccount();
    await account.use(100);
    await account.review();
    expect(await sending(account)).toBe('suspended');
    await account.news();
    await set(account, { creditLimit: yuan('10') });
    expect(await sending(account)).toBe('allowed');
    expect((await account.read()).money.overdueSince).toBeNull();
    expect(await account.review(), 'due at once').toBe(true);
    expect(kinds(await account.news())).toContain('restored');
    await expectBooksRight(db, account.id);
  });

  test('given it is lowered below what is owed, then the account is overdue from now on', async () => {
    const account = await world.openAccount({ creditLimit: yuan('10') });
    await account.use(100);
    expect(await sending(account)).toBe('allowed');
    await set(account, { creditLimit: 0n });
    expect(await sending(account)).toBe('suspended');
    expect((await account.read()).money.overdueSince).toEqual(world.clock.now());
    await account.review();
    expect(kinds(await account.news())).toContain('overdue');
    await expectBooksRight(db, account.id);
  });

  test('given it was overdue and stays so, then it is overdue since then', async () => {
    const account = await world.openAccount();
    await account.use(1_000);
    const since = world.clock.now();
    world.pass({ hours: 5 });
    await set(account, { creditLimit: yuan('1') });
    expect((await account.read()).money.overdueSince).toEqual(since);
  });

  test('when it is raised, then that is money that came; lowered or something else changed, it is not', async () => {
    const account = await world.openAccount({ creditLimit: yuan('10') });
    await set(account, { creditLimit: yuan('9') });
    await set(account, { overdueGraceHours: 1 });
    expect((await account.read()).lastFundedAt).toBeNull();
    await set(account, { creditLimit: yuan('10') });
    expect((await account.read()).lastFundedAt).toEqual(world.clock.now());
  });

  test('given a grace, then an overdue account sends on until it is over', async () => {
    const account = await world.openAccount();
    await account.use(100);
    await set(account, { overdueGraceHours: 24 });
    expect(await sending(account)).toBe('allowed');
    world.pass({ hours: 24 });
    expect(await sending(account)).toBe('suspended');
  });
});

describe('the other terms', () => {
  test('given several, then each is told with what it was, and what was so already is not', async () => {
    const account = await world.openAccount();
    expect(await set(account, { defaultTemplateType: 'promotion', overdueGraceHours: 0 })).toEqual([
      { field: 'template_type', before: 'notification', after: 'promotion' },
    ]);
    expect((await account.read()).defaultTemplateType).toBe('promotion');
    expect(await set(account, { defaultTemplateType: 'promotion' })).toEqual([]);
  });

  test('given nothing was booked or reported, then the time zone may change; afterwards it may not', async () => {
    const account = await world.openAccount();
    for (const timeZone of ['Mars/Olympus', '+08:00']) {
      await expect(set(account, { timeZone })).rejects.toMatchObject({ code: 'time_zone_unknown' });
    }
    await set(account, { timeZone: 'Europe/Berlin' });
    expect((await account.read()).timeZone).toBe('Europe/Berlin');
    await account.use(1, { status: 'failed' });
    await expect(set(account, { timeZone: 'Asia/Shanghai' })).rejects.toMatchObject({ code: 'time_zone_in_use' });
    const booked = await world.openAccount();
    await booked.recharge('1');
    await expect(set(booked, { timeZone: 'UTC' })).rejects.toMatchObject({ code: 'time_zone_in_use' });
  });
});

test('rule 16: given the operator ends the demand for a second person, then every group is told by whom, once', async () => {
  const account = await world.openAccount();
  await world.run((tx) => writeTwoPerson(tx, account.id, true));
  await set(account, { twoPerson: false });
  expect(await account.read()).toMatchObject({ twoPerson: false });
  expect(await account.news()).toMatchObject([{ kind: 'two_person_changed', enabled: false, byName: null }]);
  await set(account, { twoPerson: false });
  expect(await account.news()).toEqual([]);
});

describe('another time zone', () => {
  test('given one that the database reads otherwise, then the months are those of this program', async () => {
    // To PostgreSQL `CET` is an hour from UTC all year.
    world.clock.set(Temporal.Instant.from('2026-06-30T22:30:00Z'));
    const account = await world.openAccount({ timeZone: 'UTC' });
    await set(account, { timeZone: 'CET' });
    const months = db.kysely.selectFrom('accounts').select(['first_month', 'open_month', 'month_ends_at']);
    const [row] = await months.where('account_id', '=', account.id).execute();
    expect([row?.first_month, row?.open_month]).toEqual(['2026-07', '2026-07']);
    expect(row?.month_ends_at).toEqual(Temporal.Instant.from('2026-07-31T22:00:00Z'));
  });
});

describe('a change while the first batch waits for the account', () => {
  test.each<[string, AccountChange]>([
    ['time zone', { timeZone: 'America/New_York' }],
    ['default template type', { defaultTemplateType: 'promotion' }],
  ])('given another %s, then the batch is booked by it', async (_, change) => {
    // In New York it is still March.
    world.clock.set(at('2026-04-01T02:00'));
    const account = await world.openAccount();
    await ensurePartitions(db.kysely, at('2026-03-31'), world.clock.now());
    const reports = [aReport({ id: 'first', segments: 3, templateType: null, at: world.clock.now() })];
    const { batch } = await world.run(async (tx) => {
      await lockAccount(tx, account.id);
      const batch = world.run((other) => meterUsage(world.context, other, account.id, reports));
      await waitForBlocked(db, 1);
      await changeAccount(world.context, tx, account.id, change);
      return { batch };
    });
    expect(await batch).toMatchObject({ accepted: 1 });
    const volumes = db.kysely.selectFrom('monthly_volumes').select(['month', 'template_type']);
    expect(await volumes.where('account_id', '=', account.id).execute()).toEqual([
      {
        month: change.timeZone ? '2026-03' : '2026-04',
        template_type: change.defaultTemplateType ?? 'notification',
      },
    ]);
    expect(await reconcile(db, account.id)).toEqual([]);
    await expectBooksRight(db, account.id);
  });
});

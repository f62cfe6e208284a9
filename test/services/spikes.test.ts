import { beforeAll, describe, expect, test } from 'vitest';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

/** An account that has used 100 segments in each of the last days at ten, and is looked at five past ten today. */
async function usedEveryDay(days = 7): Promise<TestAccount> {
  world.clock.set(at(`2026-03-${String(10 - days).padStart(2, '0')}T10:00`));
  const account = await world.openAccount();
  await account.recharge('1000');
  for (let day = 0; day < days; day++) {
    await account.use(100);
    world.pass({ hours: 24 });
  }
  world.clock.set(at('2026-03-10T10:05'));
  await account.use(1);
  await account.review();
  await account.news();
  return account;
}

describe('spending spike (rule 20)', () => {
  test('given the hour goes far above its usual, then it is told with its figures as soon as it does, and once', async () => {
    const account = await usedEveryDay();
    expect(await account.use(499)).toMatchObject({ reviewDue: false });
    expect(await account.use(1)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.news()).toMatchObject([
      {
        kind: 'spending_spike',
        destination: 'mainland',
        hour: '2026-03-10T02:00:00Z',
        segments: '501',
        usual: '100',
        covered: '0',
        // The 500 at 0.045 of the tier before, and the correction: the whole month now costs 0.040.
        cost: expect.any(String),
      },
    ]);
    expect(await account.use(5_000)).toMatchObject({ reviewDue: false });
    world.pass({ minutes: 30 });
    await account.use(5_000);
    world.pass({ minutes: 30 });
    await account.review();
    expect(kinds(await account.news())).toEqual([]);
    await expectBooksRight(db, account.id);
  });

  test('given it stays high, then the episode goes on; given it is normal for an hour, then the next spike is told anew', async () => {
    const account = await usedEveryDay();
    await account.use(2_000);
    await account.review();
    expect(kinds(await account.news())).toEqual(['spending_spike']);

    // 11:05: the hour before was a spike. It goes on until 11:20.
    world.clock.set(at('2026-03-10T11:05'));
    expect(await account.nextReviewAt()).toEqual(at('2026-03-10T11:05'));
    await account.use(2_000);
    await account.review();
    expect(await account.news()).toEqual([]);
    // 12:05: the hour before was one too. 13:05: quiet for an hour.
    for (const time of ['12:05', '13:05']) {
      world.clock.set(at(`2026-03-10T${time}`));
      await account.review();
    }
    const open = () =>
      db.kysely
        .selectFrom('alerts')
        .select(['kind', 'subject'])
        .where('account_id', '=', account.id)
        .where('closed_at', 'is', null)
        .execute();
    expect(await open()).not.toContainEqual({ kind: 'spending_spike', subject: 'mainland' });
    expect(kinds(await account.news())).not.toContain('spending_spike');

    expect(await account.use(2_000)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(kinds(await account.news())).toContain('spending_spike');
    expect(await open()).toContainEqual({ kind: 'spending_spike', subject: 'mainland' });
  });

  test('given the receipts of the last hour come after it, then its spike is found all the same', async () => {
    const account = await usedEveryDay();
    world.clock.set(at('2026-03-10T11:02'));
    await account.review();
    expect(await account.use(900, { at: at('2026-03-10T10:59') })).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'spending_spike', hour: '2026-03-10T02:00:00Z' }]);
  });

  test('given the next hour begins before the next look, then its spike is found without it', async () => {
    const account = await usedEveryDay();
    world.clock.set(at('2026-03-10T11:01'));
    expect(await account.use(900)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'spending_spike', hour: '2026-03-10T03:00:00Z' }]);
  });

  test('given the other destination spikes as well, then that is an episode of its own', async () => {
    const account = await usedEveryDay();
    await account.use(900);
    await account.review();
    await account.news();
    expect(await account.use(101, { destination: 'international', country: 'HK' })).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'spending_spike', destination: 'international', segments: '101', cost: String(yuan('30.3')) },
    ]);
  });

  test('given many batches of several types in an hour, then their sum counts', async () => {
    const account = await usedEveryDay();
    for (const templateType of ['verification', 'notification'] as const) {
      expect(await account.use(240, { templateType })).toMatchObject({ reviewDue: false });
    }
    expect(await account.use(21, { templateType: 'promotion' })).toMatchObject({ reviewDue: true });
  });

  test('given an account in its first days, then its first campaign is none', async () => {
    const account = await usedEveryDay(2);
    await account.use(5_000);
    await account.review();
    expect(kinds(await account.news())).not.toContain('spending_spike');
  });
});

describe('a flood to a country without a price (rules 5 and 20)', () => {
  const JAPAN = { destination: 'international', country: 'JP' } as const;

  test('given it alone comes in, then it is told as soon as the hour is above its limit, and once', async () => {
    const account = await usedEveryDay();
    expect(await account.use(100, JAPAN)).toMatchObject({ unpriced: 1, reviewDue: false });
    expect(await account.use(1, JAPAN)).toMatchObject({ unpriced: 1, reviewDue: true });
    await account.review();
    expect(await account.news()).toMatchObject([
      {
        ...{ kind: 'spending_spike', destination: 'international', hour: '2026-03-10T02:00:00Z' },
        ...{ segments: '101', usual: '0', covered: '0', waiting: '101', cost: '0' },
      },
    ]);
    expect(await account.use(5_000, JAPAN)).toMatchObject({ reviewDue: false });
    // It goes on in the hour before, and is over an hour later; what waited then shows nothing usual.
    for (const time of ['11:05', '12:05']) {
      world.clock.set(at(`2026-03-10T${time}`));
      await account.review();
    }
    expect(await account.news()).toEqual([]);
    expect(await account.use(101, JAPAN)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(kinds(await account.news())).toEqual(['spending_spike']);
    await expectBooksRight(db, account.id);
  });

  test('given it comes beside what has a price, in whatever order, then both are judged together', async () => {
    const account = await usedEveryDay();
    await account.use(60, JAPAN);
    expect(await account.use(41, { ...JAPAN, country: 'HK' })).toMatchObject({ unpriced: 0, reviewDue: true });
    await account.review();
    const [spike] = await account.news();
    expect(spike).toMatchObject({ kind: 'spending_spike', segments: '101', waiting: '60', cost: '12300000' });
  });

  test('given an account that has been idle for weeks, then it is looked at for it all the same', async () => {
    const account = await usedEveryDay();
    world.clock.set(at('2026-03-30T01:00'));
    await account.review();
    world.clock.set(at('2026-03-30T09:10'));
    expect(await account.use(101, JAPAN)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(kinds(await account.news())).toEqual(['spending_spike']);
    // The hours up to ten are watched now.
    world.clock.set(at('2026-03-30T09:20'));
    expect(await account.use(50, JAPAN)).toMatchObject({ reviewDue: false });
  });

  test('given an account in which nothing is usual yet, then it is not looked at for each message', async () => {
    const account = await usedEveryDay(2);
    expect(await account.use(5_000, JAPAN)).toMatchObject({ unpriced: 1, reviewDue: false });
  });
});

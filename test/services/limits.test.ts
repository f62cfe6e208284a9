import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { addTariffs } from '../../src/services/catalogue.ts';
import { BillingWorld, kinds, TARIFF } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, at, yuan } from '../support/builders.ts';
import {
  aQuietAccount,
  DAY_MONEY,
  DAY_SEGMENTS,
  limit,
  MONTH_MONEY,
  MONTH_SEGMENTS,
  sending,
  usedOf,
} from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

describe('a cap on segments', () => {
  test('given usage one below the stop, then it may send; given one more, then it is capped at once, without a review', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n);
    await account.use(99);
    expect(await sending(world, account)).toEqual(['allowed']);
    expect(await account.use(1)).toMatchObject({ reviewDue: true });
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given a cap that is reached, then what was sent already is still recorded and charged', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    expect(await account.use(7)).toMatchObject({ accepted: 1 });
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(17n);
    expect((await account.read()).money.balance).toBe(yuan('1000') - 17n * yuan('0.045'));
    await expectBooksRight(db, account.id);
  });

  test('given plans that cover it, then their segments count as well', async () => {
    const account = await aQuietAccount(world);
    await account.grant('sms-100');
    await limit(world, account, DAY_SEGMENTS, 50n);
    await account.use(50);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given a message that failed or is only submitted, then it does not count; given its delivery, then it does', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10, { status: 'failed' });
    await account.use(10, { id: 'later', status: 'submitted' });
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(0n);
    await account.use(10, { id: 'later' });
    await account.use(10, { id: 'later' });
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(10n);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given international messages without a price, then their segments count when they are sent, and their price when there is one', async () => {
    const id = randomUUID();
    await world.run((tx) => addTariffs(world.context, tx, [{ ...TARIFF, id }]));
    const account = await aQuietAccount(world, { tariffId: id });
    await limit(world, account, DAY_SEGMENTS, 10n);
    await limit(world, account, DAY_MONEY, yuan('4'));
    const abroad = { destination: 'international', country: 'JP' } as const;
    await account.use(9, abroad);
    expect(await sending(world, account)).toEqual(['allowed']);
    await account.use(1, { ...abroad, country: 'HK' });
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
    await limit(world, account, DAY_SEGMENTS, 100n);

    const second = { ...TARIFF, id, version: 2, effectiveFrom: world.clock.now().toString() };
    await world.run((tx) =>
      addTariffs(world.context, tx, [{ ...second, international: { ...TARIFF.international, JP: '0.5' } }]),
    );
    await account.review();
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(10n);
    expect(await usedOf(world, account, DAY_MONEY)).toBe(9n * yuan('0.5') + yuan('0.3'));
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });
});

describe('the cap latches', () => {
  test('given a new day, then it is still capped, although nothing was used in it', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    world.clock.set(at('2026-03-11T00:00:01'));
    await account.review();
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(0n);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test.each([
    [11n, ['allowed']],
    [10n, ['capped', 'capped']],
    [9n, ['capped', 'capped']],
    [null, ['allowed']],
  ])('given 10 segments used and a stop of 10 that was reached, when it is set to %s, then %j', async (stop, state) => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    await limit(world, account, DAY_SEGMENTS, stop);
    expect(await sending(world, account)).toEqual(state);
  });

  test('given a cap that was raised, when the higher stop is reached too, then it is capped again', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    await limit(world, account, DAY_SEGMENTS, 20n);
    await account.use(9);
    expect(await sending(world, account)).toEqual(['allowed']);
    await account.use(1);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given two caps that are reached, when one is raised, then the other still caps', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 10n);
    await limit(world, account, MONTH_SEGMENTS, 10n);
    await account.use(10);
    await limit(world, account, DAY_SEGMENTS, 100n);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
    await limit(world, account, MONTH_SEGMENTS, 100n);
    expect(await sending(world, account)).toEqual(['allowed']);
  });

  test('given a stop at or below what is used already, when it is set, then sending is capped at once', async () => {
    const account = await aQuietAccount(world);
    await account.use(10);
    expect((await limit(world, account, DAY_SEGMENTS, 11n)).sending).toBe('allowed');
    expect((await limit(world, account, DAY_SEGMENTS, 10n)).sending).toBe('capped');
  });
});

describe('a cap on pay-as-you-go', () => {
  test('given what plans cover, then it costs nothing; given what goes beyond, then it counts to the micro-unit', async () => {
    const account = await aQuietAccount(world);
    await account.grant('sms-100');
    await limit(world, account, MONTH_MONEY, yuan('0.450001'));
    await account.use(110);
    expect(await usedOf(world, account, MONTH_MONEY)).toBe(yuan('0.45'));
    expect(await sending(world, account)).toEqual(['allowed']);
    await account.use(1);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given a correction that is a credit, then the use falls by it, and a cap that was reached stays reached until it is lifted', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_MONEY, yuan('22.5'));
    await account.use(500);
    expect(await usedOf(world, account, DAY_MONEY)).toBe(yuan('22.5'));
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
    // The 501st segment takes the whole month from 0.045 to 0.040.
    await account.use(1);
    expect(await usedOf(world, account, DAY_MONEY)).toBe(501n * yuan('0.04'));
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });
});

describe('days and months of the account', () => {
  test('given midnight in Shanghai, then what was sent before it counts for the day before, whenever it is reported', async () => {
    const account = await aQuietAccount(world, {}, '2026-03-11T00:05');
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(100, { at: at('2026-03-10T23:59:59.999') });
    expect(await sending(world, account)).toEqual(['allowed']);
    await account.use(9, { at: at('2026-03-11T00:00') });
    expect(await sending(world, account)).toEqual(['allowed']);
    await account.use(1, { at: at('2026-03-11T00:00') });
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given one batch with records of several days and of two months, then each counts in its own', async () => {
    const account = await aQuietAccount(world, {}, '2026-03-02T12:00');
    const days = ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02', '2026-03-02'];
    await account.meter(days.map((day, index) => aReport({ id: `d${index}`, segments: 10, at: at(`${day}T10:00`) })));
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(20n);
    expect(await usedOf(world, account, MONTH_SEGMENTS)).toBe(30n);
    const rows = await db.kysely
      .selectFrom('period_use')
      .select(['period', 'segments'])
      .where('account_id', '=', account.id)
      .orderBy('period')
      .execute();
    expect(rows.map(({ period, segments }) => `${period} ${segments}`)).toEqual([
      '2026-02 20',
      '2026-02-27 10',
      '2026-02-28 10',
      '2026-03 30',
      '2026-03-01 10',
      '2026-03-02 20',
    ]);
  });

  test('given usage that comes after the bill of its month, then it counts in the day and month in which it was sent', async () => {
    const account = await aQuietAccount(world, {}, '2026-02-27T12:00');
    world.clock.set(at('2026-03-20T12:00'));
    await limit(world, account, MONTH_SEGMENTS, 10n);
    await account.use(50, { at: at('2026-02-28T12:00') });
    expect(await usedOf(world, account, MONTH_SEGMENTS)).toBe(0n);
    expect(await sending(world, account)).toEqual(['allowed']);
  });

  test('given a gateway whose clock is ahead, then what it reports of tomorrow counts at once', async () => {
    const account = await aQuietAccount(world, {}, '2026-03-10T23:59');
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10, { at: at('2026-03-11T00:01') });
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
    world.clock.set(at('2026-03-11T00:02'));
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(10n);
  });

  test.each([
    // The clocks go forward at two on the 8th of March, and back at two on the 1st of November.
    ['23 hours', '2026-03-08T05:00:00Z', '2026-03-09T03:59:59Z', '2026-03-09T04:00:00Z'],
    ['25 hours', '2026-11-01T04:00:00Z', '2026-11-02T04:59:59Z', '2026-11-02T05:00:00Z'],
  ])(
    'given a day of %s in New York, then it counts from its own midnight to the next',
    async (_, first, last, next) => {
      world.clock.set(Temporal.Instant.from(first));
      const account = await world.openAccount({ timeZone: 'America/New_York' });
      await account.recharge('1000');
      await limit(world, account, DAY_SEGMENTS, 10n);
      await account.use(4);
      world.clock.set(Temporal.Instant.from(last));
      await account.use(5);
      expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(9n);
      world.clock.set(Temporal.Instant.from(next));
      await account.use(1);
      expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(1n);
      expect(await sending(world, account)).toEqual(['allowed']);
    },
  );

  test('given a zone of half hours, then its day begins at its own midnight', async () => {
    world.clock.set(Temporal.Instant.from('2026-03-10T19:00:00Z'));
    const account = await world.openAccount({ timeZone: 'Asia/Kolkata' });
    await account.recharge('1000');
    await account.use(3, { at: Temporal.Instant.from('2026-03-10T18:29:59Z') });
    await account.use(4, { at: Temporal.Instant.from('2026-03-10T18:30:00Z') });
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(4n);
  });
});

describe('several at once', () => {
  test('given two replicas that meter batches which together reach the stop, then it is capped once and told once', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n);
    await account.news();
    await Promise.all(Array.from({ length: 10 }, () => account.use(20)));
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(200n);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
    await Promise.all([account.review(), account.review()]);
    expect(kinds(await account.news())).toEqual(['cap_reached']);
  });

  test('given a cap that is raised while usage goes on, then it ends capped if, and only if, the use reaches the higher stop', async () => {
    for (const [stop, state] of [
      [150n, ['capped', 'capped']],
      [250n, ['allowed']],
    ] as const) {
      const account = await aQuietAccount(world);
      await limit(world, account, DAY_SEGMENTS, 100n);
      await Promise.all([
        ...Array.from({ length: 10 }, () => account.use(20)),
        limit(world, account, DAY_SEGMENTS, stop),
      ]);
      expect(await sending(world, account)).toEqual(state);
    }
  });
});

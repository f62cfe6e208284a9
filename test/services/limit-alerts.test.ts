import { beforeAll, describe, expect, test } from 'vitest';
import { BillingWorld, kinds } from '../support/billing-world.ts';
import { at, yuan } from '../support/builders.ts';
import { aQuietAccount, DAY_MONEY, DAY_SEGMENTS, limit, sending, usedOf } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

describe('alerts about caps (rules 19 and 20)', () => {
  test('given the warning and then the stop, then each is told once, with its figures, and the graver one replaces the milder', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    // An account that is idle is looked at with its first use.
    await account.use(1);
    await account.review();
    await account.news();
    expect(await account.use(78)).toMatchObject({ reviewDue: false });
    expect(await account.use(1)).toMatchObject({ reviewDue: true });
    await account.review();
    expect(await account.news()).toMatchObject([
      {
        kind: 'cap_warning',
        period: 'day',
        unit: 'segments',
        in: '2026-03-10',
        used: '80',
        warn: '80',
        stop: '100',
      },
    ]);
    expect(await account.use(1)).toMatchObject({ reviewDue: false });
    await account.use(19);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'cap_reached', in: '2026-03-10', used: '100', stop: '100' }]);
    await account.use(50);
    world.pass({ hours: 2 });
    await account.review();
    expect(kinds(await account.news())).toEqual([]);
  });

  test('given a batch that goes through warning and stop at once, then only the stop is told', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    await account.news();
    await account.use(200);
    await account.review();
    expect(kinds(await account.news())).toEqual(['cap_reached']);
  });

  test('given a credit that takes the use below the warning and usage that takes it there again, then it is not told again', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_MONEY, yuan('100'), yuan('21'));
    await account.news();
    world.pass({ minutes: 1 });
    await account.use(500);
    await account.review();
    expect(kinds(await account.news())).toEqual(['cap_warning']);
    await account.use(1);
    expect(await usedOf(world, account, DAY_MONEY)).toBeLessThan(yuan('21'));
    world.pass({ hours: 1 });
    expect(await account.review()).toBe(true);
    await account.use(100);
    await account.review();
    expect(kinds(await account.news())).toEqual([]);
  });

  test('given the next day, then its warning is an episode of its own', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    await account.use(80);
    await account.review();
    world.clock.set(at('2026-03-11T12:00'));
    await account.use(80);
    await account.review();
    await account.review();
    expect(kinds(await account.news()).filter((kind) => kind.startsWith('cap'))).toEqual([
      'cap_warning',
      'cap_warning',
    ]);
  });

  test('given a reached cap that is raised and reached again in the same day, then that is told again', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    await account.use(100);
    await account.review();
    await limit(world, account, DAY_SEGMENTS, 200n, 150n);
    await account.review();
    await account.news();
    await account.use(49);
    await account.review();
    expect(kinds(await account.news())).toEqual([]);
    await account.use(1);
    await account.review();
    await account.use(50);
    await account.review();
    expect(kinds(await account.news())).toEqual(['cap_warning', 'cap_reached']);
  });

  test('given a reached cap that is repeated on the next day, then it is told with the use of the day in which it was reached', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    await account.use(120);
    await account.review();
    await account.news();
    world.pass({ hours: 24 });
    await account.use(7);
    await account.review();
    expect((await account.news()).filter(({ kind }) => kind === 'cap_reached')).toMatchObject([
      { in: '2026-03-10', used: '120', stop: '100', at: at('2026-03-10T12:00').toString() },
    ]);
    // It counts nothing of that day against the cap, which can be lifted.
    expect(await usedOf(world, account, DAY_SEGMENTS)).toBe(7n);
  });

  test('given a warning without a stop, then it is told, and sending goes on', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, null, 80n);
    await account.news();
    await account.use(500);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'cap_warning', stop: null, warn: '80', used: '500' }]);
    expect(await sending(world, account)).toEqual(['allowed']);
  });

  test('given an open alert about a day, when the day is over, then it ends by itself, also when nothing is sent', async () => {
    const account = await aQuietAccount(world);
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    await account.use(80);
    await account.review();
    const open = () =>
      db.kysely
        .selectFrom('alerts')
        .select(['kind', 'subject'])
        .where('account_id', '=', account.id)
        .where('kind', '=', 'cap')
        .where('closed_at', 'is', null)
        .execute();
    expect(await open()).toEqual([{ kind: 'cap', subject: 'day_segments/2026-03-10' }]);
    for (let look = 0; look < 30 && (await open()).length > 0; look += 1) {
      world.clock.set(await account.nextReviewAt());
      await account.review();
    }
    expect(await open()).toEqual([]);
    expect(world.clock.now()).toEqual(at('2026-03-11'));
  });
});

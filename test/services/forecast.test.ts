import { beforeAll, describe, expect, test } from 'vitest';
import { readUsageState } from '../../src/services/forecast.ts';
import { readOverview } from '../../src/services/overview.ts';
import { HISTORY_DAYS, readQuotaHistory } from '../../src/services/quota-history.ts';
import { readUsage } from '../../src/services/usage.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { at } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

/** An account that has used 100 segments at nine in the morning of each Monday to Friday of six weeks, and is looked at on a Tuesday at noon. */
async function usedOnWeekdays(): Promise<TestAccount> {
  world.clock.set(at('2026-01-26T08:00'));
  const account = await world.openAccount();
  await account.recharge('1000');
  await account.grant('sms-5000');
  for (let day = at('2026-01-26T09:00'); Temporal.Instant.compare(day, at('2026-03-10T12:00')) < 0; ) {
    world.clock.set(day);
    if (day.toZonedDateTimeISO('Asia/Shanghai').dayOfWeek <= 5) await account.use(100);
    day = day.add({ hours: 24 });
  }
  world.clock.set(at('2026-03-10T12:00'));
  return account;
}

describe('a forecast from what was used', () => {
  test('given six weeks, then the weekdays of the last four tell how the days differ, and weekends are skipped', async () => {
    const account = await usedOnWeekdays();
    // 32 working days of 100 have gone of 5,000. What is left lasts half of Tuesday and 17.5 working days.
    const { forecast, quota } = await readOverview(world.context, db.kysely, account.id);
    expect(quota).toBe(1_800n);
    expect(forecast).toMatchObject({ basis: 'weekday', segmentsPerDay: 71n });
    expect(forecast.quotaEndsAt?.toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString()).toBe('2026-04-03');
  });

  test('given a review, then the days of the week are kept until midnight, and what came late counts from then on', async () => {
    const account = await usedOnWeekdays();
    const state = async () => readUsageState(db.kysely, await account.read(), world.clock.now());
    expect((await state()).isKept).toBe(false);
    await account.review();
    const kept = await state();
    expect(kept.isKept).toBe(true);
    expect(kept.burn.days.map((day) => day.mainland.verification)).toEqual(
      [100n, 100n, 100n, 100n, 0n, 0n, 100n].map((segments) => segments * 1_000n),
    );

    await account.use(400, { at: at('2026-02-28T09:00') });
    expect((await state()).burn).toEqual(kept.burn);
    world.clock.set(at('2026-03-11T00:00'));
    const tomorrow = await state();
    expect(tomorrow.isKept).toBe(false);
    // It is a Wednesday now; Saturdays have used 400 in four weeks, as each working day has.
    const [, , , saturday] = tomorrow.burn.days;
    expect(saturday?.mainland.verification).toBeGreaterThan(80_000n);
  });

  test('given use since this morning only, then the average is that of a day, and all days are alike', async () => {
    world.clock.set(at('2026-03-10T09:00'));
    const account = await world.openAccount();
    await account.use(300);
    world.clock.set(at('2026-03-10T12:00'));
    const { burn } = await readUsageState(db.kysely, await account.read(), world.clock.now());
    expect(burn).toMatchObject({ basis: 'average', average: { mainland: { verification: 300_000n } } });
  });
});

describe('the quota of the last two weeks', () => {
  test('given use, a purchase and an expiry, then each midnight has what was left then', async () => {
    world.clock.set(at('2026-02-05T12:00'));
    const account = await world.openAccount();
    await account.recharge('1000');
    // Expires on 2026-03-05 at noon.
    await account.grant('sms-1000-month');
    const told: Record<string, bigint> = {};
    for (
      let day = at('2026-02-06');
      Temporal.Instant.compare(day, at('2026-03-10')) <= 0;
      day = day.add({ hours: 24 })
    ) {
      world.clock.set(day);
      await account.review();
      told[day.toString()] = (await readOverview(world.context, db.kysely, account.id)).quota;
      world.clock.set(day.add({ hours: 9 }));
      await account.use(10);
      if (day.equals(at('2026-02-27'))) await account.grant('sms-100');
    }
    world.clock.set(at('2026-03-10T12:00'));
    const past = await readQuotaHistory(db.kysely, await account.read(), world.clock.now());
    expect(past).toHaveLength(HISTORY_DAYS + 1);
    expect(past[0]?.at).toEqual(at('2026-02-24'));
    for (const { at: midnight, quota } of past) {
      expect({ midnight: midnight.toString(), quota }).toEqual({
        midnight: midnight.toString(),
        quota: told[midnight.toString()],
      });
    }
  });

  test('given a plan that was bought today, then it begins there; given none, then there is nothing to show', async () => {
    world.clock.set(at('2026-03-10T09:30'));
    const account = await world.openAccount();
    const history = async () => readQuotaHistory(db.kysely, await account.read(), world.clock.now());
    expect(await history()).toEqual([]);
    await account.grant('sms-100');
    world.pass({ hours: 1 });
    await account.use(30);
    expect(await history()).toEqual([{ at: at('2026-03-10T09:30'), quota: 100n }]);
  });
});

describe('days of which one has no midnight', () => {
  // Clocks in Cairo go from midnight to one o'clock on 24 April.
  const cairo = (time: string) => Temporal.ZonedDateTime.from(`${time}[Africa/Cairo]`).toInstant();
  const MIDNIGHTS = ['2026-04-24T01:00', '2026-04-25T00:00', '2026-04-26T00:00'];

  test('given it is such a day, then the quota of the days before is that of their midnights', async () => {
    world.clock.set(cairo('2026-04-01T12:00'));
    const account = await world.openAccount({ timeZone: 'Africa/Cairo' });
    await account.recharge('1000');
    await account.grant('sms-5000');
    world.clock.set(cairo('2026-04-23T00:30'));
    await account.use(10);
    world.clock.set(cairo('2026-04-24T12:00'));
    const past = await readQuotaHistory(db.kysely, await account.read(), world.clock.now());
    expect(past.slice(-2)).toEqual([
      { at: cairo('2026-04-23T00:00'), quota: 5_000n },
      { at: cairo('2026-04-24T01:00'), quota: 4_990n },
    ]);
  });

  test('given a stretch that begins with it, then each of its days begins at its own midnight', async () => {
    world.clock.set(cairo('2026-04-25T00:30'));
    const account = await world.openAccount({ timeZone: 'Africa/Cairo' });
    await account.use(10);
    const days = (day: string) => Temporal.PlainDate.from(day);
    const period = { first: days('2026-04-24'), last: days('2026-04-26') };
    const used = await readUsage(world.context, db.kysely, await account.read(), period);
    expect(used.starts.map((start) => start.toInstant())).toEqual(MIDNIGHTS.map(cairo));
    expect(used.slots).toMatchObject([{ slot: 1, paygSegments: 10n }]);
  });
});

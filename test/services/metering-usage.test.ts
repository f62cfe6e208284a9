import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { TEMPLATE_TYPES } from '../../src/domain/usage.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { BillingWorld, TARIFF, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, at, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

async function openAccount(): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge('1000');
  return account;
}

async function recordsOf(account: TestAccount) {
  const { rows } = await sql<{ record_id: string; status: string; billing: string; at: Temporal.Instant }>`
    select record_id, status, billing, at from usage_records where account_id = ${account.id} order by record_id`.execute(
    db.kysely,
  );
  return rows;
}

describe('meterUsage (rules 1, 2 and 5)', () => {
  test('rule 1: given a conflict, then both versions are kept for a person, once, and nothing is billed for it', async () => {
    const account = await openAccount();
    const report = aReport({ segments: 2 });
    await account.meter([report]);
    const { money } = await account.read();
    const other = { ...report, segments: 3 };
    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect(await account.meter([other, other])).toMatchObject({ conflicts: [report.id, report.id], accepted: 0 });
    }
    expect((await account.read()).money).toEqual(money);
    const { rows } = await sql`
      select record_id, reason, received ->> 'segments' as received, stored ->> 'segments' as stored
      from rejected_usage where account_id = ${account.id}`.execute(db.kysely);
    expect(rows).toEqual([{ record_id: report.id, reason: 'conflict', received: '3', stored: '2' }]);
    expect(await recordsOf(account)).toHaveLength(1);
  });

  test('rule 1: given the same id with another time, also in another month, then it is a conflict and not a second record', async () => {
    const account = await openAccount();
    const report = aReport();
    await account.meter([report]);
    const moved = [report.at.subtract({ hours: 1 }), report.at.subtract({ hours: 24 * 31 })].map((sent) => ({
      ...report,
      at: sent,
    }));
    expect(await account.meter(moved)).toMatchObject({ accepted: 0, conflicts: [report.id, report.id] });
    expect(await recordsOf(account)).toEqual([
      { record_id: report.id, status: 'delivered', billing: 'charged', at: report.at },
    ]);
    await expectBooksRight(db, account.id);
  });

  test('rule 1: given a time finer than a millisecond, then the same report is still the same', async () => {
    const account = await openAccount();
    const reports = ['.9999999', '.0009996', '.123456789', '.000000001'].map((fraction) =>
      aReport({ at: Temporal.Instant.from(`2026-03-10T12:00:00${fraction}+08:00`), status: 'submitted' }),
    );
    await account.meter(reports);
    expect(await account.meter(reports)).toMatchObject({ duplicates: 4, conflicts: [] });
    const delivered = reports.map((report) => ({ ...report, status: 'delivered' as const }));
    expect(await account.meter(delivered)).toMatchObject({ accepted: 4, conflicts: [] });
    expect((await recordsOf(account)).map(({ status }) => status)).toEqual(Array(4).fill('delivered'));
    await expectBooksRight(db, account.id);
  });

  test('rule 1: given another account, then the same id is another record', async () => {
    const report = aReport();
    const [one, other] = [await openAccount(), await openAccount()];
    await one.meter([report]);
    expect(await other.meter([{ ...report, segments: 3 }])).toMatchObject({ accepted: 1, conflicts: [] });
  });

  test('rule 2: given progress, then the stored record moves on, in its own month', async () => {
    const account = await openAccount();
    const report = aReport({ status: 'submitted', at: at('2026-02-28T23:59:59.999') });
    await account.meter([report]);
    expect(await recordsOf(account)).toMatchObject([{ status: 'submitted', billing: 'free' }]);
    await account.meter([{ ...report, status: 'delivered' }]);
    expect(await recordsOf(account)).toMatchObject([{ status: 'delivered', billing: 'charged' }]);
    const volumes = await db.kysely
      .selectFrom('monthly_volumes')
      .select(['month', 'payg_segments'])
      .where('account_id', '=', account.id)
      .execute();
    expect(volumes).toEqual([{ month: '2026-02', payg_segments: 1n }]);
    await expectBooksRight(db, account.id);
  });

  test('rule 5: given a country without a price, then the record is kept as unpriced, and the rest of its batch is billed', async () => {
    const account = await openAccount();
    const outcome = await account.meter([
      aReport({ destination: 'international', country: 'FR' }),
      aReport({ destination: 'international', country: 'HK' }),
    ]);
    expect(outcome).toMatchObject({ accepted: 2, unpriced: 1, reports: ['unpriced', 'accepted'] });
    expect((await account.read()).money.balance).toBe(yuan('999.7'));
  });

  test('rule 1: given an id again at another time, then it is a conflict, however long ago it was', async () => {
    const account = await openAccount();
    const first = aReport({ at: NOW.subtract({ hours: 24 * 400 }) });
    expect(await account.meter([first])).toMatchObject({ accepted: 1 });
    expect(await account.meter([{ ...first, at: NOW }])).toMatchObject({ accepted: 0, conflicts: [first.id] });
    expect(await account.meter([first])).toMatchObject({ duplicates: 1 });
    await expectBooksRight(db, account.id);
  });

  test('given an empty batch, then nothing happens', async () => {
    const account = await openAccount();
    expect(await account.meter([])).toMatchObject({ accepted: 0, duplicates: 0, conflicts: [] });
  });

  test('given an account that is not there, then it is refused', async () => {
    const account = await openAccount();
    Object.assign(account, { id: randomUUID() });
    await expect(account.use(1)).rejects.toMatchObject({ code: 'account_unknown' });
  });

  test('given a batch of 6,000 records that each have a price of their own, then it is one batch', async () => {
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    const countries = letters.flatMap((first) => letters.map((second) => first + second)).slice(0, 500);
    const international = Object.fromEntries(countries.map((country) => [country, '0.1']));
    await world.run((tx) => insertTariff(tx, { ...TARIFF, id: 'everywhere', international }, NOW));
    const account = await world.openAccount({ tariffId: 'everywhere' });
    const reports = countries.flatMap((country) =>
      TEMPLATE_TYPES.flatMap((templateType) =>
        [0, 31, 62, 93].map((days) =>
          aReport({ destination: 'international', country, templateType, at: NOW.subtract({ hours: 24 * days }) }),
        ),
      ),
    );
    expect(await account.meter(reports)).toMatchObject({ accepted: 6_000, unpriced: 0 });
    expect((await account.read()).money.balance).toBe(yuan('-600'));
    await expectBooksRight(db, account.id);
  });

  test('given a batch of 10,000 records that each have an hour of their own, then it is one batch', async () => {
    const account = await openAccount();
    const reports = Array.from({ length: 10_000 }, (_, hour) =>
      aReport({ at: NOW.subtract({ hours: hour }), status: hour % 100 === 0 ? 'failed' : 'delivered' }),
    );
    expect(await account.meter(reports)).toMatchObject({ accepted: 10_000 });
    expect(await account.meter(reports.map((report) => ({ ...report, segments: 2 })))).toMatchObject({ accepted: 0 });
    const { rows } = await sql<{ count: bigint }>`
      select count(*) from rejected_usage where account_id = ${account.id}`.execute(db.kysely);
    expect(rows).toEqual([{ count: 10_000n }]);
    await expectBooksRight(db, account.id);
  });
});

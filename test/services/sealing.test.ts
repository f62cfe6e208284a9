import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { UsageReport } from '../../src/domain/usage.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { PastIds } from '../../src/services/past-ids.ts';
import { sealMonths } from '../../src/services/sealing.ts';
import { readSealedUntil } from '../../src/store/sealed-months.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();

describe('ids of sealed months (rule 1)', () => {
  // Sealing is for all accounts, so the tests share a clock that goes forward only.
  let world: BillingWorld;

  beforeAll(async () => {
    world = await BillingWorld.on(db);
  });

  const now = () => world.clock.now();
  const seal = () => sealMonths(db.kysely, now());

  /** So much later, with the months before sealed as far as they can be. */
  async function pass(days: number): Promise<void> {
    world.pass({ hours: 24 * days });
    await seal();
  }

  /** As a replica of its own takes it, with what it holds in memory. */
  async function meterBy(pastIds: PastIds, account: TestAccount, reports: readonly UsageReport[]) {
    for (const { at } of reports) await ensurePartitions(db.kysely, at, at);
    return world.run((tx) => meterUsage({ ...world.context, pastIds }, tx, account.id, reports));
  }

  function searchOf(pastIds: PastIds, account: TestAccount, ids: readonly string[]) {
    return world.run((tx) => pastIds.search(tx, account.id, ids, now()));
  }

  test('given an id of a year ago, then the same report is a duplicate and another time is a conflict', async () => {
    const account = await world.openAccount();
    const report = aReport({ at: now() });
    await account.meter([report]);
    await pass(370);
    expect(await account.meter([report, aReport({ at: now() })])).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(await account.meter([{ ...report, at: now() }])).toMatchObject({ accepted: 0, conflicts: [report.id] });
    expect(await account.meter([{ ...report, segments: 9 }])).toMatchObject({ accepted: 0, conflicts: [report.id] });
    await expectBooksRight(db, account.id);
  });

  test('given a message of a sealed month that was only submitted, then its delivery moves it on', async () => {
    const account = await world.openAccount();
    const report = aReport({ at: now(), status: 'submitted' });
    await account.meter([report]);
    await pass(40);
    expect(await account.meter([{ ...report, status: 'delivered' }])).toMatchObject({ accepted: 1, conflicts: [] });
    expect(await account.meter([{ ...report, status: 'delivered' }])).toMatchObject({ duplicates: 1 });
    await expectBooksRight(db, account.id);
  });

  test('given a message that arrives when its month is sealed already, then it is known from then on', async () => {
    const account = await world.openAccount();
    await account.meter([aReport({ at: now() })]);
    await pass(70);
    const late = aReport({ at: now().subtract({ hours: 24 * 60 }) });
    expect(await account.meter([late])).toMatchObject({ accepted: 1 });
    expect(await account.meter([late])).toMatchObject({ duplicates: 1 });
    expect(await account.meter([{ ...late, at: now() }])).toMatchObject({ conflicts: [late.id] });
    expect(await meterBy(new PastIds(), account, [{ ...late, at: now() }])).toMatchObject({ conflicts: [late.id] });
    await pass(400);
    expect(await account.meter([{ ...late, at: now() }])).toMatchObject({ conflicts: [late.id] });
    await expectBooksRight(db, account.id);
  });

  test('given sealed months, then they are searched for none but what may be in them', async () => {
    const [account, other] = [await world.openAccount(), await world.openAccount()];
    const old = Array.from({ length: 50 }, () => aReport({ id: randomUUID(), at: now() }));
    await account.meter(old);
    const ids = old.map(({ id }) => id);
    const pastIds = new PastIds();
    const before = await searchOf(pastIds, account, ids);
    expect(before.suspects).toEqual([]);
    await pass(40);
    const sealedUntil = await readSealedUntil(db.kysely);
    expect(sealedUntil).not.toEqual(before.openFrom);
    expect(await searchOf(pastIds, account, ids)).toEqual({ openFrom: sealedUntil, suspects: ids });
    expect(await searchOf(pastIds, other, ids)).toEqual({ openFrom: sealedUntil, suspects: [] });
    const fresh = Array.from({ length: 2_000 }, () => randomUUID());
    const { suspects } = await searchOf(pastIds, account, fresh);
    // Two are expected.
    expect(suspects.length).toBeLessThan(20);
  });

  test('given more filters than may be held in memory, then every month is searched', async () => {
    const account = await world.openAccount();
    const report = aReport({ at: now() });
    await account.meter([report]);
    await pass(40);
    const small = new PastIds(501);
    expect(await searchOf(small, account, [report.id])).toEqual({ openFrom: null, suspects: [] });
    expect(await meterBy(small, account, [{ ...report, at: now() }])).toMatchObject({ conflicts: [report.id] });
  });

  test('given a sealing that was broken off, then it is taken up, and what it wrote is made anew', async () => {
    const account = await world.openAccount();
    const report = aReport({ at: now() });
    await account.meter([report]);
    const month = `${report.at.toString().slice(0, 7)}-01T00:00:00Z`;
    await sql`
      insert into id_filters (account_id, month_begins_at, part, bits)
      values (${account.id}, ${month}, 0, '\\x0000')`.execute(db.kysely);
    expect((await searchOf(new PastIds(), account, [report.id])).suspects).toEqual([]);
    world.pass({ hours: 24 * 40 });
    expect(await Promise.all([seal(), seal()])).toContain(1);
    expect((await searchOf(new PastIds(), account, [report.id])).suspects).toEqual([report.id]);
    expect(await seal()).toBe(0);
  });

  test('given any order of reports, times and sealings on two replicas, then each id is one message', async () => {
    const step = fc.record({
      id: fc.nat(6),
      daysAgo: fc.constantFrom(0, 0, 1, 5, 30, 60, 89),
      replica: fc.nat(2),
      daysLater: fc.constantFrom(0, 0, 0, 1, 4, 20, 35),
      seals: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const account = await world.openAccount();
        // One of them can hold the filter of one month, and no more.
        const replicas = [new PastIds(), new PastIds(), new PastIds(520)] as const;
        const times = new Map<string, Temporal.Instant>();
        for (const { id, daysAgo, replica, daysLater, seals } of steps) {
          world.pass({ hours: 24 * daysLater });
          if (seals) await seal();
          const at = now().subtract({ hours: 24 * daysAgo });
          const first = times.get(`id-${id}`);
          const expected = first === undefined ? 'accepted' : first.equals(at) ? 'duplicate' : 'conflict';
          if (!first) times.set(`id-${id}`, at);
          const outcome = await meterBy(replicas[replica] ?? replicas[0], account, [aReport({ id: `id-${id}`, at })]);
          expect(outcome.reports).toEqual([expected]);
        }
      }),
      { numRuns: 25 },
    );
  });
});

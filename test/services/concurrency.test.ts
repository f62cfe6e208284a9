import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import type { UsageReport } from '../../src/domain/usage.ts';
import { openDatabase } from '../../src/store/database.ts';
import { BillingWorld, kinds, OFFERS, TARIFF } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, NOW, yuan } from '../support/builders.ts';
import { Oracle } from '../support/oracle.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** What the database's log says of transactions that had to be run again, after a deadlock for example. */
const rerun: string[] = [];
const { url } = await createTestDatabase();
const db = openDatabase({ url, logger: pino({ level: 'debug' }, { write: (line: string) => rerun.push(line) }) });
afterAll(() => db.close());
const world = await BillingWorld.on(db);

/** The test's price list, as the oracle is told it. */
const ORACLE_TARIFF = {
  from: Temporal.Instant.from(TARIFF.effectiveFrom),
  mode: TARIFF.mode,
  planUsageCounts: TARIFF.planUsageCounts,
  mainland: Object.fromEntries(
    Object.entries(TARIFF.mainland).map(([type, steps]) => [
      type,
      steps.map(({ upTo, price }) => ({ upTo, micro: Number(yuan(price)) })),
    ]),
  ),
  international: Object.fromEntries(
    Object.entries(TARIFF.international).map(([country, price]) => [country, Number(yuan(price))]),
  ),
};

describe('many connections on one account (rule 8)', () => {
  test('given metering, recharges, grants and reviews of one account at once, then nothing deadlocks and nothing is lost', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.renewal({ threshold: 400n, offerId: 'sms-5000', purchasesPerDay: 2 });
    await account.recharge('10000');
    const reports = Array.from(
      { length: 2_000 },
      (_, index): UsageReport =>
        aReport({
          segments: 1 + (index % 3),
          ...(index % 10 === 0 ? { destination: 'international', country: 'HK' } : {}),
        }),
    );
    const work: (() => Promise<unknown>)[] = [];
    for (let start = 0; start < reports.length; start += 50) {
      const batch = reports.slice(start, start + 50);
      work.push(() => account.meter(batch));
      // The gateway repeats what it is not sure of.
      if (start % 200 === 0) work.push(() => account.meter(batch.toReversed()));
    }
    for (let count = 0; count < 20; count += 1) {
      work.push(
        () => account.recharge('1.5', `key-${count % 10}`),
        () => account.review(),
      );
      if (count % 5 === 0) work.push(() => account.grant('sms-100', `grant-${count}`));
    }
    // Spread over each other, so that every kind of work meets every other.
    await Promise.all(work.map((_, index) => work[(index * 37) % work.length]?.()));

    expect(work.length % 37).not.toBe(0);
    expect(rerun).toEqual([]);
    await expectBooksRight(db, account.id);
    const { rows } = await sql<{ records: bigint; segments: bigint }>`
      select count(*) as records, sum(segments)::bigint as segments from usage_records
      where account_id = ${account.id} and billing = 'charged'`.execute(db.kysely);
    expect(rows).toEqual([
      { records: 2_000n, segments: reports.reduce((sum, report) => sum + BigInt(report.segments), 0n) },
    ]);

    // Money: what came in, less what plans and usage cost. Who got the quota depends on the order; what that costs does not.
    const plans = await account.plans();
    expect(plans.filter(({ source }) => source === 'grant')).toHaveLength(4);
    const covered = plans.reduce((sum, plan) => sum + plan.total - plan.remaining, 0n);
    const oracle = new Oracle({
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      tariffs: [ORACLE_TARIFF],
    });
    oracle.addPlan({ id: 'all', segments: Number(covered), from: NOW, until: NOW.add({ hours: 1 }) });
    for (const report of reports) oracle.report(report);
    const renewals = plans.filter(({ source }) => source === 'renewal');
    const spent = BigInt(oracle.result.micro) + renewals.reduce((sum, plan) => sum + plan.price, 0n);
    expect((await account.read()).money.balance).toBe(yuan('10015') - spent);
    expect(renewals.length).toBeLessThanOrEqual(2);
    expect(kinds(await account.told()).filter((kind) => kind === 'renewed')).toHaveLength(renewals.length);
  });

  test('rule 1: given the same records from two connections at once, in any order, then each is billed once and nothing deadlocks', async () => {
    const account = await world.openAccount();
    await account.recharge('10000');
    for (let round = 0; round < 8; round += 1) {
      const reports = Array.from({ length: 300 }, () => aReport({ id: randomUUID() }));
      const outcomes = await Promise.all([
        account.meter(reports),
        account.meter(reports.toReversed()),
        account.meter([...reports.slice(150), ...reports.slice(0, 150)]),
      ]);
      expect(outcomes.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(300);
      expect(outcomes.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(600);
    }
    expect(rerun).toEqual([]);
    await expectBooksRight(db, account.id);
  });

  test('rule 1: given records that have little in common, from two connections at once, then nothing deadlocks', async () => {
    const account = await world.openAccount();
    for (let round = 0; round < 10; round += 1) {
      const reports = Array.from({ length: 400 }, (_, index) =>
        aReport({ id: randomUUID(), segments: 1 + ((index * 7) % 400), at: NOW.subtract({ minutes: index }) }),
      );
      await Promise.all([
        account.meter(reports.slice(0, 300)),
        account.meter(reports.slice(100).toReversed()),
        account.meter([...reports.slice(200), ...reports.slice(0, 100)]),
      ]);
    }
    expect(rerun).toEqual([]);
    await expectBooksRight(db, account.id);
  });

  test('rules 1 and 2: given submissions, deliveries and contradictions of the same records at once, then each record is charged once', async () => {
    const account = await world.openAccount();
    await account.recharge('10000');
    for (let round = 0; round < 4; round += 1) {
      const delivered = Array.from({ length: 100 }, () => aReport({ id: randomUUID() }));
      const submitted = delivered.map((report) => ({ ...report, status: 'submitted' as const }));
      const moved = delivered.map((report) => ({ ...report, at: report.at.subtract({ hours: 1 }) }));
      const ofAnotherMonth = delivered.map((report) => ({ ...report, at: report.at.subtract({ hours: 24 * 40 }) }));
      await Promise.all([
        account.meter(submitted),
        account.meter(delivered.toReversed()),
        account.meter(moved),
        account.meter(ofAnotherMonth),
        account.meter(delivered),
      ]);
    }
    const { rows } = await sql<{ records: bigint; ids: bigint; charged: bigint }>`
      select count(*) as records, count(distinct record_id) as ids,
        count(*) filter (where billing = 'charged' and status = 'delivered') as charged
      from usage_records where account_id = ${account.id}`.execute(db.kysely);
    expect(rows[0]?.records).toBe(400n);
    expect(rows[0]?.ids).toBe(400n);
    expect(rows[0]?.charged).toBe(400n);
    await expectBooksRight(db, account.id);
  });

  test('rule 8: given the same recharge from ten connections at once, then it is booked once', async () => {
    const account = await world.openAccount();
    const booked = await Promise.all(Array.from({ length: 10 }, () => account.recharge('5', 'same')));
    expect(booked.filter(Boolean)).toHaveLength(1);
    expect((await account.read()).money.balance).toBe(yuan('5'));
    expect(kinds(await account.told())).toEqual(['recharged']);
  });

  test('given the same grant from ten connections at once, then it is one plan', async () => {
    const account = await world.openAccount();
    const plans = await Promise.all(Array.from({ length: 10 }, () => account.grant('sms-100', 'same')));
    expect(new Set(plans.map(({ id }) => id)).size).toBe(1);
    expect(await account.plans()).toMatchObject([{ remaining: 100n, total: OFFERS.at(-1)?.segments }]);
  });
});

import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LimitKey } from '../../src/domain/limit.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { yuan } from '../support/builders.ts';
import { DAY_MONEY, DAY_SEGMENTS, limit, MONTH_MONEY, MONTH_SEGMENTS, sending } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cut, HISTORY_START, histories } from '../support/usage-histories.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

const ZONES = ['Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'];

/** What was used in the present day or month, from the records and hours themselves, by the database's own calendar. */
async function derivedUse(account: TestAccount, { period, unit }: LimitKey, zone: string): Promise<bigint> {
  const format = period === 'day' ? 'YYYY-MM-DD' : 'YYYY-MM';
  const now = world.clock.now();
  const { rows } = await sql<{ used: bigint }>`
    select coalesce(sum(segments), 0)::bigint as used from usage_records
    where account_id = ${account.id} and billing in ('charged', 'unpriced')
      and to_char(at at time zone ${zone}, ${format}) >= to_char(${now}::timestamptz at time zone ${zone}, ${format})`.execute(
    db.kysely,
  );
  const money = await sql<{ used: bigint }>`
    select coalesce(sum(amount), 0)::bigint as used from hourly_usage
    where account_id = ${account.id}
      and to_char(hour at time zone ${zone}, ${format}) >= to_char(${now}::timestamptz at time zone ${zone}, ${format})`.execute(
    db.kysely,
  );
  return (unit === 'segments' ? rows[0]?.used : money.rows[0]?.used) ?? 0n;
}

describe('caps over generated histories', () => {
  test('given any history in any batches and caps that are raised, then sending is capped exactly from when the use of the present period reaches the stop until the stop is above it', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories(),
        fc.boolean(),
        fc.array(fc.nat(80), { maxLength: 12 }),
        fc.constantFrom(...ZONES),
        fc.constantFrom(DAY_SEGMENTS, MONTH_SEGMENTS, DAY_MONEY, MONTH_MONEY),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.nat(20), { maxLength: 6 }),
        async (history, inOrder, points, zone, key, first, raises) => {
          // An hour is the smallest piece of money that the history keeps, and half of one is beyond a half-hour zone's midnight.
          fc.pre(key.unit === 'segments' || zone !== 'Asia/Kolkata');
          const reports = inOrder ? history.toSorted((a, b) => Temporal.Instant.compare(a.at, b.at)) : history;
          world.clock.set(HISTORY_START);
          const account = await world.openAccount({ timeZone: zone });
          await account.recharge('1000');
          let stop = key.unit === 'money' ? yuan('0.1') * BigInt(first) : BigInt(first);
          let isCapped = false;
          await limit(world, account, key, stop);
          for (const [index, batch] of cut(reports, points).entries()) {
            for (const { at } of batch) if (Temporal.Instant.compare(at, world.clock.now()) > 0) world.clock.set(at);
            await account.meter(batch);
            const used = await derivedUse(account, key, zone);
            isCapped ||= used >= stop;
            expect(await sending(world, account)).toEqual(isCapped ? ['capped', 'capped'] : ['allowed']);
            const higher = raises[index];
            if (higher === undefined) continue;
            stop += key.unit === 'money' ? yuan('0.1') * BigInt(higher) : BigInt(higher);
            isCapped = used >= stop;
            await limit(world, account, key, stop);
            expect(await sending(world, account)).toEqual(isCapped ? ['capped', 'capped'] : ['allowed']);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('given any history, then what was used in each day and month is the same, however it is cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories(),
        fc.array(fc.nat(80), { maxLength: 12 }),
        fc.constantFrom(...ZONES),
        async (reports, points, zone) => {
          const results = [];
          for (const batches of [[reports], cut(reports, points)]) {
            world.clock.set(HISTORY_START);
            const account = await world.openAccount({ timeZone: zone });
            for (const batch of batches) await account.meter(batch);
            const { rows } = await sql`
              select period, segments, amount from period_use where account_id = ${account.id} order by 1`.execute(
              db.kysely,
            );
            results.push(rows);
          }
          expect(results[1]).toEqual(results[0]);
        },
      ),
      { numRuns: 15 },
    );
  });
});

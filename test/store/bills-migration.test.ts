import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { closeBill } from '../../src/services/bills.ts';
import { listBills } from '../../src/store/bills.ts';
import { inTransaction } from '../../src/store/database.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { TARIFF } from '../support/billing-world.ts';
import { at } from '../support/builders.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

const SHANGHAI = '00000000-0000-4000-8000-000000000001';
const NEW_YORK = '00000000-0000-4000-8000-000000000002';
const CHARGES = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];

test('given accounts with a history from before there were bills, when it is migrated, then each entry has its month, and the bills are made up', async () => {
  await migrateTo(db, '0003');
  await history();
  await migrateToLatest(db);

  const { rows: accounts } = await sql`
    select account_id, first_month, open_month, month_ends_at from accounts order by account_id`.execute(db.kysely);
  expect(accounts).toEqual([
    { account_id: SHANGHAI, first_month: '2026-01', open_month: '2026-01', month_ends_at: at('2026-02-01') },
    {
      account_id: NEW_YORK,
      first_month: '2026-02',
      open_month: '2026-02',
      month_ends_at: Temporal.Instant.from('2026-03-01T00:00:00-05:00'),
    },
  ]);
  const { rows: transfers } = await sql`select key, month from transfers order by key`.execute(db.kysely);
  expect(transfers).toEqual([
    { key: `charge/${CHARGES[0]}`, month: '2026-01' },
    { key: `charge/${CHARGES[1]}`, month: '2026-02' },
    { key: 'recharge/early', month: '2026-02' },
    { key: 'recharge/late', month: '2026-02' },
    { key: 'recharge/new-york', month: '2026-02' },
  ]);
  await expect(sql`update transfers set month = '2026-01'`.execute(db.kysely)).rejects.toThrow(/append-only/);

  const context = {
    clock: new ManualClock(at('2026-03-02T23:00')),
    compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
  };
  for (const account of [SHANGHAI, NEW_YORK]) {
    while (await inTransaction(db, (tx) => closeBill(context, tx, account)));
  }
  const bills = await listBills(db.kysely, SHANGHAI);
  expect(bills.map(({ month, figures }) => [month, figures.opening, figures.payg, figures.closing])).toEqual([
    ['2026-01', 0n, -45_000n, -40_000n],
    ['2026-02', -40_000n, -45_000n, 2_920_000n],
  ]);
  expect((await listBills(db.kysely, NEW_YORK)).map(({ month }) => month)).toEqual(['2026-02']);
  expect(await findDifferences(db.kysely, null)).toEqual([]);
});

/** Two accounts: one opened in January with usage of two months and a charge that was booked late, one in another zone. */
async function history(): Promise<void> {
  const run = (statement: ReturnType<typeof sql>) => statement.execute(db.kysely);
  await run(sql`insert into tariffs values
    ('test', 1, 'CNY', '2020-01-01T00:00:00Z', ${JSON.stringify(TARIFF)}::jsonb, now())`);
  await run(sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, balance, next_review_at, created_at)
    values
      (${SHANGHAI}, 'Shanghai', 'CNY', 'Asia/Shanghai', 'test', 'notification', 2910000, now(), ${at('2026-01-31T23:59')}),
      (${NEW_YORK}, 'New York', 'CNY', 'America/New_York', 'test', 'notification', 1000000, now(), '2026-03-01T04:59:59Z')`);
  await run(
    sql`create table usage_records_2026 partition of usage_records for values from ('2026-01-01') to ('2027-01-01')`,
  );
  for (const [index, sent] of [at('2026-01-31T23:59:30'), at('2026-02-01')].entries()) {
    const month = index === 0 ? '2026-01' : '2026-02';
    const id = CHARGES[index];
    await run(sql`
      insert into usage_records (account_id, record_id, at, destination, template_type, segments, status, billing, batch_id, received_at)
      values (${SHANGHAI}, ${month}, ${sent}, 'mainland', 'notification', 1, 'delivered', 'charged', ${id}, now())`);
    await run(sql`
      insert into charges (account_id, charge_id, batch_id, kind, month, destination, template_type, tariff_version, tier, segments,
        unit_price, amount, at)
      values (${SHANGHAI}, ${id}, ${id}, 'payg', ${month}, 'mainland', 'notification', 1, 0, 1, 45000, 45000, ${at('2026-02-01')})`);
    await run(sql`
      insert into transfers values (${SHANGHAI}, gen_random_uuid(), ${`charge/${id}`}, 'payg', 'CNY', 'cash', 'payg', 45000,
        ${at('2026-02-01')}, ${JSON.stringify({ month })}::jsonb)`);
    await run(sql`
      insert into monthly_volumes (account_id, month, destination, template_type, tariff_version, payg_segments, charged)
      values (${SHANGHAI}, ${month}, 'mainland', 'notification', 1, 1, 45000)`);
    await run(sql`
      insert into hourly_usage (account_id, hour, destination, template_type, payg_segments, amount)
      values (${SHANGHAI}, date_trunc('hour', ${sent}::timestamptz), 'mainland', 'notification', 1, 45000)`);
  }
  await run(sql`
    insert into transfers values
      (${SHANGHAI}, gen_random_uuid(), 'recharge/early', 'recharge', 'CNY', 'funding', 'cash', 1000000, ${at('2026-02-01')}),
      (${SHANGHAI}, gen_random_uuid(), 'recharge/late', 'recharge', 'CNY', 'funding', 'cash', 2000000, ${at('2026-02-28T23:59')}),
      (${NEW_YORK}, gen_random_uuid(), 'recharge/new-york', 'recharge', 'CNY', 'funding', 'cash', 1000000, '2026-03-01T04:59:59Z')`);
}

import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { listBills } from '../../src/store/bills.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { insertOldAccount, migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given bills from before there were withdrawals, then they have none and are as they were, and a bill adds up with them', async () => {
  await migrateTo(db, '0020');
  const account = await insertOldAccount(db);
  const values = sql`${account}, '2026-01', 0, 500, -100, -50, 20, -30, 10, 5, 355, now()`;
  await sql`
    insert into bills (account_id, month, opening, recharges, purchases, renewals, refunds, payg, corrections, rounding, closing, closed_at)
    values (${values})`.execute(db.kysely);

  await migrateToLatest(db);

  expect(await listBills(db.kysely, account)).toMatchObject([
    { month: '2026-01', figures: { opening: 0n, recharges: 500n, withdrawals: 0n, rounding: 5n, closing: 355n } },
  ]);
  const insert = (month: string, closing: number) =>
    sql`
      insert into bills (account_id, month, opening, recharges, withdrawals, purchases, renewals, refunds, payg, corrections, rounding,
        closing, closed_at)
      values (${account}, ${month}, 355, 0, -55, 0, 0, 0, 0, 0, 0, ${closing}, now())`.execute(db.kysely);
  await insert('2026-02', 300);
  await expect(insert('2026-03', 355)).rejects.toMatchObject({ code: '23514' });
  await expect(sql`update bills set withdrawals = 1`.execute(db.kysely)).rejects.toThrow(/append-only/);
});

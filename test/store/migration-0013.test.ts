import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readOpenAlerts } from '../../src/store/alerts.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { insertOldAccount, migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given alerts and a failed renewal from before they could be answered, then each has a code of its own and nobody has been told of it', async () => {
  await migrateTo(db, '0010');
  const account = await insertOldAccount(db);
  for (let index = 0; index < 20; index += 1) {
    await sql`
      insert into alerts (account_id, alert_id, kind, subject, level, opened_at, level_since)
      values (${account}, ${randomUUID()}, 'plan_expiring', ${`p${index}`}, 1, now(), now())`.execute(db.kysely);
  }
  await sql`
    insert into alerts (account_id, alert_id, kind, subject, level, opened_at, level_since, closed_at)
    values (${account}, ${randomUUID()}, 'overdue', '', 2, now(), now(), now())`.execute(db.kysely);
  const renewal = randomUUID();
  await sql`
    insert into renewals (account_id, renewal_id, trigger, state, reason, offer_id, price, opened_at, attempted_at, next_attempt_at)
    values (${account}, ${renewal}, 'threshold', 'failed', 'insufficient_balance', 'o', 1, now(), now(), now())`.execute(
    db.kysely,
  );

  await migrateToLatest(db);

  const open = await readOpenAlerts(db.kysely, account);
  expect(open).toHaveLength(21);
  expect(new Set(open.map(({ code }) => code)).size).toBe(21);
  for (const alert of open) {
    expect(alert.code).toMatch(/^[A-HJ-NP-Z][2-9][A-HJ-NP-Z]$/);
    expect(alert).toMatchObject({ told: null, toldAt: null, acknowledged: null, snoozed: null, repeats: 0 });
  }
  expect(open.filter(({ kind }) => kind === 'renewal')).toMatchObject([{ subject: renewal, level: 2 }]);
  await expect(
    sql`update alerts set acked_at = now() where account_id = ${account}`.execute(db.kysely),
  ).rejects.toMatchObject({ code: '23514' });
});

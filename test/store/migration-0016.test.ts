import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readAlertByCode, readOpenAlerts } from '../../src/store/alerts.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { readSettings } from '../../src/store/settings.ts';
import { insertOldAccount, migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given an account that is overdue soon, then that is the second level of its low balance, with all that was told and answered, and no amount is set', async () => {
  await migrateTo(db, '0015');
  const account = await insertOldAccount(db);
  await sql`
    insert into account_settings (account_id, alert_share, alerts_to, escalate_after_minutes, spike_factor, changed_at)
    values (${account}, 20, 'both', 30, 5, now())`.execute(db.kysely);
  const told = {
    announcement: { kind: 'overdue_expected', available: { $n: '1' }, runwayDays: 2.5 },
    at: { $at: '2026-03-10T04:00:00Z' },
  };
  await sql`
    insert into alerts (account_id, alert_id, kind, subject, level, opened_at, level_since, code, told, told_at, awaited_since,
      acked_at, acked_by, acked_name, repeats, closed_at)
    values
      (${account}, ${randomUUID()}, 'overdue_expected', '', 1, now(), now(), 'K7M', ${JSON.stringify(told)}::jsonb, now(), now(),
        now(), 'zhangwei', '张伟', 1, null),
      (${account}, ${randomUUID()}, 'overdue_expected', '', 1, now(), now(), 'B2C', null, null, null, null, null, null, 0, now()),
      (${account}, ${randomUUID()}, 'overdue', '', 2, now(), now(), 'D3E', null, null, null, null, null, null, 0, null)`.execute(
    db.kysely,
  );

  await migrateToLatest(db);

  expect(await readOpenAlerts(db.kysely, account)).toMatchObject([
    {
      ...{ kind: 'low_balance', level: 2, code: 'K7M', repeats: 1, acknowledged: { byName: '张伟' } },
      told: { announcement: { kind: 'overdue_expected', available: 1n, runwayDays: 2.5 } },
    },
    { kind: 'overdue', level: 2, code: 'D3E' },
  ]);
  expect(await readAlertByCode(db.kysely, account, 'B2C')).toMatchObject({
    episode: { kind: 'low_balance', level: 2 },
  });
  expect(await readSettings(db.kysely, account)).toMatchObject({
    alertShare: 20,
    alertsTo: 'both',
    balanceAlert: null,
  });
  await expect(
    sql`update account_settings set balance_alert = 5 where account_id = ${account}`.execute(db.kysely),
    'an amount has a moment from which it holds',
  ).rejects.toMatchObject({ code: '23514' });
});

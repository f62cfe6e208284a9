import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { lastSlot } from '../../src/store/job-runs.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { readSettings } from '../../src/store/settings.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given runs and settings from before, then slots keep what came of them, one that never ended has failed, and who chose a time for a daily summary has it', async () => {
  await migrateTo(db, '0003');
  const [chosen, untouched] = [randomUUID(), randomUUID()];
  for (const id of [chosen, untouched]) {
    await sql`
      insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at)
      values (${id}, '旧账户', 'CNY', 'Asia/Tokyo', 't', 'notification', now(), now())`.execute(db.kysely);
  }
  await sql`
    insert into job_runs (job, slot, started_at, finished_at, outcome) values
      ('housekeeping', '2026-03-01T03:00:00Z', '2026-03-01T03:00:01Z', '2026-03-01T03:00:03.5Z', 'forgot 3 messages'),
      ('reconciliation', '2026-03-01T19:30:00Z', '2026-03-01T19:30:01Z', null, null)`.execute(db.kysely);
  await migrateTo(db, '0010');
  for (const id of [chosen, untouched]) {
    await sql`
      insert into account_settings (account_id, alerts_to, escalate_after_minutes, spike_factor, digest_at, changed_at)
      values (${id}, 'group', 30, 5, '09:00', now())`.execute(db.kysely);
  }
  const details = { action: { type: 'change_settings', setting: 'digest_at', before: '08:00', after: '09:00' } };
  await sql`
    insert into audit (account_id, audit_id, at, ordinal, actor_kind, deed, details, outcome, via)
    values (${chosen}, ${randomUUID()}, now(), 0, 'system', 'decided', ${JSON.stringify(details)}::jsonb, 'done', 'service')`.execute(
    db.kysely,
  );

  await migrateToLatest(db);

  expect(await lastSlot(db.kysely, 'housekeeping')).toMatchObject({
    state: 'done',
    outcome: 'forgot 3 messages',
    durationMs: 2500,
    attempts: 1,
  });
  expect(await lastSlot(db.kysely, 'reconciliation')).toMatchObject({ state: 'failed', outcome: 'interrupted' });
  expect(await readSettings(db.kysely, chosen)).toMatchObject({ digestAt: '09:00', monthlyDigestAt: '09:00' });
  expect(await readSettings(db.kysely, untouched)).toMatchObject({ digestAt: null, monthlyDigestAt: '09:00' });
  const { rows } = await sql<{ account_id: string; is_at_nine: boolean; is_ahead: boolean }>`
    select account_id, to_char(due_at at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI') = period || ' 09:00' as is_at_nine,
      due_at > now() as is_ahead
    from digests where kind = 'daily'`.execute(db.kysely);
  expect(rows).toEqual([{ account_id: chosen, is_at_nine: true, is_ahead: true }]);
});

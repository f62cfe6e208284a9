import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given usage from before, then what arrived more than four days after it was sent is noted as late', async () => {
  await migrateTo(db, '0015');
  await sql`
    create table usage_records_2026_02 partition of usage_records for values from ('2026-02-01Z') to ('2026-03-01Z')`.execute(
    db.kysely,
  );
  const accountId = randomUUID();
  for (const [id, receivedAt] of [
    ['in time', '2026-02-14T12:00:00Z'],
    ['late', '2026-02-14T12:00:00.001Z'],
  ]) {
    await sql`
      insert into usage_records (account_id, record_id, at, destination, country, template_type, segments, status, billing,
        batch_id, received_at)
      values (${accountId}, ${id}, '2026-02-10T12:00:00Z', 'mainland', null, 'notification', 1, 'delivered', 'charged',
        ${randomUUID()}, ${receivedAt})`.execute(db.kysely);
  }

  await migrateToLatest(db);

  const { rows } = await sql`select account_id, record_id, at from late_arrivals`.execute(db.kysely);
  expect(rows).toEqual([
    { account_id: accountId, record_id: 'late', at: Temporal.Instant.from('2026-02-10T12:00:00Z') },
  ]);
});

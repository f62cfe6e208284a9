import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });
const accountId = randomUUID();

function insert(id: string, at: string) {
  return sql`
    insert into usage_records (account_id, record_id, at, destination, country, template_type, segments, status, billing,
      batch_id, received_at)
    values (${accountId}, ${id}, ${at}, 'mainland', null, 'notification', 1, 'delivered', 'charged', ${randomUUID()}, ${at})`.execute(
    db.kysely,
  );
}

test('given usage from before, then it is all there, and in each month an id is one message, whatever its time', async () => {
  await migrateTo(db, '0018');
  for (const [month, next] of [
    ['2026-02', '2026-03'],
    ['2026-03', '2026-04'],
  ]) {
    await sql`
      create table ${sql.table(`usage_records_${month?.replace('-', '_')}`)} partition of usage_records
        for values from (${sql.lit(`${month}-01Z`)}) to (${sql.lit(`${next}-01Z`)})`.execute(db.kysely);
  }
  await insert('one', '2026-02-10T12:00:00Z');
  await insert('two', '2026-03-10T12:00:00Z');

  await migrateToLatest(db);

  const { rows } = await sql`select record_id from usage_records order by 1`.execute(db.kysely);
  expect(rows).toEqual([{ record_id: 'one' }, { record_id: 'two' }]);
  await expect(insert('one', '2026-02-11T12:00:00Z')).rejects.toMatchObject({ code: '23505' });
  await expect(insert('two', '2026-03-11T12:00:00Z')).rejects.toMatchObject({ code: '23505' });
});

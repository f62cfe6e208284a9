import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { NO_ACCOUNT } from '../../src/store/notices.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { createTestDatabase } from '../support/test-database.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url));
const { db } = await createTestDatabase({ empty: true });

test('given notices from before they could be merged, when it is migrated, then they are replies or critical, leases hold, and used webhooks are gone', async () => {
  const folder = join(await scratchFolder(), 'migrations');
  await mkdir(folder);
  for (const name of await readdir(MIGRATIONS)) if (name < '0010') await cp(join(MIGRATIONS, name), join(folder, name));
  await migrateToLatest(db, { folder });
  const insert = (key: string, reason: string, state: string, leasedUntil: string | null) =>
    sql`
    insert into notices (account_id, notice_id, key, reason, recipient, target, content, state, next_attempt_at, leased_until,
      queued_at, ordinal)
    values (${NO_ACCOUNT}, ${randomUUID()}, ${key}, ${reason}, 'r', '{"type":"reply","webhook":"https://secret"}', '{}', ${state},
      '2026-03-10T04:00:00Z', ${leasedUntil}, '2026-03-10T04:00:00Z', 1)`.execute(db.kysely);
  await insert('said', 'reply', 'delivered', null);
  await insert('leased', 'quota_low', 'waiting', '2026-03-10T04:02:00Z');
  await insert('waiting', 'reply', 'waiting', null);

  await migrateToLatest(db);
  const { rows } = await sql`
    select key, urgency, merges, next_attempt_at::text as at, target ? 'webhook' as has_webhook from notices order by key`.execute(
    db.kysely,
  );
  expect(rows).toEqual([
    { key: 'leased', urgency: 'critical', merges: false, at: '2026-03-10 04:02:00+00', has_webhook: true },
    { key: 'said', urgency: 'reply', merges: false, at: '2026-03-10 04:00:00+00', has_webhook: false },
    { key: 'waiting', urgency: 'reply', merges: false, at: '2026-03-10 04:00:00+00', has_webhook: true },
  ]);
  await sql`update notices set state = 'dropped' where key = 'said'`.execute(db.kysely);
  await expect(sql`update notices set urgency = 'whenever'`.execute(db.kysely)).rejects.toMatchObject({
    code: '23514',
  });
});

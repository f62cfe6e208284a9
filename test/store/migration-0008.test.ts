import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readAudit } from '../../src/store/audit.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { readSettings } from '../../src/store/settings.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given data from before the audit, then what was done is kept as far as it is known, and nothing else changes', async () => {
  await migrateTo(db, '0003');
  const [account, plan, approval, pending] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const at = '2026-03-01T00:00:00Z';
  await sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at)
    values (${account}, '旧账户', 'CNY', 'Asia/Shanghai', 't', 'notification', ${at}, ${at})`.execute(db.kysely);
  await sql`
    insert into transfers (account_id, transfer_id, key, kind, unit, from_book, to_book, amount, at)
    values (${account}, ${randomUUID()}, 'r', 'recharge', 'CNY', 'funding', 'cash', 5000000, ${at})`.execute(db.kysely);
  await sql`
    insert into plans (account_id, plan_id, key, source, title, total, remaining, price, effective_at, expires_at)
    values (${account}, ${plan}, 'p', 'renewal', '一万条', 10000, 10000, 1000000, '2026-03-02T00:00:00Z', '2027-03-02T00:00:00Z')`.execute(
    db.kysely,
  );
  const action = JSON.stringify({ type: 'switch_auto_renewal', enabled: true });
  await sql`
    insert into approvals (account_id, approval_id, code, action, requested_by, requester_name, requested_at, expires_at, state,
      decided_by, decider_name, decided_at, outcome)
    values (${account}, ${approval}, '7F3K', ${action}, 'lina', '李娜', '2026-03-03T00:00:00Z', '2026-03-04T00:00:00Z', 'approved',
      'zhangwei', '张伟', '2026-03-03T01:00:00Z', 'done'),
      (${account}, ${pending}, '8G4M', ${action}, 'auto-renewal', null, '2026-03-05T00:00:00Z', '2026-03-06T00:00:00Z', 'pending',
      null, null, null, null)`.execute(db.kysely);
  await sql`
    insert into groups (corp_id, conversation_id, account_id, title, language, bound_at, bound_by)
    values ('corp', 'cid', ${account}, '旧群', 'en', '2026-03-06T00:00:00Z', 'zhangwei')`.execute(db.kysely);
  await sql`
    insert into cards (out_track_id, account_id, corp_id, conversation_id, buttons, created_at)
    values ('card', ${account}, 'corp', 'cid', '[]', ${at})`.execute(db.kysely);

  await migrateToLatest(db);

  const kept = await readAudit(db.kysely, { accountId: account, from: null, to: null, limit: 100 });
  expect(kept.map(({ entry }) => entry)).toMatchObject([
    { by: { kind: 'operator' }, deed: { type: 'recharged', amount: '5000000' }, via: 'unrecorded', message: null },
    { by: { kind: 'auto_renewal' }, deed: { type: 'renewed', title: '一万条', segments: '10000', price: '1000000' } },
    { by: { kind: 'person', staffId: 'lina', name: '李娜' }, deed: { type: 'requested' }, approval: { code: '7F3K' } },
    {
      by: { kind: 'person', staffId: 'zhangwei', name: '张伟' },
      deed: { type: 'decided', state: 'approved', action: { type: 'switch_auto_renewal', enabled: true } },
      outcome: 'done',
      approval: { code: '7F3K', requestedBy: 'lina', decidedBy: 'zhangwei' },
    },
    { by: { kind: 'auto_renewal' }, deed: { type: 'requested' }, approval: { code: '8G4M', requesterName: null } },
    { by: { kind: 'person', staffId: 'zhangwei' }, deed: { type: 'group_bound', title: '旧群' } },
  ]);
  expect(await readSettings(db.kysely, account)).toMatchObject({ alertShare: 50, alertsTo: 'group', quietHours: null });
  const card = await db.kysely.selectFrom('cards').select('acts_in').executeTakeFirstOrThrow();
  expect(card.acts_in).toBeNull();
});

test.each([
  ['a person without an id', { actor_kind: 'person', actor_id: null }],
  ['a message that is not named', { via: 'chat', message_id: null }],
  ['an unknown actor', { actor_kind: 'nobody' }],
])('given an entry of %s, then the database refuses it', async (_, fault) => {
  const entry = {
    account_id: randomUUID(),
    audit_id: randomUUID(),
    at: '2026-03-01T00:00:00Z',
    ordinal: 1n,
    actor_kind: 'system',
    deed: 'x',
    details: '{}',
    outcome: 'done',
    via: 'service',
  };
  await expect(
    db.kysely
      .insertInto('audit')
      .values({ ...entry, ...fault } as never)
      .execute(),
  ).rejects.toThrow(/violates check constraint/);
});

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readRenewalHistory } from '../../src/services/renewal-history.ts';
import { readAccount } from '../../src/store/accounts.ts';
import { readPendingApprovals } from '../../src/store/approvals.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { listPlans } from '../../src/store/plans.ts';
import { at, yuan } from '../support/builders.ts';
import { migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given requests, plans and renewals from before, then they stay what they are, a renewal has what it is as its step, and a request that lasts is reminded of', async () => {
  await migrateTo(db, '0003');
  const [account, plan, paid, open] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await sql`
    insert into accounts (account_id, name, currency, time_zone, tariff_id, default_template_type, next_review_at, created_at)
    values (${account}, '旧账户', 'CNY', 'Asia/Shanghai', 't', 'notification', now(), now())`.execute(db.kysely);
  await sql`
    insert into plans (account_id, plan_id, key, source, title, total, remaining, price, effective_at, expires_at)
    values (${account}, ${plan}, 'p', 'renewal', '一万条', 10000, 10000, 1000000, '2026-03-02T00:00:00Z', '2027-03-02T00:00:00Z')`.execute(
    db.kysely,
  );
  await sql`
    insert into renewals (account_id, renewal_id, trigger, state, reason, offer_id, price, plan_id, opened_at, attempted_at, next_attempt_at, closed_at)
    values (${account}, ${paid}, 'threshold', 'paid', null, 'o', 1000000, ${plan}, '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', null, '2026-03-02T00:00:00Z'),
      (${account}, ${open}, 'expiry', 'failed', 'insufficient_balance', 'o', 1000000, null, '2026-03-09T00:00:00Z', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z', null)`.execute(
    db.kysely,
  );
  await sql`
    insert into approvals (account_id, approval_id, code, action, requested_by, requested_at, expires_at, state)
    values (${account}, ${randomUUID()}, '7F3K', '{"type":"switch_auto_renewal","enabled":true}', 'lina', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z', 'pending')`.execute(
    db.kysely,
  );

  await migrateToLatest(db);

  expect(await readAccount(db.kysely, account)).toMatchObject({ twoPerson: false });
  expect(await listPlans(db.kysely, account)).toMatchObject([{ id: plan, remaining: 10_000n, refundedAt: null }]);
  expect(await readPendingApprovals(db.kysely, account)).toMatchObject([
    { code: '7F3K', confirm: false, reason: null, problem: null, remindAt: at('2026-03-10T22:00:00Z') },
  ]);
  const step = { offerId: 'o', price: yuan('1'), missing: null, byName: null };
  expect(await readRenewalHistory(db.kysely, account)).toMatchObject([
    {
      id: open,
      closedAt: null,
      steps: [{ ...step, state: 'failed', reason: 'insufficient_balance', at: at('2026-03-10T00:00:00Z') }],
    },
    { id: paid, steps: [{ ...step, state: 'paid', reason: null, at: at('2026-03-02T00:00:00Z') }] },
  ]);
  const refund = sql`update plans set refunded_at = now() where plan_id = ${plan}`;
  await expect(refund.execute(db.kysely)).rejects.toThrow(/check constraint/);
});

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import { ALWAYS } from '../../src/domain/offer.ts';
import { readPendingApprovals } from '../../src/store/approvals.ts';
import { migrateToLatest } from '../../src/store/migrator.ts';
import { readOffer, readPlanByKey } from '../../src/store/plans.ts';
import { readToldVersion } from '../../src/store/renewals.ts';
import { NOW, yuan } from '../support/builders.ts';
import { insertOldAccount, migrateTo } from '../support/migrations.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given an offer, a plan, a policy and requests from before, then the offer has always been sold as version 1, and each of them names it', async () => {
  await migrateTo(db, '0015');
  const account = await insertOldAccount(db);
  await sql`
    insert into plan_offers (offer_id, title, segments, price, currency, validity_months, renewal_discount_bp)
    values ('o', '五千条', 5000, 170000000, 'CNY', 12, 500)`.execute(db.kysely);
  await sql`
    insert into plans (account_id, plan_id, key, source, offer_id, title, total, remaining, price, effective_at, expires_at)
    values (${account}, ${randomUUID()}, 'with', 'purchase', 'o', '五千条', 5000, 5000, 1, '2026-03-02T00:00:00Z', '2027-03-02T00:00:00Z'),
      (${account}, ${randomUUID()}, 'without', 'grant', null, '一千条', 1000, 1000, 0, '2026-03-02T00:00:00Z', '2027-03-02T00:00:00Z')`.execute(
    db.kysely,
  );
  await sql`
    insert into renewal_policies (account_id, enabled, threshold, offer_id, purchases_per_day, purchases_per_month, changed_at, changed_by)
    values (${account}, true, 1000, 'o', 3, 20, now(), 'zhangwei')`.execute(db.kysely);
  const terms = { offerId: 'o', offerTitle: '五千条', segments: '5000', price: '170000000' };
  const asked: readonly object[] = [
    { type: 'purchase', terms: { ...terms, validityMonths: 12 }, renewal: null, outlook: {} },
    { type: 'purchase', terms, renewal: { ...terms, threshold: '500' }, outlook: {} },
    { type: 'switch_auto_renewal', enabled: true, buysNow: terms },
    { type: 'switch_auto_renewal', enabled: false },
    { type: 'renew', renewalId: randomUUID(), ...terms },
  ];
  for (const [index, action] of asked.entries()) {
    await sql`
      insert into approvals (account_id, approval_id, code, action, requested_by, requested_at, expires_at, state)
      values (${account}, ${randomUUID()}, ${`AAA${index + 2}`}, ${JSON.stringify(action)}, 'lina',
        ${`2026-03-10T00:00:0${index}Z`}, '2026-03-11T00:00:00Z', 'pending')`.execute(db.kysely);
  }

  await migrateToLatest(db);

  const offer = await readOffer(db.kysely, 'o');
  const known = { id: 'o', version: 1, title: '五千条', segments: 5_000n, price: yuan('170'), currency: 'CNY' };
  expect(offer?.versions).toEqual([{ ...known, validityMonths: 12, renewalDiscountBp: 500, effectiveFrom: ALWAYS }]);
  expect(offer?.stateAt(NOW)).toMatchObject({ isSold: true, next: null });
  expect(await readPlanByKey(db.kysely, account, 'with')).toMatchObject({ offerId: 'o', offerVersion: 1 });
  expect(await readPlanByKey(db.kysely, account, 'without')).toMatchObject({ offerId: null, offerVersion: null });
  expect(await readToldVersion(db.kysely, account)).toBe(1);
  const named = { ...terms, offerVersion: 1 };
  const actions: readonly ApprovalAction[] = (await readPendingApprovals(db.kysely, account)).map(
    ({ action }) => action,
  );
  expect(actions).toEqual([
    { ...asked[0], terms: { ...named, validityMonths: 12 } },
    { ...asked[1], terms: named, renewal: { ...named, threshold: '500' } },
    { ...asked[2], buysNow: named },
    asked[3],
    { ...asked[4], ...named },
  ]);

  for (const change of [sql`update plan_offers set price = 1`, sql`delete from plan_offers`]) {
    await expect(change.execute(db.kysely)).rejects.toThrow(/append-only/);
  }
  const half = sql`
    insert into plan_offers (offer_id, version, effective_from, withdrawn, title) values ('o', 2, now(), true, 'x')`;
  await expect(half.execute(db.kysely)).rejects.toThrow(/check constraint/);
});

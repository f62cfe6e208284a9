import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { expireApproval, listPending } from '../../src/services/approvals.ts';
import { readRenewalHistory } from '../../src/services/renewal-history.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { approveRenewal, closeRenewal } from '../../src/store/renewals.ts';
import { ADMIN, BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { buy, decideOn } from '../support/purchases.ts';
import { renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

/** The states of the newest episode's steps, each with its reason. */
async function steps(account: TestAccount): Promise<string[]> {
  const [newest] = await readRenewalHistory(db.kysely, account.id);
  return (newest?.steps ?? []).map(({ state, reason, byName }) => [state, byName, reason].filter(Boolean).join(' '));
}

async function pendingCode(account: TestAccount): Promise<string> {
  const [approval] = await listPending(world.context, db.kysely, account.id);
  if (!approval) throw new Error('nothing waits');
  return approval.code;
}

describe('the history of a renewal (rules 12 to 14)', () => {
  test('rule 12: given a purchase within the limits, then it is paid in one step, with price and plan', async () => {
    const account = await renewingAccount(world, {});
    await account.use(4_500);
    await account.review();
    const [renewal] = await readRenewalHistory(db.kysely, account.id);
    const [plan] = (await account.plans()).filter(({ source }) => source === 'renewal');
    expect(renewal).toMatchObject({
      trigger: 'threshold',
      state: 'paid',
      planId: plan?.plan_id,
      openedAt: NOW,
      closedAt: NOW,
    });
    expect(renewal?.steps).toMatchObject([
      { state: 'paid', price: yuan('170'), offerTitle: '5,000 segments', missing: null },
    ]);
  });

  test('rule 14: given too little money, daily retries and a recharge, then each attempt is kept with what was missing', async () => {
    const account = await renewingAccount(world, { balance: '100' });
    await account.use(4_500);
    await account.review();
    world.pass({ hours: 24 });
    await account.review();
    await account.recharge('1000');
    await account.review();
    expect(await steps(account)).toEqual(['failed insufficient_balance', 'failed insufficient_balance', 'paid']);
    const [renewal] = await readRenewalHistory(db.kysely, account.id);
    expect(renewal?.steps[1]).toMatchObject({ missing: yuan('70'), at: NOW.add({ hours: 24 }) });
  });

  test('rule 17: given an approved renewal that then lacks money, then it shows that it was approved, by whom, and failed', async () => {
    const account = await renewingAccount(world, { balance: '200', approvalAbove: yuan('100') });
    await account.use(4_500);
    await account.review();
    const code = await pendingCode(account);
    await account.use(5_000);
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
    expect(await steps(account)).toEqual(['requested', 'approved 张伟', 'failed insufficient_balance']);
    expect(await account.renewals()).toMatchObject([
      { state: 'failed', approval_id: expect.any(String), closed_at: null },
    ]);
  });

  test('rule 17: given a rejection, an expiry and a price that changed, then each is a step with its reason', async () => {
    const rejected = await renewingAccount(world, { approvalAbove: yuan('100') });
    await rejected.use(4_500);
    await rejected.review();
    await decideOn(world, rejected, await pendingCode(rejected), { approve: false, reason: '太贵' });
    expect(await steps(rejected)).toEqual(['requested', 'stopped 张伟 rejected']);

    const offer = anOffer({ id: 'to-become-dearer' });
    await world.run((tx) => insertOffers(tx, [offer]));
    const expired = await renewingAccount(world, { offerId: offer.id, approvalAbove: yuan('100') });
    await expired.use(4_500);
    await expired.review();
    const code = await pendingCode(expired);
    world.pass({ hours: 24 });
    await world.run((tx) => expireApproval(world.context, tx, expired.id, code));
    world.pass({ hours: 24 });
    await expired.review();
    const dearer = { ...offer, version: 2, effectiveFrom: world.clock.now(), price: yuan('180') };
    await world.run((tx) => insertOffers(tx, [dearer]));
    await decideOn(world, expired, await pendingCode(expired));
    expect(await steps(expired)).toEqual([
      'requested',
      'stopped expired',
      'requested',
      'approved 张伟',
      'stopped price_changed',
    ]);
  });

  test('rule 13: given a guard, then the stop says which, and a plan bought by hand ends the episode (rule 12)', async () => {
    const account = await renewingAccount(world, { moneyPerMonth: yuan('1') });
    await account.use(4_500);
    await account.review();
    await buy(world, account, 'sms-5000');
    await account.review();
    expect(await steps(account)).toEqual(['stopped money_per_month', 'stopped trigger_gone']);
    expect(await account.renewals()).toMatchObject([{ state: 'stopped', reason: 'trigger_gone', closed_at: NOW }]);
  });

  test('given an episode that is over, or none, then no step follows on it', async () => {
    const account = await renewingAccount(world, {});
    await account.use(4_500);
    await account.review();
    const [renewal] = await readRenewalHistory(db.kysely, account.id);
    const id = renewal?.id ?? '';
    const by = { at: NOW, byName: ADMIN.name };
    await expect(world.run((tx) => approveRenewal(tx, account.id, id, by))).rejects.toThrow(/is over/);
    await expect(world.run((tx) => closeRenewal(tx, account.id, id, 'turned_off', NOW))).rejects.toThrow(/is over/);
    expect(await steps(account)).toEqual(['paid']);
  });

  test('given a kept step, then the database lets nobody change or remove it', async () => {
    for (const statement of [
      sql`update renewal_steps set state = 'paid'`,
      sql`delete from renewal_steps`,
      sql`truncate renewal_steps`,
    ]) {
      await expect(world.run((tx) => statement.execute(tx))).rejects.toThrow(/append-only/);
    }
  });
});

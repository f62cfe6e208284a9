import { beforeAll, describe, expect, test } from 'vitest';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { expireApproval, findDecided, listPending } from '../../src/services/approvals.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { readPendingApprovals } from '../../src/store/approvals.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { decideOn, OUTSIDER } from '../support/approvals.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

/** An account whose renewal waits for an administrator, and the code of the request. */
async function askingAccount({ balance = '100000', ...policy }: Partial<RenewalPolicy> & { balance?: string } = {}) {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge(balance);
  await account.grant('sms-5000');
  await account.renewal({ threshold: 1_000n, approvalAbove: yuan('100'), ...policy });
  await account.use(4_500);
  await account.review();
  return { account, code: await pendingCode(account) };
}

async function pendingCode(account: TestAccount): Promise<string> {
  const [approval] = await listPending(world.context, db.kysely, account.id);
  if (!approval) throw new Error('nothing waits for approval');
  return approval.code;
}

async function bought(account: TestAccount) {
  return (await account.plans()).filter(({ source }) => source === 'renewal');
}

describe('a renewal above the amount (rules 13 and 17)', () => {
  test('rule 13: given a price above the amount, then nothing is bought and an administrator is asked, once', async () => {
    const { account, code } = await askingAccount();
    expect((await account.told()).at(-1)).toMatchObject({
      kind: 'approval_requested',
      code,
      requesterName: null,
      expiresAt: NOW.add({ hours: 24 }).toString(),
      action: { type: 'renew', offerId: 'sms-5000', price: String(yuan('170')), segments: '5000' },
    });
    expect(await bought(account)).toEqual([]);
    expect(await account.renewals()).toMatchObject([{ state: 'requested', next_attempt_at: null, closed_at: null }]);
    await account.news();
    world.pass({ hours: 23 });
    await account.review();
    await account.recharge('1');
    await account.review();
    expect(kinds(await account.news())).toEqual(['recharged']);
  });

  test('rule 17: given it is approved, then the plan is bought at the quoted price, the card says who decided, and the alert ends', async () => {
    const { account, code } = await askingAccount();
    await account.news();
    expect(await decideOn(world, account, code)).toMatchObject({
      type: 'decided',
      approval: { outcome: 'done', state: 'approved', deciderName: '张伟', decidedAt: NOW },
    });
    expect(await bought(account)).toMatchObject([{ price: yuan('170'), total: 5_000n }]);
    expect(await account.news()).toMatchObject([
      { kind: 'renewed', price: String(yuan('170')) },
      { kind: 'approval_decided', code, state: 'approved', deciderName: '张伟', outcome: 'done' },
    ]);
    expect(await account.review()).toBe(true);
    expect(await account.read()).toMatchObject({ quotaWatermark: 1_000n });
    expect(await account.news()).toEqual([]);
    await expectBooksRight(db, account.id);
  });

  test('rule 17: given two administrators decide at the same time, then one decides and the other is told who did', async () => {
    const { account, code } = await askingAccount();
    const results = await Promise.all([
      decideOn(world, account, code),
      decideOn(world, account, code, false),
      decideOn(world, account, code),
    ]);
    expect(results.map(({ type }) => type).toSorted()).toEqual(['decided', 'late', 'late']);
    const [decided] = results.filter((result) => result.type === 'decided');
    expect((await bought(account)).length).toBe(decided?.approval.state === 'approved' ? 1 : 0);
    expect(await world.run((tx) => findDecided(tx, account.id, code))).toMatchObject({ deciderName: '张伟' });
  });

  test('rule 17: given it is rejected, then nothing is bought and it is not asked again while the episode lasts', async () => {
    const { account, code } = await askingAccount();
    expect(await decideOn(world, account, code, false)).toMatchObject({
      approval: { outcome: 'declined', state: 'rejected' },
    });
    await account.news();
    for (let day = 1; day <= 3; day += 1) {
      world.clock.set(NOW.add({ hours: 24 * day }));
      await account.review();
    }
    expect(await account.news()).toEqual([]);
    expect(await bought(account)).toEqual([]);

    // A plan that is granted ends the episode; the next one asks anew.
    await account.grant('sms-5000');
    await account.review();
    await account.use(4_900);
    await account.review();
    expect(kinds(await account.news()).filter((kind) => kind.startsWith('approval'))).toEqual(['approval_requested']);
  });

  test('rule 17: given nobody decides, then it expires after 24 hours, and is asked again a day later', async () => {
    const { account, code } = await askingAccount();
    await account.news();
    world.clock.set(NOW.add({ hours: 24 }));
    await world.run((tx) => expireApproval(world.context, tx, account.id, code));
    expect(await account.news()).toMatchObject([
      { kind: 'approval_decided', state: 'expired', deciderName: null, outcome: 'declined' },
    ]);
    expect(await decideOn(world, account, code)).toMatchObject({ type: 'late', approval: { state: 'expired' } });
    await account.review();
    expect(await account.news()).toEqual([]);
    world.clock.set(NOW.add({ hours: 48 }));
    await account.review();
    expect(kinds(await account.news())).toEqual(['approval_requested']);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 17: given nobody decides for months, then it is asked again ever more rarely: after 1, 3 and 7 days, then weekly', async () => {
    const { account } = await askingAccount();
    const days: number[] = [];
    for (let day = 1; day <= 50; day += 1) {
      world.clock.set(NOW.add({ hours: 24 * day }));
      for (const { code } of await readPendingApprovals(db.kysely, account.id)) {
        await world.run((tx) => expireApproval(world.context, tx, account.id, code));
      }
      await account.news();
      await account.review();
      if (kinds(await account.news()).includes('approval_requested')) days.push(day);
    }
    // Each of them was open for a day before the pause began.
    expect(days).toEqual([2, 6, 14, 22, 30, 38, 46]);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 17: given a click in the moment in which it expires, then it is too late, and the card says so', async () => {
    const { account, code } = await askingAccount();
    await account.news();
    world.clock.set(NOW.add({ hours: 24 }));
    expect(await decideOn(world, account, code)).toMatchObject({ type: 'late', approval: { state: 'expired' } });
    expect(kinds(await account.news())).toEqual(['approval_decided']);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 17: given the price has changed meanwhile, then nothing is bought, and the new price is asked for at once', async () => {
    const moving = anOffer({ id: 'moving', price: yuan('170') });
    await world.run((tx) => insertOffers(tx, [moving]));
    const { account, code } = await askingAccount({ offerId: 'moving' });
    await account.news();
    await world.run((tx) => insertOffers(tx, [{ ...moving, version: 2, price: yuan('180') }]));
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    expect(await bought(account)).toEqual([]);
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'approval_decided', outcome: 'price_changed' },
      { kind: 'approval_requested', action: { price: String(yuan('180')) } },
    ]);
    expect(await decideOn(world, account, await pendingCode(account))).toMatchObject({ approval: { outcome: 'done' } });
    expect(await bought(account)).toMatchObject([{ price: yuan('180') }]);
  });

  test('rule 17: given the offer holds fewer segments meanwhile, then that is not what was approved', async () => {
    const shrinking = anOffer({ id: 'shrinking', segments: 5_000n });
    await world.run((tx) => insertOffers(tx, [shrinking]));
    const { account, code } = await askingAccount({ offerId: 'shrinking' });
    await world.run((tx) => insertOffers(tx, [{ ...shrinking, version: 2, segments: 2_000n }]));
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    expect(await bought(account)).toEqual([]);
  });

  test('rule 17: given another offer is chosen meanwhile, then the one that was asked for cannot be approved any more, and the other is not bought unasked', async () => {
    const { account, code } = await askingAccount();
    await account.renewal({ threshold: 600n, offerId: 'sms-5000-off', approvalAbove: yuan('100') });
    await account.review();
    expect(await decideOn(world, account, code)).toMatchObject({
      type: 'late',
      approval: { state: 'closed', outcome: 'no_longer_needed' },
    });
    expect(await bought(account)).toEqual([]);
    expect((await account.told()).findLast(({ kind }) => kind === 'approval_requested')).toMatchObject({
      action: { offerId: 'sms-5000-off', price: String(yuan('161.5')) },
    });
  });

  test('rules 14 and 17: given too little money when it is approved, then it says so and is asked again after a recharge', async () => {
    const { account, code } = await askingAccount({ balance: '200' });
    await account.use(10_000);
    await account.news();
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
    expect(kinds(await account.news())).toEqual(['renewal_failed', 'approval_decided']);
    await account.recharge('10000');
    await account.review();
    expect(kinds(await account.news())).toContain('approval_requested');
    expect(await bought(account)).toEqual([]);
  });

  test('rule 13: given a guard that stops it when it is approved, then it says so', async () => {
    const { account, code } = await askingAccount();
    await account.renewal({ threshold: 1_000n, approvalAbove: yuan('100'), moneyPerMonth: yuan('169') });
    await account.news();
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
    expect(await account.news()).toMatchObject([
      { kind: 'renewal_stopped', guard: 'money_per_month' },
      { kind: 'approval_decided', outcome: 'not_carried_out' },
    ]);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 12: given a plan that was granted meanwhile, then the approval buys nothing', async () => {
    for (const isReviewed of [false, true]) {
      const { account, code } = await askingAccount();
      await account.grant('sms-5000');
      if (isReviewed) await account.review();
      expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
      expect(await bought(account)).toEqual([]);
    }
  });

  test('rule 12: given the request of an episode that has ended, then it does not buy for the next one', async () => {
    const { account, code } = await askingAccount();
    await account.grant('sms-5000');
    await account.review();
    await account.use(4_900);
    await account.review();
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
    expect(await bought(account)).toEqual([]);
    expect(await decideOn(world, account, await pendingCode(account))).toMatchObject({ approval: { outcome: 'done' } });
    expect(await bought(account)).toHaveLength(1);
  });

  test('rule 11: given auto-renewal was turned off meanwhile, then the approval buys nothing', async () => {
    const { account, code } = await askingAccount();
    await account.renewal({ enabled: false, threshold: 1_000n });
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
    expect(await bought(account)).toEqual([]);
  });
});

describe('who may decide (rules 16 and 17)', () => {
  test.each([
    ['a member', MEMBER],
    ['someone from outside', OUTSIDER],
    ['someone with an administrator’s name', { staffId: 'impostor', name: ADMIN.name }],
  ])('rule 16: given %s, then the decision is refused and the request still waits', async (_, actor) => {
    const { account, code } = await askingAccount();
    await expect(decideOn(world, account, code, true, actor)).rejects.toMatchObject({ code: 'not_administrator' });
    expect(await listPending(world.context, db.kysely, account.id)).toHaveLength(1);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 16: given an administrator who was removed after the card was posted, then the decision is refused', async () => {
    const { account, code } = await askingAccount();
    await db.kysely
      .deleteFrom('group_administrators')
      .where('conversation_id', '=', account.group.conversationId)
      .execute();
    await expect(decideOn(world, account, code)).rejects.toMatchObject({ code: 'not_administrator' });
  });

  test('given another account’s group, then its administrator does not find the request', async () => {
    const { code } = await askingAccount();
    const other = await world.openAccount();
    expect(await decideOn(world, other, code)).toEqual({ type: 'unknown' });
  });

  test('given two groups, then both are asked, and both cards say who decided', async () => {
    const { account } = await askingAccount();
    await account.grant('sms-5000');
    await account.review();
    const second = { corpId: 'corp', conversationId: `second-${account.id}` };
    await world.run((tx) =>
      authorizeGroup(world.context, tx, {
        accountId: account.id,
        conversation: second,
        title: 'second',
        language: 'en',
        actor: ADMIN,
      }),
    );
    world.pass({ minutes: 1 });
    await account.use(4_900);
    await account.news();
    await account.review();
    const asked = (await account.news()).filter(({ kind }) => kind === 'approval_requested');
    expect(asked).toHaveLength(2);
    await decideOn(world, account, String(asked[0]?.code));
    expect(kinds(await account.news()).filter((kind) => kind === 'approval_decided')).toHaveLength(2);
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { decide, expireApproval, findDecided, listPending } from '../../src/services/approvals.ts';
import { readAutoRenewal } from '../../src/services/auto-renewal.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import type { Actor } from '../../src/services/roles.ts';
import { readPendingApprovals } from '../../src/store/approvals.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

const OUTSIDER: Actor = { staffId: null, name: '赵敏' };

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

function decideOn(account: TestAccount, code: string, approve = true, actor: Actor = ADMIN) {
  return world.run((tx) => decide(world.context, tx, account.group, actor, { code, approve }));
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
    expect(await decideOn(account, code)).toMatchObject({
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
      decideOn(account, code),
      decideOn(account, code, false),
      decideOn(account, code),
    ]);
    expect(results.map(({ type }) => type).toSorted()).toEqual(['decided', 'late', 'late']);
    const [decided] = results.filter((result) => result.type === 'decided');
    expect((await bought(account)).length).toBe(decided?.approval.state === 'approved' ? 1 : 0);
    expect(await world.run((tx) => findDecided(tx, account.id, code))).toMatchObject({ deciderName: '张伟' });
  });

  test('rule 17: given it is rejected, then nothing is bought and it is not asked again while the episode lasts', async () => {
    const { account, code } = await askingAccount();
    expect(await decideOn(account, code, false)).toMatchObject({
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
    expect(await decideOn(account, code)).toMatchObject({ type: 'late', approval: { state: 'expired' } });
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
    expect(await decideOn(account, code)).toMatchObject({ type: 'late', approval: { state: 'expired' } });
    expect(kinds(await account.news())).toEqual(['approval_decided']);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 17: given the price has changed meanwhile, then nothing is bought, and the new price is asked for at once', async () => {
    const moving = anOffer({ id: 'moving', price: yuan('170') });
    await world.run((tx) => insertOffers(tx, [moving]));
    const { account, code } = await askingAccount({ offerId: 'moving' });
    await account.news();
    await world.run((tx) => insertOffers(tx, [{ ...moving, version: 2, price: yuan('180') }]));
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    expect(await bought(account)).toEqual([]);
    await account.review();
    expect(await account.news()).toMatchObject([
      { kind: 'approval_decided', outcome: 'price_changed' },
      { kind: 'approval_requested', action: { price: String(yuan('180')) } },
    ]);
    expect(await decideOn(account, await pendingCode(account))).toMatchObject({ approval: { outcome: 'done' } });
    expect(await bought(account)).toMatchObject([{ price: yuan('180') }]);
  });

  test('rule 17: given the offer holds fewer segments meanwhile, then that is not what was approved', async () => {
    const shrinking = anOffer({ id: 'shrinking', segments: 5_000n });
    await world.run((tx) => insertOffers(tx, [shrinking]));
    const { account, code } = await askingAccount({ offerId: 'shrinking' });
    await world.run((tx) => insertOffers(tx, [{ ...shrinking, version: 2, segments: 2_000n }]));
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    expect(await bought(account)).toEqual([]);
  });

  test('rule 17: given another offer is chosen meanwhile, then the approved one is not bought, and neither is the other unasked', async () => {
    const { account, code } = await askingAccount();
    await account.renewal({ threshold: 600n, offerId: 'sms-5000-off', approvalAbove: yuan('100') });
    await account.review();
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    expect(await bought(account)).toEqual([]);
    await account.review();
    expect((await account.told()).at(-1)).toMatchObject({
      kind: 'approval_requested',
      action: { offerId: 'sms-5000-off', price: String(yuan('161.5')) },
    });
  });

  test('rules 14 and 17: given too little money when it is approved, then it says so and is asked again after a recharge', async () => {
    const { account, code } = await askingAccount({ balance: '200' });
    await account.use(10_000);
    await account.news();
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
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
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
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
      expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
      expect(await bought(account)).toEqual([]);
    }
  });

  test('rule 12: given the request of an episode that has ended, then it does not buy for the next one', async () => {
    const { account, code } = await askingAccount();
    await account.grant('sms-5000');
    await account.review();
    await account.use(4_900);
    await account.review();
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
    expect(await bought(account)).toEqual([]);
    expect(await decideOn(account, await pendingCode(account))).toMatchObject({ approval: { outcome: 'done' } });
    expect(await bought(account)).toHaveLength(1);
  });

  test('rule 11: given auto-renewal was turned off meanwhile, then the approval buys nothing', async () => {
    const { account, code } = await askingAccount();
    await account.renewal({ enabled: false, threshold: 1_000n });
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
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
    await expect(decideOn(account, code, true, actor)).rejects.toMatchObject({ code: 'not_administrator' });
    expect(await listPending(world.context, db.kysely, account.id)).toHaveLength(1);
    expect(await bought(account)).toEqual([]);
  });

  test('rule 16: given an administrator who was removed after the card was posted, then the decision is refused', async () => {
    const { account, code } = await askingAccount();
    await db.kysely
      .deleteFrom('group_administrators')
      .where('conversation_id', '=', account.group.conversationId)
      .execute();
    await expect(decideOn(account, code)).rejects.toMatchObject({ code: 'not_administrator' });
  });

  test('given another account’s group, then its administrator does not find the request', async () => {
    const { code } = await askingAccount();
    const other = await world.openAccount();
    expect(await decideOn(other, code)).toEqual({ type: 'unknown' });
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
    await decideOn(account, String(asked[0]?.code));
    expect(kinds(await account.news()).filter((kind) => kind === 'approval_decided')).toHaveLength(2);
  });
});

describe('requests to switch auto-renewal (rule 16)', () => {
  async function offAccount() {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.grant('sms-5000');
    await account.renewal({ enabled: false, threshold: 1_000n });
    await account.news();
    return account;
  }

  function ask(account: TestAccount, enabled: boolean, actor: Actor) {
    const action = { type: 'switch_auto_renewal', enabled } as const;
    return world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
  }

  async function request(account: TestAccount, enabled: boolean, actor: Actor = MEMBER) {
    const result = await ask(account, enabled, actor);
    if (result.type !== 'requested') throw new Error(`it was ${result.type}, not requested`);
    return result.approval;
  }

  async function isOn(account: TestAccount) {
    return (await readAutoRenewal(db.kysely, account.id, world.clock.now())).policy.enabled;
  }

  test('rule 16: given a member asks, then nothing changes until an administrator approves', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    expect(await isOn(account)).toBe(false);
    expect(await account.news()).toMatchObject([{ kind: 'approval_requested', requesterName: '李娜', code }]);
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'done' } });
    expect(await isOn(account)).toBe(true);
  });

  test('rule 16: given it is rejected, then nothing changes', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    expect(await decideOn(account, code, false)).toMatchObject({ approval: { outcome: 'declined' } });
    expect(await isOn(account)).toBe(false);
  });

  test.each([
    ['it is so already', false, MEMBER, 'already_so'],
    ['someone from outside asks', true, OUTSIDER, 'identity_unknown'],
  ])('given %s, then the request is refused', async (_, enabled, actor, code) => {
    const account = await offAccount();
    await expect(request(account, enabled, actor)).rejects.toMatchObject({ code });
    expect(await account.news()).toEqual([]);
  });

  test('given the same request waits already, then the second one names it', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    await expect(request(account, true)).rejects.toMatchObject({ code: 'already_requested', details: { code } });
  });

  test('given an administrator has yet to confirm the same, then a member need not wait for that', async () => {
    const account = await world.openAccount();
    const { corpId, conversationId, title } = account.group;
    const group = { corpId, conversationId, title };
    const action = { type: 'change_settings', group, setting: 'alerts_to', before: 'group', after: 'both' } as const;
    const ask = (actor: Actor) => world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
    expect(await ask(ADMIN)).toMatchObject({ type: 'confirm' });
    expect(await ask(MEMBER)).toMatchObject({ type: 'requested' });
    await expect(ask(MEMBER)).rejects.toMatchObject({ code: 'already_requested' });
  });

  test('given the same request has expired, then it can be asked for again', async () => {
    const account = await offAccount();
    const first = await request(account, true);
    world.pass({ hours: 24 });
    const second = await request(account, true);
    expect(second.id).not.toBe(first.id);
    expect(await listPending(world.context, db.kysely, account.id)).toMatchObject([{ id: second.id }]);
  });

  test('given there is nothing to buy, then the request is refused', async () => {
    const account = await world.openAccount();
    await expect(request(account, true)).rejects.toMatchObject({ code: 'offer_missing' });
  });

  test('given an administrator has switched meanwhile, then the approval has nothing to do', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    expect(await ask(account, true, ADMIN)).toEqual({ type: 'done', outcome: 'done' });
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
    expect(await isOn(account)).toBe(true);
  });

  test('given the policy no longer allows it, then the approval says that it could not be carried out', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    await account.renewal({ enabled: false, threshold: 5_000n });
    expect(await decideOn(account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
    expect(await isOn(account)).toBe(false);
  });

  test('rule 16: given a member, when they switch, then it is requested and nothing is switched', async () => {
    const account = await offAccount();
    expect(await ask(account, true, MEMBER)).toMatchObject({ type: 'requested' });
    expect(await isOn(account)).toBe(false);
  });
});

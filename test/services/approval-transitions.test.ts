import { beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { closeNeedlessApprovals } from '../../src/services/approval-end.ts';
import { expireApproval, remindOfApproval } from '../../src/services/approvals.ts';
import type { Actor } from '../../src/services/roles.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { type Approval, lockApprovalByCode } from '../../src/store/approvals.ts';
import { insertAdministrator } from '../../src/store/groups.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { ask, decideOn, purchaseOf } from '../support/purchases.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
const OTHER = { staffId: 'laoban', name: '老板' };
const OUTSIDER: Actor = { staffId: null, name: '赵敏' };

beforeAll(async () => {
  world = await BillingWorld.on(db);
  await world.run((tx) => insertOffers(tx, [anOffer({ id: 'too-dear', price: yuan('5000') })]));
});

async function anAccount(options: { twoPerson?: boolean; administrators?: number } = {}) {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge('1000');
  if ((options.administrators ?? 2) > 1) await world.run((tx) => insertAdministrator(tx, account.group, OTHER, NOW));
  if (options.twoPerson)
    await db.kysely.updateTable('accounts').set({ two_person: true }).where('account_id', '=', account.id).execute();
  await account.news();
  return account;
}

function now(account: TestAccount, code: string): Promise<Approval | undefined> {
  return world.run((tx) => lockApprovalByCode(tx, account.id, code));
}

type State = Approval['state'];
/** How a request comes into each state. */
const INTO: Readonly<Record<State, (account: TestAccount, code: string) => Promise<unknown>>> = {
  pending: async () => undefined,
  approved: (account, code) => decideOn(world, account, code),
  rejected: (account, code) => decideOn(world, account, code, { approve: false }),
  expired: async (account, code) => {
    world.pass({ hours: 24 });
    await world.run((tx) => expireApproval(world.context, tx, account.id, code));
  },
  closed: async (account) => {
    await db.kysely
      .updateTable('renewal_policies')
      .set({ enabled: false })
      .where('account_id', '=', account.id)
      .execute();
    await close(account);
  },
};

function close(account: TestAccount) {
  return world.run(async (tx) => closeNeedlessApprovals(world.context, tx, await lockAccount(tx, account.id)));
}

/** What can happen to it. */
const EVENTS = {
  'is approved': (account: TestAccount, code: string) => decideOn(world, account, code),
  'is rejected': (account: TestAccount, code: string) => decideOn(world, account, code, { approve: false }),
  'is rejected with a reason': (account: TestAccount, code: string) =>
    decideOn(world, account, code, { approve: false, reason: '太贵了' }),
  'is rejected with a reason by another': (account: TestAccount, code: string) =>
    decideOn(world, account, code, { approve: false, reason: '太贵了', actor: OTHER }),
  'is looked at when its time is over': async (account: TestAccount, code: string) => {
    world.clock.set(NOW.add({ hours: 24 }));
    await world.run((tx) => expireApproval(world.context, tx, account.id, code));
  },
  'is looked at before its time is over': async (account: TestAccount, code: string) => {
    world.clock.set(NOW.add({ hours: 23 }));
    await world.run((tx) => expireApproval(world.context, tx, account.id, code));
  },
  'is reminded of': async (account: TestAccount, code: string) => {
    world.clock.set(NOW.add({ hours: 22 }));
    await world.run((tx) => remindOfApproval(world.context, tx, account.id, code));
  },
  'is not needed any more': INTO.closed,
  'is approved by a member': (account: TestAccount, code: string) =>
    decideOn(world, account, code, { actor: MEMBER }).catch((error) => error.code),
  'is rejected by an outsider': (account: TestAccount, code: string) =>
    decideOn(world, account, code, { approve: false, actor: OUTSIDER }).catch((error) => error.code),
} as const;

describe('a request: every state and everything that can happen to it (rule 17)', () => {
  const unchanged = { approved: 'approved', rejected: 'rejected', expired: 'expired', closed: 'closed' } as const;
  const table: [keyof typeof EVENTS, Readonly<Record<State, State>>][] = [
    ['is approved', { pending: 'approved', ...unchanged }],
    ['is rejected', { pending: 'rejected', ...unchanged }],
    ['is rejected with a reason', { pending: 'rejected', ...unchanged }],
    ['is rejected with a reason by another', { pending: 'rejected', ...unchanged }],
    ['is looked at when its time is over', { pending: 'expired', ...unchanged }],
    ['is looked at before its time is over', { pending: 'pending', ...unchanged }],
    ['is reminded of', { pending: 'pending', ...unchanged }],
    ['is not needed any more', { pending: 'closed', ...unchanged }],
    ['is approved by a member', { pending: 'pending', ...unchanged }],
    ['is rejected by an outsider', { pending: 'pending', ...unchanged }],
  ];
  const cases = table.flatMap(([event, results]) =>
    (Object.keys(results) as State[]).map((state) => [state, event, results[state]] as const),
  );

  test('given the events, then the table has each of them', () => {
    expect(table.map(([event]) => event)).toEqual(Object.keys(EVENTS));
  });

  test.each(cases)('given one that is %s, when it %s, then it is %s', async (state, event, result) => {
    const account = await anAccount();
    await account.renewal({ enabled: true, threshold: 1_000n });
    const { code } = await ask(world, account, MEMBER, {
      type: 'purchase',
      ...(await purchase(account)),
    });
    const off = await anOffRequest(account);
    const asked = event === 'is not needed any more' || state === 'closed' ? off : code;
    await INTO[state](account, asked);
    const before = await now(account, asked);
    const plans = (await account.plans()).length;
    const answer = await EVENTS[event](account, asked);
    const after = await now(account, asked);
    expect(after?.state).toBe(result);
    // What has ended stays as it ended, but for a reason that who rejected adds.
    if (state !== 'pending') {
      const addsReason = state === 'rejected' && event === 'is rejected with a reason';
      expect(after).toEqual({ ...before, reason: addsReason ? '太贵了' : null });
      expect(await account.plans()).toHaveLength(plans);
      if (answer && typeof answer === 'object' && 'type' in answer) {
        expect(answer.type).toBe(addsReason ? 'reason_added' : 'late');
      }
    }
  });

  async function purchase(account: TestAccount) {
    const { type: _, ...quoted } = (await purchaseOf(world, account, 'sms-100')) as ApprovalAction & {
      type: 'purchase';
    };
    return quoted;
  }

  /** Something that becomes needless when auto-renewal is off. */
  async function anOffRequest(account: TestAccount): Promise<string> {
    return (await ask(world, account, MEMBER, { type: 'switch_auto_renewal', enabled: false })).code;
  }
});

describe('reminders (rule 17)', () => {
  test('given a request, then administrators are reminded once, two hours before it expires; of a confirm card never', async () => {
    const account = await anAccount();
    const { code } = await ask(world, account, MEMBER, await purchaseOf(world, account, 'sms-100'));
    const own = await ask(world, account, ADMIN, await purchaseOf(world, account, 'sms-5000'));
    expect(own).toMatchObject({ confirm: true, remindAt: null, expiresAt: NOW.add({ hours: 1 }) });
    await account.news();
    const remind = () => world.run((tx) => remindOfApproval(world.context, tx, account.id, code));
    world.clock.set(NOW.add({ hours: 21, minutes: 59 }));
    await remind();
    expect(await account.news()).toEqual([]);
    world.clock.set(NOW.add({ hours: 22 }));
    await Promise.all([remind(), remind(), remind()]);
    expect(await account.news()).toMatchObject([{ kind: 'approval_reminder', code }]);
    await decideOn(world, account, code);
    // The card that asked and the one that reminded both show the decision.
    expect(kinds(await account.news())).toEqual(['purchased', 'approval_decided', 'approval_decided']);
  });
});

describe('what an administrator asks for (rule 16)', () => {
  const on = { type: 'switch_auto_renewal', enabled: true } as const;
  const off = { type: 'switch_auto_renewal', enabled: false } as const;
  const two = (enabled: boolean) => ({ type: 'set_two_person', enabled }) as const;
  type Wish = ApprovalAction | 'purchase';

  test.each<[string, Wish, { twoPerson?: boolean; administrators?: number; quota?: boolean; on?: boolean }, string]>([
    ['a purchase', 'purchase', {}, 'confirm'],
    ['a purchase under two persons', 'purchase', { twoPerson: true }, 'requested'],
    [
      'a purchase under two persons with nobody else',
      'purchase',
      { twoPerson: true, administrators: 1 },
      'nobody_else',
    ],
    ['auto-renewal on with quota left', on, { quota: true }, 'done'],
    ['auto-renewal on that buys at once', on, {}, 'confirm'],
    ['auto-renewal on with quota left under two persons', on, { quota: true, twoPerson: true }, 'requested'],
    [
      'auto-renewal on under two persons with nobody else',
      on,
      { quota: true, twoPerson: true, administrators: 1 },
      'nobody_else',
    ],
    ['auto-renewal off, which is a brake', off, { on: true, quota: true }, 'done'],
    [
      'auto-renewal off under two persons, which is still a brake',
      off,
      { on: true, quota: true, twoPerson: true },
      'done',
    ],
    [
      'auto-renewal off with nobody else, which is still a brake',
      off,
      { on: true, quota: true, twoPerson: true, administrators: 1 },
      'done',
    ],
    ['a second person', two(true), {}, 'confirm'],
    ['no second person any more', two(false), { twoPerson: true }, 'requested'],
    ['no second person any more with nobody else', two(false), { twoPerson: true, administrators: 1 }, 'nobody_else'],
    ['a second person that is demanded already', two(true), { twoPerson: true }, 'already_so'],
    ['no second person that is not demanded', two(false), {}, 'already_so'],
  ])('given %s, then it is what the rule says', async (_, wish, options, result) => {
    const account = await anAccount(options);
    if (options.quota) await account.grant('sms-5000');
    await account.renewal({ enabled: options.on ?? false, threshold: 1_000n });
    const action = wish === 'purchase' ? await purchaseOf(world, account, 'sms-100') : wish;
    const came = await world
      .run((tx) => requestAction(world.context, tx, account.group, ADMIN, action))
      .then(({ type }) => type)
      .catch((error) => error.code);
    expect(came).toBe(result);
  });

  test('given auto-renewal on that buys at once, then what it buys belongs to what is confirmed: a new price buys nothing', async () => {
    const account = await anAccount();
    await account.renewal({ enabled: false, threshold: 1_000n, offerId: 'sms-5000-off' });
    const { code, action } = await ask(world, account, ADMIN, on);
    expect(action).toMatchObject({ buysNow: { offerId: 'sms-5000-off', price: '161500000', segments: '5000' } });
    await account.renewal({ enabled: false, threshold: 1_000n, offerId: 'sms-5000' });
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    await account.review();
    expect(await account.plans()).toEqual([]);
  });

  test.each<[string, Partial<RenewalPolicy>]>([
    ['asks an administrator', { approvalAbove: yuan('1') }],
    ['is stopped by a guard', { moneyPerMonth: yuan('1') }],
    ['lacks money', { offerId: 'too-dear' }],
  ])(
    'given auto-renewal on that %s at once, then the request names no purchase, and none follows',
    async (_, policy) => {
      const account = await anAccount();
      await account.renewal({ enabled: false, threshold: 1_000n, ...policy });
      const asked = await ask(world, account, MEMBER, on);
      expect(asked.action).toEqual(on);
      expect(await decideOn(world, account, asked.code)).toMatchObject({ approval: { outcome: 'done' } });
      await account.review();
      expect(await account.plans()).toEqual([]);
    },
  );

  test('given auto-renewal on that is due by the time it is approved, then nothing is switched or bought, and asked again it is named', async () => {
    const account = await anAccount();
    await account.grant('sms-5000');
    await account.renewal({ enabled: false, threshold: 1_000n });
    const { code, action } = await ask(world, account, MEMBER, on);
    expect(action).toEqual(on);
    await account.use(4_500);
    const because = { code: 'buys_at_once', details: { price: String(yuan('170')) } };
    const refused = { outcome: 'not_carried_out', problem: because };
    expect(await decideOn(world, account, code)).toMatchObject({ approval: refused });
    await account.review();
    expect(await account.plans()).toHaveLength(1);
    const again = await ask(world, account, MEMBER, on);
    expect(again.action).toMatchObject({ buysNow: { price: String(yuan('170')) } });
    expect(await decideOn(world, account, again.code)).toMatchObject({ approval: { outcome: 'done' } });
    await account.review();
    expect(await account.plans()).toHaveLength(2);
  });

  test('given a second person is demanded after the card was shown, then who asked cannot confirm it, and may still cancel it', async () => {
    const account = await anAccount();
    const { code } = await ask(world, account, ADMIN, await purchaseOf(world, account, 'sms-100'));
    await db.kysely.updateTable('accounts').set({ two_person: true }).where('account_id', '=', account.id).execute();
    await expect(decideOn(world, account, code)).rejects.toMatchObject({ code: 'own_request', details: { code } });
    expect(await now(account, code)).toMatchObject({ state: 'pending' });
    await decideOn(world, account, code, { approve: false });
    expect(await now(account, code)).toMatchObject({ state: 'rejected' });
    expect(await account.plans()).toEqual([]);
  });

  test('given a member who asked and became an administrator, then under two persons they cannot approve it, another one can', async () => {
    const account = await anAccount({ twoPerson: true });
    const { code } = await ask(world, account, MEMBER, await purchaseOf(world, account, 'sms-100'));
    await world.run((tx) => insertAdministrator(tx, account.group, MEMBER, NOW));
    await expect(decideOn(world, account, code, { actor: MEMBER })).rejects.toMatchObject({ code: 'own_request' });
    // The name proves nothing: the same person under another one stays the same.
    const renamed = { ...MEMBER, name: OTHER.name };
    await expect(decideOn(world, account, code, { actor: renamed })).rejects.toMatchObject({ code: 'own_request' });
    expect(await decideOn(world, account, code, { actor: OTHER })).toMatchObject({ approval: { outcome: 'done' } });
  });

  test('given two persons, when both agree to end it, then it ends, is told, and administrators confirm by themselves again', async () => {
    const account = await anAccount({ twoPerson: true });
    const { code } = await ask(world, account, ADMIN, two(false));
    await decideOn(world, account, code, { actor: OTHER });
    expect(await account.read()).toMatchObject({ twoPerson: false });
    const own = await ask(world, account, ADMIN, await purchaseOf(world, account, 'sms-100'));
    expect(own.confirm).toBe(true);
    expect(await decideOn(world, account, own.code)).toMatchObject({ approval: { outcome: 'done' } });
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { addOffers } from '../../src/services/catalogue.ts';
import { reconcile } from '../../src/services/reconcile.ts';
import { refundPlan } from '../../src/services/refunds.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { buy, decideOn } from '../support/purchases.ts';
import { bought, renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  const dear = anOffer({ id: 'too-dear', price: yuan('5000') });
  await world.run((tx) => addOffers(world.context, tx, [dear]));
});

async function buyer(balance = '1000') {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge(balance);
  const planId = await buy(world, account, 'sms-5000');
  await account.news();
  return { account, planId };
}

function refund(account: TestAccount, planId: string, reason: string | null = null) {
  return world.run((tx) => refundPlan(world.context, tx, { accountId: account.id, planId, reason, by: 'cli' }));
}

async function balanceOf(account: TestAccount) {
  return (await account.read()).money.balance;
}

async function expectClean(account: TestAccount): Promise<void> {
  await expectBooksRight(db, account.id);
  expect(await reconcile(db, account.id)).toEqual([]);
}

describe('a refund (rule 15)', () => {
  test('rule 15: given an unused, valid plan, then its segments and its price go back whole, it is told, and the books are right', async () => {
    const { account, planId } = await buyer();
    expect(await balanceOf(account)).toBe(yuan('830'));
    world.pass({ hours: 1 });
    expect(await refund(account, planId, 'bought twice')).toMatchObject({ isNew: true, renews: false });
    expect(await balanceOf(account)).toBe(yuan('1000'));
    expect((await account.read()).lastFundedAt, 'what a failed renewal waits for').toEqual(world.clock.now());
    const transfers = await db.kysely
      .selectFrom('transfers')
      .select(['kind', 'unit', 'from_book', 'to_book', 'amount'])
      .where('account_id', '=', account.id)
      .where('kind', '=', 'refund')
      .orderBy('unit')
      .execute();
    expect(transfers).toEqual([
      { kind: 'refund', unit: 'CNY', from_book: 'plans', to_book: 'cash', amount: yuan('170') },
      { kind: 'refund', unit: 'segment', from_book: `plan:${planId}`, to_book: 'refunded', amount: 5_000n },
    ]);
    expect(await account.news()).toMatchObject([
      {
        kind: 'refunded',
        amount: String(yuan('170')),
        balance: String(yuan('1000')),
        quota: '0',
        reason: 'bought twice',
      },
    ]);
    expect(await account.review()).toBe(true);
    await expectClean(account);
  });

  test('rule 8: given it is refunded again, at once or later, then nothing more is booked or told', async () => {
    const { account, planId } = await buyer();
    const results = await Promise.all(Array.from({ length: 5 }, () => refund(account, planId)));
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    world.pass({ hours: 24 * 400 });
    expect(await refund(account, planId)).toMatchObject({ isNew: false, plan: { refundedAt: NOW } });
    expect(await balanceOf(account)).toBe(yuan('1000'));
    expect(kinds(await account.news())).toEqual(['refunded']);
    await expectClean(account);
  });

  test('rule 15: given a single segment of it is used, then it is refused with how much, and nothing changes', async () => {
    const { account, planId } = await buyer();
    await account.use(1);
    await expect(refund(account, planId)).rejects.toMatchObject({
      code: 'plan_used',
      details: { used: '1', total: '5000' },
    });
    expect(await balanceOf(account)).toBe(yuan('830'));
    expect(await account.news()).toEqual([]);
  });

  test.each([['before'], ['after']])(
    'rule 15: given it has expired, %s a review closed it, then it is refused',
    async (when) => {
      const { account, planId } = await buyer();
      world.pass({ hours: 24 * 365 });
      if (when === 'after') await account.review();
      await expect(refund(account, planId)).rejects.toMatchObject({ code: 'plan_expired' });
      await account.review();
      await expectClean(account);
    },
  );

  test('given a plan of another account or none, then it is refused', async () => {
    const { account } = await buyer();
    const { planId } = await buyer();
    await expect(refund(account, planId)).rejects.toMatchObject({ code: 'plan_unknown' });
  });

  test('given a granted plan, then its segments go and no money moves', async () => {
    const { account } = await buyer();
    const { id } = await account.grant('sms-100');
    world.pass({ hours: 1 });
    await refund(account, id);
    expect(await balanceOf(account)).toBe(yuan('830'));
    expect((await account.read()).lastFundedAt, 'no money that a failed renewal waits for').toEqual(NOW);
    await expectClean(account);
  });

  test('rule 3: given a message from before the refund that is reported after it, then the plan does not cover it: it is pay-as-you-go', async () => {
    const { account, planId } = await buyer();
    const sentAt = world.clock.now().add({ minutes: 1 });
    world.pass({ hours: 1 });
    await refund(account, planId);
    await account.use(10, { at: sentAt });
    const charges = await db.kysely
      .selectFrom('charges')
      .select(['kind', 'segments'])
      .where('account_id', '=', account.id)
      .execute();
    expect(charges).toEqual([{ kind: 'payg', segments: 10n }]);
    await expectClean(account);
  });

  test('rule 3: given usage and the refund at the same moment, then either the plan is used or it is refunded, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { account, planId } = await buyer();
      const [used, refunded] = await Promise.allSettled([account.use(10), refund(account, planId)]);
      expect(used.status).toBe('fulfilled');
      const [charge] = await db.kysely
        .selectFrom('charges')
        .select('kind')
        .where('account_id', '=', account.id)
        .execute();
      expect(charge?.kind).toBe(refunded.status === 'fulfilled' ? 'payg' : 'plan');
      await expectClean(account);
    }
  });

  test('rule 9: given an account that was overdue, then what comes back restores it', async () => {
    const { account, planId } = await buyer('170');
    await account.use(10, { destination: 'international', country: 'HK' });
    await account.review();
    expect(kinds(await account.news())).toContain('overdue');
    await refund(account, planId);
    await account.review();
    expect(kinds(await account.news())).toEqual(['refunded', 'restored', 'quota_exhausted']);
    expect(await account.read()).toMatchObject({ money: { overdueSince: null } });
  });

  test('rule 12: given auto-renewal is on and due without it, then that is said, and a new plan is bought by the next review', async () => {
    const { account, planId } = await buyer();
    await account.renewal({ threshold: 1_000n });
    await account.review();
    await account.news();
    world.pass({ hours: 1 });
    expect(await refund(account, planId)).toMatchObject({ renews: true });
    await account.review();
    const told = await account.news();
    expect(told[0]).toMatchObject({ kind: 'refunded', renews: true });
    expect(kinds(told).at(-1)).toBe('renewed');
    await expectClean(account);
  });

  test.each<[string, Partial<RenewalPolicy>, string]>([
    ['a guard keeps it from buying', { moneyPerMonth: yuan('1') }, 'renewal_stopped'],
    ['an administrator has to approve it', { approvalAbove: yuan('1') }, 'approval_requested'],
    ['the money does not suffice', { offerId: 'too-dear' }, 'renewal_failed'],
  ])('rule 12: given it is due without it and %s, then no purchase is promised', async (_, policy, instead) => {
    const { account, planId } = await buyer();
    await account.renewal({ threshold: 1_000n, ...policy });
    await account.review();
    await account.news();
    world.pass({ hours: 1 });
    expect(await refund(account, planId)).toMatchObject({ renews: false });
    await account.review();
    const told = await account.news();
    expect(told[0]).toMatchObject({ kind: 'refunded', renews: false });
    expect(kinds(told)).toContain(instead);
    expect((await account.plans()).filter(({ source }) => source === 'renewal')).toEqual([]);
  });

  test('rule 12: given the renewal was rejected, or its offer is not sold any more, then no purchase is promised', async () => {
    const offer = anOffer({ id: 'to-be-withdrawn' });
    await world.run((tx) => addOffers(world.context, tx, [offer]));
    const rejected = await renewingAccount(world, { approvalAbove: yuan('100') });
    const unsold = await renewingAccount(world, { offerId: offer.id });
    const withdrawal = { id: offer.id, version: 2, effectiveFrom: world.clock.now(), withdrawn: true } as const;
    await world.run((tx) => addOffers(world.context, tx, [withdrawal]));
    for (const account of [rejected, unsold]) {
      await account.use(4_500);
      await account.review();
    }
    const request = (await rejected.news()).find(({ kind }) => kind === 'approval_requested');
    await decideOn(world, rejected, String(request?.code), { approve: false });
    for (const account of [rejected, unsold]) {
      const planId = await buy(world, account, 'sms-100');
      expect(await refund(account, planId)).toMatchObject({ renews: false });
      await account.review();
      expect(await bought(account)).toEqual([]);
    }
  });
});

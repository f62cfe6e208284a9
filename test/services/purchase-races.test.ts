import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import { expireApproval } from '../../src/services/approvals.ts';
import { reconcile } from '../../src/services/reconcile.ts';
import { openDatabase } from '../../src/store/database.ts';
import { insertAdministrator } from '../../src/store/groups.ts';
import { insertOffers, readOffer } from '../../src/store/plans.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { ask, decideOn, purchaseOf } from '../support/purchases.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** What the database's log says of transactions that had to be run again, after a deadlock for example. */
const rerun: string[] = [];
const { url } = await createTestDatabase();
const db = openDatabase({ url, logger: pino({ level: 'debug' }, { write: (line: string) => rerun.push(line) }) });
afterAll(() => db.close());
const world = await BillingWorld.on(db);
const OTHER = { staffId: 'laoban', name: '老板' };
let offers = 0;

/** An account with money, two administrators, and an offer of its own whose price may move. */
async function anAccount(balance = '1000') {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge(balance);
  await world.run((tx) => insertAdministrator(tx, account.group, OTHER, NOW));
  offers += 1;
  const offerId = `moving-${offers}`;
  await world.run((tx) => insertOffers(tx, [anOffer({ id: offerId, segments: 2_000n, price: yuan('100') })]));
  return { account, offerId };
}

async function request(account: TestAccount, offerId: string): Promise<string> {
  return (await ask(world, account, MEMBER, await purchaseOf(world, account, offerId))).code;
}

async function setPrice(offerId: string, price: string) {
  const offer = anOffer({ id: offerId, segments: 2_000n, price: yuan(price) });
  const version = ((await readOffer(db.kysely, offerId))?.versions.length ?? 0) + 1;
  await world.run((tx) => insertOffers(tx, [{ ...offer, version }]));
}

function dismiss(account: TestAccount, staffId: string) {
  return db.kysely
    .deleteFrom('group_administrators')
    .where('conversation_id', '=', account.group.conversationId)
    .where('staff_id', '=', staffId)
    .execute();
}

async function bought(account: TestAccount, source = 'purchase') {
  return (await account.plans()).filter((plan) => plan.source === source);
}

/** Each purchase is that of an approval which says `done`, at its price, once; and each such approval has its purchase. */
async function expectOnePurchaseEach(account: TestAccount): Promise<void> {
  const approvals = await db.kysely.selectFrom('approvals').selectAll().where('account_id', '=', account.id).execute();
  const wanted = approvals
    .filter(({ state, outcome, action }) => {
      return state === 'approved' && outcome === 'done' && (action as ApprovalAction).type === 'purchase';
    })
    .map(({ approval_id, action }) => {
      const { terms } = action as ApprovalAction & { type: 'purchase' };
      return { key: `purchase/${approval_id}`, price: BigInt(terms.price), total: BigInt(terms.segments) };
    });
  const plans = await db.kysely
    .selectFrom('plans')
    .select(['key', 'price', 'total'])
    .where('account_id', '=', account.id)
    .where('source', '=', 'purchase')
    .execute();
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  expect(plans.toSorted(byKey)).toEqual(wanted.toSorted(byKey));
  await expectBooksRight(db, account.id);
}

describe('races about one request (rules 12 and 17)', () => {
  test('given many clicks of two administrators at once, then one decides, and at most one plan is bought', async () => {
    const { account, offerId } = await anAccount();
    const code = await request(account, offerId);
    const clicks = Array.from({ length: 24 }, (_, index) =>
      decideOn(world, account, code, { approve: index % 3 !== 1, actor: index % 2 === 0 ? ADMIN : OTHER }),
    );
    const types = (await Promise.all(clicks)).map(({ type }) => type);
    expect(types.filter((type) => type === 'decided')).toHaveLength(1);
    expect(types.filter((type) => type === 'late')).toHaveLength(23);
    await expectOnePurchaseEach(account);
  });

  test('given the price moves at the same moment, then it is bought at the quoted price or not at all', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { account, offerId } = await anAccount();
      const code = await request(account, offerId);
      const [result] = await Promise.all([decideOn(world, account, code), setPrice(offerId, '120')]);
      const outcome = result.type === 'decided' ? result.approval.outcome : result.type;
      expect(['done', 'price_changed']).toContain(outcome);
      expect(await bought(account)).toHaveLength(outcome === 'done' ? 1 : 0);
      await expectOnePurchaseEach(account);
    }
  });

  test('given it expires at the same moment, then it is over for everyone, and nothing is bought', async () => {
    const { account, offerId } = await anAccount();
    const code = await request(account, offerId);
    world.clock.set(NOW.add({ hours: 24 }));
    const expire = () => world.run((tx) => expireApproval(world.context, tx, account.id, code));
    const [click, , late] = await Promise.all([
      decideOn(world, account, code),
      expire(),
      decideOn(world, account, code),
      expire(),
    ]);
    expect([click.type, late.type]).toEqual(['late', 'late']);
    expect(await bought(account)).toEqual([]);
  });

  test('given the administrator is removed at the same moment, then it is bought or refused, never both', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { account, offerId } = await anAccount();
      const code = await request(account, offerId);
      const [click] = await Promise.allSettled([decideOn(world, account, code), dismiss(account, ADMIN.staffId)]);
      if (click.status === 'rejected') expect(click.reason).toMatchObject({ code: 'not_administrator' });
      expect(await bought(account)).toHaveLength(click.status === 'fulfilled' ? 1 : 0);
      await expectOnePurchaseEach(account);
    }
  });

  test('rule 12: given a purchase by hand and a due renewal at once, then the renewal buys before it or not at all, and no guard counts the hand', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { account, offerId } = await anAccount();
      const code = await request(account, offerId);
      await account.renewal({ threshold: 1_000n, purchasesPerMonth: 1 });
      await Promise.all([decideOn(world, account, code), account.review(), account.review()]);
      await account.review();
      expect(await bought(account)).toHaveLength(1);
      const renewals = await account.renewals();
      expect((await bought(account, 'renewal')).length).toBe(renewals.filter(({ state }) => state === 'paid').length);
      expect(renewals.filter(({ closed_at }) => closed_at === null)).toEqual([]);
      expect(renewals.length).toBeLessThanOrEqual(1);
      await expectOnePurchaseEach(account);
    }
  });

  test('rule 13: given a purchase by hand, then a renewal of the same day is not stopped by a guard of one purchase', async () => {
    const { account, offerId } = await anAccount();
    await decideOn(world, account, await request(account, offerId));
    await account.renewal({ threshold: 1_000n, purchasesPerDay: 1, purchasesPerMonth: 1, moneyPerMonth: yuan('170') });
    await account.use(1_500);
    await account.review();
    expect(await bought(account, 'renewal')).toHaveLength(1);
  });

  test('given money for one of two requests, then one is bought and the other says what is missing', async () => {
    const { account, offerId } = await anAccount('100');
    const both = [
      await request(account, offerId),
      (await ask(world, account, ADMIN, await purchaseOf(world, account, 'sms-100'))).code,
    ];
    const results = await Promise.all(both.map((code) => decideOn(world, account, code)));
    const outcomes = results
      .map((result) => (result.type === 'decided' ? result.approval.outcome : result.type))
      .toSorted();
    expect(outcomes).toEqual(['done', 'not_carried_out']);
    const [failed] = results.flatMap((result) => (result.type === 'decided' ? (result.approval.problem ?? []) : []));
    expect(failed).toMatchObject({ code: 'insufficient_balance' });
    await expectOnePurchaseEach(account);
  });

  test('given all of it, then no transaction had to be run again', () => {
    expect(rerun).toEqual([]);
  });
});

describe('given any interleaving, then nothing is bought twice', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('approve', 'reject'), which: fc.nat(2), by: fc.constantFrom(ADMIN, OTHER) }),
    fc.record({ do: fc.constantFrom('expire' as const), which: fc.nat(2) }),
    fc.record({ do: fc.constantFrom('review', 'recharge', 'use', 'price up', 'price back', 'dismiss', 'ask again') }),
  );

  test('rules 12, 13 and 17: each purchase is that of one approval at its price, each episode of one plan, and the books are right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 18 }), fc.boolean(), async (steps, pass) => {
        const { account, offerId } = await anAccount('260');
        await account.renewal({ threshold: 500n, approvalAbove: yuan('1'), offerId: 'sms-5000' });
        await account.review();
        const codes = [
          await request(account, offerId),
          (await ask(world, account, ADMIN, await purchaseOf(world, account, 'sms-100'))).code,
          (await pendingRenewal(account)) ?? '',
        ];
        if (pass) world.clock.set(NOW.add({ minutes: 50 }));
        await Promise.allSettled(steps.map((one) => take(one, account, offerId, codes)));
        await account.review();
        await expectOnePurchaseEach(account);
        expect(await reconcile(db, account.id)).toEqual([]);
        const renewals = await account.renewals();
        expect(new Set(renewals.flatMap(({ plan_id }) => plan_id ?? [])).size).toBe(
          (await bought(account, 'renewal')).length,
        );
        // What was bought was paid for: only usage may take available below zero.
        expect((await account.read()).money.balance).toBeGreaterThanOrEqual(-yuan('1'));
      }),
      { numRuns: 15 },
    );
    expect(rerun).toEqual([]);
  });

  async function pendingRenewal(account: TestAccount): Promise<string | undefined> {
    const row = await db.kysely
      .selectFrom('approvals')
      .select('code')
      .where('account_id', '=', account.id)
      .where('requested_by', '=', 'auto-renewal')
      .executeTakeFirst();
    return row?.code;
  }

  function take(
    one: { do: string; which?: number; by?: typeof ADMIN },
    account: TestAccount,
    offerId: string,
    codes: readonly string[],
  ): Promise<unknown> {
    const code = codes[one.which ?? 0] ?? '';
    switch (one.do) {
      case 'approve':
      case 'reject':
        return decideOn(world, account, code, { approve: one.do === 'approve', actor: one.by ?? ADMIN });
      case 'expire':
        return world.run((tx) => expireApproval(world.context, tx, account.id, code));
      case 'review':
        return account.review();
      case 'recharge':
        return account.recharge('30');
      case 'use':
        return account.use(3);
      case 'price up':
        return setPrice(offerId, '110');
      case 'price back':
        return setPrice(offerId, '100');
      case 'dismiss':
        return dismiss(account, ADMIN.staffId);
      default:
        return request(account, offerId);
    }
  }
});

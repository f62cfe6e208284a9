import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OfferVersion } from '../../src/domain/offer.ts';
import type { PlanOffer } from '../../src/domain/plan.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { decide } from '../../src/services/approvals.ts';
import { addOffers } from '../../src/services/catalogue.ts';
import { readPrices } from '../../src/services/prices.ts';
import { quote } from '../../src/services/purchase.ts';
import { reviewQuiet } from '../../src/services/quiet-reviews.ts';
import { readRenewalHistory } from '../../src/services/renewal-history.ts';
import { ADMIN, BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, aPolicy, at, NOW, yuan } from '../support/builders.ts';
import { ask, decideOn, purchaseOf } from '../support/purchases.ts';
import { bought, renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const APRIL = at('2026-04-01');

let offer: PlanOffer;

beforeEach(async () => {
  world.clock.set(NOW);
  offer = anOffer({ id: `offer-${randomUUID()}` });
  await put(offer);
});

async function put(...versions: readonly OfferVersion[]): Promise<void> {
  const entries = await world.run((tx) => addOffers(world.context, tx, versions));
  expect(entries.map(({ state }) => state)).toEqual(versions.map(() => 'added'));
}

const repriced = (price: string, version = 2, effectiveFrom = NOW): OfferVersion => ({
  ...offer,
  ...{ version, effectiveFrom, price: yuan(price) },
});
const withdrawal = (version = 2, effectiveFrom = NOW): OfferVersion => ({
  ...{ id: offer.id, version, effectiveFrom },
  withdrawn: true,
});

/** Uses what is above the threshold, and looks at the account. */
async function comeDown(account: TestAccount): Promise<void> {
  await account.use(4_500);
  await account.review();
}

describe('auto-renewal buys what is sold at that moment (rules 13 and 15)', () => {
  test('given it has become dearer, then it is bought at the new price, and the receipt says so, once', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put(repriced('180', 2, APRIL));
    await comeDown(account);
    expect((await account.news()).at(-1)).toMatchObject({ kind: 'renewed', price: String(yuan('170')), changed: null });
    world.clock.set(APRIL);
    await account.use(5_000);
    await account.review();
    expect((await account.news()).findLast(({ kind }) => kind === 'renewed')).toMatchObject({
      price: String(yuan('180')),
      changed: { price: String(yuan('170')), segments: '5000', validityMonths: 12 },
    });
    await account.use(5_000);
    await account.review();
    expect((await account.news()).findLast(({ kind }) => kind === 'renewed')).toMatchObject({ changed: null });
    expect(await bought(account)).toMatchObject([170, 180, 180].map((price) => ({ price: yuan(String(price)) })));
    await expectBooksRight(db, account.id);
  });

  test('given a new version that differs in nothing that counts, then the receipt does not call it a change', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put({ ...offer, version: 2, effectiveFrom: NOW, title: 'another name' });
    await comeDown(account);
    expect((await account.news()).at(-1)).toMatchObject({ kind: 'renewed', title: 'another name', changed: null });
  });

  test('given it is dearer than what a guard allows, then the guard stops it; above the amount, an administrator is asked', async () => {
    const guarded = await renewingAccount(world, { offerId: offer.id, moneyPerMonth: yuan('175') });
    const asking = await renewingAccount(world, { offerId: offer.id, approvalAbove: yuan('175') });
    await put(repriced('180'));
    await comeDown(guarded);
    expect((await guarded.news()).at(-1)).toMatchObject({ kind: 'renewal_stopped', guard: 'money_per_month' });
    await comeDown(asking);
    expect((await asking.news()).at(-1)).toMatchObject({
      kind: 'approval_requested',
      action: { offerId: offer.id, offerVersion: 2, price: String(yuan('180')) },
    });
    expect([...(await bought(guarded)), ...(await bought(asking))]).toEqual([]);
  });

  test('given it was withdrawn, then the renewal is stopped with the reason, an alert asks for another one, and that one is bought at once', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put(withdrawal());
    await comeDown(account);
    expect(await account.news()).toMatchObject([
      { kind: 'quota_low', renewal: 'needs_offer' },
      { kind: 'renewal_stopped', guard: 'offer_not_sold', title: offer.title, episode: { as: 'news' } },
    ]);
    const next = { state: 'stopped', reason: 'offer_not_sold', next_attempt_at: NOW.add({ hours: 24 }) };
    expect(await account.renewals()).toMatchObject([next]);

    world.pass({ hours: 24 });
    await account.review();
    // The daily retry is silent; that nobody has answered the alert for a day is not.
    expect(await account.news()).toMatchObject([{ kind: 'renewal_stopped', episode: { as: 'repeat' } }]);
    expect(await bought(account)).toEqual([]);

    await account.renewal({ threshold: 1_000n, offerId: 'sms-5000' });
    await account.review();
    expect(kinds(await account.news())).toEqual(['renewed']);
    expect(await bought(account)).toMatchObject([{ price: yuan('170') }]);
    const [renewal] = await readRenewalHistory(db.kysely, account.id);
    expect(renewal?.steps.map(({ state, reason }) => [state, reason])).toEqual([
      ['stopped', 'offer_not_sold'],
      ['stopped', 'offer_not_sold'],
      ['paid', null],
    ]);
    await expectBooksRight(db, account.id);
  });

  test('given it is sold again at a time that is announced, then it is bought at that time', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    const later = NOW.add({ hours: 3 });
    await put(withdrawal(), repriced('160', 3, later));
    await comeDown(account);
    expect(await account.renewals()).toMatchObject([{ state: 'stopped', next_attempt_at: later }]);
    world.clock.set(later);
    await account.review();
    expect(await bought(account)).toMatchObject([{ price: yuan('160') }]);
  });

  test('given the version that ends the stop is imported after it, then it is bought when that begins, and a sooner retry stays', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put(withdrawal());
    await comeDown(account);
    await account.news();
    const later = NOW.add({ hours: 3 });
    world.pass({ hours: 1 });
    await put(repriced('160', 3, later));
    expect(await account.renewals()).toMatchObject([{ next_attempt_at: later }]);
    await put(repriced('150', 4, NOW.add({ hours: 48 })));
    expect(await account.renewals()).toMatchObject([{ next_attempt_at: later }]);
    await account.review();
    expect([await bought(account), await account.nextReviewAt()]).toEqual([[], NOW.add({ hours: 2 })]);
    world.clock.set(later);
    await account.review();
    expect(await bought(account)).toMatchObject([{ price: yuan('160') }]);
    await expectBooksRight(db, account.id);
  });

  test('given it was too small and becomes larger at once, then it is bought at once; one that a guard has stopped goes on waiting', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    const guarded = await renewingAccount(world, { offerId: offer.id, moneyPerMonth: yuan('100') });
    await comeDown(guarded);
    await put({ ...offer, version: 2, effectiveFrom: NOW, segments: 1_000n });
    await comeDown(account);
    world.pass({ minutes: 5 });
    await put({ ...offer, version: 3, effectiveFrom: NOW, segments: 9_000n });
    for (const each of [account, guarded]) expect(await each.review()).toBe(true);
    expect(await bought(account)).toMatchObject([{ total: 9_000n }]);
    expect(await guarded.renewals()).toMatchObject([{ state: 'stopped', next_attempt_at: APRIL }]);
  });

  test('given it has too few segments by now, then buying it would never end: the renewal is stopped and says why', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put({ ...offer, version: 2, effectiveFrom: NOW, segments: 1_000n });
    await comeDown(account);
    expect((await account.news()).at(-1)).toMatchObject({ kind: 'renewal_stopped', guard: 'offer_too_small' });
    expect(await bought(account)).toEqual([]);
    await account.renewal({ threshold: 999n, offerId: offer.id });
    await account.review();
    expect(await bought(account)).toMatchObject([{ total: 1_000n }]);
  });

  test('given it was withdrawn while an administrator is asked, then the approval buys nothing, and the alert says why', async () => {
    const account = await renewingAccount(world, { offerId: offer.id, approvalAbove: yuan('100') });
    await comeDown(account);
    const code = String((await account.news()).findLast(({ kind }) => kind === 'approval_requested')?.code);
    await put(withdrawal());
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
    expect(await account.news()).toMatchObject([
      { kind: 'renewal_stopped', guard: 'offer_not_sold' },
      { kind: 'approval_decided', outcome: 'not_carried_out' },
    ]);
    expect(await bought(account)).toEqual([]);
  });
});

describe('the end of the sale of what auto-renewal is to buy is told while there is time (rules 13 and 20)', () => {
  const ended = async (account: TestAccount) => (await account.news()).filter(({ kind }) => kind === 'offer_ending');
  const lookAt = async (...accounts: readonly TestAccount[]) => {
    for (const account of accounts) await account.review();
  };

  test('given it is announced, then whoever is to renew with it is told, once; who chose another one or is off is not', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    const off = await renewingAccount(world, { enabled: false, offerId: offer.id });
    const other = await renewingAccount(world, {});
    await lookAt(account, off, other);
    for (const each of [account, off, other]) await each.news();
    // Another change comes before it.
    await put(repriced('180', 2, NOW.add({ hours: 240 })), withdrawal(3, APRIL));
    for (const each of [off, other]) await each.recharge('1');
    await lookAt(account, off, other);
    expect(await ended(account)).toMatchObject([{ title: offer.title, endsAt: APRIL.toString() }]);
    expect([...(await ended(off)), ...(await ended(other))]).toEqual([]);
    world.pass({ hours: 24 });
    await account.review();
    expect(await ended(account)).toEqual([]);
  });

  test('given nobody has chosen another one, then that it has come is told too, at its time; chosen, it is not', async () => {
    const [account, careful] = [
      await renewingAccount(world, { offerId: offer.id }),
      await renewingAccount(world, { offerId: offer.id }),
    ];
    await put(withdrawal(2, NOW.add({ minutes: 90 })));
    await lookAt(account, careful);
    await careful.renewal({ threshold: 1_000n, offerId: 'sms-5000' });
    await lookAt(careful);
    expect([await ended(account), await ended(careful)].map(({ length }) => length)).toEqual([1, 1]);
    world.pass({ hours: 1 });
    await lookAt(account);
    expect(await account.nextReviewAt()).toEqual(NOW.add({ minutes: 90 }));
    world.clock.set(NOW.add({ minutes: 90 }));
    await lookAt(account, careful);
    expect(await ended(account)).toMatchObject([{ title: offer.title, endsAt: null }]);
    expect(await ended(careful)).toEqual([]);
  });

  test('given a renewal that is stopped by it, then that alone is told', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put(withdrawal());
    await comeDown(account);
    expect(kinds(await account.news())).toEqual(['quota_low', 'renewal_stopped']);
  });

  test('given accounts that are looked at together, then one whose offer ends is handed to a review of its own', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await account.review();
    await put(withdrawal(2, APRIL));
    const looks = await world.run((tx) => reviewQuiet(world.context, tx, { limit: 100, except: [] }));
    expect(looks.others).toContain(account.id);
  });
});

describe('given an offer that is not sold', () => {
  test('then it cannot be chosen, nor auto-renewal be turned on with it; whatever else is set can be changed', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    const off = await renewingAccount(world, { enabled: false, offerId: offer.id });
    const other = await renewingAccount(world, {});
    await put(withdrawal());
    const refusal = { code: 'offer_not_sold', details: { offer: offer.title } };
    await expect(other.renewal({ offerId: offer.id })).rejects.toMatchObject(refusal);
    await expect(off.renewal({ enabled: true, offerId: offer.id })).rejects.toMatchObject(refusal);
    // A brake is never in the way of an offer.
    await account.renewal({ offerId: offer.id, moneyPerMonth: yuan('1'), threshold: 900n });
    await account.renewal({ offerId: offer.id, enabled: false });
  });

  test('then a brake can be set also when the offer has become too small for the threshold', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await put({ ...offer, version: 2, effectiveFrom: NOW, segments: 500n });
    const { group, id } = account;
    const { corpId, conversationId, title } = group;
    const change = (setting: 'money_per_month' | 'threshold', before: string | null, after: string) =>
      world.run((tx) =>
        requestAction(world.context, tx, group, ADMIN, {
          type: 'change_settings',
          ...{ group: { corpId, conversationId, title }, setting, before, after },
        }),
      );
    expect(await change('money_per_month', null, '100')).toMatchObject({ type: 'done' });
    await expect(change('threshold', '1000', '1200')).rejects.toMatchObject({ code: 'offer_too_small' });
    expect(await change('threshold', '1000', '400')).toMatchObject({ type: 'confirm' });
    expect((await readPrices(world.context, db.kysely, id)).offers.map((sold) => sold.offer.id)).toContain(offer.id);
  });

  test('then a grant of the operator is still possible, and said again is the plan that it was, whatever the offer is by then', async () => {
    const account = await world.openAccount();
    await account.grant(offer.id, 'one');
    await put({ ...offer, version: 2, effectiveFrom: NOW, segments: 100n, title: 'smaller' }, withdrawal(3));
    expect(await account.grant(offer.id, 'one')).toMatchObject({ total: 5_000n, booked: false });
    expect(await account.grant(offer.id, 'two')).toMatchObject({ total: 100n, booked: true });
    await expect(account.grant('sms-5000', 'one')).rejects.toMatchObject({ code: 'plan_conflict' });
  });
});

describe('what was quoted is what is bought (rule 17)', () => {
  async function asking() {
    const account = await world.openAccount();
    await account.recharge('1000');
    const { code } = await ask(world, account, ADMIN, await purchaseOf(world, account, offer.id));
    return { account, code };
  }
  const plansOf = async (account: TestAccount) => (await account.plans()).map(({ total, price }) => [total, price]);

  test('given another version meanwhile, then nothing is bought, and the new one is quoted on demand', async () => {
    const { account, code } = await asking();
    await put(repriced('160'));
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'price_changed' } });
    expect(await plansOf(account)).toEqual([]);
    const quoted = await world.run((tx) => quote(world.context, tx, account.id, { offerId: offer.id, renewal: null }));
    expect(quoted.terms).toMatchObject({ offerVersion: 2, price: String(yuan('160')) });
  });

  test('given it was withdrawn meanwhile, then nothing is bought, and that is said; nor is it quoted', async () => {
    const { account, code } = await asking();
    await put(withdrawal());
    expect(await decideOn(world, account, code)).toMatchObject({
      approval: { outcome: 'not_carried_out', problem: { code: 'offer_not_sold', details: { offer: offer.title } } },
    });
    expect(await plansOf(account)).toEqual([]);
    await expect(purchaseOf(world, account, offer.id)).rejects.toMatchObject({ code: 'offer_not_sold' });
    await expect(purchaseOf(world, account, 'none')).rejects.toMatchObject({ code: 'offer_unknown' });
  });

  test('given the offer with which auto-renewal would begin was withdrawn, then neither is done', async () => {
    const account = await world.openAccount();
    await account.recharge('1000');
    const renewal = { threshold: 100n, offerId: offer.id };
    const { code } = await ask(world, account, ADMIN, await purchaseOf(world, account, 'sms-5000', renewal));
    await put(withdrawal());
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { problem: { code: 'offer_not_sold' } } });
    expect(await plansOf(account)).toEqual([]);
  });

  test('given it is withdrawn in any moment of the confirmation, then what was quoted is done whole, or nothing', async () => {
    const later = NOW.add({ minutes: 30 });
    await put(withdrawal(2, later));
    const renewal = { threshold: 100n, offerId: offer.id };
    const outcomes = new Set<string>();
    for (let looks = 1; looks <= 12; looks += 1) {
      world.clock.set(NOW);
      const account = await world.openAccount();
      await account.recharge('1000');
      const { code } = await ask(world, account, ADMIN, await purchaseOf(world, account, offer.id, renewal));
      let looked = 0;
      const clock = {
        now: () => {
          looked += 1;
          return looked < looks ? later.subtract({ milliseconds: 1 }) : later;
        },
      };
      const context = { ...world.context, clock };
      const decided = await world.run((tx) => decide(context, tx, account.group, ADMIN, { code, approve: true }));
      const outcome = decided.type === 'decided' ? decided.approval.outcome : decided.type;
      outcomes.add(outcome);
      expect([outcome, await plansOf(account)]).toEqual(
        outcome === 'done' ? ['done', [[5_000n, yuan('170')]]] : ['not_carried_out', []],
      );
    }
    expect(outcomes).toEqual(new Set(['done', 'not_carried_out']));
  });
});

describe('what is shown', () => {
  test('then what is sold now stands beside its next change, and what is not sold apart, with what is announced', async () => {
    const account = await world.openAccount();
    const coming = anOffer({ id: `coming-${randomUUID()}`, effectiveFrom: APRIL });
    const gone = anOffer({ id: `gone-${randomUUID()}` });
    const foreign = anOffer({ id: `foreign-${randomUUID()}`, currency: 'USD' });
    await put(coming, gone, foreign, { ...withdrawal(2), id: gone.id }, repriced('180', 2, APRIL));
    const prices = await readPrices(world.context, db.kysely, account.id);
    const sold = prices.offers.find((each) => each.offer.id === offer.id);
    expect(sold).toMatchObject({ offer: { version: 1 }, next: { version: 2, effectiveFrom: APRIL } });
    expect(prices.announced).toContainEqual(coming);
    expect(prices.unsold).toEqual(expect.arrayContaining([coming, gone]));
    const shown = [...prices.offers.map((each) => each.offer), ...prices.unsold].map(({ id }) => id);
    expect(shown).not.toContain(foreign.id);
    expect(new Set(shown).size).toBe(shown.length);
  });
});

test('given a policy that is set again, then what was told of its offer stays, until it is agreed to anew', async () => {
  const account = await renewingAccount(world, { offerId: offer.id });
  await put(repriced('180'));
  // A guard alone says nothing about the price.
  await account.renewal({ ...aPolicy({ offerId: offer.id }), purchasesPerDay: 2 });
  await comeDown(account);
  expect((await account.news()).at(-1)).toMatchObject({ kind: 'renewed', changed: { price: String(yuan('170')) } });

  const anew = await renewingAccount(world, { offerId: offer.id });
  await comeDown(anew);
  expect((await anew.news()).at(-1)).toMatchObject({ kind: 'renewed', changed: null });
});

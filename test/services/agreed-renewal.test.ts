import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ActionOf } from '../../src/domain/approval.ts';
import type { PlanOffer } from '../../src/domain/plan.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { addOffers } from '../../src/services/catalogue.ts';
import { readPolicy } from '../../src/store/renewals.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { ask, decideOn, purchaseOf } from '../support/purchases.ts';
import { bought, renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
let offer: PlanOffer;

beforeEach(async () => {
  world.clock.set(NOW);
  offer = anOffer({ id: `offer-${randomUUID()}` });
  await world.run((tx) => addOffers(world.context, tx, [offer]));
});

const reprice = (price: string) =>
  world.run((tx) => addOffers(world.context, tx, [{ ...offer, version: 2, effectiveFrom: NOW, price: yuan(price) }]));

async function comeDown(account: TestAccount): Promise<void> {
  await account.use(4_500);
  await account.review();
}

async function outcomeOf(account: TestAccount, code: string) {
  const result = await decideOn(world, account, code);
  return 'approval' in result ? result.approval.outcome : result.type;
}

describe('auto-renewal that begins with a purchase (rule 17)', () => {
  test.each([
    ['turned off', { enabled: false }],
    ['given another threshold', { threshold: 700n }],
  ])('given it was %s since the quote, then nothing is bought and it stays so', async (_, change) => {
    const account = await renewingAccount(world, { offerId: offer.id });
    const quoted = await purchaseOf(world, account, 'sms-100', { threshold: 2_000n, offerId: offer.id });
    const { code } = await ask(world, account, MEMBER, quoted);
    await account.renewal({ ...(await readPolicy(db.kysely, account.id)), ...change });
    expect(await outcomeOf(account, code)).toBe('not_carried_out');
    expect(await readPolicy(db.kysely, account.id)).toMatchObject(change);
    expect(await account.plans()).toHaveLength(1);
  });

  test('given it is off and an administrator leaves it off, then a purchase without it is done', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    const { code } = await ask(world, account, MEMBER, await purchaseOf(world, account, 'sms-100'));
    const off = { type: 'switch_auto_renewal', enabled: false } as const;
    await world.run((tx) => requestAction(world.context, tx, account.group, ADMIN, off));
    expect(await outcomeOf(account, code)).toBe('done');
  });

  test('given the offer has another price than when it was chosen, and who confirms was shown it, then the receipt does not call it changed', async () => {
    const account = await renewingAccount(world, { offerId: offer.id });
    await reprice('180');
    const quoted = await purchaseOf(world, account, 'sms-100', { threshold: 900n, offerId: offer.id });
    const { code } = await ask(world, account, ADMIN, quoted);
    await decideOn(world, account, code);
    await comeDown(account);
    expect(await bought(account)).toHaveLength(1);
    expect((await account.news()).findLast(({ kind }) => kind === 'renewed')).toMatchObject({ changed: null });
  });
});

describe('another offer for auto-renewal, which was asked for (rule 17)', () => {
  async function asked(account: TestAccount) {
    const { corpId, conversationId, title } = account.group;
    const { offerId } = await readPolicy(db.kysely, account.id);
    return ask(world, account, MEMBER, {
      ...{ type: 'change_settings', group: { corpId, conversationId, title }, setting: 'offer' },
      ...{ before: { id: offerId ?? '', name: 'x' }, after: { id: offer.id, name: offer.title } },
    } as ActionOf<'change_settings'>);
  }

  test('given another price meanwhile, then it is not chosen: who approves agreed to the one that was shown', async () => {
    const account = await renewingAccount(world, { offerId: 'sms-5000' });
    const { code, action } = await asked(account);
    expect(action).toMatchObject({ offer: { offerId: offer.id, offerVersion: 1, price: String(offer.price) } });
    await reprice('900');
    expect(await outcomeOf(account, code)).toBe('price_changed');
    expect(await readPolicy(db.kysely, account.id)).toMatchObject({ offerId: 'sms-5000' });
  });

  test('given nothing has changed, then it is chosen', async () => {
    const account = await renewingAccount(world, { offerId: 'sms-5000' });
    const { code } = await asked(account);
    expect(await outcomeOf(account, code)).toBe('done');
    expect(await readPolicy(db.kysely, account.id)).toMatchObject({ offerId: offer.id });
  });
});

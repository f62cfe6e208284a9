import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { addOffers } from '../../src/services/catalogue.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { anOffer, NOW, yuan } from '../support/builders.ts';
import { renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const END = NOW.add({ hours: 20 });

/** An account whose renewal is open, of an offer whose end is announced after that. */
async function withdrawnUnderIt(given: Partial<RenewalPolicy> & { balance?: string }): Promise<TestAccount> {
  const offer = anOffer({ id: `offer-${randomUUID()}` });
  const put = (versions: Parameters<typeof addOffers>[2]) => world.run((tx) => addOffers(world.context, tx, versions));
  await put([offer]);
  const account = await renewingAccount(world, { offerId: offer.id, ...given });
  // Money that comes in the very moment of an attempt has it tried anew.
  world.pass({ minutes: 30 });
  await account.use(4_500);
  await account.review();
  await account.news();
  await put([{ id: offer.id, version: 2, effectiveFrom: END, withdrawn: true }]);
  await account.review();
  return account;
}

const endings = async (account: TestAccount) =>
  (await account.news()).filter(({ kind }) => kind === 'offer_ending').map(({ endsAt }) => endsAt);

test.each([
  ['lacks money', { balance: '10' }],
  ['is stopped by a guard', { moneyPerMonth: yuan('100') }],
  ['waits for an administrator', { approvalAbove: yuan('100') }],
])('given an open renewal that %s, then the end of the sale is told ahead, and when it has come', async (_, given) => {
  const account = await withdrawnUnderIt(given);
  expect(await endings(account)).toEqual([END.toString()]);
  world.clock.set(END);
  await account.review();
  expect(await endings(account)).toEqual([null]);
  world.pass({ hours: 1 });
  await account.review();
  expect(await endings(account)).toEqual([]);
});

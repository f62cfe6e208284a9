import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PlanOffer } from '../../src/domain/plan.ts';
import { expireApproval, listPending } from '../../src/services/approvals.ts';
import { addOffers } from '../../src/services/catalogue.ts';
import { readRenewalHistory } from '../../src/services/renewal-history.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, yuan } from '../support/builders.ts';
import { decideOn } from '../support/purchases.ts';
import { bought, renewingAccount } from '../support/renewing-account.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
/** Of ¥170 and ¥90 and ¥150. */
let [dear, cheap, middling]: PlanOffer[] = [];

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

beforeEach(async () => {
  const offers = ['170', '90', '150'].map((price) => anOffer({ id: `offer-${randomUUID()}`, price: yuan(price) }));
  await world.run((tx) => addOffers(world.context, tx, offers));
  [dear, cheap, middling] = offers;
});

/** What the policy is throughout, but for what a test changes: what costs more than ¥100 is asked for. */
const policyOf = (offer: PlanOffer | undefined) => ({
  ...{ threshold: 1_000n, offerId: offer?.id ?? '', approvalAbove: yuan('100') },
});

/** An account whose renewal for ¥170 waits for an administrator, and the code of the request. */
async function asking() {
  const account = await renewingAccount(world, policyOf(dear));
  await account.use(4_500);
  await account.review();
  const [code = ''] = await codes(account);
  await account.news();
  return { account, code };
}

async function codes(account: TestAccount): Promise<string[]> {
  return (await listPending(world.context, db.kysely, account.id)).map(({ code }) => code);
}

test('given it was rejected, then no alert says that the renewal goes on by itself, until its policy is changed', async () => {
  const { account, code } = await asking();
  await decideOn(world, account, code, { approve: false });
  await account.review();
  await account.news();
  await account.use(499);
  await account.review();
  expect(await account.news()).toMatchObject([{ kind: 'quota_exhausted', renewal: 'rejected' }]);
  await account.renewal(policyOf(cheap));
  await account.review();
  expect(await bought(account)).toMatchObject([{ price: yuan('90') }]);
});

describe('a request for a renewal whose policy was changed (rules 13 and 17)', () => {
  test('given another offer that needs no approval, then it is bought, and the request is closed', async () => {
    const { account, code } = await asking();
    await account.renewal(policyOf(cheap));
    await account.review();
    expect(await bought(account)).toMatchObject([{ price: yuan('90') }]);
    expect(await account.news()).toMatchObject([
      { kind: 'renewed', price: String(yuan('90')) },
      { kind: 'approval_decided', code, state: 'closed', outcome: 'no_longer_needed' },
    ]);
    const [renewal] = await readRenewalHistory(db.kysely, account.id);
    expect(renewal?.steps.map(({ state, reason, offerId }) => [state, reason, offerId])).toEqual([
      ['requested', null, dear?.id],
      ['stopped', 'policy_changed', dear?.id],
      ['paid', null, cheap?.id],
    ]);
    await expectBooksRight(db, account.id);
  });

  test.each([
    ['no amount any more', null],
    ['a higher amount', yuan('170')],
  ])('given %s, then it is bought, and nobody is asked', async (_, approvalAbove) => {
    const { account } = await asking();
    await account.renewal({ ...policyOf(dear), approvalAbove });
    await account.review();
    expect(await bought(account)).toMatchObject([{ price: yuan('170') }]);
    expect(await codes(account)).toEqual([]);
  });

  test.each(['rejected', 'expired', 'approved'] as const)(
    'given the request is %s before the review, then what was chosen is bought all the same',
    async (end) => {
      const { account, code } = await asking();
      await account.renewal(policyOf(cheap));
      if (end === 'expired') {
        world.pass({ hours: 24 });
        await world.run((tx) => expireApproval(world.context, tx, account.id, code));
      } else {
        const outcome = end === 'approved' ? 'no_longer_needed' : 'declined';
        const decided = await decideOn(world, account, code, { approve: end === 'approved' });
        expect(decided).toMatchObject({ approval: { outcome } });
      }
      await account.review();
      expect(await bought(account)).toMatchObject([{ price: yuan('90') }]);
    },
  );

  test('given another offer that needs an approval too, then that one is asked for, alone', async () => {
    const { account, code } = await asking();
    await account.renewal(policyOf(middling));
    await account.review();
    const news = await account.news();
    const wanted = news.find(({ kind }) => kind === 'approval_requested');
    expect(wanted).toMatchObject({ action: { offerId: middling?.id, price: String(yuan('150')) } });
    expect(await codes(account)).toEqual([wanted?.code]);
    expect(await decideOn(world, account, code, { approve: false })).toMatchObject({ type: 'late' });
    await decideOn(world, account, String(wanted?.code));
    expect(await bought(account)).toMatchObject([{ price: yuan('150') }]);
  });

  test('given the offer is changed there and back, then one request is left, and only it decides', async () => {
    const { account, code } = await asking();
    await account.renewal(policyOf(cheap));
    await account.renewal(policyOf(dear));
    await account.review();
    const left = await codes(account);
    expect([left.length, left.includes(code)]).toEqual([1, false]);
    await decideOn(world, account, left[0] ?? '');
    expect(await bought(account)).toMatchObject([{ price: yuan('170') }]);
  });

  test('given a change that leaves it as needed as it was, then it goes on waiting', async () => {
    const { account, code } = await asking();
    await account.renewal({ ...policyOf(dear), threshold: 900n, approvalAbove: yuan('169') });
    await account.review();
    expect([await codes(account), await bought(account), await account.news()]).toEqual([[code], [], []]);
  });
});

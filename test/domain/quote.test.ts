import { describe, expect, test } from 'vitest';
import { validityOf } from '../../src/domain/approval.ts';
import {
  assertPayable,
  missingFor,
  purchaseTerms,
  type QuoteInput,
  quotePurchase,
  renewalTerms,
  sameTerms,
  suggestedThreshold,
} from '../../src/domain/quote.ts';
import type { MoneyState } from '../../src/domain/standing.ts';
import { anOffer, at, NOW, yuan } from '../support/builders.ts';

const TARIFF = { id: 'sample', version: 3 };
const money = (balance: string, creditLimit = '0'): MoneyState => ({
  balance: yuan(balance),
  creditLimit: yuan(creditLimit),
  overdueSince: null,
  overdueGraceHours: 0,
});

function input(overrides: Partial<QuoteInput> = {}): QuoteInput {
  return {
    offer: anOffer({ renewalDiscountBp: 500 }),
    tariff: TARIFF,
    money: money('500'),
    plans: [],
    timeZone: 'Asia/Shanghai',
    now: NOW,
    policy: { enabled: false, threshold: 0n, offerId: null },
    policyOffer: null,
    renewal: null,
    ...overrides,
  };
}

describe('a quote (rule 17)', () => {
  test('rule 15: given an offer with a renewal discount, then a purchase by hand pays the full price, and a renewal the lower one', () => {
    const quote = quotePurchase(input({ renewal: { threshold: 1_000n, offer: anOffer({ renewalDiscountBp: 500 }) } }));
    expect(quote.terms).toEqual({
      offerId: 'sms-5000',
      offerVersion: 1,
      offerTitle: '5,000 segments',
      segments: '5000',
      price: yuan('170').toString(),
      validityMonths: 12,
      tariffId: 'sample',
      tariffVersion: 3,
    });
    expect(quote.renewal).toMatchObject({ threshold: '1000', price: yuan('161.5').toString() });
  });

  test('given money and plans, then balance and quota before and after, and the expiry, are of this moment', () => {
    const plan = {
      id: 'p',
      title: 'x',
      total: 900n,
      remaining: 700n,
      price: 0n,
      effectiveAt: NOW,
      expiresAt: at('2026-06-01'),
    };
    expect(quotePurchase(input({ plans: [plan] })).outlook).toEqual({
      balanceBefore: yuan('500').toString(),
      balanceAfter: yuan('330').toString(),
      quotaBefore: '700',
      quotaAfter: '5700',
      expiresAt: '2027-03-10T04:00:00Z',
      renewsAtOnce: false,
      suggestion: { threshold: '500', offerId: 'sms-5000', offerTitle: '5,000 segments' },
      isRenewing: false,
    });
  });

  test.each([
    [4_999n, 12, false],
    [5_000n, 12, true],
    [1n, 12, false],
  ])(
    'given a threshold of %s, then whether auto-renewal buys once more at once is said: %s months, %s',
    (threshold, validityMonths, expected) => {
      const offer = anOffer({ validityMonths });
      const renewal = { threshold, offer: anOffer({ segments: 10_000n }) };
      expect(quotePurchase(input({ offer, renewal })).outlook.renewsAtOnce).toBe(expected);
    },
  );

  test('given auto-renewal is on already, then none is suggested', () => {
    const policy = { enabled: true, threshold: 1_000n, offerId: null };
    expect(quotePurchase(input({ policy })).outlook).toMatchObject({ suggestion: null, isRenewing: true });
  });

  test('given a policy that is off, then what it says is suggested; else the offer at the threshold that is set, or at its tenth', () => {
    const policy = { enabled: false, threshold: 10_000n, offerId: null };
    const policyOffer = anOffer({ id: 'large', title: 'Large', segments: 50_000n });
    expect(quotePurchase(input({ policy, policyOffer })).outlook.suggestion).toEqual({
      threshold: '10000',
      offerId: 'large',
      offerTitle: 'Large',
    });
    expect(quotePurchase(input({ policy })).outlook.suggestion).toMatchObject({ threshold: '500' });
    expect(suggestedThreshold(anOffer(), 0n)).toBe(500n);
    expect(suggestedThreshold(anOffer(), 4_999n)).toBe(4_999n);
    expect(suggestedThreshold(anOffer(), 5_000n)).toBe(500n);
  });

  test.each([
    ['offerId', { id: 'other' }],
    ['version of the offer', { version: 2 }],
    ['segments', { segments: 4_999n }],
    ['price', { price: yuan('170.01') }],
    ['validity', { validityMonths: 11 }],
  ])('rule 17: given another %s, then it is another purchase', (_, change) => {
    expect(sameTerms(purchaseTerms(anOffer(), TARIFF), purchaseTerms(anOffer(change), TARIFF))).toBe(false);
  });

  test('rule 17: given a new version of the price list, then it is another purchase; given another title alone, then it is not', () => {
    const terms = purchaseTerms(anOffer(), TARIFF);
    expect(sameTerms(terms, purchaseTerms(anOffer(), { ...TARIFF, version: 4 }))).toBe(false);
    expect(sameTerms(terms, purchaseTerms(anOffer({ title: 'another' }), TARIFF))).toBe(true);
    expect(sameTerms(renewalTerms(anOffer()), renewalTerms(anOffer({ renewalDiscountBp: 1 })))).toBe(false);
  });

  test.each([
    ['170', '0', '0'],
    ['169.99', '0', '0.01'],
    ['0', '170', '0'],
    ['-30', '170', '30'],
  ])('rule 9: given a balance of %s and a credit of %s, then %s is missing', (balance, credit, missing) => {
    const state = money(balance, credit);
    expect(missingFor(yuan('170'), state)).toBe(yuan(missing));
    const refuse = () => assertPayable(yuan('170'), state);
    if (missing === '0') refuse();
    else expect(refuse).toThrow(expect.objectContaining({ code: 'insufficient_balance' }));
  });

  test('rule 17: given a request, then it is valid for a day and reminded of before; a confirm card for an hour and never', () => {
    expect(validityOf(NOW, false)).toEqual({ expiresAt: NOW.add({ hours: 24 }), remindAt: NOW.add({ hours: 22 }) });
    expect(validityOf(NOW, true)).toEqual({ expiresAt: NOW.add({ hours: 1 }), remindAt: null });
  });
});

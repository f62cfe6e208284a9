import { describe, expect, test } from 'vitest';
import { Offer, type OfferVersion, offerChange, offerStep, offerVersionProblem } from '../../src/domain/offer.ts';
import { anOffer, at, NOW, yuan } from '../support/builders.ts';

const APRIL = at('2026-04-01');
const JUNE = at('2026-06-01');
const JULY = at('2026-07-01');
const NANOSECOND = { nanoseconds: 1 };

const first = anOffer();
const dearer = anOffer({ version: 2, effectiveFrom: APRIL, price: yuan('180') });
const withdrawn: OfferVersion = { id: first.id, version: 3, effectiveFrom: JUNE, withdrawn: true };
const again = anOffer({ version: 4, effectiveFrom: JULY, price: yuan('160') });
const all = [again, withdrawn, first, dearer];

describe('an offer in versions', () => {
  test.each([
    ['always', at('1990-01-01'), first],
    ['now', NOW, first],
    ['until the next version begins', APRIL.subtract(NANOSECOND), first],
    ['from the moment in which it begins', APRIL, dearer],
    ['until it is withdrawn', JUNE.subtract(NANOSECOND), dearer],
    ['from when it is withdrawn', JUNE, null],
    ['from when it is sold again', JULY, again],
  ])('then what is sold %s is the version in force, up to and not including the next one', (_, when, expected) => {
    expect(new Offer(all).soldAt(when)).toBe(expected);
  });

  test('then it is called by what is sold, was sold last, or will be sold first, and the next change is named', () => {
    const offer = new Offer(all);
    expect(offer.stateAt(NOW)).toEqual({ offer: first, isSold: true, next: dearer, end: withdrawn });
    expect(offer.stateAt(APRIL)).toEqual({ offer: dearer, isSold: true, next: withdrawn, end: withdrawn });
    expect(offer.stateAt(JUNE)).toEqual({ offer: dearer, isSold: false, next: again, end: null });
    expect(offer.stateAt(JULY)).toEqual({ offer: again, isSold: true, next: null, end: null });
    expect(new Offer([dearer]).stateAt(NOW)).toEqual({
      ...{ offer: dearer, isSold: false, next: dearer, end: null },
    });
  });

  test('given a version that begins at the same time as a lower one, then it takes its place, before and after it has begun', () => {
    const corrected = anOffer({ version: 3, effectiveFrom: APRIL, price: yuan('175') });
    const offer = new Offer([corrected, first, dearer]);
    expect(offer.stateAt(NOW).next).toBe(corrected);
    expect(offer.soldAt(APRIL)).toBe(corrected);
  });

  test('then a version is found by its number as it was sold, and a withdrawal is none', () => {
    const offer = new Offer(all);
    expect([1, 2, 3, 4, 5].map((number) => offer.version(number))).toEqual([
      first,
      dearer,
      undefined,
      again,
      undefined,
    ]);
  });

  test('given nothing that is ever sold, then there is no such offer', () => {
    expect(() => new Offer([withdrawn])).toThrow(RangeError);
    expect(() => new Offer([])).toThrow(RangeError);
  });
});

describe('versions that go together', () => {
  const step = (version: number, effectiveFrom = APRIL, currency = 'CNY') =>
    offerStep(anOffer({ version, effectiveFrom, currency }));

  test.each([
    ['a higher one later', step(2), step(1, NOW), undefined],
    ['a lower one earlier', step(1, NOW), step(2), undefined],
    ['a higher one at the same time', step(2), step(1), undefined],
    ['a higher one earlier', step(2, NOW), step(1), 'effectiveFrom'],
    ['a lower one later', step(1), step(2, NOW), 'effectiveFrom'],
    ['another currency', step(2, JUNE, 'USD'), step(1), 'currency'],
    ['a withdrawal, which has no currency', offerStep(withdrawn), step(1, NOW, 'USD'), undefined],
  ])('given %s, then the field that is wrong is %s', (_, one, other, field) => {
    expect(offerVersionProblem(one, other)?.field).toBe(field);
  });
});

describe('what changes', () => {
  test.each([
    ['nothing', {}, {}],
    ['the price', { price: yuan('180') }, { price: yuan('180') }],
    ['segments and validity', { segments: 4_000n, validityMonths: 6 }, { segments: 4_000n, validityMonths: 6 }],
    ['the name', { title: 'new' }, { title: 'new' }],
    ['the discount', { renewalDiscountBp: 500 }, { renewalPrice: yuan('161.5') }],
    [
      'price and discount',
      { price: yuan('180'), renewalDiscountBp: 500 },
      { price: yuan('180'), renewalPrice: yuan('171') },
    ],
  ])('given a version in which %s is different, then that is what is told', (_, change, told) => {
    expect(offerChange(first, anOffer({ version: 2, ...change }))).toEqual(told);
  });

  test('given a discount that ends, then the renewal price is told, though it is the price', () => {
    const discounted = anOffer({ renewalDiscountBp: 500 });
    expect(offerChange(discounted, first)).toEqual({ renewalPrice: yuan('170') });
  });
});

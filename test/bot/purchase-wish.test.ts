import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../src/bot/parse.ts';
import { findOffer, readWish, wishCommand } from '../../src/bot/purchase-wish.ts';
import { anOffer } from '../support/builders.ts';

const SMALL = anOffer({ id: 'SMS-5000', title: '国内短信 5 千条包', segments: 5_000n });
const LARGE = anOffer({ id: 'sms-50000', title: '国内短信 5 万条包', segments: 50_000n });
const OFFERS = [SMALL, LARGE];

/** What is left of a command when the parser has taken its name off. */
function argumentOf(command: string): string {
  const parsed = parse(command);
  if (parsed.type !== 'command') throw new Error(`${command} is no command`);
  return parsed.argument;
}

describe('what was said after 购买', () => {
  it.each([
    ['2', { offer: '2', renewal: null }],
    ['2 自动续费 5000', { offer: '2', renewal: { threshold: '5000', offer: '' } }],
    ['5万条并开启自动续费阈值5千', { offer: '5万条', renewal: { threshold: '5千', offer: '' } }],
    ['sms-50000 auto-renew 1000 buying 1', { offer: 'sms-50000', renewal: { threshold: '1000', offer: '1' } }],
    [
      '2 自动续费 5000 买 国内短信 5 千条包',
      { offer: '2', renewal: { threshold: '5000', offer: '国内短信 5 千条包' } },
    ],
    ['自动续费', { offer: '', renewal: { threshold: '', offer: '' } }],
  ])('given %s, then it is taken apart', (said, wish) => {
    expect(readWish(said)).toEqual(wish);
  });

  it.each(['zh-CN', 'en'] as const)(
    'given the command of a button in %s, then it is read as it was written',
    (language) => {
      for (const [offer, renewed] of [
        [SMALL, LARGE],
        [LARGE, LARGE],
      ] as const) {
        const wish = readWish(argumentOf(wishCommand(language, offer.id, { threshold: 12_345n, offerId: renewed.id })));
        expect(findOffer(OFFERS, wish.offer)).toBe(offer);
        expect(wish.renewal?.threshold).toBe('12345');
        expect(findOffer(OFFERS, wish.renewal?.offer || wish.offer)).toBe(renewed);
        expect(findOffer(OFFERS, argumentOf(wishCommand(language, offer.id, null)))).toBe(offer);
      }
    },
  );

  it('given an offer whose title speaks of renewal, or an id that is a number, then the offer itself is found first', () => {
    const renewing = anOffer({ id: '7', title: '自动续费专用包', segments: 9n });
    expect(findOffer([...OFFERS, renewing], '自动续费专用包')).toBe(renewing);
    expect(findOffer([...OFFERS, renewing], '7')).toBe(renewing);
    expect(findOffer([...OFFERS, renewing], '2')).toBe(LARGE);
  });

  it('given anything at all, then it is read without a crash, and names one of the offers or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: 'grapheme' }),
          fc.constantFrom('٢', '²', '2\u202e', '２', '②'),
        ),
        (said) => {
          const { offer, renewal } = readWish(said);
          for (const part of [said, offer, renewal?.offer ?? ''])
            expect([...OFFERS, undefined]).toContain(findOffer(OFFERS, part));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('given digits that only look like a number, then they are none', () => {
    for (const said of ['٢', '²', '②', '2²', 'Ⅱ']) expect(findOffer(OFFERS, said)).toBeUndefined();
    expect(findOffer(OFFERS, '２')).toBe(LARGE);
  });
});

import { describe, expect, test } from 'vitest';
import {
  CASH,
  chargeTransfer,
  forfeitTransfer,
  netOf,
  newPlanTransfers,
  planBook,
  planOfBook,
  rechargeTransfer,
  type Transfer,
} from '../../src/domain/ledger.ts';
import type { Charge } from '../../src/domain/volume-line.ts';
import { NOW, yuan } from '../support/builders.ts';

const KEY = {
  month: '2026-03',
  destination: 'mainland',
  country: '',
  templateType: 'verification',
  tariffVersion: 1,
  late: false,
} as const;

function payg(amount: string, kind: 'payg' | 'correction' = 'payg'): Charge {
  return { ...KEY, kind, tier: 0, segments: kind === 'payg' ? 1n : 0n, unitPrice: yuan('0.045'), amount: yuan(amount) };
}

describe('transfers (rule 8)', () => {
  test('given a recharge, then money comes from outside into cash', () => {
    const transfer = rechargeTransfer({ key: 'recharge/1', currency: 'CNY', amount: yuan('500'), at: NOW, by: 'ops' });
    expect(transfer).toMatchObject({ kind: 'recharge', unit: 'CNY', from: 'funding', to: CASH, amount: yuan('500') });
    expect(netOf(CASH, [transfer])).toBe(yuan('500'));
    expect(netOf('funding', [transfer])).toBe(yuan('-500'));
  });

  test('given a renewal, then its segments are issued and its price is paid from cash', () => {
    const transfers = newPlanTransfers({
      planId: 'p',
      source: 'renewal',
      segments: 5_000n,
      price: yuan('170'),
      currency: 'CNY',
      at: NOW,
      by: 'auto-renewal',
    });
    expect(netOf(planBook('p'), transfers)).toBe(5_000n);
    expect(netOf(CASH, transfers)).toBe(yuan('-170'));
    expect(new Set(transfers.map(({ key }) => key)).size).toBe(2);
  });

  test('given a grant, which costs nothing, then only segments move', () => {
    const transfers = newPlanTransfers({
      planId: 'p',
      source: 'grant',
      segments: 5_000n,
      price: 0n,
      currency: 'CNY',
      at: NOW,
      by: 'ops',
    });
    expect(transfers.map(({ kind, unit }) => [kind, unit])).toEqual([['grant', 'segment']]);
  });

  test('rule 4: given a charge, then cash pays; given a credit, then cash gets it back; given nothing to pay, then nothing moves', () => {
    const charge = chargeTransfer('c1', payg('0.045'), 'CNY', NOW);
    const credit = chargeTransfer('c2', payg('-0.5', 'correction'), 'CNY', NOW);
    expect(charge).toMatchObject({ kind: 'payg', from: CASH, to: 'payg', amount: yuan('0.045') });
    expect(credit).toMatchObject({ kind: 'correction', from: 'payg', to: CASH, amount: yuan('0.5') });
    expect(chargeTransfer('c3', payg('0'), 'CNY', NOW)).toBeUndefined();
  });

  test('given what a plan covered, then its segments move and no money', () => {
    const transfer = chargeTransfer('c', { ...KEY, kind: 'plan', planId: 'p', segments: 3n }, 'CNY', NOW);
    expect(transfer).toMatchObject({ unit: 'segment', from: planBook('p'), to: 'consumed', amount: 3n });
  });

  test('rule 15: given what is left of an expired plan, then it is forfeited by an entry', () => {
    expect(forfeitTransfer('p', 7n, NOW)).toMatchObject({
      key: 'plan/p/forfeit',
      kind: 'forfeit',
      from: planBook('p'),
      to: 'forfeited',
      amount: 7n,
    });
  });

  test('rule 8: given any transfers, then all books together sum to zero', () => {
    const transfers = [
      rechargeTransfer({ key: 'a', currency: 'CNY', amount: 5n, at: NOW, by: '' }),
      chargeTransfer('b', payg('0.000003'), 'CNY', NOW),
      chargeTransfer('c', payg('-0.000001', 'correction'), 'CNY', NOW),
    ].filter((transfer): transfer is Transfer => transfer !== undefined);
    const books = new Set(transfers.flatMap(({ from, to }) => [from, to]));
    expect([...books].reduce((sum, book) => sum + netOf(book, transfers), 0n)).toBe(0n);
    expect(netOf(CASH, transfers)).toBe(3n);
  });

  test('given a book, then its plan is known, and other books have none', () => {
    expect(planOfBook(planBook('p-1'))).toBe('p-1');
    expect(planOfBook('consumed')).toBeUndefined();
  });
});

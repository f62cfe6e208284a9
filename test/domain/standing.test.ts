import { describe, expect, test } from 'vitest';
import { availableOf, type MoneyState, sendingOf, standingOf, suspendedFrom } from '../../src/domain/standing.ts';
import { NOW, yuan } from '../support/builders.ts';

function money(overrides: Partial<MoneyState> = {}): MoneyState {
  return { balance: 0n, creditLimit: 0n, overdueSince: null, overdueGraceHours: 0, ...overrides };
}

describe('standing (rule 9)', () => {
  test.each([
    ['0', '0', 'clear'],
    ['-0.000001', '0', 'overdue'],
    ['-100', '100', 'clear'],
    ['-100.000001', '100', 'overdue'],
    ['10', '0', 'clear'],
  ])('rule 9: given a balance of %s and a credit limit of %s, then the account is %s', (balance, credit, standing) => {
    const state = { balance: yuan(balance), creditLimit: yuan(credit) };
    expect(standingOf(state)).toBe(standing);
    expect(availableOf(state) < 0n).toBe(standing === 'overdue');
  });

  test('rule 9: given an account that is not overdue, then it may send and nothing stops it', () => {
    expect(suspendedFrom(money())).toBeNull();
    expect(sendingOf(money(), NOW)).toBe('allowed');
  });

  test('rule 9: given no grace, when the account becomes overdue, then sending is suspended in that very moment', () => {
    const state = money({ balance: -1n, overdueSince: NOW });
    expect(suspendedFrom(state)).toEqual(NOW);
    expect(sendingOf(state, NOW)).toBe('suspended');
  });

  test('rule 9: given a grace of 24 hours, then sending is suspended when it is over and not before', () => {
    const state = money({ balance: -1n, overdueSince: NOW, overdueGraceHours: 24 });
    const end = NOW.add({ hours: 24 });
    expect(suspendedFrom(state)).toEqual(end);
    expect(sendingOf(state, NOW)).toBe('allowed');
    expect(sendingOf(state, end.subtract({ nanoseconds: 1 }))).toBe('allowed');
    expect(sendingOf(state, end)).toBe('suspended');
  });
});

import { describe, expect, test } from 'vitest';
import {
  availableOf,
  type MoneyState,
  type SendingFacts,
  sendingOf,
  sendingReasons,
  standingOf,
  suspendedFrom,
} from '../../src/domain/standing.ts';
import { NOW, yuan } from '../support/builders.ts';

function money(overrides: Partial<MoneyState> = {}): MoneyState {
  return { balance: 0n, creditLimit: 0n, overdueSince: null, overdueGraceHours: 0, ...overrides };
}

function facts(state: MoneyState, overrides: Partial<SendingFacts> = {}): SendingFacts {
  return { money: state, isPaused: false, isCapped: false, ...overrides };
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
    expect(sendingOf(facts(money()), NOW)).toBe('allowed');
  });

  test('rule 9: given no grace, when the account becomes overdue, then sending is suspended in that very moment', () => {
    const state = money({ balance: -1n, overdueSince: NOW });
    expect(suspendedFrom(state)).toEqual(NOW);
    expect(sendingOf(facts(state), NOW)).toBe('suspended');
  });

  test('rule 9: given a grace of 24 hours, then sending is suspended when it is over and not before', () => {
    const state = money({ balance: -1n, overdueSince: NOW, overdueGraceHours: 24 });
    const end = NOW.add({ hours: 24 });
    expect(suspendedFrom(state)).toEqual(end);
    expect(sendingOf(facts(state), NOW)).toBe('allowed');
    expect(sendingOf(facts(state), end.subtract({ nanoseconds: 1 }))).toBe('allowed');
    expect(sendingOf(facts(state), end)).toBe('suspended');
  });
});

describe('sending: the combined state', () => {
  const owing = money({ balance: -1n, overdueSince: NOW });

  test.each([
    [false, false, false, 'allowed', []],
    [false, false, true, 'capped', ['capped']],
    [false, true, false, 'paused', ['paused']],
    [false, true, true, 'paused', ['paused', 'capped']],
    [true, false, false, 'suspended', ['suspended']],
    [true, false, true, 'suspended', ['suspended', 'capped']],
    [true, true, false, 'suspended', ['suspended', 'paused']],
    [true, true, true, 'suspended', ['suspended', 'paused', 'capped']],
  ])(
    'given overdue %s, paused %s and capped %s, then it is %s, with every reason',
    (owes, isPaused, isCapped, sending, reasons) => {
      const all = facts(owes ? owing : money(), { isPaused, isCapped });
      expect(sendingOf(all, NOW)).toBe(sending);
      expect(sendingReasons(all, NOW)).toEqual(reasons);
    },
  );

  test('given a pause during a grace, then it is paused, and suspended when the grace is over', () => {
    const inGrace = facts(money({ balance: -1n, overdueSince: NOW, overdueGraceHours: 1 }), { isPaused: true });
    expect(sendingOf(inGrace, NOW)).toBe('paused');
    expect(sendingOf(inGrace, NOW.add({ hours: 1 }))).toBe('suspended');
  });
});

import { describe, expect, test } from 'vitest';
import {
  availableOf,
  type MoneyState,
  type SendingFacts,
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
    expect(sendingReasons(facts(money()), NOW)).toEqual([]);
  });

  test('rule 9: given no grace, when the account becomes overdue, then sending is suspended in that very moment', () => {
    const state = money({ balance: -1n, overdueSince: NOW });
    expect(suspendedFrom(state)).toEqual(NOW);
    expect(sendingReasons(facts(state), NOW)).toEqual(['suspended']);
  });

  test('rule 9: given a grace of 24 hours, then sending is suspended when it is over and not before', () => {
    const state = money({ balance: -1n, overdueSince: NOW, overdueGraceHours: 24 });
    const end = NOW.add({ hours: 24 });
    expect(suspendedFrom(state)).toEqual(end);
    expect(sendingReasons(facts(state), NOW)).toEqual([]);
    expect(sendingReasons(facts(state), end.subtract({ nanoseconds: 1 }))).toEqual([]);
    expect(sendingReasons(facts(state), end)).toEqual(['suspended']);
  });
});

describe('sending: the combined state', () => {
  const owing = money({ balance: -1n, overdueSince: NOW });

  test.each([
    [false, false, false, []],
    [false, false, true, ['capped']],
    [false, true, false, ['paused']],
    [false, true, true, ['paused', 'capped']],
    [true, false, false, ['suspended']],
    [true, false, true, ['suspended', 'capped']],
    [true, true, false, ['suspended', 'paused']],
    [true, true, true, ['suspended', 'paused', 'capped']],
  ])(
    'given overdue %s, paused %s and capped %s, then every reason is there, the one that a gateway is told first',
    (owes, isPaused, isCapped, reasons) => {
      expect(sendingReasons(facts(owes ? owing : money(), { isPaused, isCapped }), NOW)).toEqual(reasons);
    },
  );

  test('given a pause during a grace, then it is paused, and suspended when the grace is over', () => {
    const inGrace = facts(money({ balance: -1n, overdueSince: NOW, overdueGraceHours: 1 }), { isPaused: true });
    expect(sendingReasons(inGrace, NOW)).toEqual(['paused']);
    expect(sendingReasons(inGrace, NOW.add({ hours: 1 }))).toEqual(['suspended', 'paused']);
  });
});

import { describe, expect, test } from 'vitest';
import type { RenewalState } from '../../src/domain/renewal.ts';
import { mayFollow } from '../../src/domain/renewal-states.ts';

const STATES: readonly RenewalState[] = ['requested', 'approved', 'paid', 'failed', 'stopped'];

describe('mayFollow (rules 12 to 14): every state and what may follow on it', () => {
  test.each<[RenewalState | null, readonly RenewalState[]]>([
    [null, ['requested', 'paid', 'failed', 'stopped']],
    ['requested', ['approved', 'stopped']],
    ['approved', ['paid', 'failed', 'stopped']],
    ['failed', ['requested', 'paid', 'failed', 'stopped']],
    ['stopped', ['requested', 'paid', 'failed', 'stopped']],
    ['paid', []],
  ])('given %s, then %s may follow and nothing else', (state, next) => {
    expect(STATES.filter((candidate) => mayFollow(state, candidate))).toEqual(next);
  });
});

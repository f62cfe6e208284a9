import { describe, expect, test } from 'vitest';
import type { RuleError } from '../../src/domain/errors.ts';
import type { Plan } from '../../src/domain/plan.ts';
import {
  assertPolicy,
  decideRenewal,
  expiryTriggerAt,
  MAX_THRESHOLD,
  type OpenRenewal,
  type RenewalInput,
  type RenewalPolicy,
  renewalTrigger,
} from '../../src/domain/renewal.ts';
import { anOffer, aPlan, aPolicy, at, NOW, yuan } from '../support/builders.ts';

const NANOSECOND = { nanoseconds: 1 };
const TEN_DAYS = { hours: 240 };

/** An account whose quota is at the threshold, with plenty of money. */
function input(overrides: Partial<RenewalInput> = {}): RenewalInput {
  return {
    now: NOW,
    timeZone: 'Asia/Shanghai',
    plans: [aPlan({ remaining: 1_000n })],
    policy: aPolicy(),
    offer: anOffer(),
    isSold: true,
    next: null,
    open: null,
    history: { purchasesToday: 0, purchasesThisMonth: 0, spentThisMonth: 0n },
    available: yuan('1000'),
    lastFundedAt: null,
    ...overrides,
  };
}

function open(overrides: Partial<OpenRenewal> = {}): OpenRenewal {
  return {
    id: 'episode',
    trigger: 'threshold',
    state: 'failed',
    reason: 'insufficient_balance',
    attemptedAt: NOW.subtract({ hours: 1 }),
    nextAttemptAt: NOW.add({ hours: 23 }),
    ...overrides,
  };
}

const ENOUGH = [aPlan({ remaining: 1_001n })];

describe('renewalTrigger (rule 12)', () => {
  test.each([
    [1_001n, undefined],
    [1_000n, 'threshold'],
    [999n, 'threshold'],
    [0n, 'threshold'],
  ])(
    'rule 12, trigger A: given %s segments left and a threshold of 1,000, then the trigger is %s',
    (remaining, trigger) => {
      expect(renewalTrigger([aPlan({ total: 5_000n, remaining })], 1_000n, NOW)).toBe(trigger);
    },
  );

  test('rule 12, trigger A: given several plans, then all active ones count together', () => {
    const expired = aPlan({ remaining: 9_000n, expiresAt: NOW });
    expect(renewalTrigger([aPlan({ remaining: 600n }), aPlan({ remaining: 400n }), expired], 1_000n, NOW)).toBe(
      'threshold',
    );
    expect(renewalTrigger([aPlan({ remaining: 600n }), aPlan({ remaining: 401n })], 1_000n, NOW)).toBeUndefined();
  });

  test('rule 12, trigger B: given the last active plan, then it holds from exactly ten days before it expires', () => {
    const plans = [aPlan({ expiresAt: NOW.add(TEN_DAYS), remaining: 5_000n })];
    expect(renewalTrigger(plans, 1_000n, NOW.subtract(NANOSECOND))).toBeUndefined();
    expect(renewalTrigger(plans, 1_000n, NOW)).toBe('expiry');
    expect(expiryTriggerAt(plans, NOW)).toEqual(NOW);
  });

  test('rule 12, trigger B: given another plan that lasts longer, then the first one to expire does not trigger', () => {
    const soon = aPlan({ expiresAt: NOW.add({ hours: 24 }), remaining: 5_000n });
    const later = aPlan({ expiresAt: NOW.add({ hours: 241 }), remaining: 1n });
    expect(renewalTrigger([soon, later], 1_000n, NOW)).toBeUndefined();
    expect(renewalTrigger([soon, { ...later, remaining: 0n }], 1_000n, NOW)).toBe('expiry');
  });

  test('rule 12: given both triggers at once, then it is one, the threshold’s', () => {
    expect(renewalTrigger([aPlan({ remaining: 5n, expiresAt: NOW.add({ hours: 1 }) })], 1_000n, NOW)).toBe('threshold');
  });

  test('rule 12: given a plan that a clock which is ahead has bought, then it counts, so that this clock does not buy another', () => {
    const ahead = aPlan({ remaining: 5_000n, effectiveAt: NOW.add({ hours: 1 }) });
    expect(renewalTrigger([aPlan({ remaining: 500n }), ahead], 1_000n, NOW)).toBeUndefined();
    const expiring = aPlan({ remaining: 5_000n, expiresAt: NOW.add(TEN_DAYS) });
    expect(renewalTrigger([expiring, ahead], 1_000n, NOW)).toBeUndefined();
  });

  test('given no plan at all, then the quota of zero is at the threshold', () => {
    expect(renewalTrigger([], 0n, NOW)).toBe('threshold');
    expect(expiryTriggerAt([], NOW)).toBeUndefined();
  });
});

describe('decideRenewal: whether (rules 11 and 12)', () => {
  test('rule 11: given it is off, then nothing is bought, and an open episode ends', () => {
    const off = { policy: aPolicy({ enabled: false }) };
    expect(decideRenewal(input(off))).toEqual({ type: 'none' });
    expect(decideRenewal(input({ ...off, open: open() }))).toEqual({ type: 'close', reason: 'turned_off' });
  });

  test('given an offer that is no longer there, then nothing is bought', () => {
    expect(decideRenewal(input({ offer: null }))).toEqual({ type: 'none' });
  });

  test('rule 12: given no trigger, then nothing is bought; given that it is gone, then the episode ends', () => {
    expect(decideRenewal(input({ plans: ENOUGH }))).toEqual({ type: 'none' });
    expect(decideRenewal(input({ plans: ENOUGH, open: open() }))).toEqual({ type: 'close', reason: 'trigger_gone' });
  });

  test('rule 12: given a trigger and no episode, then one plan is bought', () => {
    expect(decideRenewal(input())).toEqual({
      type: 'buy',
      trigger: 'threshold',
      offer: anOffer(),
      price: yuan('170'),
    });
  });

  test('rule 12: given a plan that expires in ten days, then one is bought for that reason', () => {
    const plans = [aPlan({ remaining: 9_000n, expiresAt: NOW.add(TEN_DAYS) })];
    expect(decideRenewal(input({ plans }))).toMatchObject({ type: 'buy', trigger: 'expiry' });
  });

  test('rule 15: given a renewal discount, then the price is the discounted one', () => {
    expect(decideRenewal(input({ offer: anOffer({ renewalDiscountBp: 500 }) }))).toMatchObject({
      type: 'buy',
      price: yuan('161.5'),
    });
  });
});

describe('decideRenewal: guards (rule 13)', () => {
  const history = { purchasesToday: 2, purchasesThisMonth: 5, spentThisMonth: yuan('500') };
  const guards: [string, Partial<RenewalPolicy>, object][] = [
    ['purchases a day, one left', { purchasesPerDay: 3 }, { type: 'buy' }],
    [
      'purchases a day, none left',
      { purchasesPerDay: 2 },
      { type: 'stop', guard: 'purchases_per_day', nextAttemptAt: at('2026-03-11') },
    ],
    ['purchases a month, one left', { purchasesPerMonth: 6 }, { type: 'buy' }],
    [
      'purchases a month, none left',
      { purchasesPerMonth: 5 },
      { type: 'stop', guard: 'purchases_per_month', nextAttemptAt: at('2026-04-01') },
    ],
    ['money a month, exactly enough', { moneyPerMonth: yuan('670') }, { type: 'buy' }],
    [
      'money a month, a micro-unit too little',
      { moneyPerMonth: yuan('669.999999') },
      { type: 'stop', guard: 'money_per_month', nextAttemptAt: at('2026-04-01') },
    ],
    [
      'two at once, of which the one that holds longer is named',
      { purchasesPerDay: 2, moneyPerMonth: 0n },
      { type: 'stop', guard: 'money_per_month' },
    ],
  ];
  test.each(guards)('rule 13: given %s, then %o decides %o', (_, policy, step) => {
    expect(decideRenewal(input({ policy: aPolicy(policy), history }))).toMatchObject(step);
  });

  test('rule 13: given December, then the month’s guards hold until the new year of the account’s calendar', () => {
    const step = decideRenewal(
      input({ now: at('2026-12-31T23:59'), policy: aPolicy({ purchasesPerMonth: 1 }), history }),
    );
    expect(step).toMatchObject({ type: 'stop', nextAttemptAt: at('2027-01-01') });
  });

  test('rule 13: given a day that begins later in the account’s zone, then the day’s guard holds until that zone’s midnight', () => {
    const step = decideRenewal(
      input({ timeZone: 'America/New_York', policy: aPolicy({ purchasesPerDay: 1 }), history }),
    );
    // NOW is 00:00 on 10 March in New York.
    expect(step).toMatchObject({ type: 'stop', nextAttemptAt: Temporal.Instant.from('2026-03-11T00:00:00-04:00') });
  });

  test('rule 13: given a guard and too little money, then the guard is what stops it', () => {
    const step = decideRenewal(input({ available: 0n, policy: aPolicy({ purchasesPerDay: 2 }), history }));
    expect(step).toMatchObject({ type: 'stop' });
  });

  test('rule 13: given a stopped episode, then it waits for its next attempt and then goes on', () => {
    const stopped = open({ state: 'stopped', nextAttemptAt: at('2026-03-11') });
    const justBefore = at('2026-03-11').subtract(NANOSECOND);
    expect(decideRenewal(input({ now: justBefore, open: stopped }))).toEqual({ type: 'none' });
    expect(decideRenewal(input({ now: at('2026-03-11'), open: stopped }))).toMatchObject({ type: 'buy' });
  });

  test('rule 13: given a recharge, then it does not lift a guard', () => {
    const stopped = open({ state: 'stopped', nextAttemptAt: at('2026-04-01') });
    expect(decideRenewal(input({ open: stopped, lastFundedAt: NOW }))).toEqual({ type: 'none' });
  });

  test.each([
    ['below it', '170.000001', 'buy'],
    ['exactly at it', '170', 'buy'],
    ['above it', '169.999999', 'ask'],
  ])('rule 13: given a price %s, the amount that needs approval being %s, then %s', (_, approvalAbove, type) => {
    const policy = aPolicy({ approvalAbove: yuan(approvalAbove) });
    expect(decideRenewal(input({ policy }))).toMatchObject({ type, price: yuan('170') });
  });

  test('rule 13: given it was asked, then nothing happens until it is decided', () => {
    const policy = aPolicy({ approvalAbove: 0n });
    const asked = open({ state: 'requested', nextAttemptAt: null });
    const later = NOW.add({ hours: 1_000 });
    expect(decideRenewal(input({ policy, open: asked, now: later, lastFundedAt: NOW }))).toEqual({ type: 'none' });
    expect(decideRenewal(input({ policy, open: asked, approved: true }))).toMatchObject({ type: 'buy' });
  });

  test('rule 17: given it was approved, then guards, money and trigger are still checked', () => {
    const asked = open({ state: 'requested', nextAttemptAt: null });
    const policy = aPolicy({ approvalAbove: 0n });
    const approved = { policy, open: asked, approved: true };
    expect(decideRenewal(input({ ...approved, plans: ENOUGH }))).toMatchObject({ type: 'close' });
    expect(decideRenewal(input({ ...approved, available: yuan('169') }))).toMatchObject({ type: 'fail' });
    expect(decideRenewal(input({ ...approved, policy: { ...policy, purchasesPerDay: 2 }, history }))).toMatchObject({
      type: 'stop',
    });
    expect(decideRenewal(input({ ...approved, policy: { ...policy, enabled: false } }))).toMatchObject({
      type: 'close',
    });
  });
});

describe('decideRenewal: lack of balance (rule 14)', () => {
  test('rule 14: given a micro-unit too little, then it fails with what is missing and is tried again in a day', () => {
    expect(decideRenewal(input({ available: yuan('169.999999') }))).toMatchObject({
      type: 'fail',
      missing: 1n,
      nextAttemptAt: NOW.add({ hours: 24 }),
    });
    expect(decideRenewal(input({ available: yuan('170') }))).toMatchObject({ type: 'buy' });
  });

  test('rule 14: given a failed episode, then it is tried again when the day is over and not before', () => {
    const failed = open();
    const due = NOW.add({ hours: 23 });
    expect(decideRenewal(input({ open: failed, now: due.subtract(NANOSECOND) }))).toEqual({ type: 'none' });
    expect(decideRenewal(input({ open: failed, now: due }))).toMatchObject({ type: 'buy' });
    expect(decideRenewal(input({ open: failed, now: due, available: 0n }))).toMatchObject({
      type: 'fail',
      nextAttemptAt: due.add({ hours: 24 }),
    });
  });

  test('rule 14: given a recharge after the last attempt, then it is tried again at once; one before it changes nothing', () => {
    const failed = open({ attemptedAt: NOW.subtract({ hours: 1 }) });
    const before = NOW.subtract({ hours: 2 });
    const after = NOW.subtract({ minutes: 1 });
    expect(decideRenewal(input({ open: failed, lastFundedAt: before }))).toEqual({ type: 'none' });
    expect(decideRenewal(input({ open: failed, lastFundedAt: after }))).toMatchObject({ type: 'buy' });
  });

  test('rule 14: given a recharge in the same moment as the attempt, then it is tried again: who came first is not known', () => {
    const failed = open({ attemptedAt: NOW });
    expect(decideRenewal(input({ open: failed, lastFundedAt: NOW }))).toMatchObject({ type: 'buy' });
  });

  test.each<[string, Partial<OpenRenewal> | null, Temporal.Instant | null, boolean]>([
    ['the first attempt', null, null, true],
    ['a daily retry', { nextAttemptAt: NOW }, null, false],
    ['a retry after a recharge', { nextAttemptAt: NOW }, NOW.subtract({ minutes: 1 }), true],
    ['a retry of one that a guard had stopped', { reason: 'purchases_per_day', nextAttemptAt: NOW }, null, true],
    ['a retry after the policy was changed', { reason: null, nextAttemptAt: NOW }, null, true],
  ])('rule 14: given %s that fails, then it is told only where it is news', (_, episode, lastFundedAt, isNews) => {
    const step = decideRenewal(input({ available: 0n, open: episode && open(episode), lastFundedAt }));
    expect(step).toMatchObject({ type: 'fail', reason: 'insufficient_balance', isNews });
  });

  test('rule 14: given it was turned off or the trigger is gone, then it is not tried again', () => {
    const due = { open: open({ nextAttemptAt: NOW }) };
    expect(decideRenewal(input({ ...due, policy: aPolicy({ enabled: false }) }))).toMatchObject({ type: 'close' });
    expect(decideRenewal(input({ ...due, plans: ENOUGH }))).toMatchObject({ type: 'close' });
  });
});

describe('assertPolicy (rule 13)', () => {
  function refusal(policy: Partial<RenewalPolicy>, offer: Parameters<typeof assertPolicy>[1] = anOffer()) {
    try {
      assertPolicy(aPolicy(policy), offer);
    } catch (error) {
      return (error as RuleError).code;
    }
    return null;
  }

  test.each<[string, Partial<RenewalPolicy>, string | null]>([
    ['a threshold of 0', { threshold: 0n }, null],
    ['a threshold below 0', { threshold: -1n }, 'threshold_out_of_range'],
    ['a threshold above 200,000,000', { threshold: MAX_THRESHOLD + 1n, enabled: false }, 'threshold_out_of_range'],
    ['an offer of one segment more than the threshold', { threshold: 4_999n }, null],
    ['an offer of just the threshold', { threshold: 5_000n }, 'offer_too_small'],
    ['an offer that is too small while it is off', { threshold: 5_000n, enabled: false }, null],
    ['no purchase a day', { purchasesPerDay: 0 }, 'guard_out_of_range'],
    ['no purchase a month', { purchasesPerMonth: 0 }, 'guard_out_of_range'],
    ['half a purchase a day', { purchasesPerDay: 1.5 }, 'guard_out_of_range'],
    ['less than no money a month', { moneyPerMonth: -1n }, 'guard_out_of_range'],
    ['an amount below zero that needs approval', { approvalAbove: -1n }, 'guard_out_of_range'],
    ['more purchases a day than can be kept', { purchasesPerDay: 3_000_000_000 }, 'guard_out_of_range'],
    ['more money a month than can be kept', { moneyPerMonth: 10n ** 21n }, 'guard_out_of_range'],
    ['the largest guards', { purchasesPerDay: 1_000_000, moneyPerMonth: 10n ** 18n, approvalAbove: 10n ** 18n }, null],
    ['no money a month', { moneyPerMonth: 0n }, null],
  ])('rule 13: given %s, then %o is refused with %s', (_, policy, code) => {
    expect(refusal(policy)).toBe(code);
  });

  test('rule 13: given a threshold of 200,000,000 and an offer that is larger, then it is accepted', () => {
    expect(refusal({ threshold: MAX_THRESHOLD }, anOffer({ segments: MAX_THRESHOLD + 1n }))).toBeNull();
  });

  test('rule 13: given no offer, then it cannot be turned on, but be off', () => {
    expect(refusal({}, null)).toBe('offer_missing');
    expect(refusal({ enabled: false }, null)).toBeNull();
  });

  test('rule 13: given a refusal, then its sentence names the offer and the numbers', () => {
    expect(() => assertPolicy(aPolicy({ threshold: 5_000n }), anOffer())).toThrow(/5,000 segments.*5000.*5000/);
  });
});

describe('a whole episode, by the rules alone', () => {
  test('rules 12 to 14: given a failed renewal, a day’s retry and a recharge, then one plan is bought, and none after it', () => {
    let plans: Plan[] = [aPlan({ remaining: 900n })];
    const first = decideRenewal(input({ plans, available: 0n }));
    expect(first.type).toBe('fail');
    let failed = open({ attemptedAt: NOW, nextAttemptAt: NOW.add({ hours: 24 }) });

    const tomorrow = NOW.add({ hours: 24 });
    expect(decideRenewal(input({ plans, available: 0n, open: failed, now: tomorrow })).type).toBe('fail');
    failed = open({ attemptedAt: tomorrow, nextAttemptAt: tomorrow.add({ hours: 24 }) });

    const recharged = tomorrow.add({ minutes: 5 });
    const bought = decideRenewal(input({ plans, open: failed, now: recharged, lastFundedAt: recharged }));
    expect(bought.type).toBe('buy');

    plans = [...plans, aPlan({ remaining: 5_000n })];
    expect(decideRenewal(input({ plans, now: recharged, lastFundedAt: recharged })).type).toBe('none');
  });
});

describe('rule 13: an offer that has changed since it was chosen', () => {
  const DAY = { hours: 24 };

  test('given it is dearer, then it is bought at the price of the moment, within the guards', () => {
    const dearer = anOffer({ version: 2, price: yuan('180') });
    expect(decideRenewal(input({ offer: dearer }))).toMatchObject({ type: 'buy', price: yuan('180') });
    expect(decideRenewal(input({ offer: dearer, policy: aPolicy({ approvalAbove: yuan('175') }) }))).toMatchObject({
      type: 'ask',
      price: yuan('180'),
    });
    expect(decideRenewal(input({ offer: dearer, policy: aPolicy({ moneyPerMonth: yuan('175') }) }))).toMatchObject({
      type: 'stop',
      guard: 'money_per_month',
    });
  });

  test('given it is not sold any more, then the renewal stops, before any guard, and is tried again in a day', () => {
    const stopped = decideRenewal(input({ isSold: false, policy: aPolicy({ moneyPerMonth: 1n }), available: 0n }));
    expect(stopped).toMatchObject({ type: 'stop', guard: 'offer_not_sold', isNews: true });
    expect(stopped).toMatchObject({ nextAttemptAt: NOW.add(DAY) });
  });

  test('given it is sold again within the day, then it is tried again at that moment', () => {
    const next = anOffer({ version: 3, effectiveFrom: NOW.add({ hours: 5 }) });
    expect(decideRenewal(input({ isSold: false, next }))).toMatchObject({ nextAttemptAt: next.effectiveFrom });
    const later = anOffer({ version: 3, effectiveFrom: NOW.add({ hours: 25 }) });
    expect(decideRenewal(input({ isSold: false, next: later }))).toMatchObject({ nextAttemptAt: NOW.add(DAY) });
  });

  test.each([
    [1_001n, 'buy'],
    [1_000n, 'stop'],
  ])('given it has %s segments by now and the threshold is 1,000, then it is: %s', (segments, type) => {
    const shrunk = decideRenewal(input({ offer: anOffer({ version: 2, segments }) }));
    expect(shrunk.type).toBe(type);
    if (shrunk.type === 'stop') expect(shrunk.guard).toBe('offer_too_small');
  });

  test('given the daily retry finds it as before, then that is no news', () => {
    const waiting = open({ state: 'stopped', reason: 'offer_not_sold', nextAttemptAt: NOW });
    expect(decideRenewal(input({ isSold: false, open: waiting }))).toMatchObject({ type: 'stop', isNews: false });
  });
});

import { describe, expect, test } from 'vitest';
import {
  type AlertChange,
  type AlertInput,
  decideAlerts,
  type OpenAlert,
  OVERDUE_LEVEL,
  QUOTA_LEVEL,
} from '../../src/domain/alert.ts';
import type { Forecast } from '../../src/domain/forecast.ts';
import { aPlan, NOW, noCaps, noSpike, yuan } from '../support/builders.ts';

const DAY = { hours: 24 };
const QUIET: Forecast = {
  segmentsPerDay: 0n,
  quotaDays: null,
  quotaEndsAt: null,
  quotaEndsBy: null,
  paygPerDay: 0n,
  runwayDays: null,
  overdueAt: null,
  basis: 'average',
};
const CLEAR = { balance: yuan('100'), creditLimit: 0n, overdueSince: null, overdueGraceHours: 0 };

/** An account with nothing to tell: 5,000 segments for another year, a threshold of 1,000, money, no use. */
function input(overrides: Partial<AlertInput> = {}): AlertInput {
  return {
    now: NOW,
    money: CLEAR,
    lastRechargedAt: null,
    plans: [aPlan({ remaining: 5_000n })],
    hadPlans: true,
    threshold: 1_000n,
    alertShare: 50,
    forecast: QUIET,
    spike: noSpike(NOW),
    caps: noCaps(NOW),
    renewal: null,
    open: [],
    ...overrides,
  };
}

function openAlert(overrides: Partial<OpenAlert> = {}): OpenAlert {
  return { id: 'alert', kind: 'quota', subject: '', level: 1, openedAt: NOW.subtract(DAY), ...overrides };
}

function left(remaining: bigint): Partial<AlertInput> {
  return { plans: [aPlan({ total: 10_000n, remaining })] };
}

function said(changes: readonly AlertChange[]) {
  return changes.map((change) => {
    if (change.type === 'close') return `close ${change.alert.kind}`;
    return `${change.type} ${change.condition.kind} ${change.condition.level}`;
  });
}

describe('quota alert (rule 19)', () => {
  test.each([
    [1_001n, []],
    [1_000n, [`raise quota ${QUOTA_LEVEL.low}`]],
    [501n, [`raise quota ${QUOTA_LEVEL.low}`]],
    [500n, [`raise quota ${QUOTA_LEVEL.veryLow}`]],
    [1n, [`raise quota ${QUOTA_LEVEL.veryLow}`]],
    [0n, [`raise quota ${QUOTA_LEVEL.exhausted}`]],
  ])('rule 19: given %s segments left and a threshold of 1,000, then %j', (remaining, changes) => {
    expect(said(decideAlerts(input(left(remaining))))).toEqual(changes);
  });

  test('rule 19: given it was raised, then it is not raised again while it is no worse', () => {
    expect(decideAlerts(input({ ...left(999n), open: [openAlert()] }))).toEqual([]);
    expect(decideAlerts(input({ ...left(501n), open: [openAlert()] }))).toEqual([]);
  });

  test('rule 19: given it gets worse, then the same episode escalates', () => {
    const alert = openAlert();
    expect(decideAlerts(input({ ...left(500n), open: [alert] }))).toEqual([
      { type: 'escalate', alert, condition: { kind: 'quota', subject: '', level: QUOTA_LEVEL.veryLow } },
    ]);
    expect(said(decideAlerts(input({ ...left(0n), open: [alert] })))).toEqual(['escalate quota 3']);
  });

  test('rule 19: given a purchase that lifts it a little, then it eases; one that lifts it above the threshold closes it', () => {
    const exhausted = openAlert({ level: QUOTA_LEVEL.exhausted });
    expect(said(decideAlerts(input({ ...left(800n), open: [exhausted] })))).toEqual(['ease quota 1']);
    expect(said(decideAlerts(input({ ...left(1_001n), open: [exhausted] })))).toEqual(['close quota']);
  });

  test('given an account that never had a plan, then no quota is missed', () => {
    expect(decideAlerts(input({ plans: [], hadPlans: false }))).toEqual([]);
    expect(said(decideAlerts(input({ plans: [], hadPlans: true })))).toEqual(['raise quota 3']);
  });

  test('given a threshold of zero, then only the end of the quota is told', () => {
    expect(decideAlerts(input({ ...left(1n), threshold: 0n }))).toEqual([]);
    expect(said(decideAlerts(input({ ...left(0n), threshold: 0n })))).toEqual(['raise quota 3']);
  });

  test('given a threshold of one, then it is low at one and exhausted at none', () => {
    expect(said(decideAlerts(input({ ...left(1n), threshold: 1n })))).toEqual(['raise quota 1']);
    expect(said(decideAlerts(input({ ...left(0n), threshold: 1n })))).toEqual(['raise quota 3']);
  });
});

describe('plan expiring (rules 19 and 20)', () => {
  test.each([
    ['30 days and a moment', { hours: 720, nanoseconds: 1 }, []],
    ['30 days', { hours: 720 }, ['raise plan_expiring 1']],
    ['10 days and a moment', { hours: 240, nanoseconds: 1 }, ['raise plan_expiring 1']],
    ['10 days', { hours: 240 }, ['raise plan_expiring 2']],
    ['3 days', { hours: 72 }, ['raise plan_expiring 3']],
    ['1 day', { hours: 24 }, ['raise plan_expiring 4']],
    ['an hour', { hours: 1 }, ['raise plan_expiring 4']],
  ])('rule 20: given a plan that expires in %s, then %j → %j', (_, duration, changes) => {
    const plans = [aPlan({ remaining: 5_000n, expiresAt: NOW.add(duration) })];
    expect(said(decideAlerts(input({ plans })))).toEqual(changes);
  });

  test('rule 19: given two plans, then each has its own episode', () => {
    const soon = aPlan({ remaining: 2_000n, expiresAt: NOW.add({ hours: 72 }) });
    const sooner = aPlan({ remaining: 2_000n, expiresAt: NOW.add(DAY) });
    const open = [openAlert({ kind: 'plan_expiring', subject: soon.id, level: 2 })];
    const changes = decideAlerts(input({ plans: [soon, sooner], open }));
    expect(said(changes)).toEqual(['escalate plan_expiring 3', 'raise plan_expiring 4']);
    expect(changes.map((change) => change.type !== 'close' && change.condition.subject)).toEqual([soon.id, sooner.id]);
  });

  test('given a clock that goes back, then a plan that was told is not told again when it goes on', () => {
    const plan = aPlan({ remaining: 5_000n, expiresAt: NOW.add({ hours: 240 }) });
    const open = [openAlert({ kind: 'plan_expiring', subject: plan.id, level: 2 })];
    for (const hours of [0, 1, 24 * 25]) {
      expect(decideAlerts(input({ now: NOW.subtract({ hours }), plans: [plan], open }))).toEqual([]);
    }
  });

  test('given a plan with nothing left, then it may expire in silence', () => {
    const empty = aPlan({ total: 10n, remaining: 0n, expiresAt: NOW.add(DAY) });
    const alert = openAlert({ kind: 'plan_expiring', subject: empty.id, level: 3 });
    const plans = [empty, aPlan({ remaining: 5_000n })];
    expect(said(decideAlerts(input({ plans, open: [alert] })))).toEqual(['close plan_expiring']);
  });
});

describe('overdue expected (rules 19 and 20)', () => {
  const short: Forecast = { ...QUIET, paygPerDay: yuan('40'), runwayDays: 2.9 };
  const open = [openAlert({ kind: 'overdue_expected', openedAt: NOW.subtract({ hours: 2 }) })];

  test.each([
    [null, []],
    [3, []],
    [2.9, ['raise overdue_expected 1']],
    [0, ['raise overdue_expected 1']],
  ])('rule 20: given money for %s days, then %j', (runwayDays, changes) => {
    expect(said(decideAlerts(input({ forecast: { ...QUIET, runwayDays } })))).toEqual(changes);
  });

  test('rule 19: given noise around the three days, then nothing is told, closed or raised again', () => {
    expect(decideAlerts(input({ forecast: short, open }))).toEqual([]);
    expect(decideAlerts(input({ forecast: { ...short, runwayDays: 3.1 }, open }))).toEqual([]);
    expect(decideAlerts(input({ forecast: { ...short, runwayDays: 5.9 }, open }))).toEqual([]);
  });

  test('rule 19: given a recharge since it was raised, then its end closes it, and so re-arms it', () => {
    const longer = { ...short, runwayDays: 3.1 };
    expect(said(decideAlerts(input({ forecast: longer, open, lastRechargedAt: NOW.subtract({ hours: 1 }) })))).toEqual([
      'close overdue_expected',
    ]);
    expect(decideAlerts(input({ forecast: longer, open, lastRechargedAt: NOW.subtract({ hours: 3 }) }))).toEqual([]);
    expect(decideAlerts(input({ forecast: short, open, lastRechargedAt: NOW.subtract({ hours: 1 }) }))).toEqual([]);
  });

  test('rule 19: given a plan bought since it was raised, then its end closes it', () => {
    const longer = { ...short, runwayDays: 4 };
    const bought = aPlan({ remaining: 5_000n, effectiveAt: NOW.subtract({ hours: 1 }) });
    expect(said(decideAlerts(input({ forecast: longer, open, plans: [bought] })))).toEqual(['close overdue_expected']);
  });

  test('rule 19: given a runway of twice the warning, then it is over and no noise, also without a recharge', () => {
    expect(said(decideAlerts(input({ forecast: { ...short, runwayDays: 6 }, open })))).toEqual([
      'close overdue_expected',
    ]);
    expect(said(decideAlerts(input({ forecast: QUIET, open })))).toEqual(['close overdue_expected']);
  });

  test('given the account is overdue, then the expected has come to pass and the worse one is told', () => {
    const money = { ...CLEAR, balance: -1n, overdueSince: NOW };
    expect(said(decideAlerts(input({ money, forecast: { ...short, runwayDays: 0 }, open })))).toEqual([
      'close overdue_expected',
      'raise overdue 2',
    ]);
  });
});

describe('overdue (rules 9 and 19)', () => {
  const overdue = { ...CLEAR, balance: -1n, overdueSince: NOW };

  test('rule 9: given no grace, then the account is told suspended at once', () => {
    expect(said(decideAlerts(input({ money: overdue })))).toEqual([`raise overdue ${OVERDUE_LEVEL.suspended}`]);
  });

  test('rule 9: given a grace, then it is told overdue first, and suspended when the grace is over', () => {
    const money = { ...overdue, overdueGraceHours: 24 };
    expect(said(decideAlerts(input({ money })))).toEqual([`raise overdue ${OVERDUE_LEVEL.overdue}`]);
    const open = [openAlert({ kind: 'overdue', level: OVERDUE_LEVEL.overdue })];
    expect(decideAlerts(input({ money, open }))).toEqual([]);
    expect(said(decideAlerts(input({ money, open, now: NOW.add(DAY) })))).toEqual([
      `escalate overdue ${OVERDUE_LEVEL.suspended}`,
    ]);
  });

  test('rule 9: given available of zero or more again, then the episode closes', () => {
    const open = [openAlert({ kind: 'overdue', level: OVERDUE_LEVEL.suspended })];
    expect(said(decideAlerts(input({ money: { ...CLEAR, balance: 0n }, open })))).toEqual(['close overdue']);
  });

  test('rule 9: given a credit limit that covers it, then nothing is overdue', () => {
    expect(decideAlerts(input({ money: { ...CLEAR, balance: -5n, creditLimit: 5n } }))).toEqual([]);
  });
});

test('rule 19: given nothing changed, then looking again changes nothing', () => {
  const state = input({
    plans: [aPlan({ id: 'p', total: 900n, remaining: 400n, expiresAt: NOW.add(DAY) })],
    money: { ...CLEAR, balance: -1n, overdueSince: NOW },
  });
  const open = decideAlerts(state).flatMap((change, index): OpenAlert[] =>
    change.type === 'raise' ? [{ ...change.condition, id: String(index), openedAt: NOW }] : [],
  );
  expect(open).toHaveLength(3);
  expect(decideAlerts({ ...state, open })).toEqual([]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AlertChange,
  type AlertInput,
  BALANCE_LEVEL,
  decideAlerts,
  type OpenAlert,
  OVERDUE_LEVEL,
  QUOTA_LEVEL,
} from '../../src/domain/alert.ts';
import type { Forecast } from '../../src/domain/forecast.ts';
import { anAlertInput, aPlan, CLEAR, NOW, QUIET, yuan } from '../support/builders.ts';

const DAY = { hours: 24 };

function openAlert(overrides: Partial<OpenAlert> = {}): OpenAlert {
  const openedAt = NOW.subtract(DAY);
  return { id: 'alert', kind: 'quota', subject: '', level: 1, openedAt, levelSince: openedAt, ...overrides };
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
    expect(said(decideAlerts(anAlertInput(left(remaining))))).toEqual(changes);
  });

  test('rule 19: given it was raised, then it is not raised again while it is no worse', () => {
    expect(decideAlerts(anAlertInput({ ...left(999n), open: [openAlert()] }))).toEqual([]);
    expect(decideAlerts(anAlertInput({ ...left(501n), open: [openAlert()] }))).toEqual([]);
  });

  test('rule 19: given it gets worse, then the same episode escalates', () => {
    const alert = openAlert();
    expect(decideAlerts(anAlertInput({ ...left(500n), open: [alert] }))).toEqual([
      { type: 'escalate', alert, condition: { kind: 'quota', subject: '', level: QUOTA_LEVEL.veryLow } },
    ]);
    expect(said(decideAlerts(anAlertInput({ ...left(0n), open: [alert] })))).toEqual(['escalate quota 3']);
  });

  test('rule 19: given a purchase that lifts it a little, then it eases; one that lifts it above the threshold closes it', () => {
    const exhausted = openAlert({ level: QUOTA_LEVEL.exhausted });
    expect(said(decideAlerts(anAlertInput({ ...left(800n), open: [exhausted] })))).toEqual(['ease quota 1']);
    expect(said(decideAlerts(anAlertInput({ ...left(1_001n), open: [exhausted] })))).toEqual(['close quota']);
  });

  test('given an account that never had a plan, then no quota is missed', () => {
    expect(decideAlerts(anAlertInput({ plans: [], hadPlans: false }))).toEqual([]);
    expect(said(decideAlerts(anAlertInput({ plans: [], hadPlans: true })))).toEqual(['raise quota 3']);
  });

  test('given a threshold of zero, then only the end of the quota is told', () => {
    expect(decideAlerts(anAlertInput({ ...left(1n), threshold: 0n }))).toEqual([]);
    expect(said(decideAlerts(anAlertInput({ ...left(0n), threshold: 0n })))).toEqual(['raise quota 3']);
  });

  test('given a threshold of one, then it is low at one and exhausted at none', () => {
    expect(said(decideAlerts(anAlertInput({ ...left(1n), threshold: 1n })))).toEqual(['raise quota 1']);
    expect(said(decideAlerts(anAlertInput({ ...left(0n), threshold: 1n })))).toEqual(['raise quota 3']);
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
    expect(said(decideAlerts(anAlertInput({ plans })))).toEqual(changes);
  });

  test('rule 19: given two plans, then each has its own episode', () => {
    const soon = aPlan({ remaining: 2_000n, expiresAt: NOW.add({ hours: 72 }) });
    const sooner = aPlan({ remaining: 2_000n, expiresAt: NOW.add(DAY) });
    const open = [openAlert({ kind: 'plan_expiring', subject: soon.id, level: 2 })];
    const changes = decideAlerts(anAlertInput({ plans: [soon, sooner], open }));
    expect(said(changes)).toEqual(['escalate plan_expiring 3', 'raise plan_expiring 4']);
    expect(changes.map((change) => change.type !== 'close' && change.condition.subject)).toEqual([soon.id, sooner.id]);
  });

  test('given a clock that goes back, then a plan that was told is not told again when it goes on', () => {
    const plan = aPlan({ remaining: 5_000n, expiresAt: NOW.add({ hours: 240 }) });
    const open = [openAlert({ kind: 'plan_expiring', subject: plan.id, level: 2 })];
    for (const hours of [0, 1, 24 * 25]) {
      expect(decideAlerts(anAlertInput({ now: NOW.subtract({ hours }), plans: [plan], open }))).toEqual([]);
    }
  });

  test('given a plan with nothing left, then it may expire in silence', () => {
    const empty = aPlan({ total: 10n, remaining: 0n, expiresAt: NOW.add(DAY) });
    const alert = openAlert({ kind: 'plan_expiring', subject: empty.id, level: 3 });
    const plans = [empty, aPlan({ remaining: 5_000n })];
    expect(said(decideAlerts(anAlertInput({ plans, open: [alert] })))).toEqual(['close plan_expiring']);
  });
});

describe('overdue expected (rules 19 and 20)', () => {
  const short: Forecast = { ...QUIET, paygPerDay: yuan('40'), runwayDays: 2.9 };
  const open = [openAlert({ kind: 'low_balance', level: BALANCE_LEVEL.soon, levelSince: NOW.subtract({ hours: 2 }) })];

  test.each([
    [null, []],
    [3, []],
    [2.9, ['raise low_balance 2']],
    [0, ['raise low_balance 2']],
  ])('rule 20: given money for %s days, then %j', (runwayDays, changes) => {
    expect(said(decideAlerts(anAlertInput({ forecast: { ...QUIET, runwayDays } })))).toEqual(changes);
  });

  test('rule 19: given noise around the three days, then nothing is told, closed or raised again', () => {
    expect(decideAlerts(anAlertInput({ forecast: short, open }))).toEqual([]);
    expect(decideAlerts(anAlertInput({ forecast: { ...short, runwayDays: 3.1 }, open }))).toEqual([]);
    expect(decideAlerts(anAlertInput({ forecast: { ...short, runwayDays: 5.9 }, open }))).toEqual([]);
  });

  test('rule 19: given a recharge since it was raised, then its end closes it, and so re-arms it', () => {
    const longer = { ...short, runwayDays: 3.1 };
    expect(
      said(decideAlerts(anAlertInput({ forecast: longer, open, lastFundedAt: NOW.subtract({ hours: 1 }) }))),
    ).toEqual(['close low_balance']);
    expect(decideAlerts(anAlertInput({ forecast: longer, open, lastFundedAt: NOW.subtract({ hours: 3 }) }))).toEqual(
      [],
    );
    expect(decideAlerts(anAlertInput({ forecast: short, open, lastFundedAt: NOW.subtract({ hours: 1 }) }))).toEqual([]);
  });

  test('rule 19: given a plan bought since it was raised, then its end closes it', () => {
    const longer = { ...short, runwayDays: 4 };
    const bought = aPlan({ remaining: 5_000n, effectiveAt: NOW.subtract({ hours: 1 }) });
    expect(said(decideAlerts(anAlertInput({ forecast: longer, open, plans: [bought] })))).toEqual([
      'close low_balance',
    ]);
  });

  test('rule 19: given a runway of twice the warning, then it is over and no noise, also without a recharge', () => {
    expect(said(decideAlerts(anAlertInput({ forecast: { ...short, runwayDays: 6 }, open })))).toEqual([
      'close low_balance',
    ]);
    expect(said(decideAlerts(anAlertInput({ forecast: QUIET, open })))).toEqual(['close low_balance']);
  });

  test('given the account is overdue, then the expected has come to pass and the worse one is told', () => {
    const money = { ...CLEAR, balance: -1n, overdueSince: NOW };
    expect(said(decideAlerts(anAlertInput({ money, forecast: { ...short, runwayDays: 0 }, open })))).toEqual([
      'close low_balance',
      'raise overdue 2',
    ]);
  });
});

describe('a balance below the amount that is set (rules 19 and 20)', () => {
  const HOUR = NOW.subtract({ hours: 1 });
  const balanceAlert = { below: yuan('50'), setAt: NOW.subtract({ hours: 48 }) };
  const short: Forecast = { ...QUIET, paygPerDay: yuan('40'), runwayDays: 1.2 };
  const long: Forecast = { ...QUIET, paygPerDay: yuan('4'), runwayDays: 12 };
  const low = openAlert({ kind: 'low_balance', level: BALANCE_LEVEL.amount, levelSince: NOW.subtract({ hours: 2 }) });
  const soon = { ...low, level: BALANCE_LEVEL.soon };
  const having = (available: bigint, overrides: Partial<AlertInput> = {}) =>
    said(
      decideAlerts(
        anAlertInput({ money: { ...CLEAR, balance: available }, balanceAlert, forecast: long, ...overrides }),
      ),
    );

  test.each([
    [yuan('50'), []],
    [yuan('50') - 1n, ['raise low_balance 1']],
    [0n, ['raise low_balance 1']],
    [-1n, ['raise overdue 2']],
  ])('rule 20: given an amount of 50 and %s micro-units available, then %j', (available, changes) => {
    const money = { ...CLEAR, balance: available, overdueSince: available < 0n ? NOW : null };
    expect(having(available, { money })).toEqual(changes);
  });

  test('rule 20: given no amount is set, then no amount is too little', () => {
    expect(having(0n, { balanceAlert: null })).toEqual([]);
  });

  test('rule 20: given a credit limit, then it counts as available', () => {
    expect(having(0n, { money: { ...CLEAR, balance: yuan('-10'), creditLimit: yuan('60') } })).toEqual([]);
    expect(having(0n, { money: { ...CLEAR, balance: yuan('-10.01'), creditLimit: yuan('60') } })).toEqual([
      'raise low_balance 1',
    ]);
  });

  test('rule 19: given amount and days, then they are one episode with the level of the worse one', () => {
    expect(having(yuan('40'), { forecast: short })).toEqual(['raise low_balance 2']);
    expect(having(yuan('40'), { forecast: short, open: [low] })).toEqual(['escalate low_balance 2']);
    expect(having(yuan('90'), { forecast: short, open: [low] })).toEqual(['escalate low_balance 2']);
    expect(having(yuan('40'), { forecast: short, open: [soon] })).toEqual([]);
    expect(having(yuan('40'), { open: [low] })).toEqual([]);
  });

  test('rule 19: given credits and charges around the amount, then nothing is told, closed or raised again', () => {
    for (const available of ['50', '50.000001', '49.999999', '99.999999']) {
      expect(having(yuan(available), { open: [low] }), available).toEqual([]);
    }
  });

  test('rule 19: given days that waver around three below the amount, then the episode neither eases nor gets worse again', () => {
    for (const runwayDays of [2.9, 3, 5.9]) {
      expect(having(yuan('40'), { forecast: { ...short, runwayDays }, open: [soon] }), `${runwayDays}`).toEqual([]);
    }
  });

  test('rule 19: given a recharge since, then its end closes it, one that is not enough eases it, and one from before does nothing', () => {
    expect(having(yuan('51'), { open: [low], lastFundedAt: HOUR })).toEqual(['close low_balance']);
    expect(having(yuan('51'), { open: [soon], lastFundedAt: HOUR })).toEqual(['close low_balance']);
    expect(having(yuan('49'), { open: [soon], lastFundedAt: HOUR })).toEqual(['ease low_balance 1']);
    expect(having(yuan('49'), { open: [low], lastFundedAt: HOUR })).toEqual([]);
    const before = NOW.subtract({ hours: 3 });
    expect(having(yuan('51'), { open: [low], lastFundedAt: before })).toEqual([]);
    expect(having(yuan('49'), { open: [soon], forecast: { ...short, runwayDays: 4 }, lastFundedAt: before })).toEqual(
      [],
    );
  });

  test('rule 19: given a recharge before the days were told, when they waver, then it re-arms nothing', () => {
    const later = { ...soon, levelSince: NOW.subtract({ minutes: 30 }) };
    expect(having(yuan('49'), { open: [later], forecast: { ...short, runwayDays: 3.1 }, lastFundedAt: HOUR })).toEqual(
      [],
    );
  });

  test('rule 19: given twice the amount, another amount or none, then the next warning is news', () => {
    expect(having(yuan('100'), { open: [low] })).toEqual(['close low_balance']);
    const lower = { below: yuan('40'), setAt: HOUR };
    expect(having(yuan('45'), { open: [low], balanceAlert: lower })).toEqual(['close low_balance']);
    expect(having(yuan('39'), { open: [low], balanceAlert: lower })).toEqual([]);
    expect(having(yuan('45'), { open: [low], balanceAlert: null })).toEqual(['close low_balance']);
  });

  test('rule 19: given days that have become many, then what is left of it is that the amount is undercut', () => {
    expect(having(yuan('40'), { open: [soon] })).toEqual(['ease low_balance 1']);
    expect(having(yuan('40'), { open: [soon], forecast: QUIET })).toEqual(['ease low_balance 1']);
    expect(having(yuan('60'), { open: [soon] })).toEqual(['close low_balance']);
  });

  test('rule 19: given a plan since, then it ends the days, and not that the amount is undercut', () => {
    const bought = [aPlan({ remaining: 5_000n, effectiveAt: HOUR })];
    const forecast = { ...short, runwayDays: 4 };
    expect(having(yuan('60'), { open: [soon], forecast, plans: bought })).toEqual(['close low_balance']);
    expect(having(yuan('60'), { open: [low], forecast, plans: bought })).toEqual([]);
  });

  test('property, rule 19: whatever balance and days do below twice their warnings, as long as nobody does anything, each level is told once at most', () => {
    const moment = fc.record({
      available: fc.bigInt({ min: 0n, max: 2n * balanceAlert.below - 1n }),
      runwayDays: fc.double({ min: 0, max: 5.9, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 40 }), (moments) => {
        const told: string[] = [];
        let open: OpenAlert[] = [];
        for (const [minutes, { available, runwayDays }] of moments.entries()) {
          const now = NOW.add({ minutes });
          const money = { ...CLEAR, balance: available };
          for (const change of decideAlerts(
            anAlertInput({ now, money, balanceAlert, forecast: { ...short, runwayDays }, open }),
          )) {
            if (change.type === 'close') return false;
            told.push(`${change.condition.level}`);
            open = [openAlert({ ...change.condition, levelSince: now })];
          }
        }
        return told.length === new Set(told).size && told.toSorted().join() === told.join();
      }),
    );
  });

  test('given the account is overdue, then the low balance has come to pass', () => {
    const money = { ...CLEAR, balance: -1n, overdueSince: NOW };
    for (const alert of [low, soon]) {
      expect(having(0n, { money, open: [alert] })).toEqual(['close low_balance', 'raise overdue 2']);
    }
  });
});

describe('overdue (rules 9 and 19)', () => {
  const overdue = { ...CLEAR, balance: -1n, overdueSince: NOW };

  test('rule 9: given no grace, then the account is told suspended at once', () => {
    expect(said(decideAlerts(anAlertInput({ money: overdue })))).toEqual([`raise overdue ${OVERDUE_LEVEL.suspended}`]);
  });

  test('rule 9: given a grace, then it is told overdue first, and suspended when the grace is over', () => {
    const money = { ...overdue, overdueGraceHours: 24 };
    expect(said(decideAlerts(anAlertInput({ money })))).toEqual([`raise overdue ${OVERDUE_LEVEL.overdue}`]);
    const open = [openAlert({ kind: 'overdue', level: OVERDUE_LEVEL.overdue })];
    expect(decideAlerts(anAlertInput({ money, open }))).toEqual([]);
    expect(said(decideAlerts(anAlertInput({ money, open, now: NOW.add(DAY) })))).toEqual([
      `escalate overdue ${OVERDUE_LEVEL.suspended}`,
    ]);
  });

  test('rule 9: given available of zero or more again, then the episode closes', () => {
    const open = [openAlert({ kind: 'overdue', level: OVERDUE_LEVEL.suspended })];
    expect(said(decideAlerts(anAlertInput({ money: { ...CLEAR, balance: 0n }, open })))).toEqual(['close overdue']);
  });

  test('rule 9: given a credit limit that covers it, then nothing is overdue', () => {
    expect(decideAlerts(anAlertInput({ money: { ...CLEAR, balance: -5n, creditLimit: 5n } }))).toEqual([]);
  });
});

test('rule 19: given nothing changed, then looking again changes nothing', () => {
  const state = anAlertInput({
    plans: [aPlan({ id: 'p', total: 900n, remaining: 400n, expiresAt: NOW.add(DAY) })],
    money: { ...CLEAR, balance: -1n, overdueSince: NOW },
  });
  const open = decideAlerts(state).flatMap((change, index): OpenAlert[] =>
    change.type === 'raise' ? [{ ...change.condition, id: String(index), openedAt: NOW, levelSince: NOW }] : [],
  );
  expect(open).toHaveLength(3);
  expect(decideAlerts({ ...state, open })).toEqual([]);
});

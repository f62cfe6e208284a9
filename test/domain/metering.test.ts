import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/domain/metering.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Tariff } from '../../src/domain/tariff.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { aPlan, aReport, aTariff, at, NOW, tiers, yuan } from '../support/builders.ts';
import { MeteringState } from '../support/metering-state.ts';

function stateOf(setup: { tariffs?: Tariff[]; plans?: Plan[]; timeZone?: string } = {}): MeteringState {
  return new MeteringState({
    timeZone: setup.timeZone ?? 'Asia/Shanghai',
    defaultTemplateType: 'notification',
    tariffs: setup.tariffs ?? [aTariff()],
    plans: setup.plans ?? [],
  });
}

function batch(count: number, overrides: Partial<UsageReport> = {}): UsageReport[] {
  return Array.from({ length: count }, () => aReport(overrides));
}

describe('records (rules 1 and 2)', () => {
  test('rule 1: given the same report twice in a batch and once more later, then it is billed once', () => {
    const state = stateOf();
    const report = aReport({ segments: 2 });
    expect(state.meter([report, report])).toMatchObject({ duplicates: 1, created: [{ id: report.id }] });
    expect(state.meter([report])).toMatchObject({ duplicates: 1, created: [], progressed: [], charges: [] });
    expect(state.money).toBe(yuan('0.09'));
  });

  test('rule 1: given the same id with other facts in the same batch, then it is a conflict that names both, and not billed', () => {
    const state = stateOf();
    const report = aReport({ segments: 1 });
    const other = { ...report, segments: 5 };
    const { conflicts, verdicts } = state.meter([report, other]);
    expect(verdicts).toEqual(['new', 'conflict']);
    expect(conflicts).toMatchObject([{ report: other, known: { id: report.id, segments: 1 } }]);
    expect(state.money).toBe(yuan('0.045'));
  });

  test('rule 2: given a mainland message, then it is free until it is delivered, and charged once', () => {
    const state = stateOf();
    const report = aReport({ status: 'submitted' });
    expect(state.meter([report]).created).toMatchObject([{ status: 'submitted', billing: 'free' }]);
    expect(state.money).toBe(0n);
    expect(state.meter([{ ...report, status: 'delivered' }]).progressed).toMatchObject([
      { status: 'delivered', billing: 'charged' },
    ]);
    expect(state.money).toBe(yuan('0.045'));
    expect(state.meter([{ ...report, status: 'submitted' }])).toMatchObject({ duplicates: 1, charges: [] });
  });

  test('rule 2: given a mainland message that fails, then it is recorded and free', () => {
    const state = stateOf();
    const report = aReport({ status: 'submitted' });
    state.meter([report, { ...report, status: 'failed' }, aReport({ status: 'failed' })]);
    expect(state.money).toBe(0n);
    expect([...state.records.values()].map(({ status, billing }) => [status, billing])).toEqual([
      ['failed', 'free'],
      ['failed', 'free'],
    ]);
  });

  test.each(['delivered', 'failed'] as const)(
    'rule 2: given a message abroad, then it is charged on submission, and not again or back when it is %s',
    (status) => {
      const state = stateOf();
      const report = aReport({ destination: 'international', country: 'HK', segments: 2, status: 'submitted' });
      state.meter([report]);
      expect(state.money).toBe(yuan('0.6'));
      const { progressed, charges } = state.meter([{ ...report, status }]);
      expect(progressed).toMatchObject([{ status, billing: 'charged' }]);
      expect(charges).toEqual([]);
    },
  );

  test('given a report that does not say the template type, then it is the account’s default, and stays it', () => {
    const state = stateOf();
    const report = aReport({ templateType: null, status: 'submitted' });
    state.meter([report]);
    state.meter([{ ...report, status: 'delivered' }]);
    expect(state.records.get(report.id)).toMatchObject({ templateType: 'notification', billing: 'charged' });
    expect([...state.volumes.values()]).toMatchObject([{ templateType: 'notification', paygSegments: 1n }]);
  });

  test('rule 5: given a country without a price, then it is kept as unpriced and costs nothing', () => {
    const state = stateOf();
    const { created, charges } = state.meter([aReport({ destination: 'international', country: 'FR' })]);
    expect(created).toMatchObject([{ billing: 'unpriced' }]);
    expect(charges).toEqual([]);
  });

  test('rule 5: given a country that a new version does not price, when a batch reaches back before it, then what was sent before is charged', () => {
    const before = aTariff();
    const after = aTariff({ version: 2, effectiveFrom: at('2026-03-10'), international: {} });
    const state = stateOf({ tariffs: [before, after] });
    const sent = (moment: string) => aReport({ destination: 'international', country: 'HK', at: at(moment) });
    const { created } = state.meter([sent('2026-03-10T00:10'), sent('2026-03-09T23:50'), sent('2026-03-10T00:20')]);
    expect(created.map(({ billing }) => billing)).toEqual(['unpriced', 'charged', 'unpriced']);
    expect(state.money).toBe(yuan('0.3'));
  });
});

describe('quota (rule 3)', () => {
  test('rule 3: given several plans, then the one that expires first is used first, then the older one, then pay-as-you-go', () => {
    const late = aPlan({ remaining: 5n, expiresAt: at('2026-12-01') });
    const younger = aPlan({ remaining: 5n, effectiveAt: at('2026-02-01'), expiresAt: at('2026-06-01') });
    const older = aPlan({ remaining: 5n, effectiveAt: at('2026-01-01'), expiresAt: at('2026-06-01') });
    const state = stateOf({ plans: [late, younger, older] });
    const usedUp = () => state.plans.filter(({ remaining }) => remaining === 0n).map(({ id }) => id);
    state.meter(batch(5));
    expect(usedUp()).toEqual([older.id]);
    state.meter(batch(5));
    expect(usedUp()).toEqual([younger.id, older.id]);
    state.meter(batch(6));
    expect(usedUp()).toEqual([late.id, younger.id, older.id]);
    expect(state.money).toBe(yuan('0.045'));
  });

  test('rule 3: given a message longer than what is left, then plans cover what they can and the rest is paid for', () => {
    const plans = [aPlan({ remaining: 2n, expiresAt: at('2026-06-01') }), aPlan({ remaining: 3n })];
    const state = stateOf({ plans });
    state.meter([aReport({ segments: 8 })]);
    expect(state.segments).toEqual({ plan: 5n, payg: 3n });
    expect(state.money).toBe(yuan('0.135'));
  });

  test('rule 3: given messages from around a plan’s time, then it covers those from its purchase until it expires', () => {
    const plan = aPlan({ remaining: 100n, effectiveAt: at('2026-03-05T10:00'), expiresAt: at('2026-03-06T10:00') });
    const state = stateOf({ plans: [plan] });
    const sent = (moment: string) => {
      const before = state.segments.plan;
      state.meter([aReport({ at: at(moment) })]);
      return state.segments.plan > before;
    };
    expect(sent('2026-03-05T09:59:59.999')).toBe(false);
    expect(sent('2026-03-05T10:00')).toBe(true);
    expect(sent('2026-03-06T09:59:59.999')).toBe(true);
    expect(sent('2026-03-06T10:00')).toBe(false);
  });

  test('rule 3: given messages abroad, then no plan covers them', () => {
    const state = stateOf({ plans: [aPlan({ remaining: 100n })] });
    state.meter(batch(3, { destination: 'international', country: 'US' }));
    expect(state.segments).toEqual({ plan: 0n, payg: 3n });
    expect(state.money).toBe(yuan('0.15'));
  });

  test('rule 3: given a year with two plans of 10,000 and 100,000 that begin ten days apart, then each covers its own time', () => {
    const first = aPlan({ remaining: 10_000n, effectiveAt: at('2024-05-01'), expiresAt: at('2025-05-01') });
    const second = aPlan({ remaining: 100_000n, effectiveAt: at('2024-05-10'), expiresAt: at('2025-05-10') });
    const state = stateOf({ plans: [first, second] });
    const left = () => state.plans.map(({ remaining }) => remaining);

    state.meter([aReport({ segments: 9_000, at: at('2024-05-03') })]);
    expect(left()).toEqual([1_000n, 100_000n]);
    state.meter([aReport({ segments: 3_000, at: at('2024-05-09T23:59') })]);
    expect(left()).toEqual([0n, 100_000n]);
    expect(state.segments.payg).toBe(2_000n);
    state.meter([aReport({ segments: 50_000, at: at('2024-05-10') })]);
    state.meter([aReport({ segments: 20_000, at: at('2025-05-09') })]);
    expect(left()).toEqual([0n, 30_000n]);
    expect(state.segments.payg).toBe(2_000n);
    state.meter([aReport({ segments: 1, at: at('2025-05-10') })]);
    expect(left()).toEqual([0n, 30_000n]);
    expect(state.segments.payg).toBe(2_001n);
  });
});

describe('price (rule 4)', () => {
  const volume = [aTariff({ mode: 'volume' })];
  const graduated = [aTariff({ mode: 'graduated' })];

  test.each([
    [99, '4.455', '4.455'],
    [100, '4.5', '4.5'],
    [101, '4.04', '4.54'],
    [300, '12', '12.5'],
    [301, '10.836', '12.536'],
  ])(
    'rule 4: given %s segments in a month, then they cost %s by volume and %s graduated',
    (count, byVolume, byStep) => {
      for (const [tariffs, cost] of [[volume, byVolume] as const, [graduated, byStep] as const]) {
        const state = stateOf({ tariffs: [...tariffs] });
        state.meter(batch(count));
        expect(state.money).toBe(yuan(cost));
      }
    },
  );

  test('rule 4, volume: given the segment that crosses the boundary, then its batch shows the charge and the credit', () => {
    const state = stateOf({ tariffs: volume });
    state.meter(batch(100));
    const { charges } = state.meter(batch(1));
    expect(charges).toMatchObject([
      { kind: 'payg', month: '2026-03', tier: 1, segments: 1n, unitPrice: yuan('0.040'), amount: yuan('0.040') },
      { kind: 'correction', month: '2026-03', tier: 1, segments: 0n, amount: yuan('-0.5') },
    ]);
  });

  test('rule 4: given template types and countries, then each has its own volume', () => {
    const state = stateOf({ tariffs: volume });
    state.meter([...batch(100), ...batch(100, { templateType: 'notification' })]);
    expect(state.money).toBe(yuan('9'));
    state.meter(batch(100, { templateType: 'promotion' }));
    expect(state.money).toBe(yuan('14.5'));
  });

  test('rule 4: given the end of a month, then the volume begins anew at midnight of the account’s time zone', () => {
    const state = stateOf({ tariffs: volume });
    state.meter(batch(100, { at: at('2026-03-31T23:59:59.999') }));
    state.meter(batch(100, { at: at('2026-04-01') }));
    expect([...state.volumes.values()].map(({ month, paygSegments }) => [month, paygSegments])).toEqual([
      ['2026-03', 100n],
      ['2026-04', 100n],
    ]);
    expect(state.money).toBe(yuan('9'));

    const newYork = stateOf({ tariffs: volume, timeZone: 'America/New_York' });
    newYork.meter(batch(1, { at: at('2026-04-01') }));
    expect([...newYork.volumes.keys()][0]).toMatch(/^2026-03/);
  });

  test('rule 6: given a late record, then it belongs to the month of its own time and moves that month’s tier', () => {
    const state = stateOf({ tariffs: volume });
    state.meter(batch(100, { at: at('2026-02-27') }));
    state.meter(batch(50, { at: at('2026-03-01') }));
    state.meter(batch(1, { at: at('2026-02-28') }));
    expect(state.money).toBe(yuan('4.04') + yuan('2.25'));
  });

  test.each([
    [false, '0.225'],
    [true, '0.2'],
  ])(
    'rule 4: given plan usage that counts towards the tier: %s, then five more segments cost %s',
    (planUsageCounts, cost) => {
      for (const mode of ['volume', 'graduated'] as const) {
        const state = stateOf({ tariffs: [aTariff({ mode, planUsageCounts })], plans: [aPlan({ remaining: 98n })] });
        state.meter(batch(98));
        expect(state.money).toBe(0n);
        state.meter(batch(5));
        expect(state.money).toBe(mode === 'graduated' && planUsageCounts ? yuan('0.21') : yuan(cost));
      }
    },
  );

  test('rule 4: given plan usage that counts and crosses the boundary, then what was paid for before is corrected', () => {
    const tariffs = [aTariff({ planUsageCounts: true })];
    const plan = aPlan({ remaining: 60n, effectiveAt: at('2026-03-05') });
    const state = stateOf({ tariffs, plans: [plan] });
    state.meter(batch(50, { at: at('2026-03-01') }));
    expect(state.money).toBe(yuan('2.25'));
    const { charges } = state.meter(batch(51));
    expect(charges).toMatchObject([
      { kind: 'plan', segments: 51n },
      { kind: 'correction', amount: yuan('-0.25') },
    ]);
    expect(state.money).toBe(yuan('2'));
  });

  test('rule 4: given segments that cost nothing, then they are counted and nothing is charged', () => {
    const free = aTariff({ mainland: { ...aTariff().mainland, verification: tiers([null, '0']) } });
    const state = stateOf({ tariffs: [free] });
    state.meter(batch(3));
    expect(state.segments.payg).toBe(3n);
    expect(state.money).toBe(0n);
  });
});

describe('a new version of the price list in mid-month (rule 4)', () => {
  const old = aTariff({ version: 1 });
  const dearer = aTariff({
    version: 2,
    effectiveFrom: at('2026-03-15'),
    mainland: { ...old.mainland, verification: tiers([100, '0.050'], [300, '0.045'], [null, '0.040']) },
  });
  const before = { at: at('2026-03-14T23:59') };
  const after = { at: at('2026-03-15') };

  test('given messages from before and after it, then each costs the price of its own time', () => {
    const state = stateOf({ tariffs: [old, dearer] });
    state.meter([...batch(10, before), ...batch(10, after)]);
    expect(state.money).toBe(yuan('0.45') + yuan('0.5'));
  });

  test('given the volume that was reached before it, then it goes on counting, and what was charged stays', () => {
    const state = stateOf({ tariffs: [old, dearer] });
    state.meter(batch(95, before));
    state.meter(batch(10, after));
    expect(state.money).toBe(yuan('0.045') * 95n + yuan('0.045') * 10n);
  });

  test('given a late message from before it, then both versions’ tiers move, whatever the order of arrival', () => {
    const inOrder = stateOf({ tariffs: [old, dearer] });
    inOrder.meter([...batch(95, before), ...batch(10, before), ...batch(20, after)]);
    const late = stateOf({ tariffs: [old, dearer] });
    late.meter([...batch(95, before), ...batch(20, after), ...batch(10, before)]);
    expect(late.money).toBe(inOrder.money);
    expect(late.money).toBe(yuan('0.040') * 105n + yuan('0.045') * 20n);
  });

  test('graduated: given it, then each segment costs its own time’s price at its place in the month', () => {
    const state = stateOf({
      tariffs: [
        { ...old, mode: 'graduated' },
        { ...dearer, mode: 'graduated' },
      ],
    });
    state.meter([...batch(95, before), ...batch(10, after)]);
    expect(state.money).toBe(yuan('0.045') * 95n + yuan('0.050') * 5n + yuan('0.045') * 5n);
  });
});

describe('hours', () => {
  test('given messages of two hours, then each hour has its segments and its money', () => {
    const state = stateOf({ plans: [aPlan({ remaining: 1n })] });
    state.meter([
      aReport({ at: at('2026-03-10T09:59:59.999') }),
      aReport({ at: at('2026-03-10T10:00') }),
      aReport({ at: at('2026-03-10T10:59'), destination: 'international', country: 'HK' }),
    ]);
    expect([...state.hours.values()]).toMatchObject([
      { hour: at('2026-03-10T09:00'), destination: 'mainland', planSegments: 1n, paygSegments: 0n, amount: 0n },
      {
        hour: at('2026-03-10T10:00'),
        destination: 'mainland',
        planSegments: 0n,
        paygSegments: 1n,
        amount: yuan('0.045'),
      },
      { hour: at('2026-03-10T10:00'), destination: 'international', paygSegments: 1n, amount: yuan('0.3') },
    ]);
  });
});

describe('Calendar', () => {
  test.each([
    ['Asia/Shanghai', '2026-03-31T15:59:59.999Z', '2026-03'],
    ['Asia/Shanghai', '2026-03-31T16:00:00Z', '2026-04'],
    ['Asia/Kathmandu', '2026-03-31T18:14:59Z', '2026-03'],
    ['Asia/Kathmandu', '2026-03-31T18:15:00Z', '2026-04'],
    ['America/St_Johns', '2026-04-01T02:29:59Z', '2026-03'],
    ['America/St_Johns', '2026-04-01T02:30:00Z', '2026-04'],
    ['UTC', '2027-01-01T00:00:00Z', '2027-01'],
  ])('given %s, then %s lies in %s', (timeZone, moment, month) => {
    const calendar = new Calendar(timeZone);
    expect(calendar.month(Temporal.Instant.from(moment))).toBe(month);
    expect(calendar.month(Temporal.Instant.from(moment))).toBe(month);
  });
});

test('given an empty batch, then nothing happens', () => {
  expect(stateOf().meter([])).toMatchObject({ created: [], charges: [], volumes: [], duplicates: 0 });
});

test('given a message of a time before the first version of the price list, then that version prices it', () => {
  const state = stateOf({ tariffs: [aTariff({ effectiveFrom: NOW })] });
  state.meter([aReport({ at: NOW.subtract({ hours: 1 }) })]);
  expect(state.money).toBe(yuan('0.045'));
});

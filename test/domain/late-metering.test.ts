import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftRecords } from '../../src/domain/metering.ts';
import { addMonths, billingMonths, monthEnd, monthOf, monthStart } from '../../src/domain/month.ts';
import { aReport, aTariff, at, tiers, yuan } from '../support/builders.ts';
import { MeteringState } from '../support/metering-state.ts';
import { cut, histories, plans, tariffs } from '../support/usage-histories.ts';

/** Histories lie around the end of 2025: what is of December is late here. */
const DECEMBER_CLOSED = { billedBefore: '2026-01', current: '2026-01' };

function stateOf(setup: Partial<ConstructorParameters<typeof MeteringState>[0]> = {}): MeteringState {
  const state = new MeteringState({
    timeZone: 'Asia/Shanghai',
    defaultTemplateType: 'notification',
    tariffs: [aTariff()],
    plans: [],
    ...setup,
  });
  state.billing = DECEMBER_CLOSED;
  return state;
}

describe('late records (rule 6)', () => {
  test('property: however reports are cut into batches, also where months are closed, the result is the same', () => {
    const points = fc.array(fc.nat(60), { maxLength: 8 });
    fc.assert(
      fc.property(histories(), plans, tariffs(), points, (reports, planList, tariffList, at) => {
        const setup = { tariffs: tariffList, plans: planList };
        const whole = stateOf(setup);
        whole.meter(reports);
        const inBatches = stateOf(setup);
        for (const batch of cut(reports, at)) inBatches.meter(batch);
        expect(inBatches.snapshot()).toEqual(whole.snapshot());
        expect([...whole.volumes.values()].every(({ month }) => month >= '2026-01')).toBe(true);
        const late = [...whole.records.values()].filter(({ lateMonth }) => lateMonth !== null);
        for (const { at: sent, billing } of late) {
          expect([monthOf(sent, 'Asia/Shanghai') < '2026-01', billing]).toEqual([true, 'charged']);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('property: what is drafted before the lock is what metering makes of records that nobody knew', () => {
    fc.assert(
      fc.property(histories(), tariffs(), (reports, tariffList) => {
        const state = stateOf({ tariffs: tariffList });
        const { created } = state.meter(reports);
        const context = {
          timeZone: 'Asia/Shanghai',
          defaultTemplateType: 'notification',
          tariffs: tariffList,
        } as const;
        expect(draftRecords({ ...context, billing: DECEMBER_CLOSED }, reports)).toEqual(created);
      }),
      { numRuns: 150 },
    );
  });

  test('given late and other messages of one kind in a batch, then they share the month’s tier and are charged apart', () => {
    const state = stateOf({ tariffs: [aTariff({ mode: 'graduated' })] });
    const late = aReport({ segments: 60, at: at('2025-12-31T23:59') });
    const { charges } = state.meter([late, aReport({ segments: 60, at: at('2026-01-01') })]);
    expect(charges).toMatchObject([
      { kind: 'payg', month: '2026-01', late: true, tier: 0, segments: 60n },
      { kind: 'payg', month: '2026-01', late: false, tier: 0, segments: 40n },
      { kind: 'payg', month: '2026-01', late: false, tier: 1, segments: 20n },
    ]);
  });

  test('given a price list that begins after a late message was sent, then it costs what held when it was sent', () => {
    const old = aTariff();
    const dear = tiers([null, '0.1']);
    const mainland = { verification: dear, notification: dear, promotion: dear };
    const state = stateOf({ tariffs: [old, aTariff({ version: 2, effectiveFrom: at('2026-01-01'), mainland })] });
    state.meter([aReport({ at: at('2025-12-31') }), aReport({ at: at('2026-01-01') })]);
    expect(state.charges).toMatchObject([
      { tariffVersion: 1, late: true, amount: yuan('0.045') },
      { tariffVersion: 2, late: false, amount: yuan('0.1') },
    ]);
  });
});

describe('months', () => {
  test('given a month, then it begins and ends in the zone, and the year ends after December', () => {
    expect(addMonths('2026-12', 1)).toBe('2027-01');
    expect(addMonths('2027-01', -2)).toBe('2026-11');
    expect(monthStart('2026-03', 'Asia/Shanghai')).toEqual(at('2026-03-01'));
    expect(monthEnd('2026-12', 'Asia/Shanghai')).toEqual(at('2027-01-01'));
    expect(monthEnd('2026-10', 'America/New_York')).toEqual(Temporal.Instant.from('2026-11-01T04:00:00Z'));
    expect(monthOf(at('2026-12-31T23:59:59.999'), 'Asia/Shanghai')).toBe('2026-12');
  });

  test('given an account without a bill, then nothing is late; with one, all before the open month is', () => {
    const account = { timeZone: 'Asia/Shanghai', firstMonth: '2026-03', openMonth: '2026-03' };
    expect(billingMonths(account, at('2026-03-10'))).toEqual({ billedBefore: '', current: '2026-03' });
    const billed = { ...account, openMonth: '2026-05' };
    expect(billingMonths(billed, at('2026-05-10'))).toEqual({ billedBefore: '2026-05', current: '2026-05' });
    expect(billingMonths(billed, at('2026-07-01'))).toEqual({ billedBefore: '2026-05', current: '2026-07' });
    expect(billingMonths(billed, at('2026-04-30'))).toEqual({ billedBefore: '2026-05', current: '2026-05' });
  });
});

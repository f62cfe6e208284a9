import fc from 'fast-check';
import type { Plan } from '../../src/domain/plan.ts';
import type { RatingMode, Tariff } from '../../src/domain/tariff.ts';
import { TEMPLATE_TYPES, type UsageReport } from '../../src/domain/usage.ts';
import { aPlan, aTariff, at, tiers } from './builders.ts';

/** Where generated histories lie: around the end of a month and of a year in Shanghai. */
export const HISTORY_START = at('2025-12-25');
const HISTORY_HOURS = 24 * 14;

/** A point in time in the history, to the minute. */
export const moments: fc.Arbitrary<Temporal.Instant> = fc
  .integer({ min: 0, max: HISTORY_HOURS * 60 })
  .map((minutes) => HISTORY_START.add({ minutes }));

/** Messages by their facts; `id` is the index. */
export function messages(
  overrides: {
    international?: boolean;
    templateTypes?: readonly UsageReport['templateType'][];
    maxLength?: number;
  } = {},
): fc.Arbitrary<UsageReport[]> {
  const {
    international = true,
    templateTypes = ['verification', 'verification', ...TEMPLATE_TYPES, null],
    maxLength = 40,
  } = overrides;
  const mainland = fc.constant({ destination: 'mainland', country: null } as const);
  const abroad = fc
    .constantFrom('HK', 'US', 'XX')
    .map((country) => ({ destination: 'international', country }) as const);
  return fc
    .array(
      fc.record({
        where: international ? fc.oneof({ weight: 4, arbitrary: mainland }, abroad) : mainland,
        templateType: fc.constantFrom(...templateTypes),
        segments: fc.integer({ min: 1, max: 4 }),
        at: moments,
      }),
      { maxLength, size: 'max' },
    )
    .map((drawn) =>
      drawn.map(
        ({ where, ...facts }, index): UsageReport => ({ id: `m${index}`, status: 'delivered', ...where, ...facts }),
      ),
    );
}

/**
 * What gateways send: every message any number of times and in any status, in any order, now and then with other facts under the same
 * id.
 */
export function histories(overrides: Parameters<typeof messages>[0] = {}): fc.Arbitrary<UsageReport[]> {
  const outcomes = fc.array(fc.constantFrom('delivered', 'delivered', 'delivered', 'failed'), {
    minLength: 40,
    maxLength: 40,
  });
  return fc.tuple(messages({ maxLength: 40, ...overrides }), outcomes).chain(([facts, outcome]) => {
    if (facts.length === 0) return fc.constant([]);
    const event = fc.record({
      index: fc.nat(facts.length - 1),
      kind: fc.constantFrom(...(['final', 'final', 'final', 'submitted', 'submitted'] as const)),
      twist: fc.nat(19),
    });
    return fc.array(event, { maxLength: 80, size: 'max' }).map((events) =>
      events.flatMap(({ index, kind, twist }) => {
        const message = facts[index];
        if (!message) return [];
        const final = outcome[index] ?? 'delivered';
        const report: UsageReport = { ...message, status: kind === 'submitted' ? 'submitted' : final };
        if (twist === 0) return [{ ...report, segments: report.segments + 1 }];
        if (twist === 1) return [{ ...report, status: final === 'failed' ? 'delivered' : 'failed' }];
        return [report];
      }),
    );
  });
}

/** Plans of a few segments that begin and end anywhere around the history. */
export const plans: fc.Arbitrary<Plan[]> = fc
  .array(
    fc.record({
      from: fc.integer({ min: -5, max: 10 }),
      days: fc.integer({ min: 1, max: 20 }),
      remaining: fc.bigInt({ min: 1n, max: 8n }),
    }),
    { maxLength: 3 },
  )
  .map((drawn) =>
    drawn.map(({ from, days, remaining }, index) =>
      aPlan({
        id: `p${index}`,
        remaining,
        effectiveAt: HISTORY_START.add({ hours: 24 * from }),
        expiresAt: HISTORY_START.add({ hours: 24 * (from + days) }),
      }),
    ),
  );

/** A price list whose tiers end within a history. */
export function smallTariff(overrides: Partial<Tariff> = {}): Tariff {
  return aTariff({
    mainland: {
      verification: tiers([4, '0.045'], [9, '0.040'], [null, '0.036']),
      notification: tiers([2, '0.044'], [null, '0.041']),
      promotion: tiers([2, '0.055'], [5, '0.057'], [null, '0.046']),
    },
    ...overrides,
  });
}

/** One to three versions of a price list, all of one mode, that begin anywhere around the history; the later ones may lack a country. */
export function tariffs(modes: readonly RatingMode[] = ['volume', 'graduated']): fc.Arbitrary<Tariff[]> {
  const versions = fc.uniqueArray(fc.integer({ min: 1, max: 13 }), { maxLength: 2 });
  return fc
    .record({ mode: fc.constantFrom(...modes), counts: fc.boolean(), versions, lacks: fc.boolean() })
    .map(({ mode, counts, versions, lacks }) => {
      const base = smallTariff({ mode, planUsageCounts: counts });
      const { US: _, ...others } = base.international;
      const later = versions
        .toSorted((a, b) => a - b)
        .map((day, index) => {
          const dearer = (list: Tariff['mainland']['verification']) =>
            list.map((tier) => ({ ...tier, price: tier.price + BigInt(1_000 * (index + 1)) }));
          const { verification, notification, promotion } = base.mainland;
          return {
            ...base,
            version: index + 2,
            effectiveFrom: HISTORY_START.add({ hours: 24 * day }),
            international: lacks ? others : base.international,
            mainland: {
              verification: dearer(verification),
              notification: dearer(notification),
              promotion: dearer(promotion),
            },
          };
        });
      return [base, ...later];
    });
}

/** Cuts a list into batches at these points. */
export function cut<T>(items: readonly T[], points: readonly number[]): T[][] {
  const ends = [...new Set(points.map((point) => point % (items.length + 1)))].toSorted((a, b) => a - b);
  const batches: T[][] = [];
  let start = 0;
  for (const end of [...ends, items.length]) {
    if (end > start) batches.push(items.slice(start, end));
    start = end;
  }
  return batches;
}

/** The list in another order, which the numbers decide. */
export function shuffled<T>(items: readonly T[], keys: readonly number[]): T[] {
  return items
    .map((item, index) => ({ item, key: keys[index % Math.max(1, keys.length)] ?? 0, index }))
    .toSorted((a, b) => a.key - b.key || b.index - a.index)
    .map(({ item }) => item);
}

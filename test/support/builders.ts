import type { AlertInput } from '../../src/domain/alert.ts';
import type { Forecast } from '../../src/domain/forecast.ts';
import { ALWAYS } from '../../src/domain/offer.ts';
import type { Plan, PlanOffer } from '../../src/domain/plan.ts';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import type { SpikeInput } from '../../src/domain/spike.ts';
import type { MoneyState } from '../../src/domain/standing.ts';
import type { Tariff, Tier } from '../../src/domain/tariff.ts';
import type { UsageReport } from '../../src/domain/usage.ts';

/** The moment that most examples take as now: noon of a Tuesday in Shanghai. */
export const NOW = Temporal.Instant.from('2026-03-10T12:00:00+08:00');

/** An instant from `2026-03-01`, `2026-03-01T08:30` or a whole ISO 8601 text; without a zone it is Shanghai's time. */
export function at(text: string): Temporal.Instant {
  if (/[zZ]|[+-]\d\d:\d\d$/.test(text.slice(10))) return Temporal.Instant.from(text);
  return Temporal.PlainDateTime.from(text).toZonedDateTime('Asia/Shanghai').toInstant();
}

/** Micro-units of a price such as `0.045`, by arithmetic of its own. */
export function yuan(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const micro = BigInt(whole + fraction.padEnd(6, '0'));
  return text.startsWith('-') ? -micro : micro;
}

let planCount = 0;

export function aPlan(overrides: Partial<Plan> = {}): Plan {
  planCount += 1;
  const total = overrides.total ?? overrides.remaining ?? 1_000n;
  return {
    id: `plan-${String(planCount).padStart(4, '0')}`,
    title: `${total} segments`,
    total,
    remaining: total,
    price: yuan('50'),
    effectiveAt: at('2026-01-01'),
    expiresAt: at('2027-01-01'),
    ...overrides,
  };
}

export function anOffer(overrides: Partial<PlanOffer> = {}): PlanOffer {
  return {
    id: 'sms-5000',
    version: 1,
    effectiveFrom: ALWAYS,
    title: '5,000 segments',
    segments: 5_000n,
    price: yuan('170'),
    currency: 'CNY',
    validityMonths: 12,
    renewalDiscountBp: 0,
    ...overrides,
  };
}

export function aPolicy(overrides: Partial<RenewalPolicy> = {}): RenewalPolicy {
  return {
    enabled: true,
    threshold: 1_000n,
    offerId: 'sms-5000',
    purchasesPerDay: 3,
    purchasesPerMonth: 20,
    moneyPerMonth: null,
    approvalAbove: null,
    ...overrides,
  };
}

/** Tiers from their bounds and prices: `tiers([100, '0.045'], [null, '0.040'])`. */
export function tiers(...steps: readonly (readonly [upTo: number | null, price: string])[]): Tier[] {
  return steps.map(([upTo, price]) => ({ upTo: upTo === null ? null : BigInt(upTo), price: yuan(price) }));
}

/** A small price list: the tiers end at 100 and 300, and promotions cost a cent more. */
export function aTariff(overrides: Partial<Tariff> = {}): Tariff {
  const plain = tiers([100, '0.045'], [300, '0.040'], [null, '0.036']);
  return {
    id: 'test',
    version: 1,
    currency: 'CNY',
    effectiveFrom: at('2020-01-01'),
    mode: 'volume',
    planUsageCounts: false,
    mainland: {
      verification: plain,
      notification: plain,
      promotion: tiers([100, '0.055'], [300, '0.050'], [null, '0.046']),
    },
    international: { HK: yuan('0.3'), US: yuan('0.05') },
    ...overrides,
  };
}

/** An account that has never used anything, so no hour of it is unusual. */
export function noSpike(now: Temporal.Instant): SpikeInput {
  return {
    now,
    timeZone: 'Asia/Shanghai',
    factor: 5n,
    burn: { perHour: { mainland: 0n, international: 0n } },
    firstUsedAt: null,
    hours: new Map(),
  };
}

/** An account without caps. */
function noCaps(now: Temporal.Instant): AlertInput['caps'] {
  return { limits: [], present: { now, timeZone: 'Asia/Shanghai', uses: [] } };
}

/** A forecast for an account that uses nothing. */
export const QUIET: Forecast = {
  segmentsPerDay: 0n,
  quotaDays: null,
  quotaEndsAt: null,
  quotaEndsBy: null,
  paygPerDay: 0n,
  runwayDays: null,
  overdueAt: null,
  basis: 'average',
};

/** The money of an account that owes nothing. */
export const CLEAR: MoneyState = { balance: yuan('100'), creditLimit: 0n, overdueSince: null, overdueGraceHours: 0 };

/** An account with nothing to tell: 5,000 segments for another year, a threshold of 1,000, money, no use. */
export function anAlertInput(overrides: Partial<AlertInput> = {}): AlertInput {
  return {
    now: NOW,
    money: CLEAR,
    lastFundedAt: null,
    plans: [aPlan({ remaining: 5_000n })],
    hadPlans: true,
    threshold: 1_000n,
    alertShare: 50,
    balanceAlert: null,
    forecast: QUIET,
    spike: noSpike(NOW),
    caps: noCaps(NOW),
    renewal: null,
    open: [],
    ...overrides,
  };
}

let reportCount = 0;

/** A delivered verification code of one segment, sent to the mainland now. */
export function aReport(overrides: Partial<UsageReport> = {}): UsageReport {
  reportCount += 1;
  return {
    id: `report-${reportCount}`,
    destination: 'mainland',
    country: null,
    templateType: 'verification',
    segments: 1,
    status: 'delivered',
    at: NOW,
    ...overrides,
  };
}

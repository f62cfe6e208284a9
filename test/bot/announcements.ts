import type { Announcement, EpisodeNews } from '../../src/domain/announcement.ts';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import { type BillDraft, drawBill } from '../../src/domain/bill.ts';
import { burnOf, NOTHING_USED } from '../../src/domain/burn.ts';
import type { Digest } from '../../src/domain/digest.ts';
import { forecast } from '../../src/domain/forecast.ts';
import { RENEWAL_STOPS } from '../../src/domain/renewal.ts';
import type { Audience } from '../../src/services/context.ts';
import { aTariff, at, NOW, yuan } from '../support/builders.ts';
import { LIMIT_ACTIONS, limitAnnouncements } from './limit-announcements.ts';

export const SWITCH_OFF: ApprovalAction = { type: 'switch_auto_renewal', enabled: false };
export const SWITCH_ON: ApprovalAction = { type: 'switch_auto_renewal', enabled: true };

export const SWITCH_ON_AND_BUY: ApprovalAction = {
  ...SWITCH_ON,
  buysNow: {
    offerId: 'o',
    offerVersion: 1,
    offerTitle: '国内短信 5 万条包',
    segments: '50000',
    price: yuan('1805').toString(),
  },
};
export const TWO_PERSON_ON: ApprovalAction = { type: 'set_two_person', enabled: true };
export const TWO_PERSON_OFF: ApprovalAction = { type: 'set_two_person', enabled: false };

export function aPurchaseAction(offerTitle = '国内短信 5 万条包', withRenewal = false): ApprovalAction {
  const terms = { offerId: 'o', offerVersion: 1, offerTitle, segments: '50000', price: yuan('1900').toString() };
  return {
    type: 'purchase',
    terms: { ...terms, validityMonths: 12, tariffId: 'test', tariffVersion: 1 },
    renewal: withRenewal ? { ...terms, threshold: '5000' } : null,
    outlook: {
      balanceBefore: yuan('5000').toString(),
      balanceAfter: yuan('3100').toString(),
      quotaBefore: '9800',
      quotaAfter: '59800',
      expiresAt: '2027-03-10T04:00:00Z',
      renewsAtOnce: withRenewal,
      suggestion: { threshold: '5000', offerId: 'sms-5000', offerTitle },
    },
  };
}

export function aRenewAction(offerTitle = '国内短信 5 万条包'): ApprovalAction {
  const terms = { offerId: 'o', offerVersion: 1, offerTitle, segments: '50000', price: yuan('1805').toString() };
  return { type: 'renew', renewalId: 'r', ...terms };
}

/** A summary of a day whose deeds have such names in them. */
function aDigest(name: string): Digest {
  const { deed, ...entry } = {
    ...({ id: 'x', at: NOW, outcome: 'done', via: 'service', message: null, approval: null } as const),
    by: { kind: 'person', staffId: 'x', name } as const,
    deed: { type: 'renewed', title: name, segments: '50000', price: '1805000000' } as const,
  };
  const input = {
    ...{ now: NOW, timeZone: 'Asia/Shanghai', plans: [], available: yuan('12'), tierVolumes: NOTHING_USED.mainland },
    burn: burnOf({ byWeekday: [], firstUsedAt: null, lastDays: NOTHING_USED }, NOW, 'Asia/Shanghai'),
    tariff: aTariff(),
  };
  const slot = { slot: 0, destination: 'mainland', templateType: 'promotion', amount: yuan('3') } as const;
  return {
    used: {
      ...{ covered: 100n, payg: 20n, waiting: 7n, cost: yuan('3'), asOf: NOW },
      starts: [at('2026-03-09').toZonedDateTimeISO('Asia/Shanghai')],
      slots: [{ ...slot, planSegments: 100n, paygSegments: 20n }],
    },
    present: {
      ...{ asOf: NOW, timeZone: 'Asia/Shanghai', quota: 0n, available: yuan('12'), threshold: 1_000n, past: [] },
      forecast: forecast(input),
      forecastInput: input,
    },
    open: [{ kind: 'quota', subject: '', level: 3 }],
    done: [{ ...entry, deed }],
    moreDone: 2,
  };
}

export function anAudience(overrides: Partial<Audience> = {}): Audience {
  return {
    language: 'zh-CN',
    accountName: '示例科技',
    currency: 'CNY',
    timeZone: 'Asia/Shanghai',
    administrators: [{ staffId: 'zhangwei', name: '张伟' }],
    at: NOW,
    ...overrides,
  };
}

type Decision = Extract<Announcement, { kind: 'approval_decided' }>;

function aDecision(action: ApprovalAction, name: string, overrides: Partial<Decision>): Decision {
  return {
    kind: 'approval_decided',
    action,
    code: '7F3K',
    requesterName: action.type === 'renew' ? null : name,
    confirm: false,
    state: 'approved',
    deciderName: name,
    decidedAt: at('2026-03-10T12:34'),
    outcome: 'done',
    reason: null,
    problem: null,
    ...overrides,
  };
}

/** What who asked is told. */
const DECIDED: readonly Partial<Decision>[] = [
  {},
  { outcome: 'price_changed' },
  { state: 'rejected', outcome: 'declined' },
  { state: 'expired', outcome: 'declined', deciderName: null },
  { state: 'closed', outcome: 'no_longer_needed', deciderName: null },
];

/** A month with a line of every kind. */
function aBill(title: string): BillDraft {
  const transfer = { unit: 'CNY', from: 'funding', to: 'cash', amount: yuan('500'), at: NOW, details: {} };
  const ofPlan = { unit: 'segment', from: 'issued', to: 'plan:p', amount: 100n, at: NOW, details: { planId: 'p' } };
  const charge = { templateType: 'promotion', tier: null, unitPrice: null, planId: null, tariffVersion: 1 } as const;
  return drawBill({
    opening: yuan('1.005'),
    titles: new Map([['p', title]]),
    charges: [
      ...['HK', 'US', 'MO', 'XX'].map((country, index) => ({
        ...charge,
        ...({ kind: 'payg', destination: 'international', country, late: index === 0 } as const),
        ...{ segments: 3n, amount: yuan('0.9') },
      })),
      { ...charge, kind: 'plan', destination: 'mainland', country: '', late: true, segments: 7n, amount: 0n },
      { ...charge, kind: 'correction', destination: 'mainland', country: '', late: false, segments: 0n, amount: -1n },
    ],
    transfers: [
      { ...transfer, key: 'recharge/1', kind: 'recharge' },
      { ...transfer, key: 'refund', kind: 'refund' },
      { ...transfer, key: 'rounding', kind: 'rounding', from: 'cash', to: 'rounding', amount: 5n },
      { ...ofPlan, key: 'purchase', kind: 'purchase' },
      { ...ofPlan, key: 'grant', kind: 'grant' },
      { ...ofPlan, key: 'forfeit', kind: 'forfeit', from: 'plan:p', to: 'forfeited' },
    ],
  });
}

/** Everything that can be announced, with `name` wherever something comes from the world. */
const EXHAUSTED = {
  kind: 'quota_exhausted',
  available: yuan('500'),
  paygPerDay: yuan('45'),
  runwayDays: 11,
  renewal: 'off',
} as const;

const OVERDUES = [
  { kind: 'overdue', available: yuan('-12.3456'), suspended: true, suspendedFrom: NOW },
  { kind: 'overdue', available: yuan('-12.3456'), suspended: false, suspendedFrom: at('2026-03-11T12:00') },
] as const;

/** A critical alert at each point of what may become of it. */
function episodes(name: string): EpisodeNews[] {
  const news: EpisodeNews = {
    code: 'K7M',
    as: 'news',
    since: NOW,
    figuresAt: NOW,
    acknowledged: null,
    snoozed: null,
    secondContact: null,
    operatorAt: null,
    endedAt: null,
  };
  const escalated = { ...news, secondContact: { name, at: NOW }, operatorAt: NOW };
  return [
    news,
    { ...escalated, as: 'repeat' },
    { ...escalated, as: 'second_contact' },
    { ...escalated, as: 'changed' },
    { ...escalated, as: 'changed', snoozed: { byName: name, until: NOW } },
    { ...escalated, as: 'changed', acknowledged: { byName: name, at: NOW } },
    { ...escalated, as: 'changed', endedAt: NOW },
  ];
}

export function everyAnnouncement(name: string): Announcement[] {
  const title = name;
  const expiresAt = at('2026-09-01T08:30');
  const approval = { code: '7F3K', requesterName: name, expiresAt, approvalId: 'a', secondPerson: false };
  const outlooks = ['buys', 'waits', 'off'] as const;
  const actions = [
    SWITCH_ON,
    SWITCH_ON_AND_BUY,
    SWITCH_OFF,
    TWO_PERSON_ON,
    TWO_PERSON_OFF,
    aRenewAction(name),
    aPurchaseAction(name),
    aPurchaseAction(name, true),
    ...LIMIT_ACTIONS,
  ];
  const outcomes = ['done', 'no_longer_needed', 'price_changed', 'not_carried_out'] as const;
  return [
    ...outlooks.flatMap((renewal): Announcement[] => [
      { kind: 'quota_low', level: 1, quota: 9_800n, threshold: 10_000n, share: 100, quotaDays: 3.2, renewal },
      { kind: 'quota_low', level: 2, quota: 1n, threshold: 10_000n, share: 20, quotaDays: null, renewal },
      ...episodes(name).map((episode) => ({ ...EXHAUSTED, episode })),
      { kind: 'quota_exhausted', available: yuan('500.125'), paygPerDay: yuan('45.23'), runwayDays: 11, renewal },
      {
        ...{ kind: 'quota_exhausted', available: yuan('-0.5'), paygPerDay: 0n, runwayDays: null, renewal },
        reasons: ['suspended', 'paused', 'capped'],
      },
      { kind: 'plan_expiring', title, remaining: 9_800n, expiresAt, days: 30, renewal },
      { kind: 'plan_expiring', title, remaining: 1n, expiresAt, days: 1, renewal },
    ]),
    { kind: 'plan_expired', title, forfeited: 1_200n, expiredAt: at('2026-03-10T00:00') },
    { kind: 'low_balance', available: yuan('80.5'), below: yuan('100'), runwayDays: 5.2, paygPerDay: yuan('15.4') },
    { kind: 'low_balance', available: 0n, below: yuan('0.01'), runwayDays: null, paygPerDay: 0n },
    { kind: 'overdue_expected', available: yuan('90'), runwayDays: 2.4, paygPerDay: yuan('37.5'), below: yuan('100') },
    { kind: 'overdue_expected', available: yuan('100'), runwayDays: 2.4, paygPerDay: yuan('41.6667') },
    { kind: 'overdue_expected', available: 0n, runwayDays: 0, paygPerDay: yuan('0.001') },
    ...OVERDUES.flatMap((overdue): Announcement[] => [overdue, { ...overdue, reasons: ['paused', 'capped'] }]),
    { kind: 'restored', available: yuan('487.6544') },
    { kind: 'restored', available: yuan('487.6544'), reasons: ['paused', 'capped'] },
    ...(['mainland', 'international'] as const).flatMap((destination) =>
      [0n, 200n].map(
        (usual): Announcement => ({
          kind: 'spending_spike',
          destination,
          hour: at('2026-03-10T10:00'),
          segments: 12_345n,
          usual,
          covered: usual === 0n ? 0n : 12_000n,
          ...(destination === 'international' ? { waiting: 345n } : {}),
          cost: yuan('15.525'),
          available: yuan('487.6544'),
          quota: 3_000n,
        }),
      ),
    ),
    ...(['threshold', 'expiry'] as const).map(
      (trigger): Announcement => ({
        kind: 'renewed',
        trigger,
        changed: trigger === 'threshold' ? null : { price: yuan('1750'), segments: 55_000n, validityMonths: 24 },
        validityMonths: 12,
        title,
        segments: 50_000n,
        price: yuan('1805'),
        quota: 59_800n,
        balance: yuan('3195.5'),
        expiresAt,
      }),
    ),
    {
      kind: 'renewal_failed',
      title,
      price: yuan('1805'),
      available: yuan('1500'),
      missing: yuan('305'),
      nextAttemptAt: at('2026-03-11T12:00'),
    },
    ...RENEWAL_STOPS.map(
      (guard): Announcement => ({
        kind: 'renewal_stopped',
        title,
        price: yuan('1805'),
        guard,
        nextAttemptAt: at('2026-04-01'),
      }),
    ),
    { kind: 'bill_closed', month: '2026-02', ...aBill(name) },
    { kind: 'daily_digest', day: '2026-03-09', bought: yuan('1900'), ...aDigest(name) },
    { kind: 'monthly_digest', month: '2026-02', ...aBill(name), ...aDigest(name), dayBefore: null },
    {
      ...{ kind: 'monthly_digest', month: '2026-02', ...aBill(name), ...aDigest(name) },
      dayBefore: { day: '2026-03-01', bought: yuan('1900'), ...aDigest(name) },
    },
    {
      ...{ kind: 'monthly_digest', month: '2026-02', ...aBill(name), ...aDigest(name), done: [], moreDone: 0 },
      dayBefore: { day: '2026-03-01', bought: 0n, ...aDigest(name), done: [], moreDone: 0 },
    },
    { kind: 'recharged', amount: yuan('500'), balance: yuan('487.6544'), available: yuan('1487.6544') },
    { kind: 'withdrawn', amount: yuan('500'), balance: yuan('-12.3456'), available: yuan('987.6544'), reason: name },
    { kind: 'plan_added', title, segments: 50_000n, quota: 59_800n, expiresAt },
    ...actions.map((action): Announcement => ({ kind: 'approval_requested', action, ...approval })),
    { kind: 'approval_requested', action: aRenewAction(name), ...approval, requesterName: null },
    { kind: 'approval_requested', action: SWITCH_ON, ...approval, secondPerson: true },
    { kind: 'approval_reminder', action: aRenewAction(name), ...approval },
    ...actions.flatMap((action) => [
      ...outcomes.map((outcome) => aDecision(action, name, { outcome })),
      aDecision(action, name, { sending: { reasons: [], lifted: true } }),
      aDecision(action, name, { sending: { reasons: ['suspended', 'paused', 'capped'], lifted: true } }),
      aDecision(action, name, { state: 'rejected', outcome: 'declined' }),
      aDecision(action, name, { state: 'rejected', outcome: 'declined', reason: name }),
      aDecision(action, name, { state: 'rejected', outcome: 'declined', confirm: true }),
      aDecision(action, name, { confirm: true }),
      aDecision(action, name, { outcome: 'not_carried_out', problem: { code: 'nobody_else', details: {} } }),
      aDecision(action, name, { state: 'closed', outcome: 'no_longer_needed', deciderName: null }),
      aDecision(action, name, { state: 'closed', outcome: 'replaced', deciderName: null, confirm: true }),
      aDecision(action, name, { state: 'expired', outcome: 'declined', deciderName: null }),
      aDecision(action, name, { state: 'expired', outcome: 'declined', deciderName: null, confirm: true }),
    ]),
    ...DECIDED.map(
      (overrides): Announcement => ({ ...aDecision(aPurchaseAction(name), name, overrides), kind: 'request_decided' }),
    ),
    { kind: 'auto_renewal_changed', enabled: true, byName: name, threshold: 10_000n, offerTitle: name },
    ...[null, { threshold: 5_000n, offerTitle: name }].map(
      (renewal): Announcement => ({
        kind: 'purchased',
        title,
        segments: 50_000n,
        price: yuan('1900'),
        balanceBefore: yuan('5000'),
        balance: yuan('3100'),
        quota: 59_800n,
        expiresAt,
        byName: name,
        requesterName: renewal && name,
        renewal,
      }),
    ),
    ...[null, name].map(
      (reason): Announcement => ({
        kind: 'refunded',
        title,
        segments: 50_000n,
        amount: yuan('1900'),
        balance: yuan('5000'),
        quota: 0n,
        reason,
        renews: reason === null,
      }),
    ),
    ...[null, expiresAt].map((endsAt): Announcement => ({ kind: 'offer_ending', title, endsAt })),
    ...limitAnnouncements(name),
    { kind: 'two_person_changed', enabled: true, byName: name },
    { kind: 'two_person_changed', enabled: false, byName: name },
    { kind: 'two_person_changed', enabled: false, byName: null },
    { kind: 'auto_renewal_changed', enabled: false, byName: name, threshold: 10_000n, offerTitle: null },
  ];
}

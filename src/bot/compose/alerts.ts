import { QUOTA_LEVEL } from '../../domain/alert.ts';
import type { Announcement, RenewalOutlook } from '../../domain/announcement.ts';
import type { NoticeButton } from '../../store/notices.ts';
import { askButton, type Draft, switchButton } from '../content.ts';
import { bullets, type Markdown } from '../markdown.ts';
import { chooseOfferButton } from '../offer-words.ts';
import type { Writer } from '../writer.ts';
import { composeSpike } from './spike.ts';

const ALERTS = [
  'quota_low',
  'quota_exhausted',
  'plan_expiring',
  'plan_expired',
  'low_balance',
  'overdue_expected',
  'overdue',
  'restored',
  'spending_spike',
] as const;
type Alert = Extract<Announcement, { kind: (typeof ALERTS)[number] }>;
type Of<K extends Alert['kind']> = Extract<Alert, { kind: K }>;

export function isAlert(announcement: Announcement): announcement is Alert {
  return ALERTS.some((kind) => kind === announcement.kind);
}

/** What needs an administrator's eye, and its end. (rules 19 and 20) */
export function composeAlert(writer: Writer, alert: Alert): Draft {
  switch (alert.kind) {
    case 'quota_low':
      return quotaLow(writer, alert);
    case 'quota_exhausted':
      return quotaExhausted(writer, alert);
    case 'plan_expiring':
      return planExpiring(writer, alert);
    case 'plan_expired':
      return planExpired(writer, alert);
    case 'low_balance':
      return lowBalance(writer, alert);
    case 'overdue_expected':
      return overdueExpected(writer, alert);
    case 'overdue':
      return overdue(writer, alert);
    case 'spending_spike':
      return composeSpike(writer, alert);
    case 'restored':
      return {
        title: writer.text('restored.title'),
        paragraphs: [writer.text('restored.body', { available: writer.money(alert.available) })],
        buttons: [askButton(writer, 'balance')],
      };
  }
}

function quotaLow(writer: Writer, { level, quota, threshold, share, quotaDays, renewal }: Of<'quota_low'>): Draft {
  const depth = level >= QUOTA_LEVEL.veryLow ? 'very_low' : 'low';
  const figures = { quota: writer.segments(quota), threshold: writer.segments(threshold) };
  return {
    title: writer.text(`quota_low.${depth}.title`, { quota: figures.quota }),
    paragraphs: [
      depth === 'low'
        ? writer.text('quota_low.low.body', figures)
        : writer.text('quota_low.very_low.body', { ...figures, share: writer.number(share) }),
      quotaDays === null ? undefined : writer.text('quota_low.lasts', { days: writer.aboutDays(quotaDays) }),
      writer.text(`quota_low.renewal.${renewal}`),
    ],
    buttons: quotaButtons(writer, renewal),
  };
}

function quotaExhausted(writer: Writer, alert: Of<'quota_exhausted'>): Draft {
  return {
    title: writer.text('quota_exhausted.title'),
    paragraphs: [
      writer.text('quota_exhausted.body'),
      bullets([
        writer.text('figure.available', { amount: writer.money(alert.available) }),
        alert.paygPerDay === 0n
          ? undefined
          : writer.text('figure.payg_per_day', { amount: writer.estimate(alert.paygPerDay) }),
        alert.runwayDays === null ? undefined : moneyLasts(writer, alert.runwayDays),
      ]),
      writer.text(`quota_exhausted.renewal.${alert.renewal}`),
    ],
    buttons: [askButton(writer, 'balance'), ...quotaButtons(writer, alert.renewal)],
  };
}

function moneyLasts(writer: Writer, runwayDays: number): Markdown {
  return writer.text('figure.money_lasts', { days: writer.aboutDays(runwayDays) });
}

function quotaButtons(writer: Writer, renewal: RenewalOutlook): NoticeButton[] {
  if (renewal === 'needs_offer') return [chooseOfferButton(writer), askButton(writer, 'quota')];
  return renewal === 'off'
    ? [switchButton(writer, 'on', 'primary'), askButton(writer, 'quota')]
    : [askButton(writer, 'quota'), switchButton(writer, 'off', 'plain')];
}

function planExpiring(writer: Writer, alert: Of<'plan_expiring'>): Draft {
  const remaining = writer.segments(alert.remaining);
  const days = writer.days(alert.days);
  return {
    title: writer.text('plan_expiring.title', { days, remaining }),
    paragraphs: [
      writer.text('plan_expiring.body', {
        plan: writer.title(alert.title),
        time: writer.time(alert.expiresAt),
        remaining,
      }),
      writer.text(`plan_expiring.renewal.${alert.renewal}`),
    ],
    buttons: quotaButtons(writer, alert.renewal),
  };
}

function planExpired(writer: Writer, alert: Of<'plan_expired'>): Draft {
  const forfeited = writer.segments(alert.forfeited);
  return {
    title: writer.text('plan_expired.title', { forfeited }),
    paragraphs: [
      writer.text('plan_expired.body', {
        plan: writer.title(alert.title),
        time: writer.time(alert.expiredAt),
        forfeited,
      }),
      writer.text('plan_expired.next'),
    ],
    buttons: [askButton(writer, 'quota')],
  };
}

function lowBalance(writer: Writer, alert: Of<'low_balance'>): Draft {
  const available = writer.money(alert.available);
  return {
    title: writer.text('low_balance.title', { available }),
    paragraphs: [
      writer.text('low_balance.body', { available, below: writer.money(alert.below) }),
      alert.runwayDays === null
        ? writer.text('low_balance.idle')
        : writer.text('low_balance.lasts', { days: writer.aboutDays(alert.runwayDays) }),
      writer.text('low_balance.next'),
    ],
    buttons: [askButton(writer, 'balance'), askButton(writer, 'settings')],
  };
}

function overdueExpected(writer: Writer, alert: Of<'overdue_expected'>): Draft {
  const days = writer.aboutDays(alert.runwayDays);
  return {
    title: writer.text('overdue_expected.title', { days }),
    paragraphs: [
      writer.text('overdue_expected.body', {
        available: writer.money(alert.available),
        perDay: writer.estimate(alert.paygPerDay),
        days,
      }),
      alert.below === undefined
        ? undefined
        : writer.text('overdue_expected.below', { below: writer.money(alert.below) }),
      writer.text('overdue_expected.next'),
    ],
    buttons: [askButton(writer, 'balance'), askButton(writer, 'quota')],
  };
}

function overdue(writer: Writer, alert: Of<'overdue'>): Draft {
  const state = alert.suspended ? 'suspended' : 'grace';
  const time = writer.time(alert.suspendedFrom);
  return {
    title: writer.text(`overdue.${state}.title`, { time }),
    paragraphs: [
      writer.text(`overdue.${state}.body`, { available: writer.money(alert.available), time }),
      writer.text(`overdue.${state}.next`, { missing: writer.payable(-alert.available) }),
    ],
    buttons: [askButton(writer, 'balance')],
  };
}

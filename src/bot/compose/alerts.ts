import { QUOTA_LEVEL } from '../../domain/alert.ts';
import type { Announcement, RenewalOutlook } from '../../domain/announcement.ts';
import type { SendingReason } from '../../domain/standing.ts';
import type { NoticeButton } from '../../store/notices.ts';
import { askButton, type Draft, resumeButton, switchButton } from '../content.ts';
import { bullets, type Markdown } from '../markdown.ts';
import { chooseOfferButton } from '../offer-words.ts';
import type { Writer } from '../writer.ts';
import { stillStopped } from './limits.ts';
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
      return restored(writer, alert);
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
      ...bodyWhileStopped(writer, alert.reasons ?? [], {
        sent: writer.text('quota_exhausted.body'),
        stopped: writer.text('quota_exhausted.body.stopped'),
      }),
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
  // A switch that is refused for lack of an offer is no help.
  if (renewal === 'needs_offer' || renewal === 'off_needs_offer')
    return [chooseOfferButton(writer), askButton(writer, 'quota')];
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
  const time = writer.time(alert.suspendedFrom);
  const available = writer.money(alert.available);
  const missing = writer.payable(-alert.available);
  // What a recharge does not end.
  const others = (alert.reasons ?? []).filter((reason) => reason !== 'suspended');
  const buttons = [askButton(writer, 'balance')];
  if (alert.suspended) {
    return {
      title: writer.text('overdue.suspended.title'),
      paragraphs: [
        writer.text('overdue.suspended.body', { available, time }),
        writer.text(others.length === 0 ? 'overdue.suspended.next' : 'overdue.suspended.next.others', { missing }),
        ...stillStopped(writer, others),
      ],
      buttons,
    };
  }
  return {
    title: writer.text(others.length === 0 ? 'overdue.grace.title' : 'overdue.grace.title.stopped', { time }),
    paragraphs: [
      ...bodyWhileStopped(writer, others, {
        sent: writer.text('overdue.grace.body', { available, time }),
        stopped: writer.text('overdue.grace.body.stopped', { available, time }),
      }),
      writer.text('overdue.grace.next', { missing }),
    ],
    buttons,
  };
}

function restored(writer: Writer, { available: amount, reasons = [] }: Of<'restored'>): Draft {
  const available = writer.money(amount);
  return {
    title: writer.text(reasons.length === 0 ? 'restored.title' : 'restored.title.stopped'),
    paragraphs: bodyWhileStopped(writer, reasons, {
      sent: writer.text('restored.body', { available }),
      stopped: writer.text('restored.body.stopped', { available }),
    }),
    buttons: [
      ...(reasons.includes('paused') ? [resumeButton(writer)] : []),
      ...(reasons.includes('capped') ? [askButton(writer, 'limits')] : []),
      askButton(writer, 'balance'),
    ],
  };
}

/** What is true while messages are sent, or else what is, with everything that keeps them from it. (rule 9) */
function bodyWhileStopped(
  writer: Writer,
  reasons: readonly SendingReason[],
  body: { readonly sent: Markdown; readonly stopped: Markdown },
): Markdown[] {
  return reasons.length === 0 ? [body.sent] : [body.stopped, ...stillStopped(writer, reasons)];
}

import { alertName, presentAlert } from '../../domain/alert-levels.ts';
import type { AlertAnswer, AuditEntry, Deed, Doer } from '../../domain/audit.ts';
import { joinMarkdown, type Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';
import { actionOf, requesterOf } from './approvals.ts';

/** An entry of the audit in a line: when, who, what, and what came of it. */
export function historyLine(writer: Writer, entry: AuditEntry): Markdown {
  return writer.text('history.line', { time: writer.time(entry.at), what: whatOf(writer, entry) });
}

function whatOf(writer: Writer, entry: AuditEntry): Markdown {
  const { deed } = entry;
  const who = doerOf(writer, entry.by);
  switch (deed.type) {
    case 'requested':
      return writer.text('history.requested', {
        who,
        action: actionOf(writer, deed.action),
        code: writer.name(entry.approval?.code ?? ''),
      });
    case 'carried_out':
      return withOutcome(
        writer,
        entry,
        writer.text('history.carried_out', { who, action: actionOf(writer, deed.action) }),
      );
    case 'decided':
      return withOutcome(writer, entry, decided(writer, entry, deed));
    case 'reason_given':
      return writer.text('history.reason_given', {
        who,
        code: writer.name(entry.approval?.code ?? ''),
        reason: writer.remark(deed.reason),
      });
    case 'renewed':
      return writer.text('history.renewed', {
        plan: writer.title(deed.title),
        segments: writer.segments(BigInt(deed.segments)),
        price: writer.money(BigInt(deed.price)),
      });
    case 'renewal_failed':
      return writer.text('history.renewal_failed', {
        plan: writer.title(deed.title),
        price: writer.money(BigInt(deed.price)),
        missing: writer.payable(BigInt(deed.missing)),
      });
    case 'renewal_stopped':
      if (deed.guard === 'offer_not_sold' || deed.guard === 'offer_too_small') {
        return writer.text(`history.renewal_stopped.${deed.guard}`, { plan: writer.title(deed.title) });
      }
      return writer.text('history.renewal_stopped', {
        plan: writer.title(deed.title),
        price: writer.money(BigInt(deed.price)),
        guard: writer.text(`guard.${deed.guard}`),
      });
    case 'renewal_ended':
      return writer.text(`history.renewal_ended.${deed.reason}`);
    case 'alert_acknowledged':
    case 'alert_snoozed':
      return answered(writer, who, deed);
    default:
      return ofTheOperator(writer, who, deed);
  }
}

type OperatorDeed = Exclude<
  Deed,
  {
    type:
      | 'requested'
      | 'carried_out'
      | 'decided'
      | 'reason_given'
      | 'renewed'
      | 'renewal_failed'
      | 'renewal_stopped'
      | 'renewal_ended'
      | 'alert_acknowledged'
      | 'alert_snoozed';
  }
>;

function answered(writer: Writer, who: Markdown, deed: AlertAnswer): Markdown {
  const name = alertName(presentAlert({ kind: deed.alert, level: deed.level }));
  const what = { who, code: writer.name(deed.code), alert: writer.text(`alert_name.${name}`) };
  if (deed.type === 'alert_acknowledged') return writer.text('history.alert_acknowledged', what);
  return writer.text('history.alert_snoozed', { ...what, time: writer.time(Temporal.Instant.from(deed.until)) });
}

function ofTheOperator(writer: Writer, who: Markdown, deed: OperatorDeed): Markdown {
  switch (deed.type) {
    case 'recharged':
      return writer.text('history.recharged', { who, amount: writer.money(BigInt(deed.amount)) });
    case 'withdrawn':
      return writer.text('history.withdrawn', {
        who,
        amount: writer.money(BigInt(deed.amount)),
        reason: writer.remark(deed.reason),
      });
    case 'plan_granted':
      return writer.text('history.plan_granted', {
        who,
        plan: writer.title(deed.title),
        segments: writer.segments(BigInt(deed.segments)),
      });
    case 'plan_refunded':
      return writer.text('history.plan_refunded', {
        who,
        plan: writer.title(deed.title),
        amount: writer.money(BigInt(deed.amount)),
      });
    case 'account_opened':
      return writer.text('history.account_opened', { who });
    case 'account_changed':
      return writer.text('history.account_changed', { who });
    case 'key_created':
    case 'key_revoked':
      return writer.text(`history.key.${deed.type}`, { who, label: writer.name(deed.label) });
    case 'template_codes_set':
      return writer.text('history.template_codes_set', { who, count: deed.codes.length });
    case 'webhook_added':
      return writer.text('history.webhook_added', { who, host: writer.title(deed.host) });
    case 'webhook_removed':
      return writer.text('history.webhook_removed', { who, host: writer.title(deed.host) });
    case 'notices_retried':
    case 'notices_dropped':
      return writer.text(`history.letters.${deed.type}`, { who, count: deed.notices.length });
    case 'group_code_issued':
      return writer.text('history.group_code_issued', { who });
    case 'group_bound':
      return writer.text('history.group_bound', { who, group: writer.name(deed.title) });
    case 'catalogue_imported':
      return writer.text('history.catalogue_imported', { who });
  }
}

function decided(writer: Writer, { approval, by }: AuditEntry, deed: Deed & { type: 'decided' }): Markdown {
  const who = doerOf(writer, by);
  const action = actionOf(writer, deed.action);
  const code = writer.name(approval?.code ?? '');
  const isOwn = approval !== null && approval.requestedBy === approval.decidedBy;
  if (isOwn && deed.state === 'approved') return writer.text('history.confirmed', { who, action, code });
  if (isOwn && deed.state === 'rejected') return writer.text('history.cancelled', { who, action, code });
  const requester = requesterOf(writer, approval?.requesterName ?? null);
  const what = writer.text(`history.decided.${deed.state}`, { who, requester, action, code });
  return deed.reason
    ? joinMarkdown([what, writer.text('history.because', { reason: writer.remark(deed.reason) })], '')
    : what;
}

/** What was allowed and still could not be done says so. */
function withOutcome(writer: Writer, { deed, outcome }: AuditEntry, what: Markdown): Markdown {
  const isSaid = outcome === 'done' || (deed.type === 'decided' && deed.state !== 'approved');
  return isSaid ? what : joinMarkdown([what, writer.text('history.not_done')], '');
}

function doerOf(writer: Writer, by: Doer): Markdown {
  return by.kind === 'person' ? writer.name(by.name) : writer.text(`doer.${by.kind}`);
}

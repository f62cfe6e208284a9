import type { Announcement } from '../../domain/announcement.ts';
import { askButton, type Draft, switchButton } from '../content.ts';
import { bullets, joinMarkdown, type Markdown } from '../markdown.ts';
import { chooseOfferButton } from '../offer-words.ts';
import type { Writer } from '../writer.ts';

type Receipt = Extract<
  Announcement,
  {
    kind:
      | 'renewed'
      | 'renewal_failed'
      | 'renewal_stopped'
      | 'offer_ending'
      | 'recharged'
      | 'withdrawn'
      | 'plan_added'
      | 'auto_renewal_changed'
      | 'two_person_changed';
  }
>;
type Of<K extends Receipt['kind']> = Extract<Receipt, { kind: K }>;

/** What was done, or could not be done, with money, plans and settings. (rule 20) */
export function composeReceipt(writer: Writer, receipt: Receipt): Draft {
  switch (receipt.kind) {
    case 'renewed':
      return renewed(writer, receipt);
    case 'renewal_failed':
      return renewalFailed(writer, receipt);
    case 'renewal_stopped':
      return renewalStopped(writer, receipt);
    case 'offer_ending':
      return offerEnding(writer, receipt);
    case 'recharged':
      return recharged(writer, receipt);
    case 'withdrawn':
      return withdrawn(writer, receipt);
    case 'plan_added':
      return planAdded(writer, receipt);
    case 'auto_renewal_changed':
      return autoRenewalChanged(writer, receipt);
    case 'two_person_changed':
      return twoPersonChanged(writer, receipt);
  }
}

function renewed(writer: Writer, receipt: Of<'renewed'>): Draft {
  const segments = writer.segments(receipt.segments);
  const price = writer.money(receipt.price);
  return {
    title: writer.text('renewed.title', { segments, price }),
    paragraphs: [
      writer.text(`renewed.trigger.${receipt.trigger}`),
      bullets([
        writer.text('figure.plan', { plan: writer.title(receipt.title), segments }),
        writer.text('figure.paid', { amount: price }),
        writer.text('figure.quota_now', { quota: writer.segments(receipt.quota) }),
        writer.text('figure.balance', { amount: writer.money(receipt.balance) }),
        writer.text('figure.valid_until', { time: writer.time(receipt.expiresAt) }),
      ]),
      whatChanged(writer, receipt),
    ],
    buttons: [askButton(writer, 'quota'), askButton(writer, 'balance')],
  };
}

/** That the offer has become another one than its readers knew. */
function whatChanged(writer: Writer, receipt: Of<'renewed'>): Markdown | undefined {
  const { changed, price, segments, validityMonths } = receipt;
  if (!changed) return undefined;
  const differs = [
    changed.price !== price &&
      writer.text('renewed.changed.price', { before: writer.money(changed.price), after: writer.money(price) }),
    changed.segments !== segments &&
      writer.text('renewed.changed.segments', {
        before: writer.segments(changed.segments),
        after: writer.segments(segments),
      }),
    changed.validityMonths !== validityMonths &&
      writer.text('renewed.changed.validity', {
        before: writer.months(changed.validityMonths),
        after: writer.months(validityMonths),
      }),
  ].filter((text) => text !== false);
  return writer.text('renewed.changed', { changes: joinMarkdown(differs, writer.text('offers.separator')) });
}

function renewalFailed(writer: Writer, receipt: Of<'renewal_failed'>): Draft {
  const missing = writer.payable(receipt.missing);
  return {
    title: writer.text('renewal_failed.title', { missing }),
    paragraphs: [
      writer.text('renewal_failed.body', {
        plan: writer.title(receipt.title),
        price: writer.money(receipt.price),
        available: writer.money(receipt.available),
        missing,
      }),
      writer.text('renewal_failed.next', { time: writer.time(receipt.nextAttemptAt) }),
    ],
    buttons: [askButton(writer, 'balance'), switchButton(writer, 'off', 'plain')],
  };
}

function renewalStopped(writer: Writer, receipt: Of<'renewal_stopped'>): Draft {
  if (receipt.guard === 'offer_not_sold' || receipt.guard === 'offer_too_small') {
    const plan = writer.title(receipt.title);
    return {
      title: writer.text(`renewal_stopped.${receipt.guard}.title`, { plan }),
      paragraphs: [
        writer.text(`renewal_stopped.${receipt.guard}.body`, { plan }),
        writer.text('renewal_stopped.offer.next'),
      ],
      buttons: [chooseOfferButton(writer), askButton(writer, 'auto-renew')],
    };
  }
  const guard = writer.text(`guard.${receipt.guard}`);
  return {
    title: writer.text('renewal_stopped.title', { guard }),
    paragraphs: [
      writer.text('renewal_stopped.body', {
        plan: writer.title(receipt.title),
        price: writer.money(receipt.price),
        guard,
      }),
      writer.text('renewal_stopped.next', { time: writer.time(receipt.nextAttemptAt) }),
    ],
    buttons: [askButton(writer, 'quota'), askButton(writer, 'auto-renew')],
  };
}

function recharged(writer: Writer, receipt: Of<'recharged'>): Draft {
  const amount = writer.money(receipt.amount);
  return {
    title: writer.text('recharged.title', { amount }),
    paragraphs: [
      writer.text('recharged.body', { amount }),
      bullets([
        writer.text('figure.balance', { amount: writer.money(receipt.balance) }),
        writer.text('figure.available', { amount: writer.money(receipt.available) }),
      ]),
    ],
    buttons: [askButton(writer, 'balance')],
  };
}

function withdrawn(writer: Writer, receipt: Of<'withdrawn'>): Draft {
  const amount = writer.money(receipt.amount);
  return {
    title: writer.text('withdrawn.title', { amount }),
    paragraphs: [
      writer.text('withdrawn.body', { amount }),
      bullets([
        writer.text('withdrawn.reason', { reason: writer.remark(receipt.reason) }),
        writer.text('figure.balance', { amount: writer.money(receipt.balance) }),
        writer.text('figure.available', { amount: writer.money(receipt.available) }),
      ]),
    ],
    buttons: [askButton(writer, 'balance')],
  };
}

function planAdded(writer: Writer, receipt: Of<'plan_added'>): Draft {
  const segments = writer.segments(receipt.segments);
  return {
    title: writer.text('plan_added.title', { segments }),
    paragraphs: [
      writer.text('plan_added.body', { plan: writer.title(receipt.title), segments }),
      bullets([
        writer.text('figure.quota_now', { quota: writer.segments(receipt.quota) }),
        writer.text('figure.valid_until', { time: writer.time(receipt.expiresAt) }),
      ]),
    ],
    buttons: [askButton(writer, 'quota')],
  };
}

function autoRenewalChanged(writer: Writer, receipt: Of<'auto_renewal_changed'>): Draft {
  const by = writer.name(receipt.byName);
  if (!receipt.enabled) {
    return {
      title: writer.text('auto_renewal.off.title'),
      paragraphs: [writer.text('auto_renewal_changed.off', { by }), writer.text('auto_renewal.off.next')],
      buttons: [switchButton(writer, 'on', 'plain'), askButton(writer, 'quota')],
    };
  }
  return {
    title: writer.text('auto_renewal.on.title'),
    paragraphs: [
      writer.text('auto_renewal_changed.on', { by }),
      autoRenewalPromise(writer, receipt.threshold, receipt.offerTitle),
    ],
    buttons: [switchButton(writer, 'off', 'plain'), askButton(writer, 'quota')],
  };
}

function twoPersonChanged(writer: Writer, { enabled, byName }: Of<'two_person_changed'>): Draft {
  const state = enabled ? 'on' : 'off';
  const by = byName === null ? writer.text('doer.operator') : writer.name(byName);
  return {
    title: writer.text(`two_person_changed.${state}.title`),
    paragraphs: [writer.text(`two_person_changed.${state}`, { by })],
  };
}

/** What auto-renewal will do, in a sentence. (rules 11 and 12) */
export function autoRenewalPromise(writer: Writer, threshold: bigint, offerTitle: string | null): Markdown {
  return writer.text('auto_renewal.on.next', {
    threshold: writer.segments(threshold),
    plan: writer.title(offerTitle ?? ''),
  });
}

function offerEnding(writer: Writer, { title, endsAt }: Of<'offer_ending'>): Draft {
  const plan = writer.title(title);
  return {
    title: endsAt ? writer.text('offer_ending.title', { plan }) : writer.text('offer_ended.title', { plan }),
    paragraphs: [
      endsAt
        ? writer.text('offer_ending.body', { plan, time: writer.time(endsAt) })
        : writer.text('offer_ended.body', { plan }),
    ],
    buttons: [chooseOfferButton(writer), askButton(writer, 'auto-renew')],
  };
}

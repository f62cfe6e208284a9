import type { RuleError } from '../domain/errors.ts';
import type { Markdown } from './markdown.ts';
import type { Writer } from './writer.ts';

type Details = RuleError['details'];

/** How each error that a chat can meet is told. What a rule refuses and is not here is a defect, and told as one. */
export const CHAT_ERRORS: Readonly<Record<string, (writer: Writer, details: Details) => Markdown>> = {
  not_administrator: (writer) => writer.text('error.not_administrator'),
  identity_unknown: (writer) => writer.text('error.identity_unknown'),
  own_request: (writer, { code = '' }) => writer.text('error.own_request', { code: writer.name(code) }),
  nobody_else: (writer) => writer.text('error.nobody_else'),
  insufficient_balance: (writer, { price = '0', available = '0', missing = '0' }) =>
    writer.text('error.insufficient_balance', {
      price: writer.money(BigInt(price)),
      available: writer.money(BigInt(available)),
      missing: writer.payable(BigInt(missing)),
    }),
  offer_changed: (writer, { offer = '' }) => writer.text('error.offer_changed', { plan: writer.title(offer) }),
  offer_not_sold: (writer, { offer = '' }) => writer.text('error.offer_not_sold', { plan: writer.title(offer) }),
  buys_at_once: (writer, { offer = '', price = '0' }) =>
    writer.text('error.buys_at_once', { plan: writer.title(offer), price: writer.money(BigInt(price)) }),
  already_so: (writer, { state = '' }) => alreadySo(writer, state),
  already_requested: (writer, { code = '' }) => writer.text('error.already_requested', { code: writer.name(code) }),
  offer_missing: (writer) => writer.text('error.offer_missing'),
  offer_too_small: (writer, { offer = '', segments = '0', threshold = '0' }) =>
    writer.text('error.offer_too_small', {
      plan: writer.title(offer),
      segments: writer.segments(BigInt(segments)),
      threshold: writer.segments(BigInt(threshold)),
    }),
  offer_currency: (writer, { offer = '', currency = '', accountCurrency = '' }) =>
    writer.text('error.offer_currency', {
      plan: writer.title(offer),
      currency: writer.name(currency),
      accountCurrency: writer.name(accountCurrency),
    }),
  limit_out_of_range: (writer) => writer.text('error.limit_out_of_range'),
  limit_warning_above_stop: (writer) => writer.text('error.limit_warning_above_stop'),
  limit_unchanged: (writer) => writer.text('error.limit_unchanged'),
  cap_still_reached: (writer) => writer.text('error.cap_still_reached'),
  setting_unchanged: (writer) => writer.text('error.setting_unchanged'),
  setting_moved: (writer) => writer.text('error.setting_moved'),
  alert_share_out_of_range: (writer) => writer.text('error.alert_share_out_of_range'),
  balance_alert_out_of_range: (writer) => writer.text('error.balance_alert_out_of_range'),
  quiet_hours_invalid: (writer) => writer.text('error.quiet_hours_invalid'),
  time_of_day_invalid: (writer) => writer.text('error.time_of_day_invalid'),
  spike_factor_out_of_range: (writer) => writer.text('error.spike_factor_out_of_range'),
  escalation_out_of_range: (writer) => writer.text('error.escalation_out_of_range'),
  snooze_out_of_range: (writer) => writer.text('error.snooze_out_of_range'),
  group_gone: (writer) => writer.text('error.group_gone'),
  last_administrator: (writer) => writer.text('error.last_administrator'),
  too_few_administrators: (writer) => writer.text('error.too_few_administrators'),
  second_person_needed: (writer) => writer.text('error.second_person_needed'),
  already_administrator: (writer, { name = '' }) =>
    writer.text('error.already_administrator', { name: writer.name(name) }),
  administrator_unknown: (writer, { name = '' }) =>
    writer.text('error.administrator_unknown', { name: writer.name(name) }),
  offer_unknown: (writer, { offer = '' }) => writer.text('error.offer_unknown', { offer: writer.name(offer) }),
  guard_out_of_range: (writer) => writer.text('error.guard_out_of_range'),
  threshold_out_of_range: (writer, { max = '0' }) =>
    writer.text('error.threshold_out_of_range', { max: writer.segments(BigInt(max)) }),
};

function alreadySo(writer: Writer, state: string): Markdown {
  if (state === 'two_person_on' || state === 'two_person_off') return writer.text(`already_so.${state}`);
  if (state === 'paused' || state === 'sending') return writer.text(`already_so.${state}`);
  return writer.text(state === 'on' ? 'auto_renewal.already_on' : 'auto_renewal.already_off');
}

/** An error in the words of who met it; undefined when it is not one that a chat should meet. */
export function chatError(writer: Writer, error: Pick<RuleError, 'details'> & { code: string }): Markdown | undefined {
  return Object.hasOwn(CHAT_ERRORS, error.code) ? CHAT_ERRORS[error.code]?.(writer, error.details) : undefined;
}

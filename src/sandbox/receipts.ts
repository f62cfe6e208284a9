import { randomInt } from 'node:crypto';
import {
  type CountryCode,
  getExampleNumber,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';

/** Messages that a gateway has sent, all of one kind. */
export interface SentMessages {
  readonly destination: 'mainland' | 'international';
  /** ISO 3166-1 alpha-2; for international messages. */
  readonly country?: string | undefined;
  /** The carrier's template code; for mainland messages. */
  readonly templateCode?: string | undefined;
  readonly count: number;
  /** Segments of each message. */
  readonly segments: number;
  /** When those of a push were sent, in epoch milliseconds; asked once per push, because sending many takes its time. */
  readonly now: () => number;
}

/** So many receipts are in one push. */
const BATCH = 1_000;

/**
 * The bodies of the pushes with which Alibaba Cloud would report these messages as delivered, in its own field names and forms.
 * The numbers are made up; the ids are random, so they are new after a restart, too.
 */
export function* receiptBatches(sent: SentMessages): Iterable<Record<string, unknown>[]> {
  for (let from = 0; from < sent.count; from += BATCH) {
    const size = Math.min(BATCH, sent.count - from);
    const make = sent.destination === 'mainland' ? mainlandReceipts : internationalReceipts;
    yield make(sent, size);
  }
}

/** One sending of many numbers: they share a `biz_id`, and a receipt is known by it and the number. */
function mainlandReceipts(sent: SentMessages, size: number): Record<string, unknown>[] {
  const bizId = `${carrierId()}^0`;
  const at = beijing(sent.now()).toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ');
  return Array.from({ length: size }, (_, index) => ({
    phone_number: `1380013${String(index).padStart(4, '0')}`,
    send_time: at,
    report_time: at,
    success: true,
    err_code: 'DELIVERED',
    err_msg: '用户接收成功',
    sms_size: String(sent.segments),
    biz_id: bizId,
    out_id: `sandbox-${bizId}`,
    template_code: sent.templateCode,
  }));
}

function internationalReceipts(sent: SentMessages, size: number): Record<string, unknown>[] {
  const country = sent.country ?? '';
  const at = rfc2822(sent.now());
  const taskId = carrierId();
  return Array.from({ length: size }, (_, index) => ({
    To: numberIn(country, index),
    SendDate: at,
    ReceiveDate: at,
    Status: '1',
    ErrorCode: 'DELIVERED',
    ErrorDescription: 'success',
    SmsSize: String(sent.segments),
    MessageId: carrierId(),
    TaskId: taskId,
  }));
}

/**
 * Whether messages can be sent to this country: a mobile number of it is known, from which the country can be told, as the receipt does not
 * name it; and it is not the mainland.
 */
export function isDestinationCountry(country: string): boolean {
  return country !== 'CN' && isSupportedCountry(country) && countryOf(exampleNumber(country)) === country;
}

function exampleNumber(country: string): string {
  return getExampleNumber(country as CountryCode, examples)?.number ?? '';
}

function countryOf(number: string): string | undefined {
  return parsePhoneNumberFromString(number)?.country;
}

/**
 * A mobile number of the country with its calling code and no plus sign: the example number of the country's numbering plan with other
 * last digits, where that is still a number of the same country (calling code 1 is shared by twenty of them).
 */
function numberIn(country: string, index: number): string {
  const example = exampleNumber(country);
  const varied = example.slice(0, -3) + String(index % 1000).padStart(3, '0');
  const number = countryOf(varied) === country ? varied : example;
  return number.slice(1);
}

/** An id as the carrier gives them: eighteen digits. */
function carrierId(): string {
  const digits = () => String(randomInt(1_000_000_000)).padStart(9, '0');
  return `${randomInt(1, 10)}${digits()}${digits().slice(1)}`;
}

function beijing(at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO('Asia/Shanghai');
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** e.g. `Thu, 25 Nov 2021 10:25:00 +0800` */
function rfc2822(at: number): string {
  const time = beijing(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(time.hour)}:${two(time.minute)}:${two(time.second)}`;
  return `${WEEKDAYS[time.dayOfWeek - 1]}, ${two(time.day)} ${MONTHS[time.month - 1]} ${time.year} ${clock} +0800`;
}

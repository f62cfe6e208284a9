import { createHash } from 'node:crypto';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';
import type { Sentence } from '../domain/sentence.ts';
import type { TemplateType, UsageReport } from '../domain/usage.ts';
import type { RejectedUsage } from '../store/usage.ts';
import { maskReceipt } from './masking.ts';
import { MAX_SEGMENTS, RecordProblemError, TimeWindow } from './record-problem.ts';

/** The documentation has strings, numbers are seen too. */
const size = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(1).max(MAX_SEGMENTS));
const number = z.union([z.string(), z.int().transform(String)]).pipe(z.string().regex(/^\+?\d{5,20}$/));

const mainlandReceipt = z.object({
  phone_number: number,
  send_time: z.string(),
  success: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]),
  sms_size: size,
  biz_id: z.string().regex(/^\P{C}{1,180}$/u),
  /** Only the newer push has it. */
  template_code: z.string().min(1).max(200).nullish().catch(null),
});

const internationalReceipt = z.object({
  To: number,
  SendDate: z.string(),
  /** 1 delivered, 2 failed, 6 expired. */
  Status: z.union([z.string(), z.int().transform(String)]).pipe(z.enum(['1', '2', '6'])),
  SmsSize: size,
  MessageId: z.string().regex(/^\P{C}{1,200}$/u),
});

/** Fields that hold ids and times, and never a phone number. */
const PLAIN_FIELDS = new Set([
  'biz_id',
  'message_id',
  'request_id',
  'template_code',
  'send_time',
  'report_time',
  'MessageId',
  'TaskId',
  'SendDate',
  'ReceiveDate',
]);

const NO_COUNTRY: Sentence = { english: 'belongs to no country that is known.', chinese: '不属于任何已知国家或地区。' };
const IS_MAINLAND: Sentence = {
  english: 'belongs to the mainland, which is not international.',
  chinese: '属于中国内地，不是国际/港澳台。',
};
const NOT_BEIJING_TIME: Sentence = {
  english: 'must be like "2026-03-01 10:00:00".',
  chinese: '须为 "2026-03-01 10:00:00" 这样的时间。',
};
const NOT_RFC_2822: Sentence = {
  english: 'must be like "Sun, 01 Mar 2026 10:00:00 +0800".',
  chinese: '须为 "Sun, 01 Mar 2026 10:00:00 +0800" 这样的时间。',
};
const NO_OBJECT: Sentence = { english: 'A receipt must be an object.', chinese: '一条回执须为一个对象。' };

export interface ReadReceipts {
  readonly reports: UsageReport[];
  readonly rejected: RejectedUsage[];
}

/** What a receipt says, and the template that tells the kind of its message. */
interface MainlandReport {
  readonly report: UsageReport;
  readonly templateCode: string | null;
}

/**
 * Reads a push of mainland receipts. Those that cannot be read are kept for a person, without the number.
 *
 * @param typesOf what kinds of messages the templates of these codes make
 */
export async function readMainlandReceipts(
  receipts: readonly unknown[],
  now: Temporal.Instant,
  typesOf: (codes: readonly string[]) => Promise<ReadonlyMap<string, TemplateType>>,
): Promise<ReadReceipts> {
  const window = new TimeWindow(now);
  const { read, rejected } = readEach(receipts, (receipt) => readMainland(receipt, window));
  const types = await typesOf([...new Set(read.flatMap(({ templateCode }) => templateCode ?? []))]);
  const reports = read.map(({ report, templateCode }) => ({
    ...report,
    templateType: types.get(templateCode ?? '') ?? null,
  }));
  return { reports, rejected };
}

/** Reads a push of international receipts. Those that cannot be read are kept for a person, without the number. */
export function readInternationalReceipts(receipts: readonly unknown[], now: Temporal.Instant): ReadReceipts {
  const window = new TimeWindow(now);
  const { read, rejected } = readEach(receipts, (receipt) => readInternational(receipt, window));
  return { reports: read, rejected };
}

function readMainland(receipt: unknown, window: TimeWindow): MainlandReport {
  const fields = parse(mainlandReceipt, receipt);
  const report: UsageReport = {
    id: mainlandId(fields.biz_id, fields.phone_number),
    destination: 'mainland',
    country: null,
    templateType: null,
    segments: fields.sms_size,
    status: fields.success ? 'delivered' : 'failed',
    at: window.check(beijingTime(fields.send_time), 'send_time'),
  };
  return { report, templateCode: fields.template_code ?? null };
}

function readInternational(receipt: unknown, window: TimeWindow): UsageReport {
  const fields = parse(internationalReceipt, receipt);
  return {
    id: fields.MessageId,
    destination: 'international',
    country: countryOf(fields.To),
    templateType: null,
    segments: fields.SmsSize,
    status: fields.Status === '1' ? 'delivered' : 'failed',
    at: window.check(rfc2822Time(fields.SendDate), 'SendDate'),
  };
}

/**
 * All numbers of one call share a `biz_id`, so a receipt is known by it and the number. The number itself is not kept; who has the
 * `biz_id` could still find it by trying all numbers, so this is a pseudonym and not anonymous.
 */
function mainlandId(bizId: string, phoneNumber: string): string {
  return `${bizId}:${createHash('sha256').update(`${bizId}\n${phoneNumber}`).digest('hex').slice(0, 16)}`;
}

function countryOf(to: string): string {
  const country = parsePhoneNumberFromString(to.startsWith('+') ? to : `+${to}`)?.country;
  if (!country) throw new RecordProblemError('country_unknown', NO_COUNTRY, 'To');
  // No price list can price it, so it would wait for a price for ever.
  if (country === 'CN') throw new RecordProblemError('country_unexpected', IS_MAINLAND, 'To');
  return country;
}

/** `2026-03-01 10:00:00`, without a zone. */
function beijingTime(text: string): Temporal.Instant {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)$/.exec(text.trim());
  const at = match && instantOf(`${match[1]}T${match[2]}+08:00`);
  if (!at) throw new RecordProblemError('field_invalid', NOT_BEIJING_TIME, 'send_time');
  return at;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const RFC_2822 =
  /^(?:[a-z]{3},\s*)?(\d{1,2})\s+([a-z]{3})\s+(\d{4})\s+(\d\d):(\d\d)(?::(\d\d))?\s+([+-]\d{4}|GMT|UTC?|Z)$/i;

/** `Thu, 25 Nov 2021 10:25:00 +0800` */
function rfc2822Time(text: string): Temporal.Instant {
  const [, day = '', month = '', year = '', hour = '', minute = '', second = '00', zone = ''] =
    RFC_2822.exec(text.trim()) ?? [];
  const monthNumber = String(MONTHS.indexOf(month.toLowerCase()) + 1).padStart(2, '0');
  const offset = /\d/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : 'Z';
  const at = instantOf(`${year}-${monthNumber}-${day.padStart(2, '0')}T${hour}:${minute}:${second}${offset}`);
  if (!at) throw new RecordProblemError('field_invalid', NOT_RFC_2822, 'SendDate');
  return at;
}

function instantOf(text: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(text);
  } catch {
    return undefined;
  }
}

function parse<T extends z.ZodType>(schema: T, receipt: unknown): z.output<T> {
  const parsed = schema.safeParse(receipt);
  if (parsed.success) return parsed.data;
  const [field] = parsed.error.issues[0]?.path ?? [];
  if (typeof field !== 'string') throw new RecordProblemError('record_invalid', NO_OBJECT);
  const isMissing = typeof receipt === 'object' && receipt !== null && Reflect.get(receipt, field) === undefined;
  throw isMissing
    ? new RecordProblemError('field_missing', { english: 'is missing.', chinese: '缺失。' }, field)
    : new RecordProblemError('field_invalid', { english: 'is not valid.', chinese: '无效。' }, field);
}

function readEach<T>(
  receipts: readonly unknown[],
  read: (receipt: unknown) => T,
): { read: T[]; rejected: RejectedUsage[] } {
  const results: T[] = [];
  const rejected: RejectedUsage[] = [];
  for (const receipt of receipts) {
    try {
      results.push(read(receipt));
    } catch (error) {
      if (!(error instanceof RecordProblemError)) throw error;
      rejected.push(keep(receipt, error));
    }
  }
  return { read: results, rejected };
}

const ids = z.object({
  biz_id: mainlandReceipt.shape.biz_id.optional().catch(undefined),
  MessageId: internationalReceipt.shape.MessageId.optional().catch(undefined),
});

function keep(receipt: unknown, { code, field }: RecordProblemError): RejectedUsage {
  const { data } = ids.safeParse(receipt);
  return {
    recordId: data?.biz_id ?? data?.MessageId ?? 'unreadable',
    reason: 'invalid',
    received: { code, field, receipt: maskReceipt(receipt, PLAIN_FIELDS) },
    stored: null,
  };
}

import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import type { Sentence } from '../domain/sentence.ts';
import { TEMPLATE_TYPES, type UsageReport } from '../domain/usage.ts';
import { HttpError } from './errors.ts';
import { MAX_SEGMENTS, type RecordProblem, RecordProblemError, TimeWindow } from './record-problem.ts';

const MAX_RECORDS = 10_000;
/** No control characters, half surrogates or code points without a meaning. */
const PRINTABLE_ID = /^\P{C}{1,200}$/u;
/** ISO 8601 allows any number of digits, `Temporal` nine; a time is kept to the millisecond, so that nothing is lost. */
const BEYOND_NANOSECONDS = /(\.\d{9})\d+/;

/** Strict: a misspelt key beside the records would be silently nothing. */
const body = z.strictObject({ records: z.array(z.unknown()) });

const record = z.strictObject({
  id: z.string().regex(PRINTABLE_ID),
  destination: z.enum(['mainland', 'international']),
  country: z.string().nullish(),
  templateType: z.enum(TEMPLATE_TYPES).nullish(),
  segments: z.int().min(1).max(MAX_SEGMENTS),
  status: z.enum(['submitted', 'delivered', 'failed']),
  at: z.iso.datetime({ offset: true }),
});

const EXPECTED: { readonly [Field in keyof typeof record.shape]: Sentence } = {
  id: { english: 'must be 1 to 200 printable characters.', chinese: '须为 1 到 200 个可显示的字符。' },
  destination: {
    english: 'must be "mainland" or "international".',
    chinese: '须为 "mainland"（中国内地）或 "international"（国际/港澳台）。',
  },
  country: { english: 'must be two capital letters, such as "SG".', chinese: '须为两个大写字母，例如 "SG"。' },
  templateType: {
    english: `must be one of ${TEMPLATE_TYPES.join(', ')}, or left out for the account's default.`,
    chinese: `须为 ${TEMPLATE_TYPES.join('、')} 之一；不写则用账户的默认类型。`,
  },
  segments: {
    english: `must be a whole number from 1 to ${MAX_SEGMENTS}.`,
    chinese: `须为 1 到 ${MAX_SEGMENTS} 之间的整数。`,
  },
  status: {
    english: 'must be "submitted", "delivered" or "failed".',
    chinese: '须为 "submitted"、"delivered" 或 "failed"。',
  },
  at: {
    english: 'must be a time with an offset, such as "2026-03-01T10:00:00+08:00".',
    chinese: '须为带时区偏移的时间，例如 "2026-03-01T10:00:00+08:00"。',
  },
};

const NEEDED: Sentence = { english: 'is needed for an international message.', chinese: '国际/港澳台短信必须提供。' };
const IS_MAINLAND: Sentence = {
  english: 'is CN: a message to the mainland is "mainland".',
  chinese: '是 CN：发往中国内地的短信属于 "mainland"。',
};
const NO_COUNTRY: Sentence = {
  english: 'is not a country of ISO 3166 that has telephones.',
  chinese: '不是 ISO 3166 中有电话的国家或地区。',
};
const NO_FIELD: Sentence = {
  english: 'is not a field of a record; see that it is spelt right.',
  chinese: '不是记录的字段；请检查拼写。',
};
const NO_OBJECT: Sentence = { english: 'A record must be an object.', chinese: '一条记录须为一个对象。' };

export interface RejectedRecord extends RecordProblem {
  /** Its place in the body, from 0. */
  readonly index: number;
  readonly id?: string;
}

/**
 * Reads the body of `POST /v1/usage`. A record that cannot be taken does not keep the others from it.
 *
 * @throws HttpError `body_invalid`, `too_many_records`
 */
export function readUsageBody(
  value: unknown,
  now: Temporal.Instant,
): { reports: UsageReport[]; rejected: RejectedRecord[] } {
  const parsed = body.safeParse(value);
  if (!parsed.success) {
    throw bodyProblem(parsed.error);
  }
  const { records } = parsed.data;
  if (records.length > MAX_RECORDS) throw new HttpError('too_many_records', { field: 'records' });

  const window = new TimeWindow(now);
  const reports: UsageReport[] = [];
  const rejected: RejectedRecord[] = [];
  for (const [index, each] of records.entries()) {
    try {
      reports.push(readRecord(each, window));
    } catch (error) {
      if (!(error instanceof RecordProblemError)) throw error;
      rejected.push({ index, ...idOf(each), ...sayField(error) });
    }
  }
  return { reports, rejected };
}

function bodyProblem(error: z.ZodError): HttpError {
  const [issue] = error.issues;
  if (issue?.code !== 'unrecognized_keys') {
    const sentence = { english: 'The body must be {"records": [...]}.', chinese: '请求体须为 {"records": [...]}。' };
    return new HttpError('body_invalid', { sentence, field: 'records' });
  }
  const field = String(issue.keys[0]).slice(0, 100);
  const sentence = {
    english: `The body must be {"records": [...]} and nothing else; "${field}" is not known.`,
    chinese: `请求体须为 {"records": [...]}，不能有别的内容；不认识“${field}”。`,
  };
  return new HttpError('body_invalid', { sentence, field });
}

/** A problem with the field that it is about in its sentences. */
function sayField({ code, message, messageZh, field }: RecordProblemError): RecordProblem {
  if (field === null) return { code, message, messageZh, field };
  return { code, message: `"${field}" ${message}`, messageZh: `“${field}”${messageZh}`, field };
}

function readRecord(value: unknown, window: TimeWindow): UsageReport {
  const parsed = record.safeParse(value);
  if (!parsed.success) throw problemOf(value, parsed.error);
  const { id, destination, segments, status, templateType = null } = parsed.data;
  const at = window.check(Temporal.Instant.from(parsed.data.at.replace(BEYOND_NANOSECONDS, '$1')), 'at');
  const country = readCountry(destination, parsed.data.country ?? null);
  return { id, destination, country, templateType, segments, status, at };
}

function readCountry(destination: UsageReport['destination'], country: string | null): string | null {
  if (destination === 'mainland') {
    if (country === null) return null;
    throw new RecordProblemError(
      'country_unexpected',
      {
        english: 'must be left out for the mainland; Hong Kong, Macao and Taiwan are international.',
        chinese: '对中国内地须省略；港澳台属于 "international"。',
      },
      'country',
    );
  }
  if (country === null) {
    throw new RecordProblemError('country_missing', NEEDED, 'country');
  }
  if (!/^[A-Z]{2}$/.test(country)) throw new RecordProblemError('field_invalid', EXPECTED.country, 'country');
  if (country === 'CN') {
    throw new RecordProblemError('country_unexpected', IS_MAINLAND, 'country');
  }
  if (!isSupportedCountry(country)) {
    throw new RecordProblemError('country_unknown', NO_COUNTRY, 'country');
  }
  return country;
}

function problemOf(value: unknown, error: z.ZodError): RecordProblemError {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const field = String(issue.keys[0]).slice(0, 100);
    return new RecordProblemError('field_unknown', NO_FIELD, field);
  }
  const [field] = issue?.path ?? [];
  if (typeof field !== 'string') return new RecordProblemError('record_invalid', NO_OBJECT);
  const { english, chinese } = EXPECTED[field as keyof typeof EXPECTED];
  return isMissing(value, field)
    ? new RecordProblemError(
        'field_missing',
        { english: `is missing; it ${english}`, chinese: `缺失；${chinese}` },
        field,
      )
    : new RecordProblemError('field_invalid', { english, chinese }, field);
}

function isMissing(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && (!(field in value) || Reflect.get(value, field) === null);
}

function idOf(value: unknown): { id?: string } {
  const parsed = z.looseObject({ id: record.shape.id }).safeParse(value);
  return parsed.success ? { id: parsed.data.id } : {};
}

import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { TEMPLATE_TYPES, type UsageReport } from '../domain/usage.ts';
import { HttpError } from './errors.ts';
import { MAX_SEGMENTS, type RecordProblem, RecordProblemError, TimeWindow } from './record-problem.ts';

const MAX_RECORDS = 10_000;
/** No control characters, half surrogates or code points without a meaning. */
const PRINTABLE_ID = /^\P{C}{1,200}$/u;

const body = z.looseObject({ records: z.array(z.unknown()) });

const record = z.strictObject({
  id: z.string().regex(PRINTABLE_ID),
  destination: z.enum(['mainland', 'international']),
  country: z.string().nullish(),
  templateType: z.enum(TEMPLATE_TYPES).nullish(),
  segments: z.int().min(1).max(MAX_SEGMENTS),
  status: z.enum(['submitted', 'delivered', 'failed']),
  at: z.iso.datetime({ offset: true }),
});

const EXPECTED: Readonly<Record<string, string>> = {
  id: 'must be 1 to 200 printable characters.',
  destination: 'must be "mainland" or "international".',
  country: 'must be two capital letters, such as "SG".',
  templateType: `must be one of ${TEMPLATE_TYPES.join(', ')}, or left out for the account's default.`,
  segments: `must be a whole number from 1 to ${MAX_SEGMENTS}.`,
  status: 'must be "submitted", "delivered" or "failed".',
  at: 'must be a time with an offset, such as "2026-03-01T10:00:00+08:00".',
};

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
    throw new HttpError('body_invalid', { message: 'The body must be {"records": [...]}.', field: 'records' });
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
      const { code, message, field } = error;
      rejected.push({ index, ...idOf(each), code, message: field ? `"${field}" ${message}` : message, field });
    }
  }
  return { reports, rejected };
}

function readRecord(value: unknown, window: TimeWindow): UsageReport {
  const parsed = record.safeParse(value);
  if (!parsed.success) throw problemOf(value, parsed.error);
  const { id, destination, segments, status, templateType = null } = parsed.data;
  const at = window.check(Temporal.Instant.from(parsed.data.at), 'at');
  const country = readCountry(destination, parsed.data.country ?? null);
  return { id, destination, country, templateType, segments, status, at };
}

function readCountry(destination: UsageReport['destination'], country: string | null): string | null {
  if (destination === 'mainland') {
    if (country === null) return null;
    throw new RecordProblemError(
      'country_unexpected',
      'must be left out for the mainland; Hong Kong, Macao and Taiwan are international.',
      'country',
    );
  }
  if (country === null) {
    throw new RecordProblemError('country_missing', 'is needed for an international message.', 'country');
  }
  if (!/^[A-Z]{2}$/.test(country)) throw new RecordProblemError('field_invalid', EXPECTED.country ?? '', 'country');
  if (country === 'CN') {
    throw new RecordProblemError('country_unexpected', 'is CN: a message to the mainland is "mainland".', 'country');
  }
  if (!isSupportedCountry(country)) {
    throw new RecordProblemError('country_unknown', 'is not a country of ISO 3166 that has telephones.', 'country');
  }
  return country;
}

function problemOf(value: unknown, error: z.ZodError): RecordProblemError {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const field = String(issue.keys[0]).slice(0, 100);
    return new RecordProblemError('field_unknown', 'is not a field of a record; see that it is spelt right.', field);
  }
  const [field] = issue?.path ?? [];
  if (typeof field !== 'string') return new RecordProblemError('record_invalid', 'A record must be an object.');
  return isMissing(value, field)
    ? new RecordProblemError('field_missing', `is missing; it ${EXPECTED[field]}`, field)
    : new RecordProblemError('field_invalid', EXPECTED[field] ?? 'is not valid.', field);
}

function isMissing(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && (!(field in value) || Reflect.get(value, field) === null);
}

function idOf(value: unknown): { id?: string } {
  const parsed = z.looseObject({ id: record.shape.id }).safeParse(value);
  return parsed.success ? { id: parsed.data.id } : {};
}

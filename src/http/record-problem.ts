import type { Sentence } from '../domain/sentence.ts';
import { REPORTED_WITHIN_DAYS } from '../domain/usage.ts';

/** Why one record of a body is not taken. `README.md` lists the codes too. */
export const RECORD_PROBLEMS = [
  'record_invalid',
  'field_missing',
  'field_invalid',
  'field_unknown',
  'country_missing',
  'country_unexpected',
  'country_unknown',
  'at_in_future',
  'at_too_old',
] as const;

export type RecordProblemCode = (typeof RECORD_PROBLEMS)[number];

export interface RecordProblem {
  readonly code: RecordProblemCode;
  readonly message: string;
  /** The same in Chinese. */
  readonly messageZh: string;
  /** Null where the record as a whole is meant. */
  readonly field: string | null;
}

/** Thrown while one record is read; ends nothing but that record. */
export class RecordProblemError extends Error implements RecordProblem {
  override readonly name = 'RecordProblemError';
  readonly code: RecordProblemCode;
  readonly messageZh: string;
  readonly field: string | null;

  constructor(code: RecordProblemCode, { english, chinese }: Sentence, field: string | null = null) {
    super(english);
    this.code = code;
    this.messageZh = chinese;
    this.field = field;
  }
}

/** No message has more segments than this; what says so is a mistake. */
export const MAX_SEGMENTS = 100;

/** A clock of a gateway may be this much ahead. */
const AHEAD_MINUTES = 10;

/** The times of messages that are taken at `now`. */
export class TimeWindow {
  readonly #earliest: number;
  readonly #latest: number;

  constructor(now: Temporal.Instant) {
    this.#earliest = now.subtract({ hours: 24 * REPORTED_WITHIN_DAYS }).epochMilliseconds;
    this.#latest = now.add({ minutes: AHEAD_MINUTES }).epochMilliseconds;
  }

  /**
   * `at`, to the millisecond: finer is cut off, so that a time that went through another system is still the same.
   *
   * @throws RecordProblemError `at_in_future`, `at_too_old`
   */
  check(at: Temporal.Instant, field: string): Temporal.Instant {
    const milliseconds = at.epochMilliseconds;
    if (milliseconds > this.#latest) {
      throw new RecordProblemError(
        'at_in_future',
        {
          english: `lies more than ${AHEAD_MINUTES} minutes in the future; set the clock of the sender.`,
          chinese: `晚于现在 ${AHEAD_MINUTES} 分钟以上；请校准发送方的时钟。`,
        },
        field,
      );
    }
    if (milliseconds < this.#earliest) {
      throw new RecordProblemError(
        'at_too_old',
        {
          english: `lies more than ${REPORTED_WITHIN_DAYS} days in the past; usage that old is not taken.`,
          chinese: `早于现在 ${REPORTED_WITHIN_DAYS} 天以上；这么早的用量不再接受。`,
        },
        field,
      );
    }
    return Temporal.Instant.fromEpochMilliseconds(milliseconds);
  }
}

import type { Announcement } from '../domain/announcement.ts';

/** What was told, with its figures, and of when these are. */
export interface Told {
  readonly announcement: Announcement;
  readonly at: Temporal.Instant;
}

/** What was told, as JSON: a `bigint` as `{"$n":"12"}`, a moment as `{"$at":"2026-03-10T04:00:00Z"}`. */
export function toldToJson(told: Told): string {
  return JSON.stringify(encoded(told));
}

/** The same, as it was told. */
export function toldFromJson(json: unknown): Told {
  return decoded(json) as Told;
}

function encoded(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (value instanceof Temporal.Instant) return { $at: value.toString() };
  return within(value, encoded);
}

function decoded(value: unknown): unknown {
  if (isRecord(value)) {
    const { $n: digits, $at: moment } = value;
    if (typeof digits === 'string') return BigInt(digits);
    if (typeof moment === 'string') return Temporal.Instant.from(moment);
  }
  return within(value, decoded);
}

function within(value: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, change(part)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

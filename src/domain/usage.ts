/** Where a message goes. Hong Kong, Macao and Taiwan are international. */
export type Destination = 'mainland' | 'international';
export const TEMPLATE_TYPES = ['verification', 'notification', 'promotion'] as const;
export type TemplateType = (typeof TEMPLATE_TYPES)[number];

/** What the carrier has said of a message so far. */
export type DeliveryStatus = 'submitted' | 'delivered' | 'failed';

/** What billing made of a record: `unpriced` waits until a price for its country exists (rule 5). */
export type Billing = 'free' | 'charged' | 'unpriced';

/** One message as a gateway or a receipt reports it. `templateType` is null where the report does not say. */
export interface UsageReport {
  readonly id: string;
  readonly destination: Destination;
  /** ISO 3166 alpha-2; null for the mainland. */
  readonly country: string | null;
  readonly templateType: TemplateType | null;
  readonly segments: number;
  readonly status: DeliveryStatus;
  /** When the message was sent; the same in every report of it. */
  readonly at: Temporal.Instant;
}

/** A message as it is recorded and billed. */
export interface UsageRecord extends UsageReport {
  readonly templateType: TemplateType;
  readonly billing: Billing;
  /** Where it was billed because its own month was closed already, as `YYYY-MM`; null where it was not. (rule 6) */
  readonly lateMonth: string | null;
}

/** Rule 2: mainland messages are charged when delivery is confirmed, international ones on submission, whatever follows. */
export function isChargeable(destination: Destination, status: DeliveryStatus): boolean {
  return destination === 'international' || status === 'delivered';
}

/** So many days after it was sent a message may still be reported. */
export const REPORTED_WITHIN_DAYS = 90;

/** The first and the last time at which any of these was sent, in epoch milliseconds: infinite where there is none. */
export function spanOf(messages: readonly { readonly at: Temporal.Instant }[]): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { at } of messages) {
    const milliseconds = at.epochMilliseconds;
    if (milliseconds < from) from = milliseconds;
    if (milliseconds > to) to = milliseconds;
  }
  return { from, to };
}

/** What a report means, given what is already recorded under its id. */
export type Verdict = 'new' | 'duplicate' | 'progress' | 'conflict';

/**
 * Rule 1: seen again, a record changes nothing; the same id with other billing facts is a conflict. Rule 2: a record moves from
 * `submitted` to `delivered` or `failed`, and a `submitted` that arrives after that is only late news.
 */
export function judge(known: UsageRecord | undefined, report: UsageReport): Verdict {
  if (!known) return 'new';
  const sameFacts =
    known.destination === report.destination &&
    known.country === report.country &&
    known.segments === report.segments &&
    (report.templateType === null || known.templateType === report.templateType) &&
    known.at.epochMilliseconds === report.at.epochMilliseconds;
  if (!sameFacts) return 'conflict';
  if (known.status === report.status || report.status === 'submitted') return 'duplicate';
  return known.status === 'submitted' ? 'progress' : 'conflict';
}

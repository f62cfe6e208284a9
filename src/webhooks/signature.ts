import { createHmac } from 'node:crypto';

/** The headers of a call, beside those of its JSON. */
export interface WebhookHeaders extends Readonly<Record<string, string>> {
  readonly 'steward-event-id': string;
  /** When it was sent, in seconds since 1970. */
  readonly 'steward-timestamp': string;
  /** `v1=` and the HMAC-SHA256 of timestamp, a full stop and the body, in hex. */
  readonly 'steward-signature': string;
}

/** Signs a body with a subscription's secret. The time is signed with it, so that an old call can be told from a new one. */
export function signedHeaders(secret: string, eventId: string, body: string, at: Temporal.Instant): WebhookHeaders {
  const timestamp = Math.floor(at.epochMilliseconds / 1_000).toString();
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'steward-event-id': eventId, 'steward-timestamp': timestamp, 'steward-signature': `v1=${signature}` };
}

import { signedHeaders } from './signature.ts';

/** For a whole call, to the head of its answer. */
const TIMEOUT_MS = 10_000;
/** The receiver says that it is gone for good. */
const GONE = 410;

/** A call to make. */
export interface WebhookCall {
  readonly url: string;
  readonly secret: string;
  readonly eventId: string;
  readonly body: string;
}

/** What came of a call. `error` names no part of the address and nothing that the receiver said. */
export type CallResult =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly error: string; readonly isGone: boolean };

/**
 * Calls a receiver once. Whatever is not 2xx has failed. A redirect is not followed: it would carry what is signed for one address to another.
 * The body of an answer is not read, however long it is.
 */
export async function callWebhook(
  { url, secret, eventId, body }: WebhookCall,
  at: Temporal.Instant,
  timeoutMs = TIMEOUT_MS,
): Promise<CallResult> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'sms-steward',
        ...signedHeaders(secret, eventId, body, at),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    return { ok: false, error: reasonOf(error, timeoutMs), isGone: false };
  }
  await response.body?.cancel().catch(() => undefined);
  const { status } = response;
  if (status >= 200 && status < 300) return { ok: true, status };
  const error = status >= 300 && status < 400 ? `redirects (${status}), which is not followed` : `answers ${status}`;
  return { ok: false, error, isGone: status === GONE };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `does not answer within ${timeoutMs} ms`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  return `cannot be reached (${code ?? (cause instanceof Error ? cause.name : typeof cause)})`;
}

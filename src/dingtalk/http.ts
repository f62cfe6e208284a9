import type { z } from 'zod';
import { LONGEST_PAUSE } from './call-gate.ts';
import { classify, invalidAnswer } from './errors.ts';

/** More than this is not an answer of the platform's API. */
const MAX_ANSWER_BYTES = 1_048_576;

export interface HttpCall {
  /** What the call is named in errors; the URL may hold secrets and is never shown. */
  readonly call: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string or a form is sent as it is. */
  readonly body: unknown;
  /** Whether it changes something at the platform: decides if a lost answer may be asked for again. */
  readonly effect: 'read' | 'write';
  /** For the whole call, to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * One call of the platform's HTTP API.
 *
 * @returns the body as `schema` reads it
 * @throws DingTalkError for every way in which it can fail
 */
export async function call<T>(request: HttpCall, schema: z.ZodType<T>): Promise<T> {
  const { call, effect } = request;
  const timeout = AbortSignal.timeout(request.timeoutMs);
  let outcome: Parameters<typeof classify>[0];
  try {
    const response = await fetch(request.url, {
      method: request.method,
      // Without the Accept header the gateway answers in XML.
      headers: { accept: 'application/json', ...contentTypeOf(request.body), ...request.headers },
      body: isSentAsItIs(request.body) ? request.body : JSON.stringify(request.body),
      signal: request.signal ? AbortSignal.any([timeout, request.signal]) : timeout,
      // The API never redirects; following one would carry the secrets in the request elsewhere.
      redirect: 'manual',
    });
    const retryAfter = retryAfterOf(response);
    outcome = { call, effect, status: response.status, body: parseJson(await limitedText(response)), retryAfter };
  } catch (cause) {
    outcome = { call, effect, cause };
  }
  const error = classify(outcome);
  if (error) throw error;
  if (!('status' in outcome)) throw new TypeError('A call without an answer must be an error.');
  const parsed = schema.safeParse(outcome.body);
  if (!parsed.success) throw invalidAnswer(call, effect, outcome.status);
  return parsed.data;
}

function isSentAsItIs(body: unknown): body is string | FormData {
  return typeof body === 'string' || body instanceof FormData;
}

/** A form names its own, with what separates its parts. */
function contentTypeOf(body: unknown): Record<string, string> {
  return body instanceof FormData ? {} : { 'content-type': 'application/json' };
}

async function limitedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    // Not JSON then, which is judged as garbage; leaving the loop cancels the rest.
    if (size > MAX_ANSWER_BYTES) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfterOf(response: Response): Temporal.Duration | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isSafeInteger(seconds) && seconds > 0
    ? Temporal.Duration.from({ seconds: Math.min(seconds, LONGEST_PAUSE.total('seconds')) })
    : undefined;
}

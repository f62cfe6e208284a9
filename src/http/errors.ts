import { codeOf } from '../store/connection.ts';
import { StoreError } from '../store/errors.ts';

interface ErrorKind {
  readonly status: number;
  readonly message: string;
  readonly next: string;
}

/** Every error that answers a whole request. `README.md` lists them too. */
export const HTTP_ERRORS = {
  json_malformed: {
    status: 400,
    message: 'The body is not JSON.',
    next: 'Send one JSON document in UTF-8.',
  },
  body_invalid: {
    status: 400,
    message: 'The body does not have the form that is expected here.',
    next: 'Send what src/http/README.md shows for this address.',
  },
  request_malformed: {
    status: 400,
    message: 'The request is not valid HTTP, or its address is not.',
    next: 'See that the address and the headers are complete and properly encoded.',
  },
  key_unknown: {
    status: 401,
    message: 'There is no such API key.',
    next: 'Make one with "npm run cli -- key create ACCOUNT" and send it as "Authorization: Bearer KEY", or in the path of receipts.',
  },
  not_found: {
    status: 404,
    message: 'There is nothing at this address.',
    next: 'src/http/README.md lists the addresses.',
  },
  method_not_allowed: {
    status: 405,
    message: 'This address does not take this method.',
    next: 'Use a method that the Allow header names.',
  },
  request_too_slow: {
    status: 408,
    message: 'The request did not arrive in time.',
    next: 'Send it again, in smaller pieces if the connection is slow.',
  },
  body_too_large: {
    status: 413,
    message: 'The body is larger than 4 MiB.',
    next: 'Send it in several requests.',
  },
  too_many_records: {
    status: 413,
    message: 'The body has more than 10,000 records.',
    next: 'Send them in several requests.',
  },
  content_type_unsupported: {
    status: 415,
    message: 'The body is not declared as JSON.',
    next: 'Send "Content-Type: application/json".',
  },
  too_many_failures: {
    status: 429,
    message: 'Too many requests with unknown API keys came from this address.',
    next: 'Wait for the time that the Retry-After header names, then use a key that is valid.',
  },
  headers_too_large: {
    status: 431,
    message: 'The headers are too large.',
    next: 'Send fewer or shorter headers.',
  },
  internal: {
    status: 500,
    message: 'The request failed for a reason that is not yours; nothing of it was saved.',
    next: 'Send it again; when that fails too, look into the log of the service.',
  },
  busy: {
    status: 503,
    message: 'Too much usage of this account is waiting to be recorded; nothing of this request was saved.',
    next: 'Send it again after the time that the Retry-After header names.',
  },
  unavailable: {
    status: 503,
    message: 'The database cannot be used at this moment; whether this request was saved is not certain.',
    next: 'Send it again after the time that the Retry-After header names; what was saved is not counted twice.',
  },
} as const satisfies Record<string, ErrorKind>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** Seconds after which a request that met one of these may be sent again. */
const RETRY_AFTER: { readonly [C in HttpErrorCode]?: number } = { busy: 5, unavailable: 5, too_many_failures: 60 };

/** Answers a whole request with an error. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  readonly field: string | undefined;

  constructor(code: HttpErrorCode, details: { message?: string; field?: string; cause?: unknown } = {}) {
    super(details.message ?? HTTP_ERRORS[code].message, { cause: details.cause });
    this.code = code;
    this.field = details.field;
  }

  get status(): number {
    return HTTP_ERRORS[this.code].status;
  }

  get retryAfter(): number | undefined {
    return RETRY_AFTER[this.code];
  }

  toBody(): { error: { code: string; message: string; field?: string; next: string } } {
    const { code, message, field } = this;
    const { next } = HTTP_ERRORS[code];
    return { error: { code, message, ...(field === undefined ? {} : { field }), next } };
  }
}

const OF_FASTIFY: Readonly<Record<string, HttpErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json_malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_malformed',
  FST_ERR_BAD_URL: 'request_malformed',
};

/** What to answer for whatever was thrown. An error that is not expected says nothing of itself. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const known = OF_FASTIFY[codeOf(error) ?? ''];
  if (known) return new HttpError(known, { cause: error });
  return new HttpError(isDatabaseTrouble(error) ? 'unavailable' : 'internal', { cause: error });
}

/** A server that is full, locked, stopping or starting, or a conflict that repeating did not settle. */
const PASSING_STATES = /^(08|40|53|55P03|57)/;

/** Whether something other than the request is to blame, so that repeating it later may succeed. */
export function isDatabaseTrouble(error: unknown): boolean {
  if (error instanceof StoreError) return error.code !== 'transaction_aborted';
  return PASSING_STATES.test(codeOf(error) ?? '');
}

import type { Sentence } from '../domain/sentence.ts';
import { codeOf } from '../store/connection.ts';
import { StoreError } from '../store/errors.ts';

interface ErrorKind {
  readonly status: number;
  readonly message: string;
  /** The same in Chinese. */
  readonly messageZh: string;
  readonly next: string;
  readonly nextZh: string;
}

/** Every error that answers a whole request. `README.md` lists them too. */
export const HTTP_ERRORS = {
  json_malformed: {
    status: 400,
    message: 'The body is not JSON.',
    messageZh: '请求体不是 JSON。',
    next: 'Send one JSON document in UTF-8.',
    nextZh: '请发送一个 UTF-8 编码的 JSON 文档。',
  },
  body_invalid: {
    status: 400,
    message: 'The body does not have the form that is expected here.',
    messageZh: '请求体的格式不是此处所需的。',
    next: 'Send what src/http/README.md shows for this address.',
    nextZh: '请按 src/http/README.md 中该地址的示例发送。',
  },
  request_malformed: {
    status: 400,
    message: 'The request is not valid HTTP, or its address is not.',
    messageZh: '请求不是有效的 HTTP，或地址无效。',
    next: 'See that the address and the headers are complete and properly encoded.',
    nextZh: '请确认地址和请求头完整且编码正确。',
  },
  key_unknown: {
    status: 401,
    message: 'There is no such API key.',
    messageZh: '没有这个 API 密钥。',
    next: 'Make one with "npm run cli -- key create ACCOUNT" and send it as "Authorization: Bearer KEY", or in the path of receipts.',
    nextZh:
      '用 npm run cli -- key create ACCOUNT 创建一个，以 “Authorization: Bearer KEY” 发送，或放在回执地址的路径中。',
  },
  not_found: {
    status: 404,
    message: 'There is nothing at this address.',
    messageZh: '这个地址没有内容。',
    next: 'src/http/README.md lists the addresses.',
    nextZh: '可用的地址见 src/http/README.md。',
  },
  method_not_allowed: {
    status: 405,
    message: 'This address does not take this method.',
    messageZh: '这个地址不接受该请求方法。',
    next: 'Use a method that the Allow header names.',
    nextZh: '请使用 Allow 响应头列出的方法。',
  },
  request_too_slow: {
    status: 408,
    message: 'The request did not arrive in time.',
    messageZh: '请求没有按时到达。',
    next: 'Send it again, in smaller pieces if the connection is slow.',
    nextZh: '请重新发送；如果网络较慢，请分成小份。',
  },
  body_too_large: {
    status: 413,
    message: 'The body is larger than 4 MiB.',
    messageZh: '请求体超过 4 MiB。',
    next: 'Send it in several requests.',
    nextZh: '请分成几个请求发送。',
  },
  too_many_records: {
    status: 413,
    message: 'The body has more than 10,000 records.',
    messageZh: '请求体超过 10,000 条记录。',
    next: 'Send them in several requests.',
    nextZh: '请分成几个请求发送。',
  },
  content_type_unsupported: {
    status: 415,
    message: 'The body is not declared as JSON.',
    messageZh: '请求体没有声明为 JSON。',
    next: 'Send "Content-Type: application/json".',
    nextZh: '请发送 “Content-Type: application/json”。',
  },
  too_many_failures: {
    status: 429,
    message: 'Too many requests with unknown API keys came from this address.',
    messageZh: '来自这个地址的、密钥无效的请求太多。',
    next: 'Wait for the time that the Retry-After header names, then use a key that is valid.',
    nextZh: '请等待 Retry-After 响应头所示的时间，然后使用有效的密钥。',
  },
  headers_too_large: {
    status: 431,
    message: 'The headers are too large.',
    messageZh: '请求头过大。',
    next: 'Send fewer or shorter headers.',
    nextZh: '请减少或缩短请求头。',
  },
  internal: {
    status: 500,
    message: 'The request failed for a reason that is not yours; nothing of it was saved.',
    messageZh: '请求失败，原因不在您；没有保存任何内容。',
    next: 'Send it again; when that fails too, look into the log of the service.',
    nextZh: '请重新发送；如果仍然失败，请查看服务的日志。',
  },
  busy: {
    status: 503,
    message: 'Too much usage of this account is waiting to be recorded; nothing of this request was saved.',
    messageZh: '这个账户等待记录的用量太多；本次请求没有保存任何内容。',
    next: 'Send it again after the time that the Retry-After header names.',
    nextZh: '请在 Retry-After 响应头所示的时间后重新发送。',
  },
  unavailable: {
    status: 503,
    message: 'The database cannot be used at this moment; whether this request was saved is not certain.',
    messageZh: '数据库暂时不可用；无法确定本次请求是否已保存。',
    next: 'Send it again after the time that the Retry-After header names; what was saved is not counted twice.',
    nextZh: '请在 Retry-After 响应头所示的时间后重新发送；已保存的不会重复计算。',
  },
} as const satisfies Record<string, ErrorKind>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** What stands in an answer. Who reads it is a program and its log, so both languages are there. */
interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly messageZh: string;
  readonly field?: string;
  readonly next: string;
  readonly nextZh: string;
}

/** Seconds after which a request that met one of these may be sent again. */
const RETRY_AFTER: { readonly [C in HttpErrorCode]?: number } = { busy: 5, unavailable: 5, too_many_failures: 60 };

/** Answers a whole request with an error. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  readonly messageZh: string;
  readonly field: string | undefined;

  /** @param details `sentence` says more exactly what is wrong than the code does */
  constructor(code: HttpErrorCode, details: { sentence?: Sentence; field?: string; cause?: unknown } = {}) {
    super(details.sentence?.english ?? HTTP_ERRORS[code].message, { cause: details.cause });
    this.code = code;
    this.messageZh = details.sentence?.chinese ?? HTTP_ERRORS[code].messageZh;
    this.field = details.field;
  }

  get status(): number {
    return HTTP_ERRORS[this.code].status;
  }

  get retryAfter(): number | undefined {
    return RETRY_AFTER[this.code];
  }

  toBody(): { error: ErrorBody } {
    const { code, message, messageZh, field } = this;
    const { next, nextZh } = HTTP_ERRORS[code];
    return { error: { code, message, messageZh, ...(field === undefined ? {} : { field }), next, nextZh } };
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

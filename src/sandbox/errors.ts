/** A sentence in both languages of those who use the sandbox. */
interface Words {
  readonly english: string;
  readonly chinese: string;
}

/** A refusal of the control API or of a person's act: what was wrong, and with which field. */
export class SandboxError extends Error {
  /** The HTTP status; the name is the one that fastify reads. */
  readonly statusCode: number;
  readonly code: string;
  readonly field: string | undefined;
  /** The message in Chinese. */
  readonly chinese: string;

  constructor(statusCode: number, code: string, { english, chinese }: Words, field?: string) {
    super(english);
    this.chinese = chinese;
    this.name = 'SandboxError';
    this.statusCode = statusCode;
    this.code = code;
    this.field = field;
  }
}

/** A refusal in the form of api.dingtalk.com: an HTTP status with `{code, requestid, message}`. */
export class OpenApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'OpenApiError';
    this.status = status;
    this.code = code;
  }
}

/** A refusal in the form of oapi.dingtalk.com: HTTP 200 with `{errcode, errmsg}`. */
export class LegacyApiError extends Error {
  readonly errcode: number;

  constructor(errcode: number, message: string) {
    super(message);
    this.name = 'LegacyApiError';
    this.errcode = errcode;
  }
}

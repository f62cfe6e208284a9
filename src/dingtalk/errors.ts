/**
 * What a caller can do about a failed call.
 *
 * - `retry`: nothing was done; the same call may work later
 * - `throttled`: too fast; nothing was done; wait `retryAfter`, then the same call
 * - `token`: the access token is not accepted, also not a fresh one
 * - `too_large`: make the content smaller
 * - `not_allowed`: a permission, a quota, the credentials or a switch of the platform; a person has to act
 * - `gone`: what was addressed is not there any more; address something else
 * - `rejected`: the platform does not want this content; the same call fails again
 * - `unknown_outcome`: it may have been done; repeat it only if a repeat does no harm
 */
export type DingTalkErrorKind =
  | 'retry'
  | 'throttled'
  | 'token'
  | 'too_large'
  | 'not_allowed'
  | 'gone'
  | 'rejected'
  | 'unknown_outcome';

const SHOWN_LENGTH = 300;

/** A sentence for whoever runs the service, in both languages. */
interface Words {
  readonly english: string;
  readonly chinese: string;
}

/** A call to DingTalk that failed. Its message holds neither secrets nor what was sent. */
export class DingTalkError extends Error {
  /** The platform's own code, or `network.*`, `timeout`, `answer.invalid`, `http.<status>`, `local.*` of ours. */
  readonly code: string;
  readonly kind: DingTalkErrorKind;
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** What DingTalk's support asks for. */
  readonly requestId: string | null;
  readonly retryAfter?: Temporal.Duration;
  /** The message in Chinese; what the platform itself said stands in it as it was. */
  readonly chinese: string;

  constructor(fields: {
    call: string;
    code: string;
    kind: DingTalkErrorKind;
    status?: number | null;
    requestId?: string | null;
    retryAfter?: Temporal.Duration | undefined;
    detail?: string | undefined;
    nextStep?: Words | undefined;
  }) {
    const code = shown(fields.code);
    const requestId = fields.requestId ? shown(fields.requestId) : null;
    const facts = [fields.status ? `HTTP ${fields.status}` : '', requestId ? `request ${requestId}` : ''];
    const where = facts.filter((fact) => fact !== '').join(', ');
    const what = `${code}${where ? ` (${where})` : ''}${fields.detail ? `: ${shown(fields.detail)}` : ''}`;
    const { english, chinese } = fields.nextStep ?? NEXT_STEP[fields.kind];
    super(`DingTalk call ${fields.call} failed: ${what}. ${english}`);
    this.name = 'DingTalkError';
    this.chinese = `调用钉钉接口 ${fields.call} 失败：${what}。${chinese}`;
    this.code = code;
    this.kind = fields.kind;
    this.status = fields.status ?? null;
    this.requestId = requestId;
    if (fields.retryAfter) this.retryAfter = fields.retryAfter;
  }
}

/** What the platform says of an error, as it can be stored and logged: on one line, not too long, without half characters. */
function shown(text: string): string {
  return text
    .slice(0, SHOWN_LENGTH)
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ');
}

const NEXT_STEP: Record<DingTalkErrorKind, Words> = {
  retry: { english: 'Nothing was done; try again later.', chinese: '没有执行任何操作，请稍后再试。' },
  throttled: {
    english: 'Nothing was done; call less often and try again after a pause.',
    chinese: '没有执行任何操作；请降低调用频率，过一会儿再试。',
  },
  token: {
    english: 'Check the client id and secret, and that nothing else resets the access token.',
    chinese: '请检查 Client ID 和 Client Secret，并确认没有别的程序在重置 access token。',
  },
  too_large: { english: 'Send less in one message.', chinese: '请减少一条消息里的内容。' },
  not_allowed: {
    english: "Check the app's permissions, quota, IP list and robot in the DingTalk developer console.",
    chinese: '请在钉钉开发者后台检查应用的权限、调用量、IP 白名单和机器人。',
  },
  gone: {
    english: 'Address another conversation, person or card.',
    chinese: '要找的会话、人员或卡片已经不在，请换一个。',
  },
  rejected: {
    english: 'Change what is sent; the same call fails again.',
    chinese: '请更改发送的内容；原样重试仍会失败。',
  },
  unknown_outcome: {
    english: 'It may have been done; repeat it only if a repeat does no harm.',
    chinese: '可能已经执行；只有在重复无害时才重试。',
  },
};

/** How a call ended: with an answer, or without one. A `write` changes something at the platform. */
export type CallOutcome =
  | {
      readonly call: string;
      readonly effect: 'read' | 'write';
      readonly status: number;
      /** The parsed body; undefined when it is not JSON. */
      readonly body: unknown;
      readonly retryAfter?: Temporal.Duration | undefined;
    }
  | { readonly call: string; readonly effect: 'read' | 'write'; readonly cause: unknown };

/**
 * Every code that the platform documents or was seen to send, by what can be done about it. What is not here goes by its HTTP status.
 * Codes of the new API are words; those of the old API (`errcode`, with HTTP 200) are numbers.
 */
const CODES: Record<Exclude<DingTalkErrorKind, 'unknown_outcome'>, readonly string[]> = {
  retry: ['system.error', 'system.busy', '-1', '660026'],
  throttled: [
    'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
    'Forbidden.AccessDenied.QpsLimitForApi',
    'Forbidden.AccessDenied.QpsLimitForSuitekeyAndOrgAndApi',
    'Forbidden.AccessDenied.QpmLimitForAppkeyAndApi',
    'send.too.fast',
    'send.byToken.tooFast',
    '130101',
    '410100',
    '90018',
    '90002',
    '90019',
    '1111',
  ],
  token: ['InvalidAuthentication', '40014', '42001'],
  too_large: ['invalidParameter.msgParam.tooLong', '460101', '101002'],
  not_allowed: [
    'Forbidden.AccessDenied.AccessTokenPermissionDenied',
    'Forbidden.AccessDenied.IpNotInWhiteList',
    'Forbidden.AccessDenied.ApiCountLimitForOrg',
    '90020',
    '20001',
    'authFailed',
    'invalidClientIdOrSecret',
    'invalidParameter.robotCode.auth',
    'bot.stopped',
    'bot.forbidden.sendMessage',
    'chatbotId.notAllow.sendOTO',
    'only.groupAdmin.canAtAll',
    'groupPermissionDenied',
    '310000',
  ],
  gone: [
    'group.disbanded',
    'invalid.openConversationId',
    'robot.oto.notExist',
    'staffId.notExisted',
    'session.notExisted',
    'session.expired',
    'param.cardNotExist',
    '300001',
    '400013',
    '60121',
  ],
  rejected: [
    'invalidParameter.robotCode.empty',
    'invalidParameter.robotCode.coolApp',
    'invalidParameter.robotCode.notExsit',
    'invalidParameter.robotCode.missing',
    'invalidParameter.robotCode.invalid',
    'invalidParameter.userIds.empty',
    'invalidParameter.userIds.overMax',
    'invalidParameter.msgKey.empty',
    'invalidParameter.msgKey.invalid',
    'invalidParameter.msgParam.invalid',
    'miss.openConversationId',
    'too.many.group',
    'too.many.people',
    'contain.notAllowed.text',
    'systemError',
    'InvalidAction.NotFound',
    'param.outTrackIdEmpty',
    'param.cardAlreadyExist',
    'param.cardDataAndPrivateDataBothEmpty',
    'param.contentUnsafe',
    'param.templateNotExist',
    'param.templateUnpublished',
    'param.openSpaceIdEmpty',
    'param.openSpaceIdInvalid',
    'param.openDeliverModelEmpty',
    'param.spaceDeliverModelEmpty',
    '40035',
    '43004',
    '400101',
    '400102',
    '400105',
    '400106',
    '430101',
    '430102',
    '430103',
    '430104',
  ],
};

const KIND_OF_CODE = new Map(
  Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind as DingTalkErrorKind] as const)),
);

/** How long to wait where the platform does not say. Robots' limits are per minute; an address that called too much is shut out for 5. */
const PAUSES: Record<string, Temporal.DurationLike> = {
  'Forbidden.AccessDenied.QpmLimitForAppkeyAndApi': { minutes: 1 },
  '130101': { minutes: 1 },
  '410100': { minutes: 1 },
  '1111': { minutes: 5 },
};
const DEFAULT_PAUSE: Temporal.DurationLike = { seconds: 2 };

/** Failures before a byte of the request was sent, so that nothing can have been done. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|\w*CERT\w*|ERR_TLS_\w+)$/;

/** The one judgement of how a call ended: null for a success, else what went wrong and what can be done about it. */
export function classify(outcome: CallOutcome): DingTalkError | null {
  return 'cause' in outcome ? withoutAnswer(outcome) : withAnswer(outcome);
}

/** The error for a success whose body is not what was promised: it has been accepted, but nobody knows as what. */
export function invalidAnswer(call: string, effect: 'read' | 'write', status: number): DingTalkError {
  return new DingTalkError({
    call,
    code: 'answer.invalid',
    kind: effect === 'read' ? 'retry' : 'unknown_outcome',
    status,
  });
}

/** Whether the client id and secret themselves were refused: no retry helps until somebody corrects them. */
export function isCredentialRefusal(error: unknown): boolean {
  if (!(error instanceof DingTalkError) || error.kind !== 'not_allowed') return false;
  return error.status === 401 || error.code === 'invalidClientIdOrSecret';
}

/** Whether the organisation has no calls left this month: no call works before the next one, or before more are bought. */
export function isCallQuotaUsedUp(error: DingTalkError): boolean {
  return error.code === 'Forbidden.AccessDenied.ApiCountLimitForOrg' || error.code === '90020';
}

function withoutAnswer({ call, effect, cause }: Extract<CallOutcome, { cause: unknown }>): DingTalkError {
  const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
  const code = isTimeout ? 'timeout' : networkCode(cause);
  const isHarmless = effect === 'read' || NOT_SENT.test(code.replace('network.', ''));
  return new DingTalkError({ call, code, kind: isHarmless ? 'retry' : 'unknown_outcome' });
}

/** `fetch` hides the reason one level down, and where it tried several addresses, in a list. */
function networkCode(cause: unknown): string {
  if (!(cause instanceof Error)) return 'network.failed';
  if (cause.name === 'AbortError') return 'network.aborted';
  if ('code' in cause && typeof cause.code === 'string') return `network.${cause.code}`;
  const deeper: unknown = cause instanceof AggregateError ? cause.errors[0] : cause.cause;
  return deeper === undefined ? 'network.failed' : networkCode(deeper);
}

function withAnswer(outcome: Extract<CallOutcome, { status: number }>): DingTalkError | null {
  const { call, effect, status } = outcome;
  const body = isRecord(outcome.body) ? outcome.body : undefined;
  const code = body && errorCode(body);
  if (status >= 200 && status < 300 && code === undefined) {
    return body === undefined ? invalidAnswer(call, effect, status) : null;
  }
  const kind = KIND_OF_CODE.get(code ?? '') ?? kindOfStatus(status, effect);
  return new DingTalkError({
    call,
    kind,
    status,
    code: code ?? `http.${status}`,
    requestId: body ? (text(body.requestid) ?? text(body.requestId) ?? text(body.request_id) ?? null) : null,
    detail: body ? (text(body.sub_msg) ?? text(body.message) ?? text(body.errmsg)) : undefined,
    retryAfter:
      kind === 'throttled'
        ? (outcome.retryAfter ?? Temporal.Duration.from(PAUSES[code ?? ''] ?? DEFAULT_PAUSE))
        : undefined,
    nextStep: scopeHint(body),
  });
}

/** The code of an error body, undefined for a body that reports none. */
function errorCode(body: Record<string, unknown>): string | undefined {
  // The old API wraps errors of its gateway: 88 says "see sub_code".
  if (body.errcode !== undefined && Number(body.errcode) !== 0) {
    return Number(body.errcode) === 88 && body.sub_code !== undefined ? String(body.sub_code) : String(body.errcode);
  }
  // The platform's flood guard answers in a form of its own, with any HTTP status.
  if (Number(body.status) === 1111 && body.punish !== undefined) return '1111';
  return text(body.code);
}

function kindOfStatus(status: number, effect: 'read' | 'write'): DingTalkErrorKind {
  if (status === 401 || status === 403) return 'not_allowed';
  if (status === 404 || status === 410) return 'gone';
  if (status === 408 || status === 503) return 'retry';
  if (status === 413) return 'too_large';
  if (status === 429) return 'throttled';
  // 502 and 504 come from in front of the platform's servers: what these did is not known.
  if (status === 502 || status === 504) return effect === 'read' ? 'retry' : 'unknown_outcome';
  if (status >= 500) return 'retry';
  return 'rejected';
}

function scopeHint(body: Record<string, unknown> | undefined): Words | undefined {
  const detail = body?.accessdenieddetail;
  const scopes = isRecord(detail) && Array.isArray(detail.requiredScopes) ? detail.requiredScopes.map(String) : [];
  if (scopes.length === 0) return undefined;
  return {
    english: `Grant the app in the DingTalk developer console: ${scopes.join(', ')}.`,
    chinese: `请在钉钉开发者后台给应用开通：${scopes.join('，')}。`,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

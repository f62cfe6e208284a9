import { describe, expect, test } from 'vitest';
import { classify, type DingTalkErrorKind, isCredentialRefusal } from '../../src/dingtalk/errors.ts';

const answer = (status: number, body: unknown, effect: 'read' | 'write' = 'write') =>
  classify({ call: 'test', effect, status, body });
const noAnswer = (cause: unknown, effect: 'read' | 'write' = 'write') => classify({ call: 'test', effect, cause });
const failed = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

describe('classify', () => {
  const newApi: [code: string, status: number, kind: DingTalkErrorKind][] = [
    ['InvalidAuthentication', 400, 'token'],
    ['invalidClientIdOrSecret', 400, 'not_allowed'],
    ['authFailed', 401, 'not_allowed'],
    ['systemError', 400, 'rejected'],
    ['InvalidAction.NotFound', 404, 'rejected'],
    ['Forbidden.AccessDenied.AccessTokenPermissionDenied', 403, 'not_allowed'],
    ['Forbidden.AccessDenied.IpNotInWhiteList', 403, 'not_allowed'],
    ['Forbidden.AccessDenied.ApiCountLimitForOrg', 403, 'not_allowed'],
    ['Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', 403, 'throttled'],
    ['Forbidden.AccessDenied.QpsLimitForApi', 403, 'throttled'],
    ['Forbidden.AccessDenied.QpsLimitForSuitekeyAndOrgAndApi', 403, 'throttled'],
    ['Forbidden.AccessDenied.QpmLimitForAppkeyAndApi', 403, 'throttled'],
    ['invalidParameter.robotCode.empty', 400, 'rejected'],
    ['invalidParameter.robotCode.auth', 400, 'not_allowed'],
    ['invalidParameter.robotCode.coolApp', 400, 'rejected'],
    ['invalidParameter.robotCode.notExsit', 400, 'rejected'],
    ['invalidParameter.robotCode.missing', 400, 'rejected'],
    ['invalidParameter.robotCode.invalid', 400, 'rejected'],
    ['invalidParameter.userIds.empty', 400, 'rejected'],
    ['invalidParameter.userIds.overMax', 400, 'rejected'],
    ['invalidParameter.msgKey.empty', 400, 'rejected'],
    ['invalidParameter.msgKey.invalid', 400, 'rejected'],
    ['invalidParameter.msgParam.invalid', 400, 'rejected'],
    ['invalidParameter.msgParam.tooLong', 400, 'too_large'],
    ['invalid.openConversationId', 400, 'gone'],
    ['miss.openConversationId', 400, 'rejected'],
    ['group.disbanded', 400, 'gone'],
    ['bot.stopped', 400, 'not_allowed'],
    ['bot.forbidden.sendMessage', 400, 'not_allowed'],
    ['robot.oto.notExist', 400, 'gone'],
    ['chatbotId.notAllow.sendOTO', 400, 'not_allowed'],
    ['staffId.notExisted', 400, 'gone'],
    ['session.notExisted', 400, 'gone'],
    ['session.expired', 400, 'gone'],
    ['send.too.fast', 400, 'throttled'],
    ['send.byToken.tooFast', 400, 'throttled'],
    ['too.many.group', 400, 'rejected'],
    ['too.many.people', 400, 'rejected'],
    ['only.groupAdmin.canAtAll', 400, 'not_allowed'],
    ['contain.notAllowed.text', 400, 'rejected'],
    ['groupPermissionDenied', 400, 'not_allowed'],
    ['system.error', 500, 'retry'],
    ['param.outTrackIdEmpty', 400, 'rejected'],
    ['param.cardNotExist', 400, 'gone'],
    ['param.cardAlreadyExist', 400, 'rejected'],
    ['param.cardDataAndPrivateDataBothEmpty', 400, 'rejected'],
    ['param.contentUnsafe', 400, 'rejected'],
    ['param.templateNotExist', 400, 'rejected'],
    ['param.templateUnpublished', 400, 'rejected'],
    ['param.openSpaceIdEmpty', 400, 'rejected'],
    ['param.openSpaceIdInvalid', 400, 'rejected'],
    ['param.openDeliverModelEmpty', 400, 'rejected'],
    ['param.spaceDeliverModelEmpty', 400, 'rejected'],
    ['system.busy', 500, 'retry'],
  ];

  test.each(newApi)('given %s of the new API with HTTP %i, then it is %s', (code, status, kind) => {
    expect(answer(status, { code, requestid: 'REQ-1', message: '说明' })).toMatchObject({
      code,
      kind,
      status,
      requestId: 'REQ-1',
    });
  });

  const oldApi: [errcode: number | string, kind: DingTalkErrorKind][] = [
    [-1, 'retry'],
    [660026, 'retry'],
    [40014, 'token'],
    [300001, 'gone'],
    [400013, 'gone'],
    [60121, 'gone'],
    [460101, 'too_large'],
    [101002, 'too_large'],
    [130101, 'throttled'],
    ['130101', 'throttled'],
    [410100, 'throttled'],
    [90018, 'throttled'],
    [90002, 'throttled'],
    [90019, 'throttled'],
    [90020, 'not_allowed'],
    [20001, 'not_allowed'],
    [310000, 'not_allowed'],
    [40035, 'rejected'],
    [43004, 'rejected'],
    [400101, 'rejected'],
    [400102, 'rejected'],
    [400105, 'rejected'],
    [400106, 'rejected'],
    [430101, 'rejected'],
    [430102, 'rejected'],
    [430103, 'rejected'],
    [430104, 'rejected'],
    [999999, 'rejected'],
  ];

  test.each(oldApi)('given errcode %s of the old API with HTTP 200, then it is %s', (errcode, kind) => {
    const error = answer(200, { errcode, errmsg: '说明', request_id: 'req-2' });
    expect(error).toMatchObject({ code: String(errcode), kind, requestId: 'req-2' });
  });

  test('given errcode 88, which wraps another, then the inner one counts', () => {
    expect(answer(200, { errcode: 88, sub_code: '90018', sub_msg: 'too fast' })).toMatchObject({
      code: '90018',
      kind: 'throttled',
    });
  });

  test.each([
    [400, 'rejected'],
    [401, 'not_allowed'],
    [403, 'not_allowed'],
    [404, 'gone'],
    [408, 'retry'],
    [413, 'too_large'],
    [429, 'throttled'],
    [302, 'rejected'],
    [500, 'retry'],
    [502, 'unknown_outcome'],
    [503, 'retry'],
    [504, 'unknown_outcome'],
  ] as const)('given HTTP %i with a body that is not JSON, then a write is %s', (status, kind) => {
    expect(answer(status, undefined)).toMatchObject({ code: `http.${status}`, kind });
  });

  test('given a code that nobody knows, then its HTTP status decides', () => {
    expect(answer(400, { code: 'something.new' })).toMatchObject({ code: 'something.new', kind: 'rejected' });
    expect(answer(503, { code: 'something.new' })).toMatchObject({ kind: 'retry' });
  });

  test.each([undefined, 'OK', 42, [], null])(
    'given HTTP 200 with the garbage %j, then a write may have been done and a read may be repeated',
    (body) => {
      expect(answer(200, body)).toMatchObject({ code: 'answer.invalid', kind: 'unknown_outcome' });
      expect(answer(200, body, 'read')).toMatchObject({ code: 'answer.invalid', kind: 'retry' });
    },
  );

  test.each([{}, { errcode: 0, errmsg: 'ok' }, { errcode: '0' }, { processQueryKey: 'k' }])(
    'given the success %j, then there is no error',
    (body) => {
      expect(answer(200, body)).toBeNull();
    },
  );

  test.each([
    ['ECONNREFUSED', 'retry'],
    ['ENOTFOUND', 'retry'],
    ['EAI_AGAIN', 'retry'],
    ['EHOSTUNREACH', 'retry'],
    ['UND_ERR_CONNECT_TIMEOUT', 'retry'],
    ['CERT_HAS_EXPIRED', 'retry'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'retry'],
    ['ECONNRESET', 'unknown_outcome'],
    ['EPIPE', 'unknown_outcome'],
    ['UND_ERR_SOCKET', 'unknown_outcome'],
    ['UND_ERR_HEADERS_TIMEOUT', 'unknown_outcome'],
    ['UND_ERR_BODY_TIMEOUT', 'unknown_outcome'],
  ] as const)('given a write that ended with %s, then it is %s', (code, kind) => {
    expect(noAnswer(failed(code))).toMatchObject({ code: `network.${code}`, kind, status: null });
  });

  test('given several addresses that all refuse, then it is known that nothing was sent', () => {
    const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    expect(noAnswer(new TypeError('fetch failed', { cause: new AggregateError([refused, refused]) }))).toMatchObject({
      kind: 'retry',
    });
  });

  test('given a time-out, then a write may have been done and a read may be repeated', () => {
    const timeout = new DOMException('over', 'TimeoutError');
    expect(noAnswer(timeout)).toMatchObject({ code: 'timeout', kind: 'unknown_outcome' });
    expect(noAnswer(timeout, 'read')).toMatchObject({ code: 'timeout', kind: 'retry' });
  });

  test('given the flood guard of the platform, then it is a pause of minutes, whatever the HTTP status', () => {
    const body = { status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'u' };
    for (const status of [200, 403]) {
      const error = answer(status, body);
      expect(error).toMatchObject({ code: '1111', kind: 'throttled' });
      expect(error?.retryAfter?.total('seconds')).toBe(300);
    }
  });

  test('given a throttled call, then it says how long to wait, and the platform knows better', () => {
    expect(answer(403, { code: 'Forbidden.AccessDenied.QpsLimitForApi' })?.retryAfter?.total('seconds')).toBe(2);
    expect(answer(200, { errcode: 130101 })?.retryAfter?.total('seconds')).toBe(60);
    const told = classify({
      call: 't',
      effect: 'write',
      status: 429,
      body: {},
      retryAfter: Temporal.Duration.from('PT7S'),
    });
    expect(told?.retryAfter?.total('seconds')).toBe(7);
    expect(answer(400, { code: 'group.disbanded' })?.retryAfter).toBeUndefined();
  });

  test('given a missing permission, then the message names it', () => {
    const body = {
      code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
      message: '没有权限',
      accessdenieddetail: { requiredScopes: ['Card.Instance.Write'] },
    };
    expect(answer(403, body)?.message).toContain(
      'Grant the app in the DingTalk developer console: Card.Instance.Write.',
    );
  });

  test('given any error, then its sentence has the call, the code, the facts and the next step', () => {
    expect(answer(400, { code: 'group.disbanded', requestid: 'REQ-9', message: '群已解散' })?.message).toBe(
      'DingTalk call test failed: group.disbanded (HTTP 400, request REQ-9): 群已解散. Address another conversation, person or card.',
    );
  });

  test('given refused credentials, then they are told from a refused permission', () => {
    expect(isCredentialRefusal(answer(401, { code: 'authFailed' }))).toBe(true);
    expect(isCredentialRefusal(answer(400, { code: 'invalidClientIdOrSecret' }))).toBe(true);
    expect(isCredentialRefusal(answer(403, { code: 'Forbidden.AccessDenied.IpNotInWhiteList' }))).toBe(false);
    expect(isCredentialRefusal(new Error('401'))).toBe(false);
  });
});

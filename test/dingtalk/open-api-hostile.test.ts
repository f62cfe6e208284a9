import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AccessToken } from '../../src/dingtalk/access-token.ts';
import { DingTalkError } from '../../src/dingtalk/errors.ts';
import { LIMITS, OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { HostileApi } from './hostile-api.ts';
import { answerJson } from './hostile-gateway.ts';

const SECRET = 'the-client-secret-nobody-may-see';
const group = { conversationId: 'cid', msgKey: 'sampleText', msgParam: { content: 'private-7788' } };

describe('OpenApi and hostile answers', () => {
  let server: HostileApi;
  let api: OpenApi;

  beforeEach(async () => {
    server = await new HostileApi().start();
    api = openApi();
  });

  afterEach(() => server.stop());

  function openApi(timeoutMs = 10_000): OpenApi {
    const base = { apiBase: server.url, oapiBase: server.url };
    return new OpenApi(completeSettings({ clientId: 'dingapp', clientSecret: SECRET, ...base }), { timeoutMs });
  }

  async function failure(work: Promise<unknown>): Promise<DingTalkError> {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof DingTalkError)) throw new Error('no DingTalkError', { cause: error });
    expect(error.message).not.toMatch(/private-7788|token-\d|the-client-secret|session=/);
    return error;
  }

  const writes: [string, (api: OpenApi) => Promise<unknown>][] = [
    ['sendGroupMessage', (api) => api.sendGroupMessage(group)],
    ['sendDirectMessage', (api) => api.sendDirectMessage({ ...group, userIds: ['zhangwei'] })],
    [
      'createCard',
      (api) =>
        api.createCard({
          outTrackId: 'o',
          templateId: 't',
          params: {},
          openSpace: { kind: 'direct', userId: 'zhangwei' },
        }),
    ],
    ['updateCard', (api) => api.updateCard({ outTrackId: 'o', params: {} })],
    [
      'replyToSession',
      (api) => api.replyToSession(`${server.url}/robot/sendBySession?session=s`, { msgtype: 'empty' }),
    ],
  ];

  describe.each(writes)('%s', (name, write) => {
    const hostile: [string, (response: ServerResponse) => void][] = [
      ['HTML with 200', (response) => answerJson(response, 200, '<html>maintenance</html>')],
      ['JSON that is something else with 200', (response) => answerJson(response, 200, { hello: 'world' })],
      [
        'an endless body',
        (response) => {
          response.writeHead(200);
          const more = (): void => {
            while (!response.destroyed && response.write('x'.repeat(65_536)));
          };
          response.on('drain', more);
          more();
        },
      ],
      ['a reset', (response) => response.socket?.resetAndDestroy()],
      [
        'a reset in the middle of the answer',
        (response) => {
          response.writeHead(200, { 'content-length': '100' });
          response.write('{"processQueryKey":', () => response.socket?.resetAndDestroy());
        },
      ],
      ['504', (response) => answerJson(response, 504, '')],
    ];

    test.each(hostile)('given %s, then the outcome is unknown and it is not tried again', async (_, answer) => {
      server.answer = answer;
      expect(await failure(write(api))).toMatchObject({ kind: 'unknown_outcome' });
      expect(server.requests).toHaveLength(1);
    });

    test('given no answer, then it ends after its time with an unknown outcome', async () => {
      server.answer = () => {};
      expect(await failure(write(openApi(1_000)))).toMatchObject({ code: 'timeout', kind: 'unknown_outcome' });
      expect(server.requests).toHaveLength(1);
    });

    test('given a redirect, then it is not followed', async () => {
      const elsewhere = await new HostileApi().start();
      server.answer = (response) => response.writeHead(307, { location: `${elsewhere.url}/steal` }).end();
      expect(await failure(write(api))).toMatchObject({ code: 'http.307', kind: 'rejected' });
      expect(elsewhere.requests).toHaveLength(0);
      await elsewhere.stop();
    });

    test.each([
      ['9', 9],
      ['86400', 600],
      ['99999999999', 600],
    ])('given a Retry-After of %s, then the error carries it, ten minutes at most', async (header, seconds) => {
      server.answer = (response) => {
        response.setHeader('retry-after', header);
        answerJson(response, 429, {});
      };
      const error = await failure(write(api));
      expect(error.kind).toBe('throttled');
      expect(error.retryAfter?.total('seconds')).toBe(seconds);
      expect(error.message).toContain(name);
    });
  });

  test('given no server at all, then nothing was done', async () => {
    const gone = await new HostileApi().start();
    await gone.stop();
    const settings = completeSettings({ clientId: 'a', clientSecret: 'b', apiBase: gone.url, oapiBase: gone.url });
    expect(await failure(new OpenApi(settings).sendGroupMessage(group))).toMatchObject({
      code: 'network.ECONNREFUSED',
      kind: 'retry',
    });
  });

  test('given a lost answer to a read, then it may be asked again', async () => {
    server.answer = (response) => response.socket?.resetAndDestroy();
    expect(await failure(api.getUser('zhangwei'))).toMatchObject({ kind: 'retry' });
  });

  test('given a card that the platform made but put nowhere, then that is an error though the answer says 200', async () => {
    server.answer = (response) =>
      answerJson(response, 200, {
        success: true,
        result: { deliverResults: [{ success: false, errorMsg: 'invalid spaceId' }] },
      });
    const [, createCard] = writes[2] ?? [];
    const error = await failure(createCard?.(api) ?? Promise.reject());
    expect(error).toMatchObject({ code: 'card.notDelivered', kind: 'rejected' });
    expect(error.message).toContain('invalid spaceId');
  });

  test('given more than the platform takes, then nothing is sent', async () => {
    // Four characters that are three bytes each.
    const content = '余额不足'.repeat(LIMITS.msgParamBytes / 12);
    expect(await failure(api.sendGroupMessage({ ...group, msgParam: { content } }))).toMatchObject({
      kind: 'too_large',
    });
    const text = { msgtype: 'text', text: { content: '余额不足'.repeat(LIMITS.replyBytes / 12) } };
    expect(await failure(api.replyToSession(`${server.url}/r`, text))).toMatchObject({ kind: 'too_large' });
    const userIds = Array.from({ length: 21 }, (_, index) => `user-${index}`);
    expect(await failure(api.sendDirectMessage({ ...group, userIds }))).toMatchObject({ kind: 'rejected' });
    const card = {
      outTrackId: 'x'.repeat(65),
      templateId: 't',
      params: {},
      openSpace: { kind: 'direct', userId: 'u' },
    } as const;
    expect(await failure(api.createCard(card))).toMatchObject({ kind: 'rejected' });
    expect(server.requests).toHaveLength(0);
  });

  test('given the webhook of a stranger, then nothing is sent there', async () => {
    const stranger = await new HostileApi().start();
    const error = await failure(
      api.replyToSession(`${stranger.url}/robot/sendBySession?session=s`, { msgtype: 'empty' }),
    );
    expect(error).toMatchObject({ code: 'local.webhookNotAllowed', kind: 'not_allowed' });
    expect(stranger.requests).toHaveLength(0);
    await stranger.stop();
  });

  test('given a reply, then no token goes with it', async () => {
    server.answer = (response) => answerJson(response, 200, { errcode: 0, errmsg: 'ok' });
    await api.replyToSession(`${server.url}/robot/sendBySession?session=s`, { msgtype: 'text' });
    expect(server.requests[0]?.headers).not.toHaveProperty('x-acs-dingtalk-access-token');
    expect(server.tokenCount).toBe(0);
  });
});

describe('the access token', () => {
  let server: HostileApi;
  let api: OpenApi;

  beforeEach(async () => {
    server = await new HostileApi().start();
    api = new OpenApi(
      completeSettings({ clientId: 'dingapp', clientSecret: SECRET, apiBase: server.url, oapiBase: server.url }),
    );
    server.answer = (response) => answerJson(response, 200, { processQueryKey: 'key' });
  });

  afterEach(() => server.stop());

  const tokens = () => server.requests.map(({ headers }) => headers['x-acs-dingtalk-access-token']);

  test('given many calls at once, then one token is fetched, and kept', async () => {
    await Promise.all(Array.from({ length: 20 }, () => api.sendGroupMessage(group)));
    await api.sendGroupMessage(group);
    expect(server.tokenCount).toBe(1);
    expect(new Set(tokens())).toEqual(new Set(['token-1']));
  });

  test.each([
    ['the new API', { code: 'InvalidAuthentication', message: '不合法的access_token' }, 400],
    ['the old API', { errcode: 40014, errmsg: '不合法的access_token' }, 200],
  ])(
    'given a token that %s does not accept any more, then the call is done with a fresh one',
    async (_, body, status) => {
      server.answer = (response, { headers, path }) => {
        const isOld = headers['x-acs-dingtalk-access-token'] === 'token-1' || path.includes('token-1');
        const success = { processQueryKey: 'key', errcode: 0, result: { userid: 'u', name: '张伟' } };
        answerJson(response, isOld ? status : 200, isOld ? body : success);
      };
      if (status === 400) await expect(api.sendGroupMessage(group)).resolves.toEqual({ processQueryKey: 'key' });
      else await expect(api.getUser('u')).resolves.toMatchObject({ name: '张伟' });
      expect(server.tokenCount).toBe(2);
      expect(server.requests).toHaveLength(2);
    },
  );

  test('given fresh tokens that are not accepted either, then it fails after one repeat', async () => {
    server.answer = (response) => answerJson(response, 400, { code: 'InvalidAuthentication' });
    await expect(api.sendGroupMessage(group)).rejects.toMatchObject({ kind: 'token' });
    expect(server.requests).toHaveLength(2);
  });

  test('given calls that fail together for their token, then they share the fresh one', async () => {
    server.answer = (response, { headers }) => {
      if (headers['x-acs-dingtalk-access-token'] === 'token-1')
        answerJson(response, 400, { code: 'InvalidAuthentication' });
      else answerJson(response, 200, { processQueryKey: 'key' });
    };
    await Promise.all(Array.from({ length: 10 }, () => api.sendGroupMessage(group)));
    expect(server.tokenCount).toBe(2);
  });

  test('given a token near its end, then it is renewed early, and used on while that fails', async () => {
    let now = 0;
    const settings = completeSettings({ clientId: 'dingapp', clientSecret: SECRET, apiBase: server.url });
    const token = new AccessToken(settings, 10_000, () => now);
    expect(await token.get()).toBe('token-1');
    now = (7_200 - 301) * 1_000;
    expect(await token.get()).toBe('token-1');
    expect(server.tokenCount).toBe(1);
    const working = server.answerToken;
    server.answerToken = (response) => answerJson(response, 503, '');
    now = (7_200 - 299) * 1_000;
    expect(await token.get()).toBe('token-1');
    expect(server.tokenCount).toBe(2);
    server.answerToken = working;
    expect(await token.get()).toBe('token-3');
    server.answerToken = (response) => answerJson(response, 503, '');
    now = 14_400 * 1_000;
    await expect(token.get()).rejects.toMatchObject({ kind: 'retry' });
  });

  test('given wrong credentials, then each call says so', async () => {
    server.answerToken = (response) => answerJson(response, 400, { code: 'invalidClientIdOrSecret', message: '无效' });
    await expect(api.sendGroupMessage(group)).rejects.toMatchObject({
      code: 'invalidClientIdOrSecret',
      kind: 'not_allowed',
    });
    server.answerToken = (response) => answerJson(response, 200, { accessToken: 'token-x', expireIn: 7200 });
    await expect(api.sendGroupMessage(group)).resolves.toBeDefined();
  });
});

import { describe, expect, test } from 'vitest';
import { isSessionWebhookAllowed } from '../../src/dingtalk/session-webhook.ts';
import { completeSettings, DINGTALK_DEFAULTS } from '../../src/dingtalk/settings.ts';

const app = { clientId: 'dingapp', clientSecret: 'secret' };

describe('settings', () => {
  test('given only the app, then the rest has its defaults and the robot is the app', () => {
    expect(completeSettings(app)).toEqual({ ...app, robotCode: 'dingapp', ...DINGTALK_DEFAULTS });
  });

  test('given a base with a slash at its end, then it is cut off', () => {
    expect(completeSettings({ ...app, apiBase: 'http://127.0.0.1:8090/' }).apiBase).toBe('http://127.0.0.1:8090');
  });

  test.each(['api.dingtalk.com', 'ftp://api.dingtalk.com', ''])(
    'given the base %j, then it is refused with an example',
    (apiBase) => {
      expect(() => completeSettings({ ...app, apiBase })).toThrow(/https:\/\/api\.dingtalk\.com/);
    },
  );
});

describe('the hosts of session webhooks', () => {
  const path = '/robot/sendBySession?session=s';
  const platform = completeSettings(app);
  const sandbox = completeSettings({ ...app, apiBase: 'http://127.0.0.1:8090', oapiBase: 'http://127.0.0.1:8090' });

  test.each([
    ['https://oapi.dingtalk.com', true],
    ['https://api.dingtalk.com', true],
    ['https://oapi.dingtalk.io', true],
    ['http://oapi.dingtalk.com', false],
    ['https://oapi.dingtalk.com:8443', false],
    ['https://user:pw@oapi.dingtalk.com', false],
    ['https://oapi.dingtalk.com.evil.example', false],
    ['https://evildingtalk.com', false],
    ['https://oapi.dingtalk.com@evil.example', false],
    ['http://127.0.0.1:8090', false],
    ['http://169.254.169.254', false],
    ['file:///etc/passwd#', false],
    ['not a url', false],
  ])('given the platform, when a message brings %s, then allowed is %s', (origin, allowed) => {
    expect(isSessionWebhookAllowed(`${origin}${path}`, platform)).toBe(allowed);
  });

  test.each([
    ['http://127.0.0.1:8090', true],
    ['http://127.0.0.1:8091', false],
    ['http://localhost:8090', false],
    ['https://oapi.dingtalk.com', false],
  ])('given the sandbox, when a message brings %s, then allowed is %s', (origin, allowed) => {
    expect(isSessionWebhookAllowed(`${origin}${path}`, sandbox)).toBe(allowed);
  });
});

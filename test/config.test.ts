import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { inspect, parseEnv } from 'node:util';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { ConfigError, DEFAULTS, loadConfig, SETTING_NAMES } from '../src/config.ts';
import { scratchFolder } from './support/scratch-folder.ts';

const APP = { DINGTALK_CLIENT_ID: 'dingapp', DINGTALK_CLIENT_SECRET: 'hidden-app-secret' };

async function load(env: Record<string, string>, file?: string) {
  const folder = await scratchFolder();
  if (file !== undefined) await writeFile(join(folder, '.env'), file);
  return { config: loadConfig({ env, folder }), folder };
}

async function problemsOf(env: Record<string, string>, file?: string): Promise<ConfigError> {
  try {
    await load(env, file);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('given no settings', () => {
  test('then the sandbox runs on its own database, and its log is quiet', async () => {
    const { config, folder } = await load({});
    expect(config).toEqual({
      dingtalk: null,
      database: { url: null, maxConnections: 10 },
      http: { host: '127.0.0.1', port: 8080 },
      sandbox: { port: 8090 },
      dataDir: join(folder, '.data'),
      logLevel: 'warn',
      timeZone: 'Asia/Shanghai',
      billWait: Temporal.Duration.from({ hours: 24 }),
      operator: { conversationId: null, staffIds: [], language: 'zh-CN' },
      limits: { callsPerSecond: 20, repliesPerMinute: 20, callsPerMonth: 5_000 },
    });
  });

  test('then an empty value is one that is not set', async () => {
    const { config } = await load({ DATABASE_URL: '', PORT: ' ', DINGTALK_CLIENT_ID: '' });
    expect(config.database.url).toBeNull();
    expect(config.http.port).toBe(8080);
    expect(config.dingtalk).toBeNull();
  });
});

describe('given an app', () => {
  test('then everything about it that is not set has its default, and the log says more', async () => {
    const { config } = await load(APP);
    expect(config.dingtalk).toMatchObject({
      clientId: 'dingapp',
      robotCode: 'dingapp',
      apiBase: DEFAULTS.DINGTALK_API_BASE,
      oapiBase: DEFAULTS.DINGTALK_OAPI_BASE,
      cardTemplateId: DEFAULTS.DINGTALK_CARD_TEMPLATE_ID,
    });
    expect(config.dingtalk?.clientSecret.reveal()).toBe('hidden-app-secret');
    expect(config.logLevel).toBe('info');
  });

  test('then its secret and the database password are never shown', async () => {
    const { config } = await load({ ...APP, DATABASE_URL: 'postgres://me:hidden-password@db/sms' });
    let logged = '';
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        logged += chunk;
        done();
      },
    });
    pino(sink).info({ config, secret: config.dingtalk?.clientSecret }, `${config.dingtalk?.clientSecret}`);
    for (const shown of [logged, inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config)]) {
      expect(shown).toContain('[redacted]');
      expect(shown).not.toContain('hidden');
    }
  });

  test('then a base URL loses its trailing slash', async () => {
    const { config } = await load({ ...APP, DINGTALK_API_BASE: 'http://127.0.0.1:8090/' });
    expect(config.dingtalk?.apiBase).toBe('http://127.0.0.1:8090');
  });
});

describe('given a file .env', () => {
  test('then it is read, and the environment wins over it', async () => {
    const { config } = await load({ PORT: '9001' }, 'PORT=9000\nHOST=0.0.0.0\nDATA_DIR="my data"\n');
    expect(config.http).toEqual({ host: '0.0.0.0', port: 9001 });
    expect(config.dataDir).toMatch(/\/my data$/);
  });

  test('when it cannot be read, then that is said', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, '.env'));
    expect(() => loadConfig({ env: {}, folder })).toThrow(/\.env cannot be read \(EISDIR\)/);
  });
});

test('given settings that cannot be used, then all are named at once, with what to give, and none of their values', async () => {
  const error = await problemsOf({
    DINGTALK_CLIENT_ID: 'ding app',
    DINGTALK_API_BASE: 'ftp://secret-host',
    DATABASE_URL: 'mysql://root:hidden@db/x',
    DATABASE_MAX_CONNECTIONS: '1',
    PORT: '65536',
    SANDBOX_PORT: '80a',
    LOG_LEVEL: 'loud',
    TIME_ZONE: 'Asia/Shangai',
    BILL_WAIT_HOURS: '1.5',
  });
  expect(error.code).toBe('config_invalid');
  expect(error.problems.map(({ variable }) => variable)).toEqual([
    'DINGTALK_CLIENT_ID',
    'DINGTALK_API_BASE',
    'DATABASE_URL',
    'DATABASE_MAX_CONNECTIONS',
    'PORT',
    'SANDBOX_PORT',
    'LOG_LEVEL',
    'TIME_ZONE',
    'BILL_WAIT_HOURS',
  ]);
  for (const { variable, message } of error.problems) {
    expect(message).toMatch(/Give /);
    expect(error.message).toContain(`${variable} ${message}`);
  }
  expect(error.message).not.toContain('hidden');
  expect(error.message).toContain('.env.example');
});

test.each([
  ['DINGTALK_CLIENT_SECRET', { DINGTALK_CLIENT_ID: 'dingapp' }],
  ['DINGTALK_CLIENT_ID', { DINGTALK_CLIENT_SECRET: 's' }],
])('given half an app, then %s is asked for', async (missing, env) => {
  const { problems } = await problemsOf(env);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({
    variable: missing,
    message: expect.stringContaining('neither to run the sandbox'),
  });
});

test('given one port for both servers, then the sandbox is refused, and an app of your own is not', async () => {
  const { problems } = await problemsOf({ PORT: '8090' });
  expect(problems[0]?.variable).toBe('SANDBOX_PORT');
  expect((await load({ ...APP, PORT: '8090' })).config.http.port).toBe(8090);
  expect((await load({ PORT: '0', SANDBOX_PORT: '0' })).config.http.port).toBe(0);
});

test('the settings cannot be changed', async () => {
  const { config } = await load(APP);
  for (const part of [config, config.dingtalk, config.database, config.http, config.sandbox]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

test('.env.example documents every setting with its default, and is itself usable', async () => {
  const text = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
  const documented = parseEnv(text.replaceAll(/^# ([A-Z_]+=)/gm, '$1'));
  expect(Object.keys(documented).sort()).toEqual([...SETTING_NAMES].sort());
  for (const [name, value] of Object.entries(DEFAULTS)) expect(documented[name]).toBe(String(value));
  expect(parseEnv(text)).toEqual({});
  expect((await load({}, text)).config.dingtalk).toBeNull();
});

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { NO_OPERATOR_CHANNEL, type OperatorSettings } from './context.ts';
import { DINGTALK_DEFAULTS } from './dingtalk/settings.ts';
import { BILL_WAIT_HOURS } from './domain/bill.ts';
import { SERVICE_TIME_ZONE } from './jobs/daily-slot.ts';
import { CALL_LIMITS, type CallLimits } from './notify/limits.ts';
import { Secret } from './secret.ts';

/** The DingTalk app to connect as. */
export interface DingTalkConfig {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly robotCode: string;
  readonly apiBase: string;
  readonly oapiBase: string;
  readonly cardTemplateId: string;
  readonly cardPictures: boolean;
  readonly robotName: string | null;
}

/** All settings, validated and frozen. The environment is read here and nowhere else. */
export interface Config {
  /** Null runs the sandbox: no app is set. */
  readonly dingtalk: DingTalkConfig | null;
  readonly database: {
    /** Null runs the embedded PostgreSQL in `dataDir`. It carries a password. */
    readonly url: Secret | null;
    /** Of one process. */
    readonly maxConnections: number;
  };
  /** Where gateways report usage. */
  readonly http: { readonly host: string; readonly port: number };
  readonly sandbox: { readonly port: number };
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  /** In which daily jobs have their times; an IANA name. */
  readonly timeZone: string;
  /** How long after a month's end its bill waits for late records. */
  readonly billWait: Temporal.Duration;
  /** Where whoever runs the service is told; all empty: in the log. */
  readonly operator: OperatorSettings;
  /** DingTalk's limits on calls, as the organisation has them. */
  readonly limits: CallLimits;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const LANGUAGES = ['zh-CN', 'en'] as const;

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().max(65_535));
const baseUrl = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const word = z.string().regex(/^\S+$/);
const name = z.string().trim().min(1).max(40);
const positive = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .pipe(z.int().min(1));
const truth = z.enum(['true', 'false']).transform((state) => state === 'true');
const words = z.string().transform((text) => text.split(/[\s,]+/).filter((each) => each !== ''));

function isTimeZone(text: string): boolean {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId !== '';
  } catch {
    return false;
  }
}

interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** What a value that is refused is told to be; values themselves are not shown, some are secret. */
  readonly expected: string;
}

function setting<T>(schema: z.ZodType<T, string>, expected: string): Setting<T> {
  return { schema, expected };
}

/** Every setting. `.env.example` documents each. */
const SETTINGS = {
  DINGTALK_CLIENT_ID: setting(word, "the app's Client ID (AppKey), without spaces"),
  DINGTALK_CLIENT_SECRET: setting(word, "the app's Client Secret (AppSecret), without spaces"),
  DINGTALK_ROBOT_CODE: setting(word, "the robot's code, without spaces"),
  DINGTALK_API_BASE: setting(baseUrl, `a URL like ${DINGTALK_DEFAULTS.apiBase}`),
  DINGTALK_OAPI_BASE: setting(baseUrl, `a URL like ${DINGTALK_DEFAULTS.oapiBase}`),
  DINGTALK_CARD_TEMPLATE_ID: setting(word, `a card template's id like ${DINGTALK_DEFAULTS.cardTemplateId}`),
  DINGTALK_CARD_PICTURES: setting(truth, 'true or false'),
  DINGTALK_ROBOT_NAME: setting(name, "the robot's name as people mention it, without the @"),
  DINGTALK_CALLS_PER_SECOND: setting(positive, 'a whole number above 0'),
  DINGTALK_REPLIES_PER_MINUTE: setting(positive, 'a whole number above 0'),
  DINGTALK_CALLS_PER_MONTH: setting(positive, 'a whole number above 0'),
  OPERATOR_CONVERSATION_ID: setting(word, "the open conversation id of the operator's group, without spaces"),
  OPERATOR_STAFF_IDS: setting(words, 'staff ids with commas between them'),
  OPERATOR_LANGUAGE: setting(z.enum(LANGUAGES), `one of ${LANGUAGES.join(', ')}`),
  DATABASE_URL: setting(
    z.url({ protocol: /^postgres(ql)?$/ }),
    'a URL like postgres://user:password@host:5432/database',
  ),
  DATABASE_MAX_CONNECTIONS: setting(
    z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number)
      .pipe(z.int().min(2).max(1_000)),
    'a whole number from 2 to 1000',
  ),
  PORT: setting(port, 'a port from 0 to 65535; 0 takes a free one'),
  HOST: setting(word, 'an address to listen on, such as 127.0.0.1 or 0.0.0.0'),
  SANDBOX_PORT: setting(port, 'a port from 0 to 65535; 0 takes a free one'),
  DATA_DIR: setting(z.string(), 'a folder'),
  LOG_LEVEL: setting(z.enum(LOG_LEVELS), `one of ${LOG_LEVELS.join(', ')}`),
  TIME_ZONE: setting(z.string().refine(isTimeZone), 'a time zone like Asia/Shanghai'),
  BILL_WAIT_HOURS: setting(
    z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .pipe(z.int().max(240)),
    'a whole number of hours from 0 to 240',
  ),
} as const;

type Settings = typeof SETTINGS;
type Name = keyof Settings;
type Values = { [N in Name]: (Settings[N] extends Setting<infer T> ? T : never) | undefined };

/** The names of all settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly Name[];

export interface ConfigProblem {
  readonly variable: string;
  /** What is wrong, and what to do. Never shows the value. */
  readonly message: string;
}

/** Settings that cannot be used; says all that is wrong at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
  readonly chinese = '设置无法使用。请在环境变量或 .env 文件中改正后重新启动；每项设置见 .env.example。';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, message }) => `  ${variable} ${message}`);
    super(
      `The settings cannot be used:\n${lines.join('\n')}\nChange them in the environment or in the file .env, and start again; .env.example explains each.`,
    );
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `.env` is read, if it is there; also what a relative DATA_DIR starts from. Default: the working directory. */
  readonly folder?: string;
}

/**
 * Reads and validates all settings. The environment wins over `.env`; an empty value is one that is not set.
 *
 * @throws ConfigError `config_invalid` with everything that is wrong
 */
export function loadConfig({ env = process.env, folder = process.cwd() }: ConfigSources = {}): Config {
  const problems: ConfigProblem[] = [];
  const file = readEnvFile(join(folder, '.env'), problems);
  const read = (name: Name): unknown => {
    const text = env[name]?.trim() || file[name]?.trim();
    if (!text) return undefined;
    const { schema, expected } = SETTINGS[name];
    const result = schema.safeParse(text);
    if (!result.success) problems.push({ variable: name, message: `is not valid. Give ${expected}.` });
    return result.data;
  };
  const values = Object.fromEntries(SETTING_NAMES.map((name) => [name, read(name)])) as Values;
  if (problems.length === 0) problems.push(...contradictions(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return assemble(values, folder);
}

function readEnvFile(path: string, problems: ConfigProblem[]): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : undefined;
    if (reason !== 'ENOENT') {
      problems.push({
        variable: '.env',
        message: `cannot be read (${reason}). Make ${path} a file that you may read.`,
      });
    }
    return {};
  }
}

function contradictions(values: Values): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const pair = ['DINGTALK_CLIENT_ID', 'DINGTALK_CLIENT_SECRET'] as const;
  const [missing] = pair.filter((name) => values[name] === undefined);
  const [present] = pair.filter((name) => values[name] !== undefined);
  if (missing && present) {
    problems.push({
      variable: missing,
      message: `is missing, but ${present} is set. Set both to connect to DingTalk, or neither to run the sandbox.`,
    });
  }
  const runsSandbox = present === undefined;
  const http = values.PORT ?? DEFAULTS.PORT;
  if (runsSandbox && http !== 0 && http === (values.SANDBOX_PORT ?? DEFAULTS.SANDBOX_PORT)) {
    problems.push({ variable: 'SANDBOX_PORT', message: 'is the same as PORT. Give each a port of its own.' });
  }
  return problems;
}

/** What a setting is when it is not set, where that depends on no other setting. */
export const DEFAULTS = {
  DINGTALK_API_BASE: DINGTALK_DEFAULTS.apiBase,
  DINGTALK_OAPI_BASE: DINGTALK_DEFAULTS.oapiBase,
  DINGTALK_CARD_TEMPLATE_ID: DINGTALK_DEFAULTS.cardTemplateId,
  DINGTALK_CARD_PICTURES: DINGTALK_DEFAULTS.cardPictures,
  DATABASE_MAX_CONNECTIONS: 10,
  PORT: 8080,
  HOST: '127.0.0.1',
  SANDBOX_PORT: 8090,
  DATA_DIR: '.data',
  TIME_ZONE: SERVICE_TIME_ZONE,
  BILL_WAIT_HOURS,
  DINGTALK_CALLS_PER_SECOND: CALL_LIMITS.callsPerSecond,
  DINGTALK_REPLIES_PER_MINUTE: CALL_LIMITS.repliesPerMinute,
  DINGTALK_CALLS_PER_MONTH: CALL_LIMITS.callsPerMonth,
  OPERATOR_LANGUAGE: NO_OPERATOR_CHANNEL.language,
} as const;

function assemble(values: Values, folder: string): Config {
  const { DINGTALK_CLIENT_ID: clientId, DINGTALK_CLIENT_SECRET: clientSecret, DATABASE_URL: databaseUrl } = values;
  const dingtalk =
    clientId === undefined || clientSecret === undefined
      ? null
      : Object.freeze({
          clientId,
          clientSecret: new Secret(clientSecret),
          robotCode: values.DINGTALK_ROBOT_CODE ?? clientId,
          apiBase: values.DINGTALK_API_BASE ?? DEFAULTS.DINGTALK_API_BASE,
          oapiBase: values.DINGTALK_OAPI_BASE ?? DEFAULTS.DINGTALK_OAPI_BASE,
          cardTemplateId: values.DINGTALK_CARD_TEMPLATE_ID ?? DEFAULTS.DINGTALK_CARD_TEMPLATE_ID,
          cardPictures: values.DINGTALK_CARD_PICTURES ?? DEFAULTS.DINGTALK_CARD_PICTURES,
          robotName: values.DINGTALK_ROBOT_NAME ?? null,
        });
  return Object.freeze({
    dingtalk,
    database: Object.freeze({
      url: databaseUrl === undefined ? null : new Secret(databaseUrl),
      maxConnections: values.DATABASE_MAX_CONNECTIONS ?? DEFAULTS.DATABASE_MAX_CONNECTIONS,
    }),
    http: Object.freeze({ host: values.HOST ?? DEFAULTS.HOST, port: values.PORT ?? DEFAULTS.PORT }),
    sandbox: Object.freeze({ port: values.SANDBOX_PORT ?? DEFAULTS.SANDBOX_PORT }),
    dataDir: resolve(folder, values.DATA_DIR ?? DEFAULTS.DATA_DIR),
    // Whoever tries the sandbox reads what it prints to open and to try, between lines of the log only where something is wrong.
    logLevel: values.LOG_LEVEL ?? (dingtalk ? 'info' : 'warn'),
    timeZone: values.TIME_ZONE ?? DEFAULTS.TIME_ZONE,
    billWait: Temporal.Duration.from({ hours: values.BILL_WAIT_HOURS ?? DEFAULTS.BILL_WAIT_HOURS }),
    operator: Object.freeze({
      conversationId: values.OPERATOR_CONVERSATION_ID ?? null,
      staffIds: Object.freeze(values.OPERATOR_STAFF_IDS ?? []),
      language: values.OPERATOR_LANGUAGE ?? DEFAULTS.OPERATOR_LANGUAGE,
    }),
    limits: Object.freeze({
      callsPerSecond: values.DINGTALK_CALLS_PER_SECOND ?? DEFAULTS.DINGTALK_CALLS_PER_SECOND,
      repliesPerMinute: values.DINGTALK_REPLIES_PER_MINUTE ?? DEFAULTS.DINGTALK_REPLIES_PER_MINUTE,
      callsPerMonth: values.DINGTALK_CALLS_PER_MONTH ?? DEFAULTS.DINGTALK_CALLS_PER_MONTH,
    }),
  });
}

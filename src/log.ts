import { type Logger, pino } from 'pino';
import { currentTrace } from './trace.ts';

export type { Logger };

/** Keys whose values never reach a log, wherever in an object they stand. */
const SECRET_KEYS = [
  'authorization',
  'clientSecret',
  'appSecret',
  'accessToken',
  'access_token',
  'secret',
  'password',
  'key',
  'ticket',
  'sessionWebhook',
  'databaseUrl',
  'phone',
  'phone_number',
  'To',
];

/** A structured logger to standard error; secrets and phone numbers are cut out before a line is written. */
export function createLogger(options: { level: string; name?: string }): Logger {
  return pino(
    {
      level: options.level,
      base: options.name ? { name: options.name } : {},
      mixin: () => {
        const trace = currentTrace();
        return trace === undefined ? {} : { trace };
      },
      redact: {
        paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

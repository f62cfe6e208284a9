import { z } from 'zod';
import { ANY_CALL } from './call-faults.ts';
import { SandboxError } from './errors.ts';
import type { Faults } from './faults.ts';

const times = z.number().int().min(1).max(1_000).default(1);
const on = z.enum(['same', 'other']).default('same');
const errorStatus = z.number().int().min(400).max(599);

/** What `POST /api/faults` takes, one form for each fault. */
function faultSchema(isApi: (api: string) => boolean) {
  const api = z
    .string()
    .refine(isApi, 'no API of the sandbox: give a path like /v1.0/card/instances, with or without a method before it')
    .nullable()
    .default(null);
  const form = <N extends string, S extends z.ZodRawShape>(name: N, shape: S) =>
    z.strictObject({ fault: z.literal(name), ...shape });
  return z.discriminatedUnion(
    'fault',
    [
      form('refuse', { status: errorStatus.default(503), times }),
      form('refuse-handshake', { status: errorStatus.default(503), times }),
      form('hang-handshake', { times }),
      form('throttle', { api, times }),
      form('hang', { api, times }),
      form('garbage-answer', { api, times }),
      form('drop', { api, when: z.enum(['before', 'after']).default('after'), times }),
      form('answer', { api, status: z.number().int().min(200).max(599), body: z.unknown(), times }),
      form('expire-token', {}),
      form('expire-webhooks', {}),
      form('exhaust-quota', { quota: z.enum(['calls', 'pushes']).default('calls') }),
      form('garbage-frame', { text: z.string().max(100_000).default('{"specVersion":"1.0","type":') }),
      form('silence', { of: z.enum(['open', 'next']).default('open'), times }),
      form('disconnect', { reason: z.string().min(1).max(200).default('connection is expired') }),
      form('kill', {}),
      form('repeat', { on, next: z.number().int().min(0).max(1_000).default(0) }),
      form('reorder', {
        count: z.number().int().min(2).max(100).default(2),
        withinMs: z.number().int().min(1).max(600_000).default(5_000),
      }),
    ],
    { error: 'unknown fault; the README of the sandbox lists them' },
  );
}

/** The names of the faults that the control API knows. */
export const FAULT_NAMES: readonly string[] = faultSchema(() => true).options.map((one) => one.shape.fault.value);

/**
 * Does what a body of `POST /api/faults` asks for.
 * @param isApi whether the sandbox serves this `/path` or `METHOD /path`
 * @param connections the number of open stream connections
 */
export function armFault(
  faults: Faults,
  body: unknown,
  isApi: (api: string) => boolean,
  connections: () => number,
): void {
  const wanted = faultSchema(isApi).parse(body);
  const needConnection = () => {
    if (connections() === 0)
      throw new SandboxError(
        409,
        'no_connection',
        { english: 'The bot has no open connection.', chinese: '机器人没有打开的连接。' },
        'fault',
      );
  };
  switch (wanted.fault) {
    case 'refuse':
      faults.refuseGatewayOpens(wanted.status, wanted.times);
      break;
    case 'refuse-handshake':
      faults.refuseHandshakes(wanted.status, wanted.times);
      break;
    case 'hang-handshake':
      faults.hangHandshakes(wanted.times);
      break;
    case 'throttle':
      faults.throttleCalls(wanted.api ?? ANY_CALL, wanted.times);
      break;
    case 'hang':
      faults.hangCalls(wanted.api ?? ANY_CALL, wanted.times);
      break;
    case 'garbage-answer':
      faults.garbleCalls(wanted.api ?? ANY_CALL, wanted.times);
      break;
    case 'drop':
      faults.dropCalls(wanted.api ?? ANY_CALL, wanted.when, wanted.times);
      break;
    case 'answer':
      faults.answerCalls(wanted.api ?? ANY_CALL, { status: wanted.status, body: wanted.body ?? {} }, wanted.times);
      break;
    case 'expire-token':
      faults.revokeToken();
      break;
    case 'expire-webhooks':
      faults.expireSessions();
      break;
    case 'exhaust-quota':
      faults.exhaustQuota(wanted.quota);
      break;
    case 'garbage-frame':
      needConnection();
      faults.sendRaw(wanted.text);
      break;
    case 'silence':
      if (wanted.of === 'next') {
        faults.silentHandshakes(wanted.times);
      } else {
        needConnection();
        faults.goSilent();
      }
      break;
    case 'disconnect':
      needConnection();
      faults.disconnect(wanted.reason);
      break;
    case 'kill':
      needConnection();
      faults.killSockets();
      break;
    case 'repeat':
      if (wanted.next > 0) faults.repeatNext(wanted.on, wanted.next);
      else repeatNow(faults, wanted.on);
      break;
    case 'reorder':
      faults.reorderNext(wanted.count, wanted.withinMs);
      break;
  }
}

function repeatNow(faults: Faults, on: 'same' | 'other'): void {
  try {
    faults.repeatFrame(on);
  } catch (error) {
    const english = error instanceof Error ? error.message : String(error);
    throw new SandboxError(409, 'nothing_to_repeat', { english, chinese: '没有可以重复的推送。' }, 'on');
  }
}

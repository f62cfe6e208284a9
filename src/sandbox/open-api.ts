import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiRoute, Body } from './api-route.ts';
import type { CallFault, CallFaults } from './call-faults.ts';
import { LegacyApiError, OpenApiError } from './errors.ts';
import type { EventLog } from './event-log.ts';
import { OPEN_PATH } from './gateway-api.ts';
import type { Platform } from './platform.ts';
import { REPLY_PATH } from './robot-api.ts';

/** A call of the bot to the platform. Secrets are not kept. */
export interface ApiCall {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** The HTTP status; null where the call was left without an answer. */
  readonly status: number | null;
  readonly response: unknown;
}

/** A request of the bot for a stream connection, whatever became of it. */
export interface GatewayOpen {
  readonly at: number;
  /** As `ApiCall.status`. */
  readonly status: number | null;
  readonly clientId: string;
  readonly subscriptions: readonly { readonly type: string; readonly topic: string }[];
  readonly userAgent: string;
}

export interface OpenApiOptions {
  readonly platform: Platform;
  readonly routes: readonly ApiRoute[];
  readonly calls: EventLog<ApiCall>;
  readonly opens: EventLog<GatewayOpen>;
  readonly faults: CallFaults;
  /** Calls of one API that an app may make in a second of real time. */
  readonly callsPerSecond: number;
}

/** api.dingtalk.com and oapi.dingtalk.com, as far as the bot calls them, on the paths that they have there. */
export function openApi(options: OpenApiOptions): (app: FastifyInstance) => Promise<void> {
  const { platform, routes, calls, opens, faults } = options;
  const recent = new Map<string, number[]>();

  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: 1_048_576 },
      async (_request: FastifyRequest, body: Buffer) => ({
        raw: body,
        json: parseJson(body),
      }),
    );

    const met = new WeakMap<FastifyRequest, CallFault>();
    app.addHook('preHandler', async (request, reply) => {
      const fault = faults.take(request.method, pathOf(request));
      if (fault === undefined) return;
      met.set(request, fault);
      if (fault.kind === 'answer') return reply.code(fault.status).send(fault.body);
      if (fault.kind === 'throttle') return answerError(tooFast(pathOf(request)), request, reply);
      if (fault.kind === 'garbage') return reply.type('text/html; charset=utf-8').send(GARBAGE);
      if (fault.kind === 'drop' && fault.when === 'after') return;
      reply.hijack();
      record(request, null, null);
      if (fault.kind === 'drop') request.raw.socket.destroy();
    });
    app.addHook('onSend', async (request, reply, payload) => {
      const fault = met.get(request);
      const dropped = fault?.kind === 'drop';
      record(request, dropped ? null : reply.statusCode, typeof payload === 'string' ? parseJson(payload) : null);
      if (dropped) request.raw.socket.destroy();
      return payload;
    });
    app.setErrorHandler(answerError);

    for (const route of routes) {
      app.route({
        method: route.method,
        url: route.path,
        ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
        handler: async (request, reply) => {
          const query = request.query as Record<string, string | undefined>;
          const incoming = { body: (request.body as Body | undefined) ?? NO_BODY, query, headers: request.headers };
          if (route.token === 'header') checkToken(incoming.headers['x-acs-dingtalk-access-token']);
          if (route.token === 'query' && !platform.tokens.isValid(query.access_token ?? '')) {
            throw new LegacyApiError(40014, '不合法的access_token');
          }
          if (route.token !== 'none') throttle(route);
          if (route.token === 'header' && !platform.quota.take('calls')) {
            throw new OpenApiError(403, 'Forbidden.AccessDenied.ApiCountLimitForOrg', '企业本月的接口调用次数已用完');
          }
          const answer = await route.handle(incoming);
          if (typeof answer === 'string') return reply.type('application/xml; charset=utf-8').send(answer);
          return reply.send(answer);
        },
      });
    }
  };

  function checkToken(token: string | string[] | undefined): void {
    if (typeof token !== 'string' || !platform.tokens.isValid(token)) {
      throw new OpenApiError(400, 'InvalidAuthentication', '不合法的access_token');
    }
  }

  function throttle(route: ApiRoute): void {
    const api = `${route.method} ${route.path}`;
    const now = performance.now();
    const times = (recent.get(api) ?? []).filter((time) => time > now - 1000);
    recent.set(api, times);
    if (times.length >= options.callsPerSecond) {
      throw tooFast(route.path);
    }
    times.push(now);
  }

  function record(request: FastifyRequest, status: number | null, response: unknown): void {
    const json = (request.body as Body | undefined)?.json;
    const at = platform.now();
    const path = pathOf(request);
    calls.add({
      at,
      method: request.method,
      path,
      body: withoutSecrets(json),
      status,
      response: withoutSecrets(response),
    });
    if (path === OPEN_PATH) opens.add({ at, status, ...openRequestSchema.parse(json ?? {}) });
  }
}

const GARBAGE = '<html><body>It works!</body></html>';

/** The platform's answer to too many calls: each of its two hosts has its own, and a `sessionWebhook` has that of a webhook robot. */
function tooFast(path: string): OpenApiError | LegacyApiError {
  if (path === REPLY_PATH) return new LegacyApiError(130101, 'send too fast, exceed 20 times per minute');
  if (!path.startsWith('/v1.0/')) return new LegacyApiError(90018, '您的服务器调用钉钉开放平台接口的频率超过限制');
  return new OpenApiError(403, 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', '调用频率超过限制');
}

/** What the platform's own gateway says of a path that it does not know. */
export function apiNotFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({
    code: 'InvalidAction.NotFound',
    requestid: requestId(),
    message: 'Specified api is not found, please check your url and method.',
  });
}

const openRequestSchema = z
  .object({
    clientId: z.string().catch(''),
    subscriptions: z.array(z.object({ type: z.string(), topic: z.string() })).catch([]),
    ua: z.string().catch(''),
  })
  .catch({ clientId: '', subscriptions: [], ua: '' })
  .transform(({ ua, ...open }) => ({ ...open, userAgent: ua }));

const NO_BODY: Body = { raw: Buffer.alloc(0), json: undefined };
const SECRETS: ReadonlySet<string> = new Set(['clientSecret', 'appSecret', 'accessToken', 'access_token', 'ticket']);

function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, SECRETS.has(key) ? '[hidden]' : one]));
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof LegacyApiError) {
    return reply.code(200).send({ errcode: error.errcode, errmsg: error.message, request_id: requestId() });
  }
  if (error instanceof OpenApiError) {
    return reply.code(error.status).send({ code: error.code, requestid: requestId(), message: error.message });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return reply.code(status).send({
    code: status < 500 ? 'invalidParameter' : 'systemError',
    requestid: requestId(),
    message: error instanceof Error ? error.message : '系统错误',
  });
}

function requestId(): string {
  return randomUUID().toUpperCase();
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}

function parseJson(text: string | Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}

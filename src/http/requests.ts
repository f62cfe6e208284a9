import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './errors.ts';
import type { KeyGuard } from './key-guard.ts';

/**
 * The text of a body in UTF-8. Read tolerantly, ids that differ in a broken byte would become one, and all but the first go unbilled.
 *
 * @throws HttpError `json_malformed`
 */
export function strictText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new HttpError('json_malformed');
  }
}

/** @throws HttpError `json_malformed` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says of it quotes the body.
    throw new HttpError('json_malformed');
  }
}

/**
 * Finds the account of the key in the Authorization header, before a body is read.
 *
 * @throws HttpError `key_unknown`, `too_many_failures`
 */
export function requireBearer(guard: KeyGuard): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    request.accountId = await guard.accountOf(bearerOf(request), request.ip);
  };
}

/**
 * The key in the Authorization header; whether it is valid is not known yet.
 *
 * @throws HttpError `key_unknown`
 */
export function bearerOf(request: FastifyRequest): string {
  const [, key] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (key !== undefined) return key;
  throw new HttpError('key_unknown', {
    sentence: { english: 'The request carries no API key.', chinese: '请求没有携带 API 密钥。' },
    field: 'authorization',
  });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/** Answers every other method of an address with `method_not_allowed`, before a body is read. */
export function allowOnly(app: FastifyInstance, url: string, method: 'GET' | 'POST'): void {
  const allowed = method === 'GET' ? ['GET', 'HEAD'] : [method];
  app.route({
    method: METHODS.filter((other) => !allowed.includes(other)),
    url,
    onRequest: async (_, reply) => {
      reply.header('allow', allowed.join(', '));
      throw new HttpError('method_not_allowed');
    },
    handler: async () => undefined,
  });
}

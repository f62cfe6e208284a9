import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../log.ts';
import { codeOf } from '../store/connection.ts';
import { HttpError, toHttpError } from './errors.ts';

/** Answers with an error, as `{error: {...}}`; what the routes of receipts add stands in front of it. */
export function answerError(
  logger: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  extra: (error: HttpError) => object = () => ({}),
): FastifyReply {
  const answer = toHttpError(error);
  if (answer.status >= 500) {
    logger.error(
      { ...describe(answer.cause ?? answer), route: routeOf(request), trace: request.id },
      `a request failed: ${answer.code}`,
    );
  }
  if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter);
  return reply.status(answer.status).send({ ...extra(answer), ...answer.toBody() });
}

/** The stack and code of an error, without what a database driver adds of the rows it was about. */
function describe(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, code: codeOf(error), stack: error.stack };
}

/** One line per request, without its address, its body and its headers. */
export function logRequest(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode } = reply;
  const line = {
    trace: request.id,
    method: request.method,
    route: routeOf(request),
    status: statusCode,
    ms: Math.round(reply.elapsedTime),
    ...(request.accountId ? { account: request.accountId } : {}),
    ...(statusCode === 401 || statusCode === 429 ? { address: request.ip } : {}),
  };
  const isMonitoring = !request.routeOptions.url?.startsWith('/v1/');
  logger[isMonitoring && statusCode < 400 ? 'debug' : 'info'](line, 'request');
}

/** The pattern of the route, never the address itself: a key may stand in it. */
function routeOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.url;
}

const CLIENT_ERRORS: Readonly<Record<string, 'request_too_slow' | 'headers_too_large'>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** Answers what is no HTTP, or did not arrive in time: there is no request to answer. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const answer = new HttpError(CLIENT_ERRORS[error.code ?? ''] ?? 'request_malformed');
  const body = JSON.stringify(answer.toBody());
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

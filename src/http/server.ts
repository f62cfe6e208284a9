import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import type { Database } from '../store/database.ts';
import { SendingReader } from '../store/sending-reader.ts';
import { withTrace } from '../trace.ts';
import { answerClientError, answerError, logRequest } from './answers.ts';
import { HttpError } from './errors.ts';
import { Intake } from './intake.ts';
import { KeyGuard } from './key-guard.ts';
import type { HttpParts, Readiness } from './parts.ts';
import { parseJson, strictText } from './requests.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { sendingRoutes } from './routes/sending.ts';
import { usageRoutes } from './routes/usage.ts';

const BODY_LIMIT = 4 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECK_INTERVAL_MS = 5_000;
const CLOSE_GRACE_MS = 10_000;
const MAX_KEY_LENGTH = 200;

export interface HttpServerOptions {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  /** Who is told after a commit that there is something to do. */
  readonly wake: { review(accountId: string): void };
  readonly readiness: () => Promise<Readiness>;
  /** What `GET /metrics` answers. Default: there is no such address. */
  readonly metrics?: () => Promise<{ contentType: string; body: string }>;
  /** Milliseconds within which a request must have arrived whole. Default: 30,000. */
  readonly requestTimeout?: number;
  /** Milliseconds that requests have to finish when the server is closed. Default: 10,000. */
  readonly closeGrace?: number;
}

/** The intake of usage and what gateways and monitors ask; `README.md` describes it. It does not listen yet. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { db, context, logger, wake, readiness } = options;
  const { requestTimeout = REQUEST_TIMEOUT_MS, closeGrace = CLOSE_GRACE_MS } = options;
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout,
    http: {
      // Node takes the shorter of both for the headers and the longer for the whole, so they are the same.
      headersTimeout: requestTimeout,
      requestTimeout,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, requestTimeout),
    },
    // The trace of all that it causes.
    genReqId: () => `http/${randomUUID()}`,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_KEY_LENGTH },
    // Its own lines show the address of a request, and in that of receipts the key stands.
    logger: false,
    frameworkErrors: (error, request, reply) => void answerError(logger, error, request, reply),
    clientErrorHandler: answerClientError,
  });
  const parts: HttpParts = {
    db,
    context,
    logger,
    guard: new KeyGuard(db, context.clock),
    intake: new Intake({ db, context, logger, onReviewDue: (accountId) => wake.review(accountId) }),
    sending: new SendingReader(db),
    readiness,
    metrics: options.metrics,
  };

  app.decorateRequest('accountId', '');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) =>
    parseJson(strictText(body)),
  );
  app.setErrorHandler((error, request, reply) => answerError(logger, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerError(logger, new HttpError('not_found'), request, reply));
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  // Not before the body is there: what reads it goes on where the connection was made.
  app.addHook('preHandler', (request, _, done) => withTrace(request.id, done));
  app.addHook('onClose', async () => parts.sending.close());
  app.addHook('preClose', async () => endSlowConnections(app, closeGrace));
  app.addHook('onResponse', async (request, reply) => logRequest(logger, request, reply));

  healthRoutes(app, parts);
  metricsRoutes(app, parts);
  sendingRoutes(app, parts);
  usageRoutes(app, parts);
  app.register(async (scope) => receiptRoutes(scope, parts));
  return app;
}

/** A closing server does not end requests that never arrive whole; without this it would wait for them for ever. */
function endSlowConnections(app: FastifyInstance, afterMs: number): void {
  const timer = setTimeout(() => app.server.closeAllConnections(), afterMs);
  timer.unref();
  app.server.once('close', () => clearTimeout(timer));
}

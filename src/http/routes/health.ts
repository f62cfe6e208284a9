import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../parts.ts';
import { allowOnly } from '../requests.ts';

/** `GET /healthz`: the process is up. `GET /readyz`: it can do its work. */
export function healthRoutes(app: FastifyInstance, { readiness, logger }: HttpParts): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_, reply) => {
    const state = await readiness().catch((error: unknown) => {
      logger.error({ err: error }, 'the readiness check itself failed');
      return { ready: false, checks: {} };
    });
    return reply.status(state.ready ? 200 : 503).send(state);
  });
  allowOnly(app, '/healthz', 'GET');
  allowOnly(app, '/readyz', 'GET');
}

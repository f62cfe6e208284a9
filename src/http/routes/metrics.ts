import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../parts.ts';
import { allowOnly } from '../requests.ts';

/** `GET /metrics`: the service in figures, for Prometheus. */
export function metricsRoutes(app: FastifyInstance, { metrics }: HttpParts): void {
  if (!metrics) return;
  app.get('/metrics', async (_, reply) => {
    const { contentType, body } = await metrics();
    return reply.type(contentType).send(body);
  });
  allowOnly(app, '/metrics', 'GET');
}

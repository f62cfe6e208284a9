import type { FastifyInstance } from 'fastify';
import type { HttpParts } from '../parts.ts';
import { allowOnly, requireBearer } from '../requests.ts';
import { readUsageBody } from '../usage-records.ts';

/** `POST /v1/usage`: a gateway reports what it sent. Answers when it is committed. */
export function usageRoutes(app: FastifyInstance, { context, guard, intake }: HttpParts): void {
  app.post('/v1/usage', { onRequest: requireBearer(guard) }, async (request) => {
    const { reports, rejected } = readUsageBody(request.body, context.clock.now());
    // What is rejected is told to the gateway, which still has it, and so is not kept.
    const result = await intake.take(request.accountId, { reports, rejected: [] });
    return { ...result, rejected };
  });
  allowOnly(app, '/v1/usage', 'POST');
}

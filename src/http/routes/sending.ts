import type { FastifyInstance } from 'fastify';
import { sendingOfKey } from '../../services/api-keys.ts';
import { sendingJson } from '../../services/sending.ts';
import type { HttpParts } from '../parts.ts';
import { allowOnly, bearerOf } from '../requests.ts';

/** `GET /v1/sending`: what a gateway asks before it sends. Key and state are read in one statement. */
export function sendingRoutes(app: FastifyInstance, { context, guard, sending }: HttpParts): void {
  app.get('/v1/sending', async (request) => {
    const read = (key: string) => sendingOfKey(context, sending, key);
    const { accountId, state } = await guard.find(bearerOf(request), request.ip, read);
    request.accountId = accountId;
    return sendingJson(state);
  });
  allowOnly(app, '/v1/sending', 'GET');
}

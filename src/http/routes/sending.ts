import type { FastifyInstance } from 'fastify';
import { moneyToDecimal } from '../../domain/money.ts';
import { readSendingState } from '../../services/sending.ts';
import type { HttpParts } from '../parts.ts';
import { allowOnly, requireBearer } from '../requests.ts';

/** `GET /v1/sending`: what a gateway asks before it sends. */
export function sendingRoutes(app: FastifyInstance, { db, context, guard }: HttpParts): void {
  app.get('/v1/sending', { onRequest: requireBearer(guard) }, async (request) => {
    const state = await readSendingState(context, db.kysely, request.accountId);
    return {
      sending: state.sending,
      standing: state.standing,
      available: moneyToDecimal(state.available),
      quota: Number(state.quota),
      asOf: state.asOf.toString({ smallestUnit: 'millisecond' }),
    };
  });
  allowOnly(app, '/v1/sending', 'GET');
}

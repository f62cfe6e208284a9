import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readTemplateTypes } from '../../store/template-codes.ts';
import { answerError } from '../answers.ts';
import { HttpError } from '../errors.ts';
import type { HttpParts } from '../parts.ts';
import { type ReadReceipts, readInternationalReceipts, readMainlandReceipts } from '../receipts.ts';
import { allowOnly, parseJson } from '../requests.ts';

const TAKEN = { code: 0, msg: '接收成功' };

/**
 * `POST /v1/receipts/{key}/mainland` and `/international`: Alibaba Cloud's own pushes. Answers when they are committed, since what was
 * answered is never pushed again. Give it a scope of its own.
 */
export function receiptRoutes(scope: FastifyInstance, parts: HttpParts): void {
  const { db, context, guard, intake, logger } = parts;
  // The platform wants a number as `code`.
  scope.setErrorHandler((error, request, reply) =>
    answerError(logger, error, request, reply, ({ status, message }) => ({ code: status, msg: message })),
  );

  // What the platform declares and a broken byte in a remark are not ours to refuse: a push that is refused three times is lost.
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) =>
    parseJson(new TextDecoder().decode(body)),
  );

  const onRequest = async (request: FastifyRequest<{ Params: { key: string } }>) => {
    request.headers['content-type'] = 'application/json';
    request.accountId = await guard.accountOf(request.params.key, request.ip);
  };
  const take = async (accountId: string, receipts: ReadReceipts) => {
    await intake.take(accountId, receipts);
    if (receipts.rejected.length > 0) {
      logger.warn({ account: accountId, count: receipts.rejected.length }, 'receipts could not be read and were kept');
    }
    return TAKEN;
  };

  scope.post('/v1/receipts/:key/mainland', { onRequest }, async ({ accountId, body }) => {
    const typesOf = (codes: readonly string[]) => readTemplateTypes(db.kysely, accountId, codes);
    return take(accountId, await readMainlandReceipts(listOf(body), context.clock.now(), typesOf));
  });
  scope.post('/v1/receipts/:key/international', { onRequest }, async ({ accountId, body }) =>
    take(accountId, readInternationalReceipts(listOf(body), context.clock.now())),
  );
  allowOnly(scope, '/v1/receipts/:key/mainland', 'POST');
  allowOnly(scope, '/v1/receipts/:key/international', 'POST');
}

/** @throws HttpError `body_invalid` */
function listOf(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) {
    throw new HttpError('body_invalid', {
      sentence: { english: 'The body must be an array of receipts.', chinese: '请求体须为回执的数组。' },
    });
  }
  return body;
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiRoute } from './api-route.ts';
import type { SandboxBackend, SandboxClock, WorldView } from './backend.ts';
import { advanceBody, durationOf } from './clock-moves.ts';
import { SandboxError } from './errors.ts';
import { EventFeed } from './event-feed.ts';
import type { EventPushes } from './event-pushes.ts';
import { armFault } from './fault-requests.ts';
import type { Faults } from './faults.ts';
import type { People } from './people.ts';
import type { Platform } from './platform.ts';
import { sendSms, smsSchema } from './usage-sender.ts';

export interface ControlApiOptions {
  readonly platform: Platform;
  readonly people: People;
  readonly faults: Faults;
  readonly events: EventPushes;
  /** The platform's APIs that calls can be made to go wrong of. */
  readonly routes: readonly ApiRoute[];
  readonly clock: SandboxClock;
  readonly backend: SandboxBackend | undefined;
}

const sequence = z.coerce.number().int().min(0);
const idParams = z.object({ id: z.string() });
const cardParams = z.object({ outTrackId: z.string() });
const messagesQuery = z.strictObject({
  after: sequence.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
  as: z.string().optional(),
});
const sayBody = z
  .strictObject({
    userId: z.string(),
    text: z.string().optional(),
    picture: z
      .base64({ error: 'a picture in base64' })
      .transform((base64) => Buffer.from(base64, 'base64'))
      .optional(),
  })
  .refine(({ text, picture }) => (text === undefined) !== (picture === undefined), {
    error: 'give either a text or a picture',
    path: ['text'],
  });
const clickBody = z.strictObject({ userId: z.string(), actionId: z.string() });
const readBody = z.strictObject({ userId: z.string(), seq: z.number().int().min(1) });
const eventBody = z.strictObject({
  eventType: z.string().regex(/^\w{1,100}$/, 'a type of event, e.g. chat_add_member'),
  data: z.record(z.string(), z.unknown()).default({}),
});
const rechargeBody = z.strictObject({
  accountId: z.string().min(1).optional(),
  amount: z.string().regex(/^\d{1,12}(\.\d{1,2})?$/, 'an amount in yuan, e.g. 500.00'),
});

/** `/api/…`: what the page, tests and scripts use to act as the people and to look at the conversations. */
export function controlApi(options: ControlApiOptions): (app: FastifyInstance) => Promise<void> {
  const { platform, people, faults, events, clock, backend } = options;
  const { directory, conversations, gateway } = platform;
  const clockNow = () => ({ now: new Date(clock.now()).toISOString() });
  const apis = new Set(options.routes.flatMap(({ method, path }) => [path, `${method} ${path}`]));
  const armedFaults = () => ({ faults: faults.armed });
  const connectionCount = () => ({ connections: gateway.connections.length });

  return async (app) => {
    app.setErrorHandler(answerError);
    app.setNotFoundHandler((_request, reply) => {
      reply.code(404).send({ error: { code: 'not_found', message: 'There is no such call.' } });
    });

    const feed = new EventFeed();
    const stops = [
      conversations.onChange((message) => feed.send('message', message)),
      gateway.onCount((connections) => feed.send('connection', { connections })),
      faults.onChange(() => feed.send('faults', armedFaults())),
    ];
    app.addHook('preClose', async () => {
      for (const stop of stops) stop();
      feed.close();
    });

    app.get('/conversations', async () =>
      directory.conversations.map(({ id, title, type, members }) => ({ id, title, type, members })),
    );

    app.get('/conversations/:id/messages', async (request) => {
      const { id } = idParams.parse(request.params);
      if (directory.conversation(id) === undefined) {
        throw new SandboxError(404, 'conversation_unknown', `There is no conversation ${id}.`);
      }
      const { after, limit, as } = messagesQuery.parse(request.query);
      return conversations.list(id, {
        ...(after === undefined ? {} : { after }),
        ...(limit === undefined ? {} : { limit }),
        ...(as === undefined ? {} : { as }),
      });
    });

    app.post('/conversations/:id/messages', async (request, reply) => {
      const { userId, text, picture } = sayBody.parse(request.body);
      const { id } = idParams.parse(request.params);
      const message =
        picture === undefined ? people.say(id, userId, text ?? '') : people.sendPicture(id, userId, picture);
      return reply.code(201).send(message);
    });

    app.post('/conversations/:id/read', async (request) => {
      const { userId, seq } = readBody.parse(request.body);
      return { read: people.read(idParams.parse(request.params).id, userId, seq) };
    });

    app.post('/cards/:outTrackId/clicks', async (request) => {
      const { userId, actionId } = clickBody.parse(request.body);
      return people.click(cardParams.parse(request.params).outTrackId, userId, actionId);
    });

    app.get('/clock', async () => clockNow());

    app.post('/clock/advance', async (request) => {
      const move = advanceBody.parse(request.body);
      await clock.advance(await durationOf(move, clock, async () => (await worldView()).nextEventAt));
      feed.send('clock', clockNow());
      // With a month, its exhausted quotas end.
      feed.send('faults', armedFaults());
      return clockNow();
    });

    app.get('/world', async () => worldView());

    app.get('/connection', async () => connectionCount());

    app.get('/faults', async () => armedFaults());

    app.post('/faults', async (request) => {
      armFault(
        faults,
        request.body,
        (api) => apis.has(api),
        () => gateway.connections.length,
      );
      return armedFaults();
    });

    app.delete('/faults', async () => {
      faults.clear();
      return armedFaults();
    });

    app.get('/accounts', async () => presentBackend().accounts());

    app.post('/sms', async (request) => {
      const sms = smsSchema.parse(request.body);
      const service = presentBackend();
      return sendSms(service, await accountOf(service, sms.accountId), sms, () => clock.now());
    });

    app.post('/recharge', async (request) => {
      const { accountId, amount } = rechargeBody.parse(request.body);
      const service = presentBackend();
      const account = await accountOf(service, accountId);
      try {
        await service.recharge(account, amount);
      } catch (error) {
        throw new SandboxError(400, 'recharge_refused', error instanceof Error ? error.message : String(error));
      }
      return {};
    });

    app.post('/events', async (request, reply) => {
      const { eventType, data } = eventBody.parse(request.body);
      return reply.code(201).send(events.raise(eventType, data));
    });

    app.get('/events/:id', async (request) => {
      const { id } = idParams.parse(request.params);
      const event = events.get(id);
      if (event === undefined) throw new SandboxError(404, 'event_unknown', `There is no event ${id}.`);
      return event;
    });

    app.get('/events', (_request, reply) => {
      feed.open(reply, [
        ['clock', clockNow()],
        ['connection', connectionCount()],
        ['faults', armedFaults()],
      ]);
    });
  };

  function presentBackend(): SandboxBackend {
    if (backend === undefined) {
      throw new SandboxError(501, 'no_service', 'This sandbox runs without a service to send messages or money to.');
    }
    return backend;
  }

  async function worldView(): Promise<WorldView> {
    const service = presentBackend();
    if (service.world === undefined) {
      throw new SandboxError(501, 'no_service', 'The service of this sandbox does not show its state.');
    }
    return service.world();
  }
}

/** The account that is meant: the named one, or the only one. */
async function accountOf(backend: SandboxBackend, accountId: string | undefined): Promise<string> {
  const accounts = await backend.accounts();
  const [first, ...others] = accounts;
  if (accountId !== undefined) {
    if (accounts.some((account) => account.id === accountId)) return accountId;
    throw new SandboxError(404, 'account_unknown', `There is no account ${accountId}.`, 'accountId');
  }
  if (first === undefined) throw new SandboxError(409, 'no_account', 'The service has no account yet.', 'accountId');
  if (others.length > 0) {
    const ids = accounts.map((account) => account.id).join(', ');
    throw new SandboxError(400, 'account_needed', `Say which account: ${ids}.`, 'accountId');
  }
  return first.id;
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof SandboxError) {
    const field = error.field === undefined ? {} : { field: error.field };
    return reply.code(error.statusCode).send({ error: { code: error.code, message: error.message, ...field } });
  }
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const path = issue?.path.join('.') ?? '';
    const field = path === '' ? {} : { field: path };
    return reply
      .code(400)
      .send({ error: { code: 'invalid_input', message: issue?.message ?? 'invalid input', ...field } });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status >= 500) request.log.error(error);
  const message = error instanceof Error ? error.message : String(error);
  return reply.code(status).send({ error: { code: status < 500 ? 'invalid_request' : 'internal', message } });
}

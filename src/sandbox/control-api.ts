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
      reply
        .code(404)
        .send({ error: { code: 'not_found', message: 'There is no such call.', messageZh: '没有这个接口。' } });
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
        throw new SandboxError(404, 'conversation_unknown', {
          english: `There is no conversation ${id}.`,
          chinese: `没有会话 ${id}。`,
        });
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
        const english = error instanceof Error ? error.message : String(error);
        const isBilingual = error instanceof Error && 'chinese' in error && typeof error.chinese === 'string';
        const chinese = isBilingual ? String(error.chinese) : `充值没有成功：${english}`;
        throw new SandboxError(400, 'recharge_refused', { english, chinese });
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
      if (event === undefined)
        throw new SandboxError(404, 'event_unknown', {
          english: `There is no event ${id}.`,
          chinese: `没有事件 ${id}。`,
        });
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
      throw new SandboxError(501, 'no_service', {
        english: 'This sandbox runs without a service to send messages or money to.',
        chinese: '这个沙盒没有连接服务，不能发送短信或充值。',
      });
    }
    return backend;
  }

  async function worldView(): Promise<WorldView> {
    const service = presentBackend();
    if (service.world === undefined) {
      throw new SandboxError(501, 'no_service', {
        english: 'The service of this sandbox does not show its state.',
        chinese: '这个沙盒的服务不提供状态。',
      });
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
    throw new SandboxError(
      404,
      'account_unknown',
      { english: `There is no account ${accountId}.`, chinese: `没有账户 ${accountId}。` },
      'accountId',
    );
  }
  if (first === undefined)
    throw new SandboxError(
      409,
      'no_account',
      { english: 'The service has no account yet.', chinese: '服务里还没有账户。' },
      'accountId',
    );
  if (others.length > 0) {
    const ids = accounts.map((account) => account.id).join(', ');
    throw new SandboxError(
      400,
      'account_needed',
      { english: `Say which account: ${ids}.`, chinese: `请指明是哪个账户：${ids}。` },
      'accountId',
    );
  }
  return first.id;
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof SandboxError) {
    const field = error.field === undefined ? {} : { field: error.field };
    return reply
      .code(error.statusCode)
      .send({ error: { code: error.code, message: error.message, messageZh: error.chinese, ...field } });
  }
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const path = issue?.path.join('.') ?? '';
    const field = path === '' ? {} : { field: path };
    const message = issue?.message ?? 'invalid input';
    const messageZh = `${path === '' ? '请求' : `请求里的“${path}”`}不对，见沙盒的接口说明（src/sandbox/README.md）。`;
    return reply.code(400).send({ error: { code: 'invalid_input', message, messageZh, ...field } });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status >= 500) request.log.error(error);
  const message = error instanceof Error ? error.message : String(error);
  const [code, messageZh] =
    status < 500 ? ['invalid_request', '无法处理这个请求。'] : ['internal', '沙盒出错了，详情见它的日志。'];
  return reply.code(status).send({ error: { code, message, messageZh } });
}

import { DWClient, type DWClientDownStream, TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import { vi } from 'vitest';
import { z } from 'zod';
import { EventLog } from '../../src/sandbox/event-log.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP } from '../support/sandbox-world.ts';

const grantSchema = z.object({ endpoint: z.string(), ticket: z.string() });

/** The published client, with nothing changed but where it asks for its connection. */
class RedirectedClient extends DWClient {
  readonly #base: string;

  constructor(base: string) {
    super({ clientId: APP.clientId, clientSecret: APP.clientSecret });
    this.#base = base;
    this.config.autoReconnect = false;
    // The published default is one array that all clients share.
    this.config.subscriptions = [{ type: 'EVENT', topic: '*' }];
  }

  override async getEndpoint(): Promise<this> {
    const { endpoint, ticket } = grantSchema.parse(await (await openGateway(this.#base)).json());
    Object.assign(this, { dw_url: `${endpoint}?ticket=${ticket}` });
    return this;
  }
}

/** Asks for a connection as the client does; the options are for asking wrongly. */
export function openGateway(
  base: string,
  options: { body?: Record<string, unknown>; accept?: string } = {},
): Promise<Response> {
  const subscriptions = [
    { type: 'EVENT', topic: '*' },
    { type: 'CALLBACK', topic: TOPIC_ROBOT },
    { type: 'CALLBACK', topic: TOPIC_CARD },
  ];
  return fetch(`${base}/v1.0/gateway/connections/open`, {
    method: 'POST',
    headers: { accept: options.accept ?? 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({
      clientId: APP.clientId,
      clientSecret: APP.clientSecret,
      ua: 'test-client',
      subscriptions,
      extras: {},
      ...options.body,
    }),
  });
}

/** A bot on the published client: keeps the frames that it gets, and acknowledges them as it is told. */
export class TestBot {
  readonly client: DWClient;
  readonly frames = new EventLog<DWClientDownStream>('frame');
  /** The `response` to a card's callback; undefined leaves it without an answer. */
  cardResponse: unknown = {};

  private constructor(client: DWClient) {
    this.client = client;
  }

  static async connect(sandbox: Sandbox): Promise<TestBot> {
    // The client announces itself on the console.
    vi.spyOn(console, 'info').mockImplementation(() => {});
    const bot = new TestBot(new RedirectedClient(sandbox.url));
    bot.client.registerCallbackListener(TOPIC_ROBOT, (frame) => {
      bot.client.socketCallBackResponse(frame.headers.messageId, null);
      bot.frames.add(frame);
    });
    bot.client.registerCallbackListener(TOPIC_CARD, (frame) => {
      if (bot.cardResponse !== undefined) bot.client.socketCallBackResponse(frame.headers.messageId, bot.cardResponse);
      bot.frames.add(frame);
    });
    const open = sandbox.connections;
    await bot.client.connect();
    await sandbox.waitForConnections(open + 1);
    return bot;
  }

  /** The parsed data of the first frame of the topic for which `predicate` holds. */
  async received(topic: string, predicate: (data: Received) => boolean = () => true): Promise<Received> {
    const frame = await this.frames.waitFor(
      (one) => one.headers.topic === topic && predicate(receivedSchema.parse(JSON.parse(one.data))),
    );
    return receivedSchema.parse(JSON.parse(frame.data));
  }
}

const receivedSchema = z.looseObject({});
export type Received = z.infer<typeof receivedSchema>;

/** Calls of the platform's APIs with a fresh token. */
export class ApiCaller {
  readonly #base: string;
  #token = '';

  constructor(sandbox: Sandbox) {
    this.#base = sandbox.url;
  }

  async call(method: string, path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    if (this.#token === '') this.#token = await fetchToken(this.#base);
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': this.#token },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: receivedSchema.parse(await response.json()) };
  }
}

/** An access token of the test app. */
export async function fetchToken(base: string): Promise<string> {
  const response = await fetch(`${base}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: APP.clientId, appSecret: APP.clientSecret }),
  });
  return z.object({ accessToken: z.string() }).parse(await response.json()).accessToken;
}

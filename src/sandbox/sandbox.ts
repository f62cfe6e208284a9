import { join } from 'node:path';
import Fastify from 'fastify';
import { AccessTokens } from './access-tokens.ts';
import type { SandboxBackend, SandboxClock } from './backend.ts';
import { guardBrowsers } from './browser-guard.ts';
import { CallFaults } from './call-faults.ts';
import { cardRoutes } from './card-api.ts';
import { contactRoutes } from './contact-api.ts';
import { controlApi } from './control-api.ts';
import { Conversations, type Message } from './conversations.ts';
import { EventLog, PATIENCE_MS } from './event-log.ts';
import { EventPushes, type RaisedEvent } from './event-pushes.ts';
import { Faults } from './faults.ts';
import { type Acknowledgement, Gateway } from './gateway.ts';
import { gatewayRoutes, LEGACY_TOKEN_PATH, OPEN_PATH, TOKEN_PATH } from './gateway-api.ts';
import { Journal } from './journal.ts';
import { Media } from './media.ts';
import { mediaFiles, mediaRoutes } from './media-api.ts';
import { MonthlyQuota } from './monthly-quota.ts';
import { type ApiCall, apiNotFound, type GatewayOpen, openApi } from './open-api.ts';
import { pageFiles } from './page-files.ts';
import { type ClickResult, People } from './people.ts';
import type { Platform } from './platform.ts';
import { robotRoutes } from './robot-api.ts';
import { sentMessageRoutes } from './sent-message-api.ts';
import { Directory, type SandboxWorld, worldSchema } from './world.ts';

export interface SandboxOptions {
  /** 0 picks a free one. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  world: SandboxWorld;
  /** A file that keeps conversations and cards over a restart, and with `.media` behind its name the folder of uploads; absent: memory only. */
  statePath?: string | undefined;
  clock: SandboxClock;
  /** Absent: what needs it answers 501. */
  backend?: SandboxBackend | undefined;
  /** How the platform behaves where it may behave differently, or where its real limits would slow a test down. */
  behaviour?: Partial<PlatformBehaviour> | undefined;
}

export interface PlatformBehaviour {
  /** Real time that the bot has to answer a card's callback. Default 2,000 ms. */
  callbackTimeoutMs: number;
  /** Real time between two SYSTEM pings. Default 20,000 ms. */
  pingIntervalMs: number;
  /** Real time between a `disconnect` frame and the end of its connection. Default 10,000 ms. */
  disconnectGraceMs: number;
  /** Calls of one API in a second of real time. Default 20, as a standard organisation has. */
  callsPerSecond: number;
  /** Calls of APIs in a calendar month. Default 200,000, as in DingTalk's professional edition; the free one has 5,000. */
  callsPerMonth: number;
  /** Pushes over the stream in a calendar month. Default 50,000, as in the professional edition; the free one has 3,000. */
  pushesPerMonth: number;
  /** Real time that the bot has to acknowledge an event. Default 3,000 ms. */
  eventTimeoutMs: number;
  /** Real time between an attempt to push an event and the next. Default 10,000 ms; what the platform's is, is not known. */
  eventRetryMs: number;
  /** How often an event is pushed. Default 10; what the platform's is, is not known. */
  eventAttempts: number;
  /** Whether a new connection gets a SYSTEM `REGISTERED` frame; the platform does not always send it. Default false. */
  announcesRegistration: boolean;
  /** A number of [0, 1), which picks the connection for a push. Default `Math.random`. */
  random: () => number;
}

const BEHAVIOUR: PlatformBehaviour = {
  callbackTimeoutMs: 2_000,
  pingIntervalMs: 20_000,
  disconnectGraceMs: 10_000,
  callsPerSecond: 20,
  callsPerMonth: 200_000,
  pushesPerMonth: 50_000,
  eventTimeoutMs: 3_000,
  eventRetryMs: 10_000,
  eventAttempts: 10,
  announcesRegistration: false,
  random: Math.random,
};

/** A running sandbox, and what tests do with it and learn of it. */
export interface Sandbox {
  /** `http://127.0.0.1:8090`: the page, `/api`, and the base of both of DingTalk's APIs. */
  readonly url: string;
  readonly faults: Faults;
  /** The bot's answers to frames. */
  readonly acknowledgements: EventLog<Acknowledgement>;
  /** The bot's requests for a connection. */
  readonly gatewayOpens: EventLog<GatewayOpen>;
  /** The bot's calls of the platform's APIs. */
  readonly calls: EventLog<ApiCall>;
  /** The number of open stream connections. */
  readonly connections: number;
  /** Resolves when so many stream connections are open. */
  waitForConnections(count: number, timeoutMs?: number): Promise<void>;
  /** As `POST /api/conversations/{id}/messages`. */
  say(conversationId: string, userId: string, text: string): Message;
  /** As `POST /api/cards/{outTrackId}/clicks`. */
  click(outTrackId: string, userId: string, actionId: string): Promise<ClickResult>;
  /** As `POST /api/events`. */
  raiseEvent(eventType: string, data?: Record<string, unknown>): RaisedEvent;
  /** As `GET /api/conversations/{id}/messages`. */
  messages(conversationId: string, query?: { after?: number; as?: string }): Message[];
  /** Resolves with the first message, past or future, for which `predicate` holds; a changed card is looked at again. */
  waitForMessage(
    conversationId: string,
    predicate: (message: Message) => boolean,
    options?: { after?: number; timeoutMs?: number },
  ): Promise<Message>;
  /** Ends every connection at once; the state stays in `statePath`. */
  stop(): Promise<void>;
}

/** Starts the sandbox. Throws where the world is not valid, the port is taken, or the state file is damaged. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const behaviour = { ...BEHAVIOUR, ...options.behaviour };
  const host = options.host ?? '127.0.0.1';
  const now = () => options.clock.now();
  const directory = new Directory(worldSchema.parse(options.world));
  const journal = options.statePath === undefined ? undefined : new Journal(options.statePath);
  const media = new Media(options.statePath === undefined ? undefined : `${options.statePath}.media`);
  const conversations = new Conversations({ directory, media, now }, journal);
  const gateway = new Gateway({ ...behaviour, now, appId: directory.app.clientId });
  const events = new EventPushes({
    gateway,
    now,
    corpId: directory.corpId,
    appId: directory.app.clientId,
    acknowledgeWithinMs: behaviour.eventTimeoutMs,
    retryAfterMs: behaviour.eventRetryMs,
    maxAttempts: behaviour.eventAttempts,
  });
  const tokens = new AccessTokens(now);
  const calls = new EventLog<ApiCall>('API call');
  const opens = new EventLog<GatewayOpen>('gateway open');
  const quota = new MonthlyQuota(now, { calls: behaviour.callsPerMonth, pushes: behaviour.pushesPerMonth });
  const callFaults = new CallFaults([OPEN_PATH, TOKEN_PATH, LEGACY_TOKEN_PATH]);
  const faults = new Faults({ gateway, calls: callFaults, tokens, quota, conversations });
  let url = '';
  const platform: Platform = { directory, conversations, gateway, tokens, media, quota, now, url: () => url };
  const people = new People(platform, behaviour.callbackTimeoutMs);
  const routes = [gatewayRoutes, robotRoutes, sentMessageRoutes, cardRoutes, mediaRoutes, contactRoutes].flatMap(
    (part) => part(platform),
  );

  const app = Fastify({ forceCloseConnections: true, bodyLimit: 1_048_576 });
  guardBrowsers(app, host);
  // The state is taken up after the port is ours, so that a second start by mistake cannot touch the file of the first.
  const opened = Promise.withResolvers<void>();
  app.addHook('onRequest', () => opened.promise);
  app.setNotFoundHandler((_request, reply) => apiNotFound(reply));
  app.register(
    controlApi({ platform, people, faults, events, routes, clock: options.clock, backend: options.backend }),
    {
      prefix: '/api',
    },
  );
  app.register(
    openApi({ platform, routes, calls, opens, faults: callFaults, callsPerSecond: behaviour.callsPerSecond }),
  );
  app.register(mediaFiles(media));
  app.register(pageFiles(join(import.meta.dirname, 'page')));
  app.server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head));

  const stop = async () => {
    events.stop();
    gateway.stop();
    await app.close();
    conversations.close();
  };
  try {
    await app.listen({ port: options.port, host });
    const address = app.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : options.port;
    const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    url = `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
    conversations.open();
    opened.resolve();
  } catch (error) {
    opened.reject(error);
    opened.promise.catch(() => {});
    await stop();
    throw error;
  }

  return {
    url,
    faults,
    acknowledgements: gateway.acknowledgements,
    gatewayOpens: opens,
    calls,
    get connections() {
      return gateway.connections.length;
    },
    waitForConnections: (count, timeoutMs) => gateway.waitForConnections(count, timeoutMs),
    say: (conversationId, userId, text) => people.say(conversationId, userId, text),
    click: (outTrackId, userId, actionId) => people.click(outTrackId, userId, actionId),
    raiseEvent: (eventType, data = {}) => events.raise(eventType, data),
    messages: (conversationId, query) => conversations.list(conversationId, query),
    waitForMessage: (conversationId, predicate, wait) => waitForMessage(conversations, conversationId, predicate, wait),
    stop,
  };
}

function waitForMessage(
  conversations: Conversations,
  conversationId: string,
  predicate: (message: Message) => boolean,
  { after = 0, timeoutMs = PATIENCE_MS }: { after?: number; timeoutMs?: number } = {},
): Promise<Message> {
  const past = conversations.list(conversationId, { after }).find(predicate);
  if (past !== undefined) return Promise.resolve(past);
  return new Promise((resolve, reject) => {
    const stop = conversations.onChange((message) => {
      if (message.conversationId !== conversationId || message.seq <= after || !predicate(message)) return;
      clearTimeout(timer);
      stop();
      resolve(message);
    });
    const timer = setTimeout(() => {
      stop();
      const last = conversations.list(conversationId, { after, limit: 3 }).map(({ from, text }) => ({ from, text }));
      reject(
        new Error(`No such message in ${conversationId} within ${timeoutMs} ms; the last: ${JSON.stringify(last)}`),
      );
    }, timeoutMs);
  });
}

import { DWClient } from 'dingtalk-stream';
import WebSocket from 'ws';
import { z } from 'zod';
import { DingTalkError } from './errors.ts';
import { call } from './http.ts';
import { MalformedFrameError, parseFrame, type StreamFrame } from './messages.ts';
import type { DingTalkSettings } from './settings.ts';
import type { StreamTuning } from './stream-tuning.ts';

export interface StreamClientOptions {
  readonly settings: DingTalkSettings;
  readonly tuning: StreamTuning;
  readonly subscriptions: readonly { readonly type: 'EVENT' | 'CALLBACK'; readonly topic: string }[];
  /** Any sign that the platform talks to us, also frames that are not understood. */
  readonly onTraffic: () => void;
  /** A frame that wants an acknowledgement: an event or a callback. May throw. */
  readonly onFrame: (client: StreamClient, frame: StreamFrame) => void;
  /** A frame that could not be read or taken; `messageId` is empty when not even that could be read. */
  readonly onFrameError: (client: StreamClient, error: unknown, messageId: string) => void;
}

const gatewaySchema = z.object({ endpoint: z.string().min(1), ticket: z.string().min(1) });

/** The topic of the system frame that says: nothing new here, and closed in about ten seconds. */
const ANNOUNCED_CLOSE = 'disconnect';

/**
 * One connection, for one life: a `DWClient` that connects once, says how that went, and stays silent on the console. What the SDK does
 * well stays the SDK's: its configuration, the reading of frames by type, the answer to the platform's pings.
 */
export class StreamClient extends DWClient {
  /** Resolves when the platform sends nothing new on this connection: it announced its end, or is closed. */
  readonly ended: Promise<'announced' | 'closed'>;
  /** Resolves when the connection is gone, or could not be made. */
  readonly closed: Promise<void>;

  readonly #options: StreamClientOptions;
  readonly #abort = new AbortController();
  readonly #end: (reason: 'announced' | 'closed') => void;
  readonly #close: () => void;
  #url: URL | undefined;
  #webSocket: WebSocket | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #isAliveSincePing = true;

  constructor(options: StreamClientOptions) {
    super({ clientId: options.settings.clientId, clientSecret: options.settings.clientSecret, ua: 'sms-steward' });
    this.#options = options;
    // By default the SDK shares one array of subscriptions between all clients, and reconnects on its own.
    this.config.subscriptions = options.subscriptions.map((subscription) => ({ ...subscription }));
    this.config.autoReconnect = false;
    this.config.keepAlive = false;
    const ended = Promise.withResolvers<'announced' | 'closed'>();
    const closed = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.closed = closed.promise;
    this.#end = ended.resolve;
    this.#close = closed.resolve;
  }

  get isOpen(): boolean {
    return this.#webSocket?.readyState === WebSocket.OPEN;
  }

  /** Connects, once. @throws DingTalkError when that fails: the SDK's own hides it and tries again by itself */
  override async connect(): Promise<void> {
    try {
      await this.getEndpoint();
      await this._connect();
    } catch (error) {
      this.#markClosed();
      throw error;
    }
  }

  /** Ends the connection, or the attempt to make it; `closed` says when it is done. */
  override disconnect(): void {
    this.#abort.abort();
    const webSocket = this.#webSocket;
    if (webSocket === undefined) {
      this.#markClosed();
    } else if (webSocket.readyState === WebSocket.CONNECTING) {
      webSocket.terminate();
    } else {
      webSocket.close(1000);
    }
  }

  /** Asks the platform where to connect. @throws DingTalkError */
  override async getEndpoint(): Promise<this> {
    const { settings, tuning } = this.#options;
    const name = 'openConnection';
    const { endpoint, ticket } = await call(
      {
        call: name,
        method: 'POST',
        url: `${settings.apiBase}/v1.0/gateway/connections/open`,
        body: {
          clientId: settings.clientId,
          clientSecret: settings.clientSecret,
          ua: this.config.ua,
          subscriptions: this.config.subscriptions,
        },
        effect: 'read',
        timeoutMs: tuning.requestTimeoutMs,
        signal: this.#abort.signal,
      },
      gatewaySchema,
    );
    const url = URL.parse(endpoint);
    // What people write must not cross the network in the clear because an answer said so.
    const allowed = settings.apiBase.startsWith('https:') ? ['wss:'] : ['wss:', 'ws:'];
    if (url === null || !allowed.includes(url.protocol)) {
      throw new DingTalkError({
        call: name,
        code: 'answer.invalid',
        kind: 'retry',
        detail: 'not a WebSocket endpoint',
      });
    }
    url.searchParams.set('ticket', ticket);
    this.#url = url;
    return this;
  }

  /** Opens the WebSocket that `getEndpoint` was told of. @throws DingTalkError */
  override _connect(): Promise<void> {
    if (this.#url === undefined) throw new TypeError('getEndpoint comes before _connect.');
    this.#abort.signal.throwIfAborted();
    const { tuning } = this.#options;
    // ws's types do not know `closeTimeout` yet; by default a closing handshake may take 30 s, in which nothing is received.
    const options: WebSocket.ClientOptions & { closeTimeout: number } = {
      handshakeTimeout: tuning.handshakeTimeoutMs,
      closeTimeout: tuning.closeTimeoutMs,
      maxPayload: tuning.maxFrameBytes,
    };
    const webSocket = new WebSocket(this.#url, options);
    this.#webSocket = webSocket;
    // The SDK answers pings through its own, private field.
    Reflect.set(this, 'socket', webSocket);
    const opened = Promise.withResolvers<void>();
    webSocket.on('open', () => {
      this.connected = true;
      this.#startWatchdog(webSocket);
      opened.resolve();
    });
    webSocket.on('unexpected-response', (_request, response) => {
      opened.reject(handshakeError(`http.${response.statusCode}`, response.statusCode));
      webSocket.terminate();
    });
    // The first failure decides; an error on an open socket is followed by its close, which says all that is needed.
    webSocket.on('error', (error) => opened.reject(handshakeError(errorCode(error))));
    webSocket.on('close', () => {
      this.#markClosed();
      opened.reject(handshakeError('network.closed'));
    });
    webSocket.on('pong', () => this.#seen());
    webSocket.on('ping', () => this.#seen());
    webSocket.on('message', (data) => this.onDownStream(data.toString()));
    return opened.promise;
  }

  /** Never throws: one bad frame must not silence the connection. */
  override onDownStream(text: string): void {
    this.#seen();
    let messageId = '';
    try {
      const frame = parseFrame(text);
      messageId = frame.messageId;
      // The SDK would answer an event before anyone saw it, and drop a callback that nobody listens for.
      if (frame.type === 'SYSTEM') super.onDownStream(text);
      else if (messageId === '') throw new MalformedFrameError('headers.messageId: missing');
      else this.#options.onFrame(this, frame);
    } catch (error) {
      this.#options.onFrameError(this, error, messageId);
    }
  }

  override onSystem(message: Parameters<DWClient['onSystem']>[0]): void {
    if (this.isOpen) super.onSystem(message);
    if (message.headers.topic === ANNOUNCED_CLOSE) this.#end('announced');
  }

  /**
   * Answers a frame that came over this connection; no other may, as the platform waits for it here.
   *
   * @returns whether the answer could be sent
   */
  acknowledge(messageId: string, code: 200 | 400 | 404, message: string, data: unknown): boolean {
    const webSocket = this.#webSocket;
    if (webSocket?.readyState !== WebSocket.OPEN) return false;
    const headers = { messageId, contentType: 'application/json' };
    webSocket.send(JSON.stringify({ code, headers, message, data: JSON.stringify(data) }));
    return true;
  }

  #seen(): void {
    this.#isAliveSincePing = true;
    this.#options.onTraffic();
  }

  /** A connection can be dead without being closed: only an answer to a ping shows that it lives. */
  #startWatchdog(webSocket: WebSocket): void {
    const { pingIntervalMs, missedPings } = this.#options.tuning;
    let missed = 0;
    this.#watchdog = setInterval(() => {
      missed = this.#isAliveSincePing ? 0 : missed + 1;
      if (missed >= missedPings) {
        webSocket.terminate();
        return;
      }
      this.#isAliveSincePing = false;
      if (webSocket.readyState === WebSocket.OPEN) webSocket.ping();
    }, pingIntervalMs);
  }

  #markClosed(): void {
    clearInterval(this.#watchdog);
    this.connected = false;
    this.#end('closed');
    this.#close();
  }
}

function handshakeError(code: string, status: number | null = null): DingTalkError {
  return new DingTalkError({ call: 'openStream', code, kind: 'retry', status });
}

function errorCode(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return `network.${error.code}`;
  return /timed out/.test(error.message) ? 'timeout' : 'network.failed';
}
